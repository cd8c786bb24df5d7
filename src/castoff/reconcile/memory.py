"""Memory of what this run did itself for one part, and for how long it has waited for what."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from castoff.errors import CastoffError, NotYet, Problem, Refusal
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear, Wait
from castoff.ports import Clock
from castoff.reconcile.part import Part
from castoff.reconcile.patience import EFFECT, HONEST, Patience, Pause, at_most

DEFINITE = frozenset(
    {
        "otp-required",
        "permission-denied",
        "unauthorized",
        "push-denied",
        "push-hook-failed",
        "push-rejected",
        "verify-failed",
    }
)
"""Refusals after which there is nothing to look for."""

_INDEXED = frozenset({"publish", "withdraw"})
"""Stages whose writes are seen through an index, which is a cache and may be minutes behind."""

_GENTLE, _STEEP = 1.15, 1.5
"""How pauses grow: while an index shows what was just written, others wait for it, so it is looked at often."""

_EARLY = 0.8
"""The part of the shortest lag so far after which one looks for the next write."""

_AT_ONCE = 0.2
"""Seconds; a service that shows what was written sooner is looked at at once: the look itself takes that long."""

_LEAST_THROTTLE = 1.0
"""Seconds to wait at least where a service says "not now", even if it names fewer."""


class Lag(Struct):
    """How soon a service showed what was written to it, at best, in this run; seconds, None before the first."""

    shortest: float | None = None

    def met(self, seconds: float) -> None:
        """Take one more into account."""
        self.shortest = seconds if self.shortest is None else min(self.shortest, seconds)


class Memory(Struct):
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
        """Return whether an act may be done (again) now."""
        done = self.tries.get(act.id)
        match done.last if done else None:
            # A 429 is answered before the service does anything, so repeating it is safe: RFC 6585, section
            # 4.
            case None | Throttled():
                return True
            case Unclear():
                assert done is not None
                # An upload without an answer may have been stored. It is repeated only after looks that
                # stayed "absent" for the settling time, since a second upload of a stored file is refused
                # for good.
                return done.count < self.patience.attempts and self._waited(done) >= self._settle(done)
            case Succeeded() | Refused():
                return False
        raise AssertionError("outcomes are four")

    def took(self, act: Act, outcome: Outcome) -> float:
        """Remember an outcome; returns the pause before the next look, or before the next write where throttled.

        Refusals that are definite end it.
        """
        # A refusal that names the credentials, a hook or a branch rule cannot have stored anything: no look
        # can change it.
        if isinstance(outcome, Refused) and (outcome.unasked or outcome.problem.code in DEFINITE):
            raise Refusal(outcome.problem)
        self._require_within_throttle(act, outcome)
        tried = self.tries.setdefault(act.id, _Try())
        # Throttled attempts do not count: the limit of attempts is for writes that may have taken effect.
        tried.count += 0 if isinstance(outcome, Throttled) else 1
        tried.last = outcome
        # Sticky on purpose: after one unclear attempt, "already exists" may be our own upload.
        tried.unclear = tried.unclear or isinstance(outcome, Unclear)
        tried.since = self.clock.monotonic()
        self.pauses = 0
        self.waiting_since = None
        match outcome:
            case Throttled(retry_after=seconds):
                # Retry-After may be 0 or in the past (RFC 9110, section 10.2.3); without a floor the loop
                # would spin.
                return max(seconds, _LEAST_THROTTLE)
            case Succeeded():
                # The first look comes shortly before the shortest lag seen in this run: an earlier one only
                # costs a request.
                early = _EARLY * (self.lag.shortest or 0.0)
                return min(early, self.patience.longest_pause) if early >= _AT_ONCE else 0.0
            case _:
                return self.patience.first_pause

    def ended(self) -> None:
        """Learn from a part that is done how soon its service showed what this run wrote there."""
        wrote = [tried for tried in self.tries.values() if isinstance(tried.last, Succeeded)]
        if wrote:
            self.lag.met(min(self._waited(tried) for tried in wrote))

    def _require_within_throttle(self, act: Act, outcome: Outcome) -> None:
        if not isinstance(outcome, Throttled):
            self.throttled_since = None
            return
        now = self.clock.monotonic()
        self.throttled_since = now if self.throttled_since is None else self.throttled_since
        # Measured from the first 429 in a row, so that a service that always answers 429 cannot extend the
        # wait.
        if now + outcome.retry_after - self.throttled_since > self.patience.throttle:
            raise NotYet(rate_limited(act, outcome.retry_after, outcome.reason))

    def wait_for_effect(self, part: Part[Any], acts: tuple[Act, ...]) -> Pause:
        """Return the next pause while an act's effect cannot be seen; raises when patience ends."""
        self.waiting_since = None
        bound = 0.0
        for act in acts:
            tried = self.tries[act.id]
            # The printed end of the wait is the latest one, since the part waits for all of its acts.
            bound = max(bound, self._bound(act, tried))
            match tried.last:
                case Refused(problem) if self._waited(tried) >= self._bound(act, tried):
                    raise self._given_up(act, tried, problem)
                case Succeeded() if self._waited(tried) >= self._bound(act, tried):
                    raise self._without_effect(part, act)
                case Unclear() as unclear if tried.count >= self.patience.attempts and (
                    self._waited(tried) >= self._settle(tried)
                ):
                    raise _in_vain(act, unclear, tried.count)
                case _:
                    pass
        return Pause(self._next_pause(_GENTLE), at_most("not visible yet", bound))

    def _bound(self, act: Act, tried: _Try) -> float:
        """Return the seconds for which one looks for what became of an act."""
        match tried.last:
            case Succeeded():
                # Indexes are cached for minutes; git remotes and forges answer from replicas that are
                # seconds behind.
                return self.patience.visible if act.stage in _INDEXED else min(self.patience.visible, EFFECT)
            case Refused():
                return self._patience_after_refusal(tried)
            case _:
                return self._settle(tried)

    def _without_effect(self, part: Part[Any], act: Act) -> CastoffError:
        """Return the error for a write that was taken and does not show: late at an index, lost elsewhere."""
        if act.stage in _INDEXED or self.patience.visible < EFFECT:
            return NotYet(_invisible(part, act, self.patience.visible))
        return Refusal(_ineffective(part, act))

    def wait(self, part: Part[Any], decision: Wait) -> Pause:
        """Return the next pause while the world cannot say, or is not ready; raises when patience ends."""
        now = self.looked
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        budget, asked = self._budget(decision), decision.seconds or 0.0
        waited = now - self.waiting_since
        # A pause that would end after the budget is not started: the user gets the answer now, not later.
        if waited >= budget or waited + asked > budget:
            raise NotYet(_still_waiting(part, decision, waited))
        return Pause(max(asked, self._next_pause(_STEEP)), at_most(decision.reason, budget))

    def _budget(self, decision: Wait) -> float:
        if decision.seconds:
            return self.patience.throttle
        wrote = any(isinstance(tried.last, Succeeded) for tried in self.tries.values())
        # After an own write "unknown" is most often lag, so it gets the longer budget.
        return self.patience.visible if wrote else self.patience.unknown

    def _patience_after_refusal(self, tried: _Try) -> float:
        return self.patience.visible if self._perhaps_there(tried) else self.patience.settle

    def _perhaps_there(self, tried: _Try) -> bool:
        """Return whether what was refused may be there by an attempt before: an earlier run's, or an unclear one."""
        return tried.unclear or self.patience.begun_before

    def _given_up(self, act: Act, tried: _Try, problem: Problem) -> CastoffError:
        if self._perhaps_there(tried) and self._waited(tried) < HONEST:
            return NotYet(_refused_or_late(act, problem))
        return Refusal(problem)

    def _next_pause(self, growth: float) -> float:
        self.pauses += 1
        # The exponent is capped: float overflow would raise after some hundred looks.
        pause = self.patience.first_pause * math.pow(growth, min(self.pauses - 1, 40))
        return min(pause, self.patience.longest_pause)

    def _waited(self, tried: _Try) -> float:
        return self.looked - tried.since

    def _settle(self, tried: _Try) -> float:
        # Grows with the number of attempts: the first look after a lost answer is cheap and usually decides
        # it.
        return min(self.patience.settle, 0.5 * math.pow(4, tried.count))


class _Try(Struct):
    """What became of one act so far."""

    count: int = 0
    last: Outcome | None = None
    unclear: bool = False
    since: float = 0.0


def _invisible(part: Part[Any], act: Act, waited: float) -> Problem:
    return Problem(
        code="not-visible-yet",
        message=f"{act.target} was written, but `{part.name}` does not show it after {waited:.0f} seconds",
        reason="indexes are caches, and some take minutes",
        remedy="run the same command again later: completed steps are not repeated",
    )


def _ineffective(part: Part[Any], act: Act) -> Problem:
    return Problem(
        code="write-without-effect",
        message=f"{act.target}: the service accepted `{act.id}`, but `{part.name}` is unchanged",
        reason=f"castoff checked for {EFFECT:.0f} seconds; a service that accepts a write "
        "without effect never shows it",
        remedy="make the change on the service's own page, or fix what prevents it (a rule, or an "
        "automation that reverts it), and run the same command again",
    )


def _refused_or_late(act: Act, refused: Problem) -> Problem:
    return Problem(
        code="refused-or-late",
        message=f"{act.target} was refused, and the index does not show it: {refused.message}",
        reason="an earlier attempt may have uploaded it and the index is late, or its name is "
        "burned; the two cannot be "
        f"distinguished for {HONEST / 60:.0f} minutes; {refused.reason}",
        remedy="run the same command again, without `--wait`: it checks until one of the two is certain",
    )


def _in_vain(act: Act, last: Unclear, attempts: int) -> CastoffError:
    """Return what ends a run after the last attempt: the problem of a client whose exit code does not tell more."""
    if last.problem is not None:
        return Refusal(last.problem)
    return NotYet(_unclear(act, last, attempts))


def _unclear(act: Act, last: Unclear, attempts: int) -> Problem:
    return Problem(
        code="write-unclear",
        message=f"{act.target} could not be written: {attempts} attempts had an unclear outcome",
        reason=last.reason,
        remedy="run the same command again later: it checks first, and writes only what is missing",
    )


def rate_limited(act: Act, seconds: float, reason: str) -> Problem:
    """Report that a write must wait for longer than this run does."""
    return Problem(
        code="rate-limited",
        message=f"{act.target} must wait {seconds:.0f} more seconds: {reason}",
        reason="the service limits the rate of writes",
        remedy="run the same command again after that time: completed steps are not repeated",
    )


def time_is_up(moment: datetime) -> Problem:
    """Report that the run ends at the time that was given; ``moment`` is when the next act is possible."""
    return Problem(
        code="time-is-up",
        message="the given time ends before the release does",
        reason=f"the next act is possible at {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        remedy="run `castoff resume --execute` from then on, here or on another machine: completed steps are not "
        "repeated",
    )


def _still_waiting(part: Part[Any], decision: Wait, waited: float) -> Problem:
    more = f", and must wait {decision.seconds:.0f} more" if decision.seconds else ""
    return Problem(
        code="still-waiting",
        message=f"`{part.name}` is not ready yet: {decision.reason}",
        reason=f"castoff waited {waited:.0f} seconds for it{more}",
        remedy="run the same command again later: completed steps are not repeated",
    )
