"""The pass: look, decide, act, look again. The only place that waits and retries.

It starts from nothing remembered. Within one run it remembers only what it did itself, so that a write which
succeeded but is not visible yet is waited for and never repeated. A write that ended unclearly is followed by
looks; it is done again only when the answer stays "absent". A write that was refused although the look said
"absent" ends the run.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal

from castoff.errors import CastoffError, NotYet, Problem, Refusal
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Off,
    Outcome,
    Person,
    Refused,
    Succeeded,
    Throttled,
    Unclear,
    Wait,
)
from castoff.ports import Clock, Reporter
from castoff.stages.part import Part, Seen, Stage

DEFINITE = frozenset({"permission-denied", "unauthorized", "push-denied", "push-rejected", "verify-failed"})
"""Refusals after which there is nothing to look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds; ``attempts`` is how often an unclear write is done in all."""

    visible: float = 900.0
    unknown: float = 120.0
    settle: float = 20.0
    throttle: float = 7200.0
    attempts: int = 3
    first_pause: float = 0.05
    longest_pause: float = 5.0
    grace: float = 0.0


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


class Reconciler:
    """Brings stages to their end, one after the other; the parts of a stage side by side."""

    def __init__(self, clock: Clock, reporter: Reporter, patience: Patience, *, lanes: int = 16) -> None:
        self._clock = clock
        self._reporter = reporter
        self._patience = patience
        self._lanes = lanes
        self._gates: dict[str | None, _Gate] = {}

    def run(self, stage: Stage) -> StageState:
        """Reconcile a stage; raises what ends it (Refusal, NotYet), after the acts under way have ended."""
        if stage.off is not None:
            return StageState(stage, ())
        self._reporter.stage(stage.name, len(stage.parts))
        for part in stage.parts:
            if part.gate not in self._gates:
                self._gates[part.gate] = _Gate(self._clock, self._patience.grace)
        states = self._run_parts(stage.parts)
        return StageState(stage, tuple(states[part.name] for part in stage.parts))

    def _run_parts(self, parts: Iterable[Part]) -> dict[str, PartState]:
        left = {part.name: part for part in parts}
        states: dict[str, PartState] = {}
        running: dict[Future[PartState], str] = {}
        errors: list[CastoffError] = []
        with ThreadPoolExecutor(self._lanes) as pool:
            while left or running:
                for name in [n for n, part in left.items() if not errors and part.needs <= states.keys()]:
                    running[pool.submit(self._settle, left.pop(name))] = name
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    try:
                        states[name] = future.result()
                    except CastoffError as error:
                        errors.append(error)
        if errors:
            raise _worst(errors)
        return states

    def _settle(self, part: Part) -> PartState:
        """Bring one part to its end."""
        memory = _Memory(self._clock, self._patience)
        while True:
            seen = part.look()
            decision = part.decide(seen)
            match decision:
                case Done() | Off() | Person():
                    return PartState(part.name, seen, decision)
                case Blocked(problem):
                    raise Refusal(problem)
                case Wait():
                    self._pause(part, memory.wait(part, decision), decision.reason)
                case Do(acts):
                    self._do(part, acts, memory)

    def _do(self, part: Part, acts: tuple[Act, ...], memory: _Memory) -> None:
        due = tuple(act for act in acts if memory.may_act(act))
        if not due:
            self._pause(part, memory.wait_for_effect(part, acts), "not visible yet")
            return
        for act, outcome in _side_by_side(due, lambda act: self._perform(part, act)):
            pause = memory.took(act, outcome)
            if isinstance(outcome, Throttled):
                self._reporter.waiting(part.name, outcome.reason, outcome.retry_after)
                self._gates[part.gate].close_for(outcome.retry_after)
            elif pause:
                self._pause(part, pause, outcome.reason if isinstance(outcome, Unclear) else "looking again")

    def _perform(self, part: Part, act: Act) -> Outcome:
        self._gates[part.gate].pass_through()
        self._reporter.act_begins(act)
        outcome = part.act(act)
        self._reporter.act_ended(act, outcome)
        return outcome

    def _pause(self, part: Part, seconds: float, reason: str) -> None:
        if seconds >= 1.0:
            self._reporter.waiting(part.name, reason, seconds)
        self._clock.sleep(seconds)


class _Gate:
    """One service's patience: closed after a 429, and with a least pause between writes."""

    def __init__(self, clock: Clock, grace: float) -> None:
        self._clock = clock
        self._grace = grace
        self._lock = threading.Lock()
        self._opens = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while."""
        with self._lock:
            self._opens = max(self._opens, self._clock.monotonic() + seconds)

    def pass_through(self) -> None:
        """Wait until the gate is open; the next one waits for the least pause."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                if now >= self._opens:
                    if self._grace:
                        self._opens = now + self._grace
                    return
                pause = self._opens - now
            self._clock.sleep(pause)


@dataclass(slots=True)
class _Try:
    """What became of one act so far."""

    count: int = 0
    last: Outcome | None = None
    since: float = 0.0


@dataclass(slots=True)
class _Memory:
    """What this run did itself for one part, and how long it has waited for what."""

    clock: Clock
    patience: Patience
    tries: dict[str, _Try] = field(default_factory=dict)
    waiting_since: float | None = None
    throttled_since: float | None = None
    pauses: int = 0

    def may_act(self, act: Act) -> bool:
        """Say whether an act may be done (again) now."""
        done = self.tries.get(act.id)
        match done.last if done else None:
            case None | Throttled():
                return True
            case Unclear():
                assert done is not None
                return done.count < self.patience.attempts and self._waited(done) >= self._settle(done)
            case Succeeded() | Refused():
                return False
        raise AssertionError("outcomes are four")

    def took(self, act: Act, outcome: Outcome) -> float:
        """Remember an outcome; gives the pause before the next look. Refusals that are definite end it."""
        if isinstance(outcome, Refused) and outcome.problem.code in DEFINITE:
            raise Refusal(outcome.problem)
        self._mind_throttle(act, outcome)
        tried = self.tries.setdefault(act.id, _Try())
        tried.count += 0 if isinstance(outcome, Throttled) else 1
        tried.last = outcome
        tried.since = self.clock.monotonic()
        self.pauses = 0
        self.waiting_since = None
        return 0.0 if isinstance(outcome, Succeeded | Throttled) else self.patience.first_pause

    def _mind_throttle(self, act: Act, outcome: Outcome) -> None:
        if not isinstance(outcome, Throttled):
            self.throttled_since = None
            return
        now = self.clock.monotonic()
        self.throttled_since = now if self.throttled_since is None else self.throttled_since
        if now + outcome.retry_after - self.throttled_since > self.patience.throttle:
            raise NotYet(
                Problem(
                    code="rate-limited",
                    message=f"{act.target} must wait {outcome.retry_after:.0f} more seconds: {outcome.reason}",
                    reason="the service limits how often one may write",
                    remedy="run `castoff resume` after that time: what is done stays done",
                )
            )

    def wait_for_effect(self, part: Part, acts: tuple[Act, ...]) -> float:
        """Give the next pause while an act's effect cannot be seen; raises when patience ends."""
        for act in acts:
            tried = self.tries[act.id]
            match tried.last:
                case Refused(problem) if self._waited(tried) >= self.patience.settle:
                    raise Refusal(problem)
                case Succeeded() if self._waited(tried) >= self.patience.visible:
                    raise NotYet(_invisible(part, act, self.patience.visible))
                case Unclear() if tried.count >= self.patience.attempts and (
                    self._waited(tried) >= self._settle(tried)
                ):
                    raise NotYet(_unclear(act, tried))
                case _:
                    pass
        return self._next_pause(None)

    def wait(self, part: Part, decision: Wait) -> float:
        """Give the next pause while the world cannot say, or is not ready; raises when patience ends."""
        now = self.clock.monotonic()
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        budget = self.patience.throttle if decision.seconds else self.patience.unknown
        if now - self.waiting_since >= budget:
            raise NotYet(
                Problem(
                    code="still-waiting",
                    message=f"`{part.name}` is not ready yet: {decision.reason}",
                    reason=f"castoff waited {budget:.0f} seconds for it",
                    remedy="run `castoff resume` later: what is done stays done",
                )
            )
        return self._next_pause(decision.seconds)

    def _next_pause(self, asked: float | None) -> float:
        if asked is not None:
            return min(max(asked, 0.01), self.patience.throttle)
        self.pauses += 1
        pause = self.patience.first_pause * math.pow(1.5, min(self.pauses - 1, 40))
        return min(pause, self.patience.longest_pause)

    def _waited(self, tried: _Try) -> float:
        return self.clock.monotonic() - tried.since

    def _settle(self, tried: _Try) -> float:
        return min(self.patience.settle, 0.5 * math.pow(4, tried.count))


def _look(part: Part) -> PartState:
    seen = part.look()
    return PartState(part.name, seen, part.decide(seen))


def _side_by_side(acts: tuple[Act, ...], perform: Callable[[Act], Outcome]) -> list[tuple[Act, Outcome]]:
    if len(acts) == 1:
        return [(acts[0], perform(acts[0]))]
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(zip(acts, pool.map(perform, acts), strict=True))


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


def _invisible(part: Part, act: Act, waited: float) -> Problem:
    return Problem(
        code="not-visible-yet",
        message=f"{act.target} was written, but `{part.name}` does not show it after {waited:.0f} seconds",
        reason="indexes are caches, and some take minutes",
        remedy="run `castoff resume` later: what is done stays done",
    )


def _unclear(act: Act, tried: _Try) -> Problem:
    reason = tried.last.reason if isinstance(tried.last, Unclear) else ""
    return Problem(
        code="write-unclear",
        message=f"{act.target} could not be written: {tried.count} attempts ended unclearly",
        reason=reason,
        remedy="run `castoff resume` later: it looks first, and writes only what is not there",
    )


def _worst(errors: list[CastoffError]) -> CastoffError:
    """Join the errors of one stage: a refusal outweighs what only needs time."""
    refusals = [error for error in errors if isinstance(error, Refusal)]
    chosen = refusals or errors
    problems = tuple(dict.fromkeys(problem for error in chosen for problem in error.problems))
    return type(chosen[0])(*problems)
