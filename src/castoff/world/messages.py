"""What the embedded services speak: one request in, one response out, with no socket in sight."""

from __future__ import annotations

import json
from typing import Protocol

from msgspec import Struct


class Late(Struct, frozen=True):
    """What a request stores is seen later: after so many seconds, or so many reads, of its index page.

    With ``alternating`` every second read shows it already, as when two nodes of a content network disagree.
    """

    seconds: float = 0.0
    reads: int = 0
    alternating: bool = False


class Request(Struct, frozen=True):
    """One HTTP request; header names are lower case, ``path`` is decoded and has no query.

    ``late`` is set by a fault, never by a client.
    """

    method: str
    path: str
    query: dict[str, list[str]] = {}
    headers: dict[str, str] = {}
    body: bytes = b""
    base_url: str = ""
    late: Late | None = None


class Response(Struct, frozen=True):
    """One HTTP response; ``Content-Length`` is added by the server, ``reason`` None is the status's own phrase."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}
    reason: str | None = None


class Service(Protocol):
    """One embedded service; called from several threads at once.

    A ``HEAD`` request reaches the service as ``GET``; the server leaves the body out.
    """

    def handle(self, request: Request) -> Response:
        """Answer one request; an unknown route is a 404 that says so."""
        ...


def json_response(status: int, value: object, headers: dict[str, str] | None = None) -> Response:
    """Answer with a JSON document."""
    return Response(
        status,
        json.dumps(value).encode(),
        {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )


class Rejected(Exception):
    """A registry would refuse the request with this status, in these words."""

    def __init__(self, text: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.headers = headers or {}
