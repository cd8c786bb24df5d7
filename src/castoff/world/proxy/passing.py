"""Reads that go on to where the client wanted them, by the user's own proxy and trust."""

from __future__ import annotations

import base64
import http.client
import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from castoff.world.clients import TOKEN
from castoff.world.messages import Request

TIMEOUT = 60.0
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "expect",
    }
)
_CA_FILES = (
    "SSL_CERT_FILE",
    "CARGO_HTTP_CAINFO",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
_PROXIES = ("CARGO_HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class Target(Struct, frozen=True):
    """Where the client wanted to go."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Write it as the start of an address."""
        usual = 443 if self.scheme == "https" else 80
        return f"{self.scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")


def parse_authority(text: str, *, scheme: str, port: int) -> Target | None:
    """Read ``host:port``; ``None`` where it is none."""
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", text)
    if match is None:
        return None
    number = int(match.group(2) or port)
    return Target(scheme, match.group(1).strip("[]").lower(), number) if 0 < number < 65536 else None


class Outside:
    """The way out, for reads only; ``enabled=False``: there is none."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, enabled: bool = True) -> None:
        values = dict(os.environ if environment is None else environment)
        self.enabled = enabled
        self._proxy = next((values[name] for name in _PROXIES if values.get(name)), None)
        self._direct = tuple((values.get("NO_PROXY") or values.get("no_proxy") or "").lower().split(","))
        self._context = ssl.create_default_context()
        for name in _CA_FILES:
            if values.get(name) and Path(values[name]).is_file():
                self._context.load_verify_locations(cafile=values[name])

    def connect(self, target: Target) -> http.client.HTTPConnection:
        """Open a way to a target; nothing is sent yet."""
        if self._proxy is None or _is_direct(target.host, self._direct):
            return self._connection(target.scheme, target.host, target.port)
        return self._through(self._proxy, target)

    def fetch(self, target: Target, path: str) -> tuple[int, bytes]:
        """Read a whole document; :class:`OSError` or :class:`http.client.HTTPException` where it fails."""
        connection = self.connect(target)
        try:
            connection.request(
                "GET", path, headers={"User-Agent": "castoff-world", "Accept-Encoding": "identity"}
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def _through(self, proxy: str, target: Target) -> http.client.HTTPConnection:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        connection = self._connection(target.scheme, parts.hostname or "", parts.port or 8080)
        headers = {}
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Proxy-Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        connection.set_tunnel(target.host, target.port, headers)
        return connection


def _is_direct(host: str, names: tuple[str, ...]) -> bool:
    """Return whether ``NO_PROXY`` names a host, or a domain above it."""
    plain = [name.strip().lstrip("*").lstrip(".") for name in names]
    return "*" in [name.strip() for name in names] or any(
        name and (host == name or host.endswith(f".{name}")) for name in plain
    )


def passed_headers(request: Request) -> dict[str, str]:
    """Return the headers that go on: no token of ours, no cookie, nothing that belongs to one hop.

    A client may need the user's own password to read from a private index.
    """
    dropped = _HOP_BY_HOP | {"cookie"}
    if _is_ours(request.headers.get("authorization", "")):
        dropped |= {"authorization"}
    return {name: value for name, value in request.headers.items() if name not in dropped}


def _is_ours(authorization: str) -> bool:
    """Whether credentials hold the world's token; what cannot be read counts as ours, and stays."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return TOKEN in authorization
    try:
        return TOKEN in base64.b64decode(rest, validate=True).decode()
    except ValueError:
        return True


def returned_headers(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """Return the headers that come back; ``ETag`` and the like as they were."""
    return [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
