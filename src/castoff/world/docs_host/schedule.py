"""Progress of a documentation build: four states, one after the other, by looks or by seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from castoff.world.clock import WorldClock

State = Literal["queued", "building", "failed", "built"]


class Phase(Struct, frozen=True):
    """A state that lasts so many looks, so many seconds, or (with neither) for ever."""

    state: State
    looks: int | None = None
    seconds: float | None = None


DEFAULT = (Phase("queued", looks=1), Phase("building", looks=1), Phase("built"))


class Schedule:
    """The course of one build; each look may move it on."""

    def __init__(self, phases: Sequence[Phase], clock: WorldClock) -> None:
        self.whole = tuple(phases)
        self._phases = list(phases)
        self._clock = clock
        self._entered = clock.seconds()
        self._looks = 0

    def look(self) -> State:
        """Count one look, and give the state that it sees."""
        state = self.state()
        self._looks += 1
        return state

    def state(self) -> State:
        """Return the state without counting a look."""
        while len(self._phases) > 1 and self._is_over(self._phases[0]):
            done = self._phases.pop(0)
            self._entered += done.seconds or 0.0
            if done.seconds is None:
                self._entered = self._clock.seconds()
            self._looks = 0
        return self._phases[0].state

    def _is_over(self, phase: Phase) -> bool:
        if phase.looks is not None and self._looks >= phase.looks:
            return True
        return phase.seconds is not None and self._clock.seconds() - self._entered >= phase.seconds


def parse_schedule(value: Any) -> tuple[Phase, ...]:
    """Read ``[{"state": "queued", "looks": 2}, {"state": "building", "seconds": 9}, {"state": "built"}]``."""
    if not isinstance(value, list) or not value:
        raise ValueError("a schedule is a list of states, and has at least one")
    phases = tuple(_phase(each) for each in value)
    if any(phase.looks is None and phase.seconds is None for phase in phases[:-1]):
        raise ValueError("only the last state of a schedule lasts for ever")
    return phases


def _phase(value: Any) -> Phase:
    if not isinstance(value, dict) or not set(value) <= {"state", "looks", "seconds"}:
        raise ValueError("a state of a schedule has `state`, and `looks` or `seconds`")
    looks, seconds = value.get("looks"), value.get("seconds")
    if looks is not None and seconds is not None:
        raise ValueError("a state lasts `looks` or `seconds`, not both")
    return Phase(
        _state(value.get("state")),
        None if looks is None else int(looks),
        None if seconds is None else float(seconds),
    )


def _state(value: Any) -> State:
    match value:
        case "queued":
            return "queued"
        case "building":
            return "building"
        case "failed":
            return "failed"
        case "built":
            return "built"
        case _:
            raise ValueError(f"`{value}` is none of queued, building, failed, built")
