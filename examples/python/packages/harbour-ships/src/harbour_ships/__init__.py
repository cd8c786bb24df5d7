"""What comes in: ships, their names and measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ship:
    """A ship: length and draught in metres."""

    name: str
    length: float
    draught: float
