"""Proxy ports on loopback, one for cargo and one for all other clients, closed by method.

Whatever host the client asks for, TLS ends here. What is ours is answered here; other reads go on; a write
never leaves, whatever its host.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from castoff.world.authority import ThrowAwayAuthority
from castoff.world.fault_gate import FaultGate
from castoff.world.journal import Journal
from castoff.world.messages import Request, Response, json_response
from castoff.world.proxy.passing import Outside, Target, parse_authority, passed_headers, returned_headers
from castoff.world.server import LoopbackTcp, Site, WorldHandler, carry_out

_PIECE = 65536


def _is_read(request: Request) -> bool:
    """Whether a request changes nothing where it goes: git fetches by a POST."""
    return request.method in ("GET", "HEAD") or (
        request.method == "POST" and request.path.endswith("/git-upload-pack")
    )


class Door(Protocol):
    """What a kind of client finds behind its port."""

    @property
    def site(self) -> Site:
        """Who answers what is ours; its service must refuse a write that it does not know."""
        ...

    def normal(self, request: Request) -> Request:
        """Write the path as faults and the log know it."""
        ...

    def is_ours(self, request: Request, target: Target) -> bool:
        """Return whether a request is answered here."""
        ...


class ProxyPort:
    """A CONNECT proxy on a port of 127.0.0.1, between ``with`` and its end."""

    def __init__(
        self,
        door: Door,
        *,
        authority: ThrowAwayAuthority,
        outside: Outside,
        journal: Journal,
        gate: FaultGate,
    ) -> None:
        self.door = door
        self.authority = authority
        self.outside = outside
        self.journal = journal
        self.gate = gate
        self.tcp = LoopbackTcp(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self.tcp.server_address[1]}"
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.tcp.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self.tcp.shutdown()
            self._thread.join()
        self.tcp.server_close()
        self.tcp.close_connections()


class _Refusing:
    """Refuse what would leave."""

    def handle(self, request: Request) -> Response:
        text = f"the embedded world lets no {request.method} leave for {request.base_url}"
        return json_response(403, {"message": text, "errors": [{"detail": text}]})


def _handler_of(port: ProxyPort) -> type[BaseHTTPRequestHandler]:
    class Handler(_ProxyHandler):
        proxy = port

    return Handler


class _ProxyHandler(WorldHandler):
    """Read what the client sends, inside its tunnel once it has one."""

    proxy: ProxyPort
    tunnel: Target | None = None
    upstream: http.client.HTTPConnection | None = None
    upstream_target: Target | None = None

    def do_CONNECT(self) -> None:
        """End TLS here, as the host that the client asked for."""
        target = parse_authority(self.path, scheme="https", port=443)
        if target is None or self.tunnel is not None:
            self.close_connection = True
            self.send_outcome(json_response(400, {"message": "no such authority"}))
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        try:
            secured = self.proxy.authority.context_for(target.host).wrap_socket(
                self.connection, server_side=True
            )
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.connection = secured
        self.rfile = io.BufferedReader(secured.makefile("rb", 0))
        self.wfile = io.BufferedWriter(secured.makefile("wb", 0), self.wbufsize)
        self.proxy.tcp.track(secured)
        self.tunnel = target
        self.close_connection = False

    def do_GET(self) -> None:
        """Answer any method alike."""
        body = self.read_body()
        target = self._target()
        if body is None or target is None:
            self.close_connection = True
            return
        request = self.proxy.door.normal(self.request_of(body, target.url))
        ours = self.proxy.door.is_ours(request, target)
        if not ours and _is_read(request) and self.proxy.outside.enabled:
            self._pass_on(request, target)
            return
        site = self.proxy.door.site
        if not ours:
            site = Site(site.name, _Refusing(), site.subject, site.writes)
        self.send_outcome(carry_out(site, request, journal=self.proxy.journal, gate=self.proxy.gate))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def finish(self) -> None:
        """Close the way out along with the connection."""
        if self.upstream is not None:
            self.upstream.close()
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.proxy.tcp.forget(self.connection)
            self.connection.close()

    def _target(self) -> Target | None:
        if self.tunnel is not None:
            return self.tunnel
        parts = urlsplit(self.path)
        return parse_authority(parts.netloc, scheme="http", port=80) if parts.scheme == "http" else None

    def _pass_on(self, request: Request, target: Target) -> None:
        name = f"{self.proxy.door.site.name}-outside"
        seq = self.proxy.journal.begin(
            service=name, method=request.method, path=request.path, subject=target.url, write=False
        )
        try:
            answer = self._ask(request, target)
        except (OSError, http.client.HTTPException) as error:
            self.proxy.journal.end(seq, status=502)
            text = f"{target.url} cannot be read: {type(error).__name__}: {error}"
            self.send_outcome(json_response(502, {"message": text, "errors": [{"detail": text}]}))
            return
        self.proxy.journal.end(seq, status=answer.status)
        self._stream(answer)

    def _ask(self, request: Request, target: Target) -> http.client.HTTPResponse:
        """Send a read on; a connection that was closed meanwhile is opened anew once."""
        parts = urlsplit(self.path)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # A server may close an idle connection at any moment; what is passed on are reads, which can be
        # repeated.
        if self.upstream is not None and self.upstream_target == target:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self._ask_over(self.upstream, request, path)
            self.upstream.close()
        self.upstream, self.upstream_target = self.proxy.outside.connect(target), target
        return self._ask_over(self.upstream, request, path)

    def _ask_over(
        self, upstream: http.client.HTTPConnection, request: Request, path: str
    ) -> http.client.HTTPResponse:
        upstream.request(request.method, path, request.body or None, passed_headers(request))
        return upstream.getresponse()

    def _stream(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in returned_headers(answer):
            self.send_header(name, value)
        length = answer.getheader("Content-Length")
        bodiless = self.command == "HEAD" or answer.status in (204, 304)
        if length is not None:
            self.send_header("Content-Length", length)
        # Without a length, HTTP/1.1 needs chunks, or the client cannot tell the end (RFC 9112, 6.3).
        elif not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while not bodiless and (piece := answer.read(_PIECE)):
                self.wfile.write(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
            if length is None and not bodiless:
                self.wfile.write(b"0\r\n\r\n")
            answer.read()
        # Status and headers are sent: an answer that breaks off can only be told by closing the connection.
        except (OSError, http.client.HTTPException):
            self.close_connection = True
        self.wfile.flush()
