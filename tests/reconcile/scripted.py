"""Parts that answer and act by a script, for the pass alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from world_of_fakes import FakeClock, Quiet

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Refused, StageName, Succeeded, Unclear
from castoff.reconcile import Patience, StageState
from castoff.reconcile.part import Part, Seen, Stage
from castoff.reconcile.reconciler import Reconciler


def an_act(name: str = "a", stage: StageName = "publish") -> Act:
    return Act(id=f"{stage}:{name}", stage=stage, target=f"the {name}", undo="never")


def a_problem(code: str) -> Problem:
    return Problem(code=code, message=code)


@dataclass(slots=True)
class Scripted:
    """A part: each look takes the next decision (the last one stays), each act the next outcome.

    ``log`` holds (time, what) of looks and acts.
    """

    clock: FakeClock
    decisions: Iterable[Decision] = (Done(),)
    outcomes: Iterable[Outcome] = (Succeeded(),)
    name: str = "part"
    needs: frozenset[str] = frozenset()
    gate: str | None = "service"
    on_look: Callable[[], None] = lambda: None
    on_act: Callable[[Act], None] = lambda act: None
    log: list[tuple[float, str]] = field(default_factory=list)
    _decisions: Iterator[Decision] = field(init=False)
    _outcomes: Iterator[Outcome] = field(init=False)
    _decision: Decision = field(default=Done(), init=False)

    def __post_init__(self) -> None:
        self._decisions = iter(self.decisions)
        self._outcomes = iter(self.outcomes)

    def look(self) -> Seen:
        self.on_look()
        self.log.append((self.clock.monotonic(), "look"))
        self._decision = next(self._decisions, self._decision)
        return ()

    def decide(self, seen: Seen) -> Decision:
        return self._decision

    def describe(self, seen: Seen) -> Seen:
        return seen

    def act(self, act: Act) -> Outcome:
        self.on_act(act)
        self.log.append((self.clock.monotonic(), act.id))
        return next(self._outcomes)

    def acted_at(self) -> list[float]:
        return [when for when, what in self.log if what != "look"]


@dataclass(slots=True)
class Thing:
    """A part that really writes: what an act made is seen ``lag`` seconds later."""

    clock: FakeClock
    outcomes: Iterable[Outcome] = ()
    lag: float = 0.0
    name: str = "thing"
    needs: frozenset[str] = frozenset()
    gate: str | None = "service"
    made_at: float | None = None
    attempts: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    _outcomes: Iterator[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self._outcomes = iter(self.outcomes)

    def look(self) -> Seen:
        self.looks.append(self.clock.monotonic())
        return ()

    def decide(self, seen: Seen) -> Decision:
        there = self.made_at is not None and self.clock.monotonic() >= self.made_at + self.lag
        return Done() if there else Do((an_act(self.name),))

    def describe(self, seen: Seen) -> Seen:
        return seen

    def act(self, act: Act) -> Outcome:
        """Make it where the outcome says so; an outcome that is not scripted is a success."""
        self.attempts.append(self.clock.monotonic())
        outcome = next(self._outcomes, Succeeded())
        if isinstance(outcome, Succeeded) and self.made_at is None:
            self.made_at = self.clock.monotonic()
        return outcome


DO = Do((an_act(),))
UNCLEAR = Unclear(reason="no answer")
REFUSED = Refused(a_problem("upload-refused"))


def reconcile(
    clock: FakeClock,
    *parts: Part[Any],
    patience: Patience | None = None,
    lanes: int = 1,
    reporter: Quiet | None = None,
) -> StageState:
    reconciler = Reconciler(clock, reporter or Quiet(), patience or Patience(), lanes=lanes)
    return reconciler.run(Stage("publish", parts))


def ended(
    clock: FakeClock, *parts: Part[Any], patience: Patience | None = None, lanes: int = 1
) -> tuple[type[CastoffError], list[str]]:
    with pytest.raises(CastoffError) as caught:
        reconcile(clock, *parts, patience=patience, lanes=lanes)
    return type(caught.value), [problem.code for problem in caught.value.problems]


def wait_for(event: threading.Event) -> None:
    assert event.wait(10)


def meet(barrier: threading.Barrier) -> None:
    barrier.wait()
