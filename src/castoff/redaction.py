"""Secrets kept out of output: known values are replaced, credentials in URLs cut."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote

from castoff.regexes import regex

_SECRET_NAME = regex(
    r"TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|API_?KEY|_AUTH\b|(?:^|_)PAT$|PRIVATE_KEY|ACCESS_KEY",
    re.I,
)
_URL_CREDENTIALS = regex(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/'\"<>]{1,500}@")
_URL_WITH_CREDENTIALS = regex(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://([^\s/]{1,500})@")
# npm, ".npmrc", "Auth related configuration"; spaces and quotes around a value are not a part of it (package `ini`).
_NPMRC = regex(r"^[ \t]*(?![#;])[^=\n]{0,500}(?:_authToken|_password|_auth)[ \t]*=[ \t]*(\S.{0,2000})$", re.M)
# Yarn, ".yarnrc.yml", `npmAuthToken` and `npmAuthIdent`: on the top level, and for registries and scopes below it.
_YARNRC = regex(r"^[ \t]*npmAuth(?:Token|Ident)[ \t]*:[ \t]*(\S.{0,2000})$", re.M)
_VARIABLE = regex(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(\?|:?-[^}]*)?\}")
"""A variable in a value: `${NAME}`; npm knows `${NAME?}`, Yarn `${NAME:-otherwise}`."""
_QUERY = regex(
    r"([?&](?:[a-z]+[_-])?(?:token|password|secret|api_?key|auth|sig|signature)=)([^&\s'\"<>#]{1,500})", re.I
)
_HEADER = regex(
    r"(?i)\b(authorization|proxy-authorization|private-token|x-api-key)(['\"]?\s{0,9}[:=]\s{0,9}['\"]?)"
    r"[^\r\n'\"]{1,500}"
)
_CONTROL = regex(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|\x1b.|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What moves a cursor, hides or reorders text, ends a line unseen, or cannot be encoded."""

_SHOWN = "[secret]"
_SHORTEST = 6


class Redactor:
    """Holds the secrets of one run; ``clean`` gives a text without them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self.tokens: set[str] = set()
        """Secrets that castoff resolved: no child process sees a variable that holds one, whatever its name."""
        for secret in secrets:
            self.learn(secret)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Redactor:
        """Learn the values of all variables whose names speak of secrets, and credentials in URLs."""
        redactor = cls()
        for name, value in environment.items():
            if _SECRET_NAME.search(name):
                redactor.learn(value)
            redactor.learn_url(value)
        return redactor

    def learn(self, secret: str) -> None:
        """Keep a value out of every text from now on, however it is encoded; very short ones are no secrets."""
        for line in (secret, *secret.splitlines()):
            word = plain(line).strip()
            if len(word) >= _SHORTEST:
                self._secrets.update(_shapes(word))

    def learn_token(self, token: str) -> None:
        """Keep a credential that castoff resolved out of texts, and out of the environment of child processes."""
        self.learn(token)
        self.tokens.add(token.strip())

    def learn_npmrc(self, text: str, environment: Mapping[str, str]) -> None:
        """Learn the credentials of an `.npmrc` or a `.yarnrc.yml`; of variables that they name, the values there.

        `_password` is encoded in base64, and so is `_auth`, a user with a password: both are learned as they are read.
        """
        for value in npm_credentials(text):
            token = _VARIABLE.sub(lambda found: environment.get(found[1], ""), value)
            if token:
                self.learn_token(token)
                self.learn(_decoded(token).rpartition(":")[2])

    def learn_url(self, url: str) -> None:
        """Learn the users and the passwords that a URL carries, or several in one text."""
        for query in _QUERY.finditer(url):
            self.learn_token(query.group(2))
        for match in _URL_WITH_CREDENTIALS.finditer(url):
            for at, part in enumerate(match.group(1).split(":", 1)):
                if part not in ("git", "__token__", "x-access-token", "oauth2"):
                    for spelling in (part, unquote(part)):
                        (self.learn_token if at else self.learn)(spelling)

    def clean(self, text: str) -> str:
        """Take out secrets, credentials in URLs, authorization headers and terminal control sequences."""
        text = plain(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _SHOWN)
        text = _URL_CREDENTIALS.sub(rf"\g<scheme>{_SHOWN}@", text)
        text = _QUERY.sub(rf"\1{_SHOWN}", text)
        return _HEADER.sub(rf"\1\2{_SHOWN}", text)


def npm_credentials(text: str) -> tuple[str, ...]:
    """List the credentials in the text of an `.npmrc` or a `.yarnrc.yml`, as its client reads them before variables."""
    found = (*_NPMRC.findall(text), *_YARNRC.findall(text))
    return tuple(_unquoted(one.strip()) for one in found)


def named_variable(credential: str) -> str | None:
    """Return the variable that a credential of npm's settings stands for, None if it holds more than that."""
    found = _VARIABLE.fullmatch(credential)
    return found[1] if found else None


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _shapes(secret: str) -> Iterator[str]:
    """Spell a secret as texts may hold it: as it is, in a URL, in JSON, within base64 at any place."""
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    for before in range(3):
        data = b"x" * before + secret.encode("utf-8", "surrogatepass")
        known = slice((0, 2, 3)[before], len(data) * 8 // 6)  # the characters that rest on the secret alone
        encoded = b64encode(data).decode("ascii")[known]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


def plain(text: str) -> str:
    """Take control characters and escape sequences out of a text from outside; line ends and tabs stay."""
    return _CONTROL.sub("", text)
