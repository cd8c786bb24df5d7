"""Local work of a run that takes time: what it is, on what, and how long it took in an earlier run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

StepKind = Literal["check", "prepare", "build", "pack", "compile", "install", "sign"]

DOING: Mapping[StepKind, str] = {
    "check": "checking",
    "prepare": "preparing",
    "build": "building",
    "pack": "packing",
    "compile": "compiling",
    "install": "installing",
    "sign": "signing",
}
"""The words for a step that is running."""


class LocalStep(Struct, frozen=True):
    """One piece of work on a subject, most often a package; ``of`` counts the steps of this kind, 0 if unknown."""

    kind: StepKind
    subject: str
    of: int = 0


class Interval(Struct, frozen=True):
    """When a step of an earlier run began and ended, in seconds of one clock."""

    kind: StepKind
    began: float
    ended: float


class Pace(Struct, frozen=True):
    """How many steps of a kind an earlier run made, and the seconds in which at least one of them was running."""

    steps: int
    seconds: float

    @property
    def each(self) -> float:
        """Return the seconds that a step adds to a run; steps side by side share theirs."""
        return self.seconds / self.steps


def paces(intervals: Iterable[Interval]) -> dict[StepKind, Pace]:
    """Measure each kind of step of an earlier run."""
    by_kind: dict[StepKind, list[Interval]] = {}
    for one in intervals:
        by_kind.setdefault(one.kind, []).append(one)
    return {kind: Pace(len(those), busy_seconds(those)) for kind, those in by_kind.items()}


def busy_seconds(intervals: Iterable[Interval]) -> float:
    """Return the seconds in which at least one of these was running."""
    total, until = 0.0, -float("inf")
    for one in sorted(intervals, key=lambda each: each.began):
        total += max(0.0, one.ended - max(one.began, until))
        until = max(until, one.ended)
    return total
