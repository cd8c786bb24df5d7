"""How are the parts of a stage brought to their end? One after the other or side by side, each look by look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from castoff.errors import CastoffError, Refusal
from castoff.model.acts import Act, Blocked, Do, Done, Off, Outcome, Person, Throttled, Unclear, Wait
from castoff.ports import Clock, Reporter
from castoff.reconcile.gate import Gate
from castoff.reconcile.looking import PartState, StageState
from castoff.reconcile.memory import Memory
from castoff.reconcile.patience import Patience
from castoff.stages.part import Part, Stage


class Reconciler:
    """Brings stages to their end, one after the other; the parts of a stage side by side."""

    def __init__(self, clock: Clock, reporter: Reporter, patience: Patience, *, lanes: int = 16) -> None:
        self._clock = clock
        self._reporter = reporter
        self._patience = patience
        self._lanes = lanes
        self._gates: dict[str | None, Gate] = {}

    def run(self, stage: Stage) -> StageState:
        """Reconcile a stage; raises what ends it (Refusal, NotYet), after the acts under way have ended."""
        if stage.off is not None:
            return StageState(stage, ())
        self._reporter.stage(stage.name, len(stage.parts))
        for part in stage.parts:
            if part.gate not in self._gates:
                self._gates[part.gate] = Gate(self._clock, self._patience.grace)
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
        memory = Memory(self._clock, self._patience)
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

    def _do(self, part: Part, acts: tuple[Act, ...], memory: Memory) -> None:
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


def _side_by_side(acts: tuple[Act, ...], perform: Callable[[Act], Outcome]) -> list[tuple[Act, Outcome]]:
    if len(acts) == 1:
        return [(acts[0], perform(acts[0]))]
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(zip(acts, pool.map(perform, acts), strict=True))


def _worst(errors: list[CastoffError]) -> CastoffError:
    """Join the errors of one stage: a refusal outweighs what only needs time."""
    refusals = [error for error in errors if isinstance(error, Refusal)]
    chosen = refusals or errors
    problems = tuple(dict.fromkeys(problem for error in chosen for problem in error.problems))
    return type(chosen[0])(*problems)
