"""The looking half of the pass, on its own; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Off, Person, Wait, acts_ahead, acts_of
from castoff.model.observations import Unknown
from castoff.reconcile.part import Part, S, Seen, Stage
from castoff.values import replace


class PartState(Struct, frozen=True):
    """What one part looks like right now: its name, what was seen, what was decided; ``look`` as the part found it."""

    name: str
    seen: Seen
    decision: Decision
    look: object = None

    @property
    def is_unknown(self) -> bool:
        """Return whether the part waits because some question about it had no answer."""
        return isinstance(self.decision, Wait) and any(isinstance(one.answer, Unknown) for one in self.seen)


State = Literal["done", "todo", "waiting", "person", "blocked", "unknown", "off"]


class StageState(Struct, frozen=True):
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
        return tuple(act for part in self.parts for act in acts_of(part.decision))

    @property
    def acts_ahead(self) -> tuple[Act, ...]:
        """List the acts that are missing, and those that may follow."""
        return tuple(act for part in self.parts for act in acts_ahead(part.decision))


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
        try:
            return tuple(
                StageState(
                    stage,
                    tuple(looks[stage.name, part.name].result() for part in stage.parts)
                    if stage.off is None
                    else (),
                )
                for stage in listed
            )
        except BaseException:
            pool.shutdown(
                wait=False, cancel_futures=True
            )  # a run that ends does not wait for looks in the queue
            raise


def part_state(part: Part[S], look: S) -> PartState:
    """Return the state of a part by what a look at it found."""
    seen = tuple(replace(one, part=part.name) for one in part.describe(look))
    return PartState(part.name, seen, part.decide(look), look)


def _look(part: Part[Any]) -> PartState:
    return part_state(part, part.look())


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
