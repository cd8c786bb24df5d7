"""Whole documents read from outside over few connections.

pnpm asks for 64 documents at a time and for some thousand in a run: with a connection for each, the look-ups of the
registry's name alone were more than a resolver answered.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping

from castoff.world.proxy.passing import Target

_AT_ONCE = 16
"""How many documents are read at once; npm's own limit is 15 connections a host."""


class Reads:
    """Reads over connections that ``connect`` makes, and that stay open until :meth:`close`."""

    def __init__(self, connect: Callable[[Target], http.client.HTTPConnection]) -> None:
        self._connect = connect
        self._open: defaultdict[Target, list[http.client.HTTPConnection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def read(
        self, target: Target, path: str, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Read a document; :class:`OSError` or :class:`http.client.HTTPException` if it fails.

        Names of headers are returned in lower case, a compressed document as it was before.
        """
        sent = {"User-Agent": "castoff-world", "Accept-Encoding": "gzip", **headers}
        with self._slots:
            while (idle := self._idle(target)) is not None:
                # The server may have closed it meanwhile. That is no answer, and a read can be repeated.
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    return self._read(idle, target, path, sent)
            return self._read(self._connect(target), target, path, sent)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for connections in self._open.values():
                while connections:
                    connections.pop().close()

    def _idle(self, target: Target) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._open[target].pop() if self._open[target] else None

    def _read(
        self, connection: http.client.HTTPConnection, target: Target, path: str, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
        # Half read, a connection would give the rest of this answer to the next question.
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._open[target].append(connection)
        named = {key.lower(): value for key, value in answer.getheaders()}
        # Unpacked here: the document is changed before it is passed on.
        if named.get("content-encoding", "").lower() == "gzip":
            body = gzip.decompress(body)
        return answer.status, named, body
