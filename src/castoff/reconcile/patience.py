"""Limits of how long a run waits for what."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds; ``attempts`` is how often an unclear write is done in all.

    ``begun_before`` says that another run may have written what no index shows yet. ``intervals`` are, by service,
    the seconds after which its buckets hold one more token. ``windows`` are, by service, how many new things (projects)
    it takes within so many seconds, where it says of a refusal neither that this is the reason nor for how long:
    they are kept to from the start. ``until`` is a moment of the monotonic clock after which no
    act begins, and beyond which nothing is waited for; None: the run takes as long as it takes.
    """

    visible: float = 900.0
    unknown: float = 120.0
    settle: float = 20.0
    throttle: float = 7200.0
    attempts: int = 3
    first_pause: float = 0.05
    longest_pause: float = 5.0
    grace: float = 0.0
    until: float | None = None
    begun_before: bool = False
    intervals: Mapping[str, tuple[float, ...]] = {}
    windows: Mapping[str, tuple[int, float]] = {}


HONEST = Patience().visible
"""Seconds after which what no index shows is not there."""


EFFECT = 20.0
"""Seconds after which a service that is not an index shows what it took: git remotes and forges answer from replicas
that are seconds behind. What is missing after that was not written, whatever the service answered."""


class Pause(Struct, frozen=True):
    """Seconds until the next look; the reason names the end of the wait."""

    seconds: float
    reason: str


def at_most(reason: str, bound: float) -> str:
    """Add to the reason of a wait how long it takes at most, in seconds."""
    if bound < 120:
        length = f"{bound:.0f} s"
    elif bound < 7200:
        length = f"{bound / 60:.0f} min"
    else:
        length = f"{bound / 3600:.0f} h"
    return f"{reason}; waiting {length} at most"
