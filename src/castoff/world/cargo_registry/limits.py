"""Rate limits: a bucket of tokens for each kind of act, as crates-io has them."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any, Literal

from msgspec import Struct

from castoff.world.clock import WorldClock
from castoff.world.messages import Rejected

Act = Literal["new", "version", "yank"]
_WORDS: dict[Act, str] = {
    "new": "You have published too many new crates in a short period of time",
    "version": "You have published too many updates to existing crates in a short period of time",
    "yank": "You have yanked or unyanked too many versions in a short period of time",
}


class Limit(Struct, frozen=True):
    """So many at once, then one more every so many seconds."""

    burst: int
    every: float


class Limits:
    """The buckets of one registry; not for several threads at once."""

    def __init__(self, limits: dict[Act, Limit], clock: WorldClock) -> None:
        self._limits = limits
        self._clock = clock
        self._left: dict[Act, tuple[float, float]] = {}

    def spend(self, act: Act) -> None:
        """Take a token; without one, reject with the date at which there is one."""
        limit = self._limits.get(act)
        if limit is None:
            return
        now = self._clock.seconds()
        tokens, since = self._left.get(act, (float(limit.burst), now))
        tokens = min(float(limit.burst), tokens + (now - since) / limit.every)
        if tokens >= 1:
            self._left[act] = (tokens - 1, now)
            return
        self._left[act] = (tokens, now)
        wait = (1 - tokens) * limit.every
        # A date has whole seconds: round up, so that obeying it is enough.
        date = formatdate(int(time.time() + wait) + 1, usegmt=True)
        raise Rejected(
            f"{_WORDS[act]}. Please try again after {date} and see the page on rate limits for more details.",
            429,
            {"Retry-After": date},
        )


def parse_limits(value: dict[str, Any]) -> dict[Act, Limit]:
    """Read ``{"new": {"burst", "every"}, "version": ..., "yank": ...}``."""
    limits: dict[Act, Limit] = {}
    for name, limit in value.items():
        if name not in _WORDS or not isinstance(limit, dict) or set(limit) != {"burst", "every"}:
            raise ValueError(f"`limits` has `{name}`; it may have new, version, yank with burst and every")
        act: Act = "new" if name == "new" else "version" if name == "version" else "yank"
        limits[act] = Limit(int(limit["burst"]), float(limit["every"]))
    return limits
