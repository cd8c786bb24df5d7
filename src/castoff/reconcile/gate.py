"""May a write to this service begin now?"""

from __future__ import annotations

import threading

from castoff.ports import Clock


class Gate:
    """One service's patience: closed after a 429, and with a least pause between writes."""

    def __init__(self, clock: Clock, grace: float) -> None:
        self._clock = clock
        self._grace = grace
        self._lock = threading.Lock()
        self._opens = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while."""
        with self._lock:
            self._opens = max(self._opens, self._clock.monotonic() + seconds)

    def pass_through(self) -> None:
        """Wait until the gate is open; the next one waits for the least pause."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                if now >= self._opens:
                    if self._grace:
                        self._opens = now + self._grace
                    return
                pause = self._opens - now
            self._clock.sleep(pause)
