"""The milestones on their own: what rolling them over would do, and doing it."""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import NotYet, Problem, Refusal
from castoff.model.acts import Act
from castoff.model.changes import Milestone
from castoff.model.observations import Unknown
from castoff.notes.milestones import (
    Answer,
    MilestonesAsk,
    MilestonesBlocked,
    MilestonesDo,
    MilestonesDone,
    decide_milestones,
)
from castoff.reconcile import StageState
from castoff.release.milestone import as_act
from castoff.release.stages import milestone_plan, milestone_stage
from castoff.session.named_release import open_release
from castoff.session.release import NO_FORGE, Release
from castoff.session.services import Services
from castoff.session.session import Session


class Rollover(Struct, frozen=True, kw_only=True):
    """What is to be done for a version, in its order; ``question`` is for a person, about ``candidates``."""

    release: Release
    acts: tuple[Act, ...] = ()
    reason: str = ""
    question: Problem | None = None
    candidates: tuple[Milestone, ...] = ()
    state: StageState | None = None


def plan_rollover(services: Services, version: str | None, answer: Answer | None) -> Rollover:
    """Look at the milestones and say what is to be done; nothing is written.

    Errors: ``milestone-open-items`` where the policy stops, ``forge-unreachable``.
    """
    with open_release(services, version) as (session, release):
        return _planned(session, release, answer)


def roll_over(services: Services, version: str | None, answer: Answer | None) -> Rollover:
    """Create the next milestone, move what is open, close the last; a question is given back unanswered."""
    with open_release(services, version) as (session, release):
        planned = _planned(session, release, answer)
        if planned.question is not None:
            return planned
        stage = milestone_stage(session, release, answer)
        state = session.reconcile(stage)
        return Rollover(release=release, reason=planned.reason, state=state)


def _planned(session: Session, release: Release, answer: Answer | None) -> Rollover:
    forge = session.services.milestones(release.remote_url)
    (state,) = session.observe(milestone_stage(session, release, answer))
    if forge is None:
        return Rollover(release=release, reason=NO_FORGE, state=state)
    found = forge.milestones()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "the forge could not be queried for its milestones",
            reason=found.reason,
            remedy="run it again later; nothing was written",
        )
    plan, policy = milestone_plan(session, release)
    match decide_milestones(found, plan, policy, answer=answer):
        case MilestonesDone(reason):
            return Rollover(release=release, reason=reason, state=state)
        case MilestonesDo(acts):
            return Rollover(release=release, acts=tuple(map(as_act, acts)), state=state)
        case MilestonesAsk(problem, candidates):
            return Rollover(release=release, question=problem, candidates=candidates, state=state)
        case MilestonesBlocked(problem):
            raise Refusal(problem)
