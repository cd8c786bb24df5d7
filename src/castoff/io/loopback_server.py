"""Server of pages that only this machine's own browser may read: the only place that listens for castoff itself.

A page of another site can make a browser send requests to a loopback address, and can give its own name that address
("DNS rebinding"): a request whose ``Host`` or ``Origin`` is not this server's is refused. Nothing but GET and HEAD is
answered, so that no request changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msgspec import Struct

ADDRESS = "127.0.0.1"

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load: its own style and script, and nothing from elsewhere."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Content(Struct, frozen=True):
    """What a path holds."""

    kind: str
    body: bytes


Answer = Callable[[str], Content | None]
"""Give the content of a path; None if there is none."""


@dataclass(slots=True)
class LoopbackServer:
    """A server on a loopback address; ``port`` 0 takes a free one."""

    answer: Answer
    port: int = 0
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        """Listen; requests are answered by :meth:`serve`. Errors: OSError if the port is in use."""
        self._server = ThreadingHTTPServer((ADDRESS, self.port), _handler(self.answer))
        self._server.daemon_threads = True
        self.port = self._server.server_port

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"http://{ADDRESS}:{self.port}/"

    def serve(self) -> None:
        """Answer requests until an exception (Ctrl-C) in this thread."""
        try:
            self._server.serve_forever(poll_interval=0.2)
        finally:
            self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()


def is_own(headers: Mapping[str, str], port: int) -> bool:
    """Return whether a request is meant for this server, and comes from its own page or from none."""
    hosts = (f"{ADDRESS}:{port}", f"localhost:{port}")
    origin = headers.get("Origin")
    return headers.get("Host", "") in hosts and (
        origin is None or origin in [f"http://{host}" for host in hosts]
    )


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server: ThreadingHTTPServer
        server_version, sys_version = "castoff", ""
        timeout = 10

        def do_GET(self) -> None:
            self._reply()

        do_HEAD = do_GET  # noqa: N815 - http.server names it so

        def _reply(self) -> None:
            if not is_own(dict(self.headers.items()), self.server.server_port):
                self.send_error(403, "This page is for the browser of this machine only")
                return
            content = answer(self.path.partition("?")[0])
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", content.kind)
            self.send_header("Content-Length", str(len(content.body)))
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server names it so
            """Log nothing."""

    return Handler
