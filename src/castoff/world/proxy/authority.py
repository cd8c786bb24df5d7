"""Who signs the proxy's certificates? An authority that is made for one run and trusted by its children only."""

from __future__ import annotations

import socket
import ssl
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from castoff.errors import ConfigurationError, Problem


def is_available() -> bool:
    """Say whether the TLS parts (the extra ``rehearse``) are installed."""
    return find_spec("trustme") is not None


def rehearse_extra_missing(fact: str) -> Problem:
    """Say what is missing, and how it is installed."""
    return Problem(
        code="rehearse-extra-missing",
        message=fact,
        reason="cargo reads the crates that yours depend on through a proxy that ends TLS on loopback, an extra",
        remedy="`pip install 'castoff[rehearse]'`; from a clone of castoff: `pip install '.[rehearse]'`",
    )


class ThrowAwayAuthority:
    """A certificate authority whose key never leaves memory; no trust store is ever touched."""

    def __init__(self, directory: Path) -> None:
        """Make the authority, and write its certificate (not its key) to ``directory/authority.pem``."""
        if not is_available():
            raise ConfigurationError(
                rehearse_extra_missing("the TLS parts of the embedded world are not installed")
            )
        trustme: Any = import_module("trustme")
        self._authority = trustme.CA(organization_name="castoff, throw-away")
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.certificate))

    def context_for(self, host: str) -> ssl.SSLContext:
        """Give what a server needs to speak as ``host``; HTTP/1.1 only."""
        with self._lock:
            context = self._contexts.get(host)
            if context is None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.sslsocket_class = _Secured
                context.set_alpn_protocols(["http/1.1"])
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return context


class _Secured(ssl.SSLSocket):
    """A connection that is closed where its client went away before TLS began; `wrap_socket` would lose it."""

    def getpeername(self) -> Any:
        """Name the client."""
        try:
            return super().getpeername()
        except OSError as gone:
            if self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise  # it listens
            self.close()
            raise ConnectionAbortedError("the client is gone") from gone
