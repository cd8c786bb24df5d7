"""May a write to this service begin now?"""

from __future__ import annotations

import threading
from collections.abc import Callable

from castoff.ports import Clock


class Gate:
    """One service's patience: closed after a 429, and with a least pause between writes that want one."""

    def __init__(self, clock: Clock, sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._opens = 0.0
        self._last = -float("inf")

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while."""
        with self._lock:
            self._opens = max(self._opens, self._clock.monotonic() + seconds)

    def pass_through(self, grace: float) -> None:
        """Wait until the gate is open, and the one before went through ``grace`` seconds ago at least."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                opens = max(self._opens, self._last + grace) if grace else self._opens
                if now >= opens:
                    self._last = now
                    return
            self._sleep(opens - now)
