"""How do credentials in git's settings reach its children? By the environment: not by arguments, not by files.

A remote's address may carry a user and a password, or be rewritten to one that does. Whoever lists processes could
read it there, and a killed run would leave it in a temporary clone. So git gets the address without them, and a header
that goes with it (git-config, ``http.<url>.extraHeader``); where it would be rewritten to one with credentials
again, the rewriting of that one address is switched off.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

Entry = tuple[str, str]
"""A key and a value of git's configuration."""

_SECRET = re.compile(r"(?:http|url|credential)\.")
_CARRYING = re.compile(r"https?://[^/\s@]*@", re.I)


def is_secret(key: str) -> bool:
    """Say whether a setting may hold a secret: headers, rewritten addresses, inline helpers."""
    return _SECRET.match(key.lower()) is not None


def may_carry(settings: Mapping[str, str]) -> bool:
    """Say whether any remote, or what rewrites it, has credentials in its address."""
    return any(
        _CARRYING.search(key) or _CARRYING.search(value)
        for key, value in settings.items()
        if key.startswith(("remote.", "url."))
    )


def without_credentials(url: str) -> tuple[str, tuple[Entry, ...]]:
    """Split an address into one that may be shown, and the settings that stand for its credentials.

    What is no address stays as it is: git will say so.
    """
    if _CARRYING.match(url) is None:
        return url, ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ()
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not password:
        return bare, ((f"credential.{bare}.username", user),)
    login = b64encode(f"{user}:{password}".encode()).decode("ascii")
    return bare, ((f"http.{bare}.extraHeader", f"Authorization: Basic {login}"),)


def as_it_is(url: str) -> tuple[Entry, ...]:
    """Give the settings after which nothing rewrites this one address: the longest match wins (git-config)."""
    return ((f"url.{url}.insteadOf", url), (f"url.{url}.pushInsteadOf", url))


def by_environment(environment: Mapping[str, str], entries: Iterable[Entry]) -> dict[str, str]:
    """Give the variables with which git sees these settings besides those that the environment has already."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    start = int(count) if count.isdecimal() else 0
    variables: dict[str, str] = {}
    at = start
    for at, (key, value) in enumerate(entries, start=start):
        variables[f"GIT_CONFIG_KEY_{at}"] = key
        variables[f"GIT_CONFIG_VALUE_{at}"] = value
    return {**variables, "GIT_CONFIG_COUNT": str(at + 1)} if variables else {}
