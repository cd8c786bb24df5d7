"""Where do ships lie? Quays with places along them."""

from __future__ import annotations

from collections.abc import Iterable

from harbour_ships import Ship


def fits(ship: Ship, moored: Iterable[Ship], quay: float) -> bool:
    """Say whether a ship finds room on a quay (metres) beside those that lie there, ten metres apart."""
    taken = sum(other.length + 10 for other in moored)
    return taken + ship.length <= quay
