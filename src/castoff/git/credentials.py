"""Credentials in git's settings, passed on to git by its environment: not by arguments, not by files.

A remote's address may carry a user and a password, or a token in its query, or be rewritten to one that does. Whoever
lists processes could read it there, since git passes an address on to its children as an argument, and a killed run
would leave it in a temporary clone. So git gets the address without them, and a header that goes with it (git-config,
``http.<url>.extraHeader``); if it would be rewritten to one with credentials again, another rewriting of exactly this
address takes its place.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from castoff.model.child_environments import carries_credentials, without_userinfo
from castoff.regexes import regex

Entry = tuple[str, str]
"""A key and a value of git's configuration."""

_SECRET = regex(r"(?:http|url|credential)\.")
_REWRITING = regex(r"url\.(?P<base>.*)\.(?P<push>push)?insteadof", re.I | re.S)
_ANY_USER = "oauth2"
"""GitLab, Gitea and GitHub take a token as password with any user."""


def is_secret(key: str) -> bool:
    """Return whether a setting may hold a secret: headers, rewritten addresses, inline helpers."""
    return _SECRET.match(key.lower()) is not None


def access_to(url: str, settings: Sequence[Entry]) -> tuple[str, tuple[Entry, ...]]:
    """Return an address of the same repository that may be shown, and the settings that stand for its credentials.

    ``settings`` are all of git's, in their order. What carries no credentials, however it is rewritten, stays as it is.
    """
    bare, access = without_credentials(rewritten(url, settings))
    if any(value == bare and _REWRITING.fullmatch(key) for key, value in settings):
        # The longest match wins, and of two the first, which is the user's. Git asks for the same pages either way.
        bare += "/"
    again, pushed = rewritten(bare, settings), rewritten(bare, settings, push=True)
    if not any(map(carries_credentials, (url, rewritten(url, settings), again, pushed))):
        return url, ()
    entries = [*access]
    if again != bare:
        entries.append((f"url.{bare}.insteadOf", bare))
    if carries_credentials(pushed):
        to, access = without_credentials(pushed)
        entries += [*access, (f"url.{to}.pushInsteadOf", bare)]
    return bare, tuple(entries)


def rewritten(url: str, settings: Sequence[Entry], *, push: bool = False) -> str:
    """Return the address that git would use for another one (git-config, ``url.<base>.insteadOf``)."""
    found = [(_REWRITING.fullmatch(key), value) for key, value in settings if value and url.startswith(value)]
    for kind in ("push", None) if push else (None,):
        fit = [
            (match["base"], value) for match, value in found if match and bool(match["push"]) == bool(kind)
        ]
        if fit:
            base, value = max(fit, key=lambda one: len(one[1]))
            return base + url[len(value) :]
    return url


def without_credentials(url: str) -> tuple[str, tuple[Entry, ...]]:
    """Split an address into one that may be shown, and the settings that stand for its credentials.

    What is no address stays as it is: git reports it. A password in an ssh address is cut, since ssh takes none.
    """
    if not carries_credentials(url):
        return url, ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ()
    if parts.scheme.lower() not in ("http", "https"):
        return without_userinfo(url), ()
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not carries_credentials(f"?{name}=x")]
    tokens = [value for pair in pairs if pair not in kept for value in pair[1:]]
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(kept), ""))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not password and not tokens:
        return bare, ((f"credential.{bare}.username", user),)
    login = b64encode(f"{user or _ANY_USER}:{password or tokens[0]}".encode()).decode("ascii")
    return bare, ((f"http.{bare}.extraHeader", f"Authorization: Basic {login}"),)


def by_environment(environment: Mapping[str, str], entries: Iterable[Entry]) -> dict[str, str]:
    """Return the variables with which git sees these settings besides those that the environment has already."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    start = int(count) if count.isdecimal() else 0
    variables: dict[str, str] = {}
    at = start
    for at, (key, value) in enumerate(entries, start=start):
        variables[f"GIT_CONFIG_KEY_{at}"] = key
        variables[f"GIT_CONFIG_VALUE_{at}"] = value
    return {**variables, "GIT_CONFIG_COUNT": str(at + 1)} if variables else {}
