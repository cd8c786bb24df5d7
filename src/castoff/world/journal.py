"""The log of requests that reached the embedded world (``GET /_log``)."""

from __future__ import annotations

import threading

from msgspec import Struct

from castoff.values import replace


class Entry(Struct, frozen=True, kw_only=True):
    """One request: ``status`` is ``None`` while it is under way, 0 when the client got no answer.

    ``write`` says that the request is of a kind that changes something, whatever came of it; ``fault`` names
    the rule that touched it.
    """

    seq: int
    service: str
    method: str
    path: str
    subject: str
    write: bool
    status: int | None = None
    fault: str | None = None


class Journal:
    """All requests since the start, in the order of their arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def begin(self, *, service: str, method: str, path: str, subject: str, write: bool) -> int:
        """Note the arrival of a request, and return its number."""
        with self._lock:
            seq = len(self._entries)
            self._entries.append(
                Entry(seq=seq, service=service, method=method, path=path, subject=subject, write=write)
            )
            return seq

    def end(self, seq: int, *, status: int, fault: str | None = None) -> None:
        """Note what the client was answered."""
        with self._lock:
            self._entries[seq] = replace(self._entries[seq], status=status, fault=fault)

    def entries(self) -> tuple[Entry, ...]:
        """Return all requests so far."""
        with self._lock:
            return tuple(self._entries)
