"""Certificate authority of a run: trusted by the children of the run only, and forgotten with its process."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castoff.world.clients import pip_certificate

if TYPE_CHECKING:
    import trustme

_TRUSTED_BY = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAKING = threading.RLock()
"""`functools.cache` calls a function twice if two threads ask at once: two worlds would have an authority each."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class ThrowAwayAuthority:
    """A certificate authority whose key never leaves memory; no trust store is ever touched.

    All worlds of a process share one: making a key costs more than most requests.
    """

    def __init__(self, directory: Path) -> None:
        """Write the authority's certificate (not its key) to ``directory/authority.pem``."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.certificate = directory / "authority.pem"
        with _MAKING:
            _made().cert_pem.write_to_path(str(self.certificate))

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return what a server needs to speak as ``host``; HTTP/1.1 only."""
        with _MAKING:
            return _context(host)

    def bundle(self, user: Mapping[str, str] | None) -> Path:
        """Write what clients trust that know one file only: this authority and, if given, what the user trusts.

        uv, pip and requests replace their own list by such a file, and they read from outside as well.
        """
        if user is None:
            return self.certificate
        file = self._directory / "trusted.pem"
        own = self.certificate.read_bytes()
        file.write_bytes(own + b"\n" + _certificates(tuple(_trusted_files(user))))
        return file


@cache
def _made() -> trustme.CA:
    import trustme

    return trustme.CA(organization_name="castoff, throw-away")


@cache
def _context(host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = _Secured
    context.set_alpn_protocols(["http/1.1"])
    _made().issue_cert(host).configure_cert(context)
    return context


def _trusted_files(user: Mapping[str, str]) -> Iterable[str]:
    """List the files with what the user's clients trust: those that variables name, the machine's, requests' own."""
    yield from (user[name] for name in _TRUSTED_BY if user.get(name))
    if pip := pip_certificate(user):
        yield pip
    if machine := ssl.get_default_verify_paths().cafile:
        yield machine
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    yield DEFAULT_CA_BUNDLE_PATH


@cache
def _certificates(files: tuple[str, ...]) -> bytes:
    """Join the certificates of files, each once; a file that cannot be read holds none."""
    found: dict[bytes, None] = {}
    for name in files:
        try:
            found.update(dict.fromkeys(_CERTIFICATE.findall(Path(name).read_bytes())))
        except OSError:
            continue
    return b"\n".join(found) + b"\n"


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
