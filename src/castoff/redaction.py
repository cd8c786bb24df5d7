"""How are secrets kept out of what people see? Known values are replaced, credentials in URLs cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SECRET_NAME = re.compile(
    r"TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|API_?KEY|_AUTH\b|PRIVATE_KEY", re.I
)
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/@'\"<>]{1,500}@")
_HEADER = re.compile(
    r"(?i)\b(authorization|proxy-authorization|private-token|x-api-key)(\s*[:=]\s*)[^\r\n'\"]{1,500}"
)
_CONTROL = re.compile(
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
        """Keep a value out of every text from now on; very short values are not secrets."""
        for line in (secret, *secret.splitlines()):
            if len(line.strip()) >= _SHORTEST:
                self._secrets.add(line.strip())

    def learn_url(self, url: str) -> None:
        """Learn the user and the password that a URL carries."""
        match = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://([^\s/@]+)@", url)
        if match:
            for part in match.group(1).split(":"):
                if part not in ("git", "__token__", "x-access-token", "oauth2"):
                    self.learn(part)

    def clean(self, text: str) -> str:
        """Take out secrets, credentials in URLs, authorization headers and terminal control sequences."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _SHOWN)
        text = _URL_CREDENTIALS.sub(rf"\g<scheme>{_SHOWN}@", text)
        text = _HEADER.sub(rf"\1\2{_SHOWN}", text)
        return plain(text)


def plain(text: str) -> str:
    """Take control characters and escape sequences out of a text from outside; line ends and tabs stay."""
    return _CONTROL.sub("", text)
