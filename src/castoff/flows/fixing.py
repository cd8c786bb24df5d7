"""What can be mended about labels and milestones, and how? Milestones are set, a person is asked for labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from castoff.errors import Problem, UsageError
from castoff.flows.judging import Changes, label_policy, meant_milestone
from castoff.flows.setting import Setting
from castoff.flows.survey import survey
from castoff.git import Worktree
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.changes import Milestone
from castoff.notes.labels import AskForLabel, Proposal, SetMilestone, proposals
from castoff.ports import ChangeSource, Labels, Milestones
from castoff.reconcile import Reconciler
from castoff.stages.membership import MembershipPart
from castoff.stages.part import Stage

Answer = Callable[[AskForLabel], str | None]
"""Says which label a change is to have; None leaves it as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """What would mend the problems, the milestone that is meant, and what knows and changes them."""

    proposals: tuple[Proposal, ...]
    milestone: Milestone | None
    source: ChangeSource
    milestones: Milestones | None
    labels: Labels | None


def find_fixes(setting: Setting) -> Fixes:
    """Look for what could be mended in the changes since the last release. Errors: those of gathering."""
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        version = seen.history.unfinished[0].version if seen.history.unfinished else None
        changes = Changes(setting, seen, worktree, version)
        gathered = changes.gathered()
        meant = meant_milestone(changes)
        milestone = meant if isinstance(meant, Milestone) else None
        policy = label_policy(setting, gathered.kinds)
        return Fixes(
            proposals=proposals(gathered.held.changes, policy, milestone),
            milestone=milestone,
            source=gathered.source,
            milestones=setting.milestones(seen.remote_url),
            labels=setting.labels(seen.remote_url),
        )


def choose(fixes: Fixes, answer: Answer) -> tuple[tuple[AskForLabel, str], ...]:
    """Ask which labels are to be given; nothing is written. Errors: ``label-not-a-kind``."""
    asked = [one for one in fixes.proposals if isinstance(one, AskForLabel)]
    chosen = [(one, label) for one in asked if (label := answer(one)) is not None]
    if wrong := [(one, label) for one, label in chosen if label not in one.choices]:
        raise UsageError(*(_not_a_kind(one, label) for one, label in wrong))
    return tuple(chosen)


def mend(setting: Setting, fixes: Fixes, chosen: Sequence[tuple[AskForLabel, str]]) -> tuple[Problem, ...]:
    """Set the milestones, and give the labels that were chosen; gives what was refused."""
    moves = [one for one in fixes.proposals if isinstance(one, SetMilestone)]
    if moves and fixes.milestones is not None:
        parts = [
            MembershipPart(one.change, one.milestone, fixes.milestones, fixes.source, f"#{one.change}")
            for one in moves
        ]
        reconciler = Reconciler(setting.clock, setting.reporter, setting.patience, lanes=setting.lanes)
        reconciler.run(Stage("milestone", parts))
    return tuple(problem for one, label in chosen for problem in _label(setting, fixes, one, label))


def answers_given(given: Mapping[int, str]) -> Answer:
    """Answer from what was said on the command line."""
    return lambda question: given.get(question.change)


def _not_a_kind(question: AskForLabel, label: str) -> Problem:
    return Problem(
        code="label-not-a-kind",
        message=f"`{label}` is no label of a kind",
        reason="the labels that decide are " + ", ".join(f"`{one}`" for one in question.choices),
        remedy=f"give #{question.change} one of these",
        pull_request=question.change,
    )


def _label(setting: Setting, fixes: Fixes, question: AskForLabel, label: str) -> Sequence[Problem]:
    if fixes.labels is None:
        return ()
    outcomes = [fixes.labels.add(question.change, label)]
    outcomes += [fixes.labels.remove(question.change, one) for one in question.remove if one != label]
    found = [problem for outcome in outcomes if (problem := _unsettled(question.change, outcome)) is not None]
    if not found:
        setting.reporter.note(f"#{question.change} has the label `{label}` now")
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
                message=f"nobody can tell whether the label of #{change} was changed",
                reason=reason,
                remedy="look again with `castoff check --only labels`",
                pull_request=change,
            )
