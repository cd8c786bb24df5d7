"""Reconciliation of a stage's parts, side by side, look by look."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any, ParamSpec, TypeVar

from castoff.errors import CastoffError, NotYet, Problem, Refusal
from castoff.model.acts import (
    Act,
    Blocked,
    Do,
    Done,
    Off,
    Outcome,
    Person,
    StageName,
    Succeeded,
    Throttled,
    Unclear,
    Wait,
)
from castoff.ports import Clock, Reporter
from castoff.reconcile.memory import Lag, Memory, rate_limited, time_is_up
from castoff.reconcile.observer import PartState, StageState, part_state
from castoff.reconcile.part import Part, Stage
from castoff.reconcile.patience import Patience, Pause, at_most
from castoff.values import replace

P = ParamSpec("P")
T = TypeVar("T")


def open_lanes(count: int) -> Executor:
    """Open so many lanes; leaving them waits for all that runs there."""
    # One lane runs in the caller's thread: stack traces and Ctrl-C then behave as in a plain loop.
    return ThreadPoolExecutor(count) if count > 1 else _OneLane()


class Resting:
    """How many parts wait now, and whether that changed or a part ended."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
        self._news = threading.Event()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count one more in the block."""
        self._add(1)
        self._news.set()
        try:
            yield
        finally:
            self._add(-1)

    def tell(self, _ended: object = None) -> None:
        """Report that a part ended."""
        self._news.set()

    def wait_for_news(self) -> None:
        """Wait until a part ended or began to wait since this was asked last."""
        # Cleared after the wait, not before it: news between two waits must not be lost.
        self._news.wait()
        self._news.clear()

    def _add(self, number: int) -> None:
        with self._lock:
            self.count += number


class _OneLane(Executor):
    """Runs what it is given at once; what is no plain error goes straight through."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        return future


_MARGIN = 1.0
"""Seconds by which a window of a service may end later than it seems here: clocks differ."""


class Gate:
    """One service's patience: closed after a 429, and with a least pause between writes that want one.

    ``intervals`` are the seconds after which the service's buckets hold one more token. A 429 soon after another one
    says that a bucket is empty, and its Retry-After which one; from then on one write goes through in each interval,
    instead of all that wait running into the next 429. One alone is only waited for: it may have been passing, and
    a service may have raised its limits. ``window`` is how many new things the service takes within so many seconds.
    """

    def __init__(
        self,
        clock: Clock,
        sleep: Callable[[float], None],
        intervals: Sequence[float] = (),
        window: tuple[int, float] | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._intervals = sorted(intervals)
        self._window = window
        self._created: dict[str, float] = {}
        self._told = 0.0
        self._lock = threading.Lock()
        self._opens = 0.0
        self._last = -float("inf")
        self._pace = 0.0
        self._refused = -float("inf")

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while, and then one after the other where a bucket explains it."""
        with self._lock:
            now = self._clock.monotonic()
            self._opens = max(self._opens, now + seconds)
            # The shortest interval that explains the Retry-After tells which bucket is empty.
            interval = next((one for one in self._intervals if seconds <= one), 0.0)
            # Two refusals within two intervals mean an empty bucket; a single one may be passing.
            if now - self._refused <= 2 * interval:
                self._pace = max(self._pace, interval)
                self._last = self._opens - self._pace  # what was refused took no token
            self._refused = now

    def pass_through(self, grace: float, limit: float, creates: str | None = None) -> float:
        """Wait until the gate is open, and the one before went through ``grace`` seconds ago at least.

        ``creates`` names the new thing that the write makes, if any. Gives 0, or the seconds that would still be to
        wait where a paced gate lets nobody through for longer than ``limit`` seconds: then it did not go through.
        """
        began = self._clock.monotonic()
        while True:
            with self._lock:
                now = self._clock.monotonic()
                pause = max(grace, self._pace)
                opens = max(self._opens, self._last + pause) if pause else self._opens
                opens = max(opens, self._room_for(creates, now))
                if now >= opens:
                    self._last = now
                    if creates is not None:
                        self._created.setdefault(creates, now)
                    return 0.0
                # While others go through, the release moves on, however many wait here.
                if (self._pace or creates) and opens - max(began, self._last) > limit:
                    return opens - now
            # Slept outside the lock and checked again: another thread may have gone through or closed the
            # gate.
            self._sleep(opens - now)

    def made_before(self, created: Mapping[str, float]) -> None:
        """Count new things that another run made, so many seconds ago: the service's window holds them as well."""
        with self._lock:
            now = self._clock.monotonic()
            for name, seconds in created.items():
                self._created.setdefault(name, now - seconds)

    def made(self, creates: str | None) -> None:
        """Count a new thing from the end of its write: the service may have made it at any moment until then."""
        if creates is not None:
            with self._lock:
                self._created[creates] = self._clock.monotonic()

    def full_for(self, creates: str | None) -> float:
        """Return for how many seconds the window has no room for a new thing; once for each time that it is full."""
        with self._lock:
            now = self._clock.monotonic()
            opens = self._room_for(creates, now)
            is_news = opens > max(now, self._told)
            self._told = max(self._told, opens)
            return opens - now if is_news else 0.0

    def _room_for(self, creates: str | None, now: float) -> float:
        """Return when the window has room for a new thing; each is counted once, however many writes make it."""
        if creates is None or self._window is None or creates in self._created:
            return now
        most, seconds = self._window
        within = sorted(one for one in self._created.values() if one + seconds + _MARGIN > now)
        return now if len(within) < most else within[-most] + seconds + _MARGIN


def require_an_end(stage: StageName, parts: Iterable[Part[Any]]) -> None:
    """Raise ``stage-stuck`` if some part of a stage could never begin.

    Checked before the first look: a run that finds out later has uploaded a part of the release already.
    """
    listed = list(parts)
    names = Counter(part.name for part in listed)
    problems = [
        _stuck(stage, f"{count} parts are named `{name}`") for name, count in names.items() if count > 1
    ]
    problems += [
        _stuck(stage, f"`{part.name}` needs `{need}`, which is not part of the stage")
        for part in listed
        for need in sorted(part.needs - names.keys())
    ]
    try:
        # Only the check for cycles is used here; the order itself follows from `_ready` at run time.
        TopologicalSorter({part.name: part.needs for part in listed}).prepare()
    except CycleError as error:
        problems.append(
            _stuck(stage, "parts need each other: " + " -> ".join(f"`{one}`" for one in error.args[1]))
        )
    if problems:
        raise Refusal(*problems)


def without_acts(stage: StageName, part: Part[Any]) -> Refusal:
    """Return the error for a part that is not done and has no act that would change that."""
    return Refusal(_stuck(stage, f"`{part.name}` is not done, but has no further act"))


def _stuck(stage: StageName, fact: str) -> Problem:
    return Problem(
        code="stage-stuck",
        message=f"the stage `{stage}` cannot finish: {fact}",
        reason="the run would wait forever",
        remedy="compare `waves` and `edges` of `castoff plan LEVEL --json` with the manifests and `release.after`, "
        "and remove the cause; if there is none, report a bug with that output",
    )


def longest_wait_first(parts: Iterable[Part[Any]]) -> list[Part[Any]]:
    """Sort by the length of the chain that waits for a part; where that is equal, parts stay as they were."""
    listed = list(parts)
    needs = {part.name: part.needs for part in listed}
    waiting = dict.fromkeys(needs, 0)
    # In reverse topological order each dependent is final before its dependencies are updated.
    for name in reversed([*TopologicalSorter(needs).static_order()]):
        for need in needs.get(name, ()):
            waiting[need] = max(waiting.get(need, 0), waiting[name] + 1)
    # Longest chain first shortens the whole run (critical path); the sort is stable, so ties keep the order
    # of the plan.
    return sorted(listed, key=lambda part: -waiting[part.name])


_PARTS = 256
"""The maximum number of parts that run at the same time, most of them waiting."""

_SLICE = 1.0
"""The longest single sleep in seconds, so that a run that ends does not keep its threads for long."""


class Reconciler:
    """Brings stages to their end, one after the other; ``lanes`` parts of a stage look or act at the same time.

    A part that waits holds no lane: another one may begin meanwhile. ``before`` is called right before each act, and
    raises what forbids it.
    """

    def __init__(
        self,
        clock: Clock,
        reporter: Reporter,
        patience: Patience,
        *,
        lanes: int = 16,
        before: Callable[[Act], None] | None = None,
    ) -> None:
        self._before = before
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
        """Return one that is patient for so long with what cannot be known, unless somebody said how long that is."""
        if self._patience.unknown != Patience().unknown:
            return self
        patience = replace(self._patience, unknown=seconds)
        return Reconciler(self._clock, self._reporter, patience, lanes=self._lanes, before=self._before)

    def run(self, stage: Stage) -> StageState:
        """Reconcile a stage; raises what ends it (Refusal, NotYet), after the running parts have ended.

        What is no error of castoff's (an interrupt, a fault of an adapter) ends all parts at their next step.
        """
        if stage.off is not None:
            return StageState(stage, ())
        require_an_end(stage.name, stage.parts)
        self._reporter.stage(stage.name, len(stage.parts))
        for part in stage.parts:
            if part.gate not in self._gates:
                intervals = self._patience.intervals.get(part.gate or "", ())
                window = self._patience.windows.get(part.gate or "")
                self._gates[part.gate] = Gate(self._clock, self._sleep, intervals, window)
                self._lags[part.gate] = Lag()
        now = self._clock.now()
        for name, created in stage.created.items():
            if name in self._gates:
                ages = {one: (now - moment).total_seconds() for one, moment in created.items()}
                self._gates[name].made_before(ages)
        states = self._run_parts(stage)
        return StageState(stage, tuple(states[part.name] for part in stage.parts))

    def _run_parts(self, stage: Stage) -> dict[str, PartState]:
        left = {part.name: part for part in longest_wait_first(stage.parts)}
        states: dict[str, PartState] = {}
        running: dict[Future[PartState], str] = {}
        errors: list[CastoffError] = []
        with open_lanes(_PARTS if self._lanes > 1 else 1) as lanes:
            try:
                while left or running:
                    # After an error nothing new starts, but what runs is awaited: a half-done upload must
                    # be recorded.
                    for name in [] if errors else _ready(left, states)[: self._room(len(running))]:
                        future = lanes.submit(self._settle, stage, left.pop(name))
                        running[future] = name
                        future.add_done_callback(self._resting.tell)
                    if not running:
                        break
                    self._resting.wait_for_news()
                    _take(running, states, errors)
            # KeyboardInterrupt too: the threads must see the end before the executor waits for them.
            except BaseException:
                self._ended.set()
                raise
        if errors:
            raise _worst(errors)
        return states

    def _room(self, running: int) -> int:
        """Return how many more parts may begin."""
        # Parts that wait hold a thread but no lane, hence the second limit on threads.
        return max(0, min(self._lanes - running + self._resting.count, _PARTS - running))

    def _settle(self, stage: Stage, part: Part[Any]) -> PartState:
        """Bring one part to its end."""
        memory = Memory(self._clock, self._patience, self._lags[part.gate])
        while True:
            self._require_running()
            with self._slots:
                memory.looks()
                state = part_state(part, part.look())
            match state.decision:
                # A part that needs a person ends here as well: waiting for people is not this loop's task.
                case Done() | Off() | Person():
                    memory.ended()
                    return state
                case Blocked(problem):
                    raise Refusal(problem)
                case Wait() as decision:
                    self._pause(part, memory.wait(part, decision))
                case Do(()):
                    raise without_acts(stage.name, part)
                case Do(acts):
                    self._do(part, acts, memory)

    def _do(self, part: Part[Any], acts: tuple[Act, ...], memory: Memory) -> None:
        # Acts that this run has done already are skipped; only their effect is waited for.
        due = tuple(act for act in acts if memory.may_act(act))
        if not due:
            self._pause(part, memory.wait_for_effect(part, acts))
            return
        with open_lanes(min(self._lanes, len(due))) as lanes:
            outcomes = list(lanes.map(lambda act: self._perform(part, act), due))
        longest, reason = 0.0, ""
        for act, outcome in zip(due, outcomes, strict=True):
            pause = memory.took(act, outcome)
            if isinstance(outcome, Throttled):
                self._reporter.waiting(part.name, at_most(outcome.reason, self._patience.throttle), pause)
                # The limit belongs to the service, so all parts of this gate wait, not only this one.
                self._gates[part.gate].close_for(pause)
            elif pause > longest:
                longest = pause
                reason = outcome.reason if isinstance(outcome, Unclear) else "looking again"
        if longest:
            self._pause(part, Pause(longest, reason))

    def _perform(self, part: Part[Any], act: Act) -> Outcome:
        grace = self._patience.grace if act.stage == "publish" else 0.0
        gate = self._gates[part.gate]
        cause = "another write to this service is running"
        if full := gate.full_for(act.creates):
            cause = "the registry limits new names within an hour"
            self._reporter.waiting(part.name, cause, full)
        if left := gate.pass_through(grace, self._patience.throttle, act.creates):
            raise NotYet(rate_limited(act, left, cause))
        self._require_running()
        self._require_time(0.0)
        if self._before is not None:
            self._before(act)
        self._reporter.act_begins(act)
        with self._slots:
            outcome = part.act(act)
        gate.made(act.creates)
        if not isinstance(outcome, Succeeded):
            self._require_running()  # Ctrl-C ends the clients too: that is not an answer of the service
        self._reporter.act_ended(act, outcome)
        return outcome

    def _pause(self, part: Part[Any], pause: Pause) -> None:
        if pause.seconds >= 1.0:
            self._reporter.waiting(part.name, pause.reason, pause.seconds)
        with self._resting.one_more():
            self._sleep(pause.seconds)

    def _sleep(self, seconds: float) -> None:
        self._require_time(seconds)
        while seconds > 0:
            self._require_running()
            step = min(seconds, _SLICE)
            self._clock.sleep(step)
            seconds -= step

    def _require_time(self, seconds: float) -> None:
        """Stop where the given time ends before a wait does: an act that is running is never interrupted."""
        until = self._patience.until
        if until is not None and self._clock.monotonic() + seconds >= until:
            raise NotYet(time_is_up(self._clock.now() + timedelta(seconds=seconds)))

    def _require_running(self) -> None:
        if self._ended.is_set():
            raise _Ended


class _Ended(Exception):
    """The run ends for a reason that another thread raises; nobody sees this one."""


def _ready(left: Mapping[str, Part[Any]], states: Mapping[str, PartState]) -> list[str]:
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
    # A person must act on a refusal; printing "run again later" beside it would mislead.
    chosen = refusals or errors
    problems = tuple(dict.fromkeys(problem for error in chosen for problem in error.problems))
    return type(chosen[0])(*problems)
