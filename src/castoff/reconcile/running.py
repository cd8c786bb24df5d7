"""How are the parts of a stage brought to their end? Side by side, each look by look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace

from castoff.errors import CastoffError, NotYet, Refusal
from castoff.model.acts import Act, Blocked, Do, Done, Off, Outcome, Person, Throttled, Unclear, Wait
from castoff.ports import Clock, Reporter
from castoff.reconcile.gate import Gate
from castoff.reconcile.lanes import Resting, open_lanes
from castoff.reconcile.looking import PartState, StageState
from castoff.reconcile.memory import Lag, Memory, rate_limited
from castoff.reconcile.order import longest_wait_first
from castoff.reconcile.patience import Patience
from castoff.stages.part import Part, Stage

_PARTS = 256
"""So many parts at most are under way, most of them waiting."""

_SLICE = 1.0
"""The longest single sleep in seconds, so that a run that ends does not keep its threads for long."""


class Reconciler:
    """Brings stages to their end, one after the other; ``lanes`` parts of a stage look or act at the same time.

    A part that waits holds no lane: another one may begin meanwhile.
    """

    def __init__(self, clock: Clock, reporter: Reporter, patience: Patience, *, lanes: int = 16) -> None:
        self._clock = clock
        self._reporter = reporter
        self._patience = patience
        self._lanes = lanes
        self._gates: dict[str | None, Gate] = {}
        self._ended = threading.Event()
        self._slots = threading.BoundedSemaphore(lanes)
        self._resting = Resting()
        self._lags: dict[str | None, Lag] = {}

    def hurried(self, seconds: float) -> Reconciler:
        """Give one that is patient for so long with what cannot be known, unless somebody said how long that is."""
        if self._patience.unknown != Patience().unknown:
            return self
        patience = replace(self._patience, unknown=seconds)
        return Reconciler(self._clock, self._reporter, patience, lanes=self._lanes)

    def run(self, stage: Stage) -> StageState:
        """Reconcile a stage; raises what ends it (Refusal, NotYet), after the parts under way have ended.

        What is no error of castoff's (an interrupt, a fault of an adapter) ends all parts at their next step.
        """
        if stage.off is not None:
            return StageState(stage, ())
        self._reporter.stage(stage.name, len(stage.parts))
        for part in stage.parts:
            if part.gate not in self._gates:
                intervals = self._patience.intervals.get(part.gate or "", ())
                self._gates[part.gate] = Gate(self._clock, self._sleep, intervals)
                self._lags[part.gate] = Lag()
        states = self._run_parts(stage.parts)
        return StageState(stage, tuple(states[part.name] for part in stage.parts))

    def _run_parts(self, parts: Iterable[Part]) -> dict[str, PartState]:
        left = {part.name: part for part in longest_wait_first(parts)}
        states: dict[str, PartState] = {}
        running: dict[Future[PartState], str] = {}
        errors: list[CastoffError] = []
        with open_lanes(_PARTS if self._lanes > 1 else 1) as lanes:
            try:
                while left or running:
                    for name in [] if errors else _ready(left, states)[: self._room(len(running))]:
                        future = lanes.submit(self._settle, left.pop(name))
                        running[future] = name
                        future.add_done_callback(self._resting.tell)
                    if not running:
                        break
                    self._resting.wait_for_news()
                    _take(running, states, errors)
            except BaseException:
                self._ended.set()
                raise
        if errors:
            raise _worst(errors)
        return states

    def _room(self, running: int) -> int:
        """Say how many more parts may begin."""
        return max(0, min(self._lanes - running + self._resting.count, _PARTS - running))

    def _settle(self, part: Part) -> PartState:
        """Bring one part to its end."""
        memory = Memory(self._clock, self._patience, self._lags[part.gate])
        while True:
            self._mind_end()
            with self._slots:
                memory.looks()
                seen = part.look()
            decision = part.decide(seen)
            match decision:
                case Done() | Off() | Person():
                    memory.ended()
                    return PartState(part.name, seen, decision)
                case Blocked(problem):
                    raise Refusal(problem)
                case Wait():
                    self._pause(part, memory.wait(part, decision), decision.reason)
                case Do(acts):
                    self._do(part, acts, memory)

    def _do(self, part: Part, acts: tuple[Act, ...], memory: Memory) -> None:
        due = tuple(act for act in acts if memory.may_act(act))
        if not due:
            self._pause(part, memory.wait_for_effect(part, acts), "not visible yet")
            return
        with open_lanes(min(self._lanes, len(due))) as lanes:
            outcomes = list(lanes.map(lambda act: self._perform(part, act), due))
        longest, reason = 0.0, ""
        for act, outcome in zip(due, outcomes, strict=True):
            pause = memory.took(act, outcome)
            if isinstance(outcome, Throttled):
                self._reporter.waiting(part.name, outcome.reason, pause)
                self._gates[part.gate].close_for(pause)
            elif pause > longest:
                longest = pause
                reason = outcome.reason if isinstance(outcome, Unclear) else "looking again"
        if longest:
            self._pause(part, longest, reason)

    def _perform(self, part: Part, act: Act) -> Outcome:
        grace = self._patience.grace if act.stage == "publish" else 0.0
        if left := self._gates[part.gate].pass_through(grace, self._patience.throttle):
            raise NotYet(rate_limited(act, left, "writes to this service go one after the other"))
        self._mind_end()
        self._reporter.act_begins(act)
        with self._slots:
            outcome = part.act(act)
        self._reporter.act_ended(act, outcome)
        return outcome

    def _pause(self, part: Part, seconds: float, reason: str) -> None:
        if seconds >= 1.0:
            self._reporter.waiting(part.name, reason, seconds)
        with self._resting.one_more():
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        while seconds > 0:
            self._mind_end()
            step = min(seconds, _SLICE)
            self._clock.sleep(step)
            seconds -= step

    def _mind_end(self) -> None:
        if self._ended.is_set():
            raise _Ended


class _Ended(Exception):
    """The run ends for a reason that another thread raises; nobody sees this one."""


def _ready(left: Mapping[str, Part], states: Mapping[str, PartState]) -> list[str]:
    return [name for name, part in left.items() if part.needs <= states.keys()]


def _take(
    running: dict[Future[PartState], str], states: dict[str, PartState], errors: list[CastoffError]
) -> None:
    """Keep what became of the parts that have ended."""
    for future in [one for one in running if one.done()]:
        name = running.pop(future)
        try:
            states[name] = future.result()
        except CastoffError as error:
            errors.append(error)


def _worst(errors: list[CastoffError]) -> CastoffError:
    """Join the errors of one stage: a refusal outweighs what only needs time."""
    refusals = [error for error in errors if isinstance(error, Refusal)]
    chosen = refusals or errors
    problems = tuple(dict.fromkeys(problem for error in chosen for problem in error.problems))
    return type(chosen[0])(*problems)
