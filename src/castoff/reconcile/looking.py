"""What does a stage look like right now? The looking half of the pass, on its own; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.stages.part import Part, Seen, Stage


@dataclass(frozen=True, slots=True)
class PartState:
    """What one part looks like right now: its name, what was seen, what was decided."""

    name: str
    seen: Seen
    decision: Decision


State = Literal["done", "todo", "waiting", "person", "blocked", "unknown", "off"]


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage as seen in one look."""

    stage: Stage
    parts: tuple[PartState, ...]

    @property
    def state(self) -> State:
        """Sum the parts up in one word, the most pressing first."""
        if self.stage.off is not None:
            return "off"
        words = {_word(part.decision) for part in self.parts}
        for word in ("blocked", "unknown", "todo", "waiting", "person"):
            if word in words:
                return word
        return "off" if words == {"off"} else "done"

    @property
    def obstacles(self) -> tuple[Problem, ...]:
        """List what blocks it."""
        return tuple(part.decision.problem for part in self.parts if isinstance(part.decision, Blocked))

    @property
    def acts(self) -> tuple[Act, ...]:
        """List the acts that are missing."""
        return tuple(act for part in self.parts for act in _acts(part.decision))


def observe(stages: Iterable[Stage], *, lanes: int = 16) -> tuple[StageState, ...]:
    """Look at everything once, in parallel, and write nothing."""
    listed = tuple(stages)
    with ThreadPoolExecutor(lanes) as pool:
        looks = {
            (stage.name, part.name): pool.submit(_look, part)
            for stage in listed
            if stage.off is None
            for part in stage.parts
        }
        return tuple(
            StageState(
                stage,
                tuple(looks[stage.name, part.name].result() for part in stage.parts)
                if stage.off is None
                else (),
            )
            for stage in listed
        )


def _look(part: Part) -> PartState:
    seen = part.look()
    return PartState(part.name, seen, part.decide(seen))


def _word(decision: Decision) -> State:
    match decision:
        case Done():
            return "done"
        case Off():
            return "off"
        case Do():
            return "todo"
        case Wait():
            return "unknown" if decision.seconds is None else "waiting"
        case Person():
            return "person"
        case Blocked():
            return "blocked"


def _acts(decision: Decision) -> tuple[Act, ...]:
    match decision:
        case Do(acts) | Person(acts):
            return acts
        case _:
            return ()
