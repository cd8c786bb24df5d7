"""Is what was stored already shown? A late or flickering index, one look at a time."""

from __future__ import annotations

from castoff.world.clock import WorldClock
from castoff.world.messages import Late


class Visibility:
    """The sight of one stored thing; each look counts as one read of its index page."""

    def __init__(self, late: Late | None, clock: WorldClock) -> None:
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
