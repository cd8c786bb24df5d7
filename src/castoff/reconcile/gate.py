"""May a write to this service begin now?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from castoff.ports import Clock


class Gate:
    """One service's patience: closed after a 429, and with a least pause between writes that want one.

    ``intervals`` are the seconds after which the service's buckets hold one more token. A 429 soon after another one
    says that a bucket is empty, and its Retry-After which one; from then on one write goes through in each interval,
    instead of all that wait running into the next 429. One alone is only waited for: it may have been passing, and
    a service may have raised its limits.
    """

    def __init__(self, clock: Clock, sleep: Callable[[float], None], intervals: Sequence[float] = ()) -> None:
        self._clock = clock
        self._sleep = sleep
        self._intervals = sorted(intervals)
        self._lock = threading.Lock()
        self._opens = 0.0
        self._last = -float("inf")
        self._pace = 0.0
        self._refused = -float("inf")

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while, and then one after the other where a bucket explains it."""
        with self._lock:
            now = self._clock.monotonic()
            self._opens = max(self._opens, now + seconds)
            interval = next((one for one in self._intervals if seconds <= one), 0.0)
            if now - self._refused <= 2 * interval:
                self._pace = max(self._pace, interval)
                self._last = self._opens - self._pace  # what was refused took no token
            self._refused = now

    def pass_through(self, grace: float, limit: float) -> float:
        """Wait until the gate is open, and the one before went through ``grace`` seconds ago at least.

        Gives 0, or the seconds that would still be to wait where a paced gate keeps a write for longer than
        ``limit`` seconds: then it did not go through.
        """
        began = self._clock.monotonic()
        while True:
            with self._lock:
                now = self._clock.monotonic()
                pause = max(grace, self._pace)
                opens = max(self._opens, self._last + pause) if pause else self._opens
                if now >= opens:
                    self._last = now
                    return 0.0
                if self._pace and opens - began > limit:
                    return opens - now
            self._sleep(opens - now)
