"""The server of an embedded service: HTTP/1.1 on loopback, logged, and with faults on demand."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from castoff.world.fault_gate import Dropped, FaultGate, Outcome
from castoff.world.journal import Journal
from castoff.world.messages import Request, Response, Service, json_response

HOST = "127.0.0.1"
# Above the largest file that PyPI takes by default (100 MiB), so that its own rule refuses, not the server.
BODY_LIMIT = 256 * 1024 * 1024
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODILESS = frozenset({204, 304})
_Connection = socket.socket | tuple[bytes, socket.socket]  # what socketserver says


class Site(Struct, frozen=True):
    """A service with its name, and what the log and the faults must know of its requests.

    ``subject`` says what a request is about (a file, a package), ``writes`` whether it changes something.
    """

    name: str
    service: Service
    subject: Callable[[Request], str] = lambda request: request.path
    writes: Callable[[Request], bool] = lambda request: request.method not in _READS


class Server:
    """One site on a port of 127.0.0.1, between ``with`` and its end."""

    def __init__(
        self,
        site: Site,
        *,
        journal: Journal | None = None,
        gate: FaultGate | None = None,
        port: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Bind the port; requests are answered only after ``with`` or :meth:`start`; with a ``context`` over TLS."""
        self.site = site
        self.journal = journal or Journal()
        self.gate = gate or FaultGate()
        self._tcp = LoopbackTcp((HOST, port), _handler_of(self))
        self.port: int = self._tcp.server_address[1]
        self.context = context
        self.url = f"{'https' if context else 'http'}://{HOST}:{self.port}"
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer from now on, in threads of its own."""
        self._thread = threading.Thread(
            # Polled often: a rehearsal ends as fast as its servers stop, and there are several.
            target=self._tcp.serve_forever,
            args=(0.02,),
            name=f"world-{self.site.name}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every open connection."""
        if self._thread is not None:
            self._tcp.shutdown()
            self._thread.join()
            self._thread = None
        self._tcp.server_close()
        self._tcp.close_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def secured(self, request: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Begin TLS; closes the connection of a client that does not, since its handler then never ends."""
        # The handshake runs in the connection's own thread: one that hangs must not hold up accept.
        secured = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        self._tcp.track(secured)
        try:
            secured.do_handshake()
        except OSError:
            self._tcp.shutdown_request(secured)
            raise
        return secured

    def carry_out(self, request: Request) -> Outcome:
        """Log one request, let the faults have their way with it, and answer."""
        return carry_out(self.site, request, journal=self.journal, gate=self.gate)


def carry_out(site: Site, request: Request, *, journal: Journal, gate: FaultGate) -> Outcome:
    """Log one request to a site, let the faults have their way with it, and answer."""
    subject = site.subject(request)
    # Noted before the answer: a request that is killed midway must still be in the log.
    seq = journal.begin(
        service=site.name,
        method=request.method,
        path=request.path,
        subject=subject,
        write=site.writes(request),
    )
    outcome, fault = gate.carry_out(site.name, request, subject, lambda r: answer(site.service, r))
    journal.end(seq, status=outcome.status if isinstance(outcome, Response) else 0, fault=fault)
    return outcome


def answer(service: Service, request: Request) -> Response:
    """Let a service answer; a fault of its own becomes a 500 that says so, never a silent close."""
    asked = request
    if request.method == "HEAD":
        asked = Request(
            "GET", request.path, request.query, request.headers, request.body, request.base_url, request.late
        )
    try:
        return service.handle(asked)
    except Exception as error:  # noqa: BLE001 - a client must be told, not left hanging
        return json_response(
            500, {"message": f"the embedded service failed: {type(error).__name__}: {error}"}
        )


class LoopbackTcp(socketserver.ThreadingTCPServer):
    """A threaded server with a long queue, that can drop its connections."""

    # A world that is started again at once would meet its own closing port.
    allow_reuse_address = True
    daemon_threads = True
    # Handlers of connections that clients keep open would hold the end up for ever.
    block_on_close = False
    # uv opens dozens of connections at once, and the default queue takes five.
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: _Connection, client_address: object) -> None:
        """Remember the connection, and answer in a thread."""
        if isinstance(request, socket.socket):
            self.track(request)
        super().process_request(request, client_address)

    def track(self, connection: socket.socket) -> None:
        """Remember a connection, to close it at the end."""
        with self._open_lock:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """Forget a connection that is about to be closed."""
        with self._open_lock:
            self._open.discard(connection)

    def shutdown_request(self, request: _Connection) -> None:
        """Forget the connection, and close it."""
        if isinstance(request, socket.socket):
            self.forget(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report nothing: a client that goes away is part of the game."""

    def close_connections(self) -> None:
        """Close all connections that are open."""
        with self._open_lock:
            sockets = tuple(self._open)
        for each in sockets:
            with contextlib.suppress(OSError):
                # Wakes a handler that waits in a read; closing alone would leave it there.
                each.shutdown(socket.SHUT_RDWR)


def _handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(WorldHandler):
        world_server = server

        def setup(self) -> None:
            """End TLS in the thread of the connection, so that a slow client holds nobody up."""
            if server.context is not None:
                self.request = server.secured(self.request, server.context)
            super().setup()

    return Handler


def _phrase(reason: str | None) -> str | None:
    """Make a reason phrase of a message: one line of Latin-1, as WSGI servers send it."""
    return None if reason is None else " ".join(reason.split()).encode("latin-1", "replace").decode("latin-1")


class WorldHandler(BaseHTTPRequestHandler):
    """Read requests from one connection and answer them, one after the other."""

    world_server: Server
    protocol_version = "HTTP/1.1"
    server_version = "castoff-world"
    sys_version = ""
    # Unbuffered writes with Nagle's algorithm cost 40 ms for each answer.
    wbufsize = 65536
    disable_nagle_algorithm = True

    def finish(self) -> None:
        """Close a connection of TLS: the server knows only the socket below, which it took over."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.server.shutdown_request(self.connection)

    def do_GET(self) -> None:
        """Answer any method alike."""
        body = self.read_body()
        if body is None:
            return
        request = self.request_of(body, self.world_server.url)
        self.send_outcome(self.world_server.carry_out(request))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Tell a waiting client at once that its body is wanted."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Print nothing: the journal has it."""

    def read_body(self) -> bytes | None:
        """Read the whole body; ``None`` after having refused it."""
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                return self._read_chunks()
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            self._refuse(400, "the length of the body is not a number")
            return None
        if not 0 <= length <= BODY_LIMIT:
            self._refuse(413, "the body is too large")
            return None
        body = self.rfile.read(length)
        # The client died while it sent: nothing may be stored of half a body.
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def request_of(self, body: bytes, base_url: str) -> Request:
        """Make our value of what was read."""
        target = self.path
        # A client behind a proxy sends the absolute form (RFC 9112, section 3.2.2).
        if not target.startswith("/"):
            parts = urlsplit(target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        path, _, query = target.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            known = headers.get(name.lower())
            # Repeated fields are one list by RFC 9110, section 5.2.
            headers[name.lower()] = value if known is None else f"{known}, {value}"
        return Request(
            method=self.command,
            path=unquote(path) or "/",
            query=parse_qs(query, keep_blank_values=True),
            headers=headers,
            body=body,
            base_url=base_url,
        )

    def send_outcome(self, outcome: Outcome) -> None:
        """Send an answer, a part of one, or nothing."""
        match outcome:
            case Response():
                self._send(outcome, len(outcome.body))
            case Dropped():
                self.close_connection = True
                if outcome.half_of is not None:
                    self._send(outcome.half_of, len(outcome.half_of.body) // 2)

    def _send(self, response: Response, sent: int) -> None:
        self.send_response(response.status, _phrase(response.reason))
        for name, value in response.headers.items():
            # A message with a line end would split the answer in two.
            self.send_header(name, value.replace("\r", " ").replace("\n", " "))
        # 204 and 304 have no length (RFC 9110, section 8.6); some clients wait for a body otherwise.
        if response.status not in _BODILESS:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status not in _BODILESS:
            self.wfile.write(response.body[:sent])
        self.wfile.flush()

    def _refuse(self, status: int, text: str) -> None:
        self.close_connection = True
        self._send(json_response(status, {"message": text}), BODY_LIMIT)

    def _read_chunks(self) -> bytes | None:
        parts: list[bytes] = []
        total = 0
        while size := int(self.rfile.readline(1024).split(b";")[0], 16):
            total += size
            if size < 0 or total > BODY_LIMIT:
                self._refuse(413, "the body is too large")
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline(8)
        # Trailers after the last chunk are read and dropped, so that the next request begins in the right
        # place.
        while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)
