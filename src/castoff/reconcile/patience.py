"""How long does a run wait for what?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds; ``attempts`` is how often an unclear write is done in all.

    ``begun_before`` says that another run may have written what no index shows yet. ``intervals`` are, by service,
    the seconds after which its buckets hold one more token.
    """

    visible: float = 900.0
    unknown: float = 120.0
    settle: float = 20.0
    throttle: float = 7200.0
    attempts: int = 3
    first_pause: float = 0.05
    longest_pause: float = 5.0
    grace: float = 0.0
    begun_before: bool = False
    intervals: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


HONEST = Patience().visible
"""Seconds after which what no index shows is not there."""
