"""What did the index answer to an upload? Status and Retry-After of a client's own exchange, as data.

`uv publish` and `twine` end with one code for every failure, and tell the rest in prose. For addresses of plain
http (loopback, test and house indexes) a proxy on loopback stands between: the client keeps its address, its
credentials and its request; the answer is passed on as it is, and noted. https is never opened: there the
proxy is not used, and the caller has to do without.

A proxy serves one process; each upload has its own password to it, and only its own address behind it.
"""

from __future__ import annotations

import http.client
import secrets
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NOT_PASSED = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_TIMEOUT = 900.0


@dataclass(slots=True)
class Watched:
    """The last answer that was seen: ``status`` None where none came; ``asked``: whether the client sent anything.

    ``asked`` is None where nobody watches.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: bool | None = None


@dataclass(frozen=True, slots=True)
class _Ticket:
    host: str
    watched: Watched


class Watcher:
    """A proxy on a port of 127.0.0.1, begun with the first upload."""

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @contextmanager
    def watch(
        self, url: str | None, environment: Mapping[str, str]
    ) -> Iterator[tuple[Watched, dict[str, str]]]:
        """Watch one upload: gives where the answer will stand, and the variables for the client.

        Where the address is unknown or https, or the user has a proxy for it, nothing is watched.
        """
        watched = Watched()
        parts = urlsplit(url or "")
        if parts.scheme != "http" or not parts.netloc or _has_proxy(environment):
            yield watched, {}
            return
        watched.asked = False
        name = secrets.token_hex(16)
        port = self._port()
        self._tickets[name] = _Ticket(parts.netloc.rpartition("@")[2], watched)
        proxy = f"http://upload:{name}@127.0.0.1:{port}"
        try:
            yield watched, {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""}
        finally:
            del self._tickets[name]

    def ticket(self, authorization: str | None) -> _Ticket | None:
        """Find the upload that a request belongs to, by its password."""
        try:
            _, _, credentials = (authorization or "").partition(" ")
            password = b64decode(credentials, validate=True).decode("ascii").rpartition(":")[2]
        except ValueError:
            return None
        return self._tickets.get(password)

    def close(self) -> None:
        """End the proxy."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _port(self) -> int:
        with self._lock:
            if self._server is None:
                self._server = _Proxy(self)
                threading.Thread(
                    target=self._server.serve_forever, args=(0.05,), name="upload-watcher", daemon=True
                ).start()
            return int(self._server.server_address[1])


def _has_proxy(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name) for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"))


class _Proxy(ThreadingHTTPServer):
    """The listening side; handlers find the watcher through it."""

    daemon_threads = True
    request_queue_size = (
        128  # uploads begin side by side; who finds the queue full waits a second for the next try
    )

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.watcher = watcher

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where a client hung up before it had the answer: what it says itself is what counts."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Pass a request on to where it is meant for, and note the answer."""
        assert isinstance(self.server, _Proxy)
        ticket = self.server.watcher.ticket(self.headers.get("Proxy-Authorization"))
        if ticket is not None:
            ticket.watched.asked = True
        target = urlsplit(self.path)
        if ticket is None or target.scheme != "http" or target.netloc != ticket.host:
            self.send_error(403)
            return
        connection = http.client.HTTPConnection(target.netloc, timeout=_TIMEOUT)
        try:
            self._ask(connection, target.path + (f"?{target.query}" if target.query else ""))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        finally:
            connection.close()
        if self.command in ("POST", "PUT"):
            ticket.watched.status = answer.status
            ticket.watched.headers = {name.lower(): value for name, value in answer.getheaders()}
        self._answer(answer, content)

    do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815 - the names that the library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> None:
        body = self._body()
        connection.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _NOT_PASSED:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        connection.endheaders(body)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
