"""What did this run do itself for one part, and how long has it waited for what?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from castoff.errors import CastoffError, NotYet, Problem, Refusal
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear, Wait
from castoff.ports import Clock
from castoff.reconcile.patience import HONEST, Patience
from castoff.stages.part import Part

DEFINITE = frozenset(
    {
        "permission-denied",
        "unauthorized",
        "push-denied",
        "push-hook-failed",
        "push-rejected",
        "verify-failed",
    }
)
"""Refusals after which there is nothing to look for."""

_GENTLE, _STEEP = 1.15, 1.5
"""How pauses grow: while an index shows what was just written, others wait for it, so it is looked at often."""

_EARLY = 0.8
"""The part of the shortest lag so far after which one looks for the next write."""

_AT_ONCE = 0.2
"""Seconds; a service that shows what was written sooner is looked at at once: the look itself takes that long."""

_LEAST_THROTTLE = 1.0
"""Seconds to wait at least where a service says "not now", even if it names fewer."""


@dataclass(slots=True)
class Lag:
    """How soon a service showed what was written to it, at best, in this run; seconds, None before the first."""

    shortest: float | None = None

    def met(self, seconds: float) -> None:
        """Take one more into account."""
        self.shortest = seconds if self.shortest is None else min(self.shortest, seconds)


@dataclass(slots=True)
class Memory:
    """What this run did itself for one part, and how long it has waited for what."""

    clock: Clock
    patience: Patience
    lag: Lag = field(default_factory=Lag)
    tries: dict[str, _Try] = field(default_factory=dict)
    waiting_since: float | None = None
    throttled_since: float | None = None
    pauses: int = 0
    looked: float = 0.0

    def looks(self) -> None:
        """Take the time of a look: patience ends by what was seen then, not by what a machine slept since."""
        self.looked = self.clock.monotonic()

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
        """Remember an outcome; gives the pause before the next look, or before the next write where throttled.

        Refusals that are definite end it.
        """
        if isinstance(outcome, Refused) and (outcome.unasked or outcome.problem.code in DEFINITE):
            raise Refusal(outcome.problem)
        self._mind_throttle(act, outcome)
        tried = self.tries.setdefault(act.id, _Try())
        tried.count += 0 if isinstance(outcome, Throttled) else 1
        tried.last = outcome
        tried.unclear = tried.unclear or isinstance(outcome, Unclear)
        tried.since = self.clock.monotonic()
        self.pauses = 0
        self.waiting_since = None
        match outcome:
            case Throttled(retry_after=seconds):
                return max(seconds, _LEAST_THROTTLE)
            case Succeeded():
                early = _EARLY * (self.lag.shortest or 0.0)
                return min(early, self.patience.longest_pause) if early >= _AT_ONCE else 0.0
            case _:
                return self.patience.first_pause

    def ended(self) -> None:
        """Learn from a part that is done how soon its service showed what this run wrote there."""
        wrote = [tried for tried in self.tries.values() if isinstance(tried.last, Succeeded)]
        if wrote:
            self.lag.met(min(self._waited(tried) for tried in wrote))

    def _mind_throttle(self, act: Act, outcome: Outcome) -> None:
        if not isinstance(outcome, Throttled):
            self.throttled_since = None
            return
        now = self.clock.monotonic()
        self.throttled_since = now if self.throttled_since is None else self.throttled_since
        if now + outcome.retry_after - self.throttled_since > self.patience.throttle:
            raise NotYet(rate_limited(act, outcome.retry_after, outcome.reason))

    def wait_for_effect(self, part: Part, acts: tuple[Act, ...]) -> float:
        """Give the next pause while an act's effect cannot be seen; raises when patience ends."""
        self.waiting_since = None
        for act in acts:
            tried = self.tries[act.id]
            match tried.last:
                case Refused(problem) if self._waited(tried) >= self._patience_after_refusal(tried):
                    raise self._given_up(act, tried, problem)
                case Succeeded() if self._waited(tried) >= self.patience.visible:
                    raise NotYet(_invisible(part, act, self.patience.visible))
                case Unclear() if tried.count >= self.patience.attempts and (
                    self._waited(tried) >= self._settle(tried)
                ):
                    raise NotYet(_unclear(act, tried))
                case _:
                    pass
        return self._next_pause(_GENTLE)

    def wait(self, part: Part, decision: Wait) -> float:
        """Give the next pause while the world cannot say, or is not ready; raises when patience ends."""
        now = self.looked
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        budget, asked = self._budget(decision), decision.seconds or 0.0
        waited = now - self.waiting_since
        if waited >= budget or waited + asked > budget:
            raise NotYet(_still_waiting(part, decision, waited))
        return max(asked, self._next_pause(_STEEP))

    def _budget(self, decision: Wait) -> float:
        if decision.seconds:
            return self.patience.throttle
        wrote = any(isinstance(tried.last, Succeeded) for tried in self.tries.values())
        return self.patience.visible if wrote else self.patience.unknown

    def _patience_after_refusal(self, tried: _Try) -> float:
        return self.patience.visible if self._perhaps_there(tried) else self.patience.settle

    def _perhaps_there(self, tried: _Try) -> bool:
        """Say whether what was refused may be there by an attempt before: an earlier run's, or an unclear one."""
        return tried.unclear or self.patience.begun_before

    def _given_up(self, act: Act, tried: _Try, problem: Problem) -> CastoffError:
        if self._perhaps_there(tried) and self._waited(tried) < HONEST:
            return NotYet(_refused_or_late(act, problem))
        return Refusal(problem)

    def _next_pause(self, growth: float) -> float:
        self.pauses += 1
        pause = self.patience.first_pause * math.pow(growth, min(self.pauses - 1, 40))
        return min(pause, self.patience.longest_pause)

    def _waited(self, tried: _Try) -> float:
        return self.looked - tried.since

    def _settle(self, tried: _Try) -> float:
        return min(self.patience.settle, 0.5 * math.pow(4, tried.count))


@dataclass(slots=True)
class _Try:
    """What became of one act so far."""

    count: int = 0
    last: Outcome | None = None
    unclear: bool = False
    since: float = 0.0


def _invisible(part: Part, act: Act, waited: float) -> Problem:
    return Problem(
        code="not-visible-yet",
        message=f"{act.target} was written, but `{part.name}` does not show it after {waited:.0f} seconds",
        reason="indexes are caches, and some take minutes",
        remedy="run `castoff resume` later: what is done stays done",
    )


def _refused_or_late(act: Act, refused: Problem) -> Problem:
    return Problem(
        code="refused-or-late",
        message=f"{act.target} was refused, and its index does not show it: {refused.message}",
        reason="an attempt before may have uploaded it and the index be late, or its name is burnt: both look the same "
        f"for {HONEST / 60:.0f} minutes; {refused.reason}",
        remedy="run `castoff resume` again without a shorter `--wait`: it looks until one of the two is certain",
    )


def _unclear(act: Act, tried: _Try) -> Problem:
    reason = tried.last.reason if isinstance(tried.last, Unclear) else ""
    return Problem(
        code="write-unclear",
        message=f"{act.target} could not be written: {tried.count} attempts ended unclearly",
        reason=reason,
        remedy="run `castoff resume` later: it looks first, and writes only what is not there",
    )


def rate_limited(act: Act, seconds: float, reason: str) -> Problem:
    """Say that a write must wait for longer than this run does."""
    return Problem(
        code="rate-limited",
        message=f"{act.target} must wait {seconds:.0f} more seconds: {reason}",
        reason="the service limits how often one may write",
        remedy="run `castoff resume` after that time: what is done stays done",
    )


def _still_waiting(part: Part, decision: Wait, waited: float) -> Problem:
    more = f", and must wait {decision.seconds:.0f} more" if decision.seconds else ""
    return Problem(
        code="still-waiting",
        message=f"`{part.name}` is not ready yet: {decision.reason}",
        reason=f"castoff waited {waited:.0f} seconds for it{more}",
        remedy="run `castoff resume` later: what is done stays done",
    )
