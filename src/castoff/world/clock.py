"""The time in the embedded world: the real one, or one that is set and moved from outside."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class WorldClock:
    """A clock that can be set at the start and moved forward."""

    def __init__(self, start: datetime | None = None) -> None:
        """Begin at ``start`` (with a zone), or at the real time."""
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._moved = 0.0

    def seconds(self) -> float:
        """Return how many seconds have passed since the start, those that were skipped included."""
        with self._lock:
            return time.monotonic() - self._began + self._moved

    def now(self) -> datetime:
        """Say the time, in UTC."""
        return self._start + timedelta(seconds=self.seconds())

    def advance(self, seconds: float) -> None:
        """Skip so many seconds."""
        with self._lock:
            self._moved += seconds
