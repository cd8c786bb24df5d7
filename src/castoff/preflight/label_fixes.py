"""Repairs of labels and milestones: milestones are set, a person is asked for labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import Problem, UsageError
from castoff.model.acts import Act, Decision, Do, Done, Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.changes import Milestone
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.notes.labels import AskForLabel, Proposal, SetMilestone, proposals
from castoff.ports import ChangeSource, Labels, Milestones
from castoff.preflight.labels import Changes, label_policy, meant_milestone
from castoff.reconcile.part import Seen, Stage, wait_for
from castoff.session.services import Services
from castoff.session.session import open_session


@dataclass(slots=True)
class MembershipPart:
    """One merged change in its milestone; it was seen outside of it, so the first look is spared."""

    change: int
    milestone: int
    forge: Milestones
    source: ChangeSource
    name: str
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _written: bool = field(default=False, init=False)

    def look(self) -> bool | Unknown:
        """Return whether it is in its milestone."""
        # Not looked up before the write: the proposal comes from a listing of a moment ago, and one question
        # for each of a hundred changes would use up the rate limit.
        if not self._written:
            return False
        found = self.source.pull_request(self.change)
        if isinstance(found, Unknown):
            return found
        return found is not None and found.milestone == self.milestone

    def decide(self, seen: bool | Unknown) -> Decision:
        """Put it there where it is not."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if seen:
            return Done()
        target = f"#{self.change} to its milestone"
        return Do((Act(id=f"milestone:move:{self.change}", stage="milestone", target=target, undo="free"),))

    def describe(self, seen: bool | Unknown) -> Seen:
        """Show whether it is in its milestone."""
        answer = seen if isinstance(seen, Unknown) else Present() if seen else Absent()
        return (Observation(id=self.name, answer=answer),)

    def act(self, act: Act) -> Outcome:
        """Put it there."""
        self._written = True
        return self.forge.move(self.change, self.milestone)


Answer = Callable[[AskForLabel], str | None]
"""Says which label a change is to have; None leaves it as it is."""


class Fixes(Struct, frozen=True, kw_only=True):
    """What would fix the problems, the milestone that is meant, and what knows and changes them."""

    proposals: tuple[Proposal, ...]
    milestone: Milestone | None
    source: ChangeSource
    milestones: Milestones | None
    labels: Labels | None


def find_fixes(services: Services) -> Fixes:
    """Look for what could be repaired in the changes since the last release. Errors: those of gathering."""
    with open_session(services) as session:
        version = (
            session.snapshot.history.unfinished[0].version if session.snapshot.history.unfinished else None
        )
        changes = Changes(session, version)
        gathered = changes.gathered()
        meant = meant_milestone(changes)
        milestone = meant if isinstance(meant, Milestone) else None
        policy = label_policy(services, gathered.kinds)
        return Fixes(
            proposals=proposals(gathered.held.changes, policy, milestone),
            milestone=milestone,
            source=gathered.source,
            milestones=services.milestones(session.snapshot.remote_url),
            labels=services.labels(session.snapshot.remote_url),
        )


def choose(fixes: Fixes, answer: Answer) -> tuple[tuple[AskForLabel, str], ...]:
    """Ask which labels are to be given; nothing is written. Errors: ``label-not-a-kind``."""
    asked = [one for one in fixes.proposals if isinstance(one, AskForLabel)]
    chosen = [(one, label) for one in asked if (label := answer(one)) is not None]
    if wrong := [(one, label) for one, label in chosen if label not in one.choices]:
        raise UsageError(*(_not_a_kind(one, label) for one, label in wrong))
    return tuple(chosen)


def apply_fixes(
    services: Services, fixes: Fixes, chosen: Sequence[tuple[AskForLabel, str]]
) -> tuple[Problem, ...]:
    """Set the milestones, and give the labels that were chosen; returns what was refused."""
    moves = [one for one in fixes.proposals if isinstance(one, SetMilestone)]
    if moves and fixes.milestones is not None:
        parts = [
            MembershipPart(one.change, one.milestone, fixes.milestones, fixes.source, f"#{one.change}")
            for one in moves
        ]
        reconciler = services.reconciler()
        reconciler.run(Stage("milestone", parts))
    return tuple(problem for one, label in chosen for problem in _label(services, fixes, one, label))


def answers_given(given: Mapping[int, str]) -> Answer:
    """Answer from what was said on the command line."""
    return lambda question: given.get(question.change)


def _not_a_kind(question: AskForLabel, label: str) -> Problem:
    return Problem(
        code="label-not-a-kind",
        message=f"the label `{label}` does not set a kind",
        reason="labels that set a kind: " + ", ".join(f"`{one}`" for one in question.choices),
        remedy=f"give #{question.change} one of these",
        pull_request=question.change,
    )


def _label(services: Services, fixes: Fixes, question: AskForLabel, label: str) -> Sequence[Problem]:
    if fixes.labels is None:
        return ()
    # Added before the others go: a run that ends in between leaves two labels, which the check reports, and
    # never none.
    outcomes = [fixes.labels.add(question.change, label)]
    outcomes += [fixes.labels.remove(question.change, one) for one in question.remove if one != label]
    found = [problem for outcome in outcomes if (problem := _unsettled(question.change, outcome)) is not None]
    if not found:
        services.reporter.note(f"#{question.change} has the label `{label}` now")
    return found


def _unsettled(change: int, outcome: Outcome) -> Problem | None:
    match outcome:
        case Succeeded():
            return None
        case Refused(problem):
            return problem
        case Unclear(reason=reason) | Throttled(reason=reason):
            return Problem(
                code="label-unclear",
                message=f"it is unknown whether the label of #{change} was changed",
                reason=reason,
                remedy="run `castoff check --only labels` again",
                pull_request=change,
            )
