"""When is there water enough? The heights of the tide, computed."""

from __future__ import annotations

import math

PERIOD = 12.42
"""Hours from one high water to the next."""


def height(hour: float, *, mean: float = 5.0, range_: float = 6.0) -> float:
    """Give the height of the water in metres, so many hours after high water."""
    return mean + range_ / 2 * math.cos(2 * math.pi * hour / PERIOD)


def has_water(hour: float, draught: float) -> bool:
    """Say whether a ship of this draught (metres) floats then, with half a metre to spare."""
    return height(hour) >= draught + 0.5
