"""What does it cost? Dues for ships at their berths."""

from __future__ import annotations

from harbour_ships import Ship

RATE = 1.25
"""Per metre and day."""


def dues(ship: Ship, days: int) -> float:
    """Give the dues of a ship for its stay."""
    return round(ship.length * days * RATE, 2)
