"""How long will the uploads take, and when may each one start at the earliest?

Registries limit how often one may upload with token buckets: a burst is free, then one more each interval.
A wave is taken to need a few seconds until it is visible; that is a rough figure and is shown as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SECONDS_A_WAVE: Mapping[str, float] = {"cargo": 15.0, "python": 10.0, "npm": 10.0}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: ``burst`` uploads at once, then one each ``every`` seconds; None means no limit."""

    burst: int
    every: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One package's uploads, as the estimate sees them."""

    id: str
    package: str
    ecosystem: str
    wave: int
    new: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until the last package is up, and for each upload the earliest second at which it may start."""

    seconds: float
    schedule: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class _Fill:
    """A bucket in use: ``full_at`` is the second at which it would be full again."""

    bucket: Bucket | None
    full_at: float = 0.0

    def next(self, ready: float) -> float:
        """Take a token as early as the bucket allows, not before ``ready``."""
        if self.bucket is None:
            return ready
        start = max(ready, self.full_at - (self.bucket.burst - 1) * self.bucket.every)
        self.full_at = max(start, self.full_at) + self.bucket.every
        return start


def estimated(
    uploads: Sequence[Upload], limits: Mapping[tuple[str, bool], Bucket], *, grace: float = 0.0
) -> Estimate:
    """Simulate the uploads wave by wave; ``limits`` is keyed by (ecosystem, is new)."""
    fills = {key: _Fill(bucket) for key, bucket in limits.items()}
    schedule: list[tuple[str, float]] = []
    wave_ready, wave_end, wave = 0.0, 0.0, 0
    previous = -grace
    for upload in uploads:
        if upload.wave != wave:
            wave_ready, wave = wave_end, upload.wave
        fill = fills.get((upload.ecosystem, upload.new), _Fill(None))
        start = fill.next(max(wave_ready, previous + grace if grace else 0.0))
        previous = start
        schedule.append((upload.id, start))
        wave_end = max(wave_end, start + SECONDS_A_WAVE.get(upload.ecosystem, 10.0))
    return Estimate(wave_end, tuple(schedule))
