"""Sight of what was stored: a late or flickering index, one look at a time."""

from __future__ import annotations

from typing import Protocol

from castoff.world.messages import Late


class Seconds(Protocol):
    """A clock that counts."""

    def seconds(self) -> float:
        """Return how many seconds have passed since some start."""
        ...


class Visibility:
    """The sight of one stored thing; each look counts as one read of its index page."""

    def __init__(self, late: Late | None, clock: Seconds) -> None:
        """Begin to count now."""
        self._late = late
        self._clock = clock
        self._stored_at = clock.seconds()
        self._reads = 0

    def look(self) -> bool:
        """Count one read, and say whether it shows the thing."""
        if self._late is None:
            return True
        self._reads += 1
        too_soon = self._clock.seconds() - self._stored_at < self._late.seconds
        if not too_soon and self._reads > self._late.reads:
            return True
        return self._late.alternating and self._reads % 2 == 0

    @property
    def settled(self) -> bool:
        """Whether the thing is stored for good, whatever single nodes still show; counts no read."""
        if self._late is None or self._late.alternating:
            return True
        too_soon = self._clock.seconds() - self._stored_at < self._late.seconds
        return not too_soon and self._reads >= self._late.reads
