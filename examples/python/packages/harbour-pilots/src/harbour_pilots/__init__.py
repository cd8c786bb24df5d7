"""Who brings ships in, and when? Entries with tide and pilot."""

from __future__ import annotations

from harbour_ships import Ship
from harbour_tides import PERIOD, has_water


def next_entry(ship: Ship, hour: float) -> float | None:
    """Give the next hour from which a ship can come in, looked for in steps of ten minutes; None in this tide."""
    for step in range(int(PERIOD * 6)):
        if has_water(hour + step / 6, ship.draught):
            return hour + step / 6
    return None
