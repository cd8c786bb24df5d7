"""The milestones on their own: what rolling them over would do, and doing it."""

from __future__ import annotations

from dataclasses import dataclass

from castoff.errors import NotYet, Problem, Refusal
from castoff.flows.setting import Setting
from castoff.flows.staging import NO_FORGE, Target, milestone_plan, milestone_stage
from castoff.flows.targeting import Aim, aim_at
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
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.milestone import as_act


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """What is to be done for a version, in its order; ``question`` is for a person, about ``candidates``."""

    target: Target
    acts: tuple[Act, ...] = ()
    reason: str = ""
    question: Problem | None = None
    candidates: tuple[Milestone, ...] = ()
    state: StageState | None = None


def plan_rollover(setting: Setting, version: str | None, answer: Answer | None) -> Rollover:
    """Look at the milestones and say what is to be done; nothing is written.

    Errors: ``milestone-open-items`` where the policy stops, ``forge-unreachable``.
    """
    with aim_at(setting, version) as aim:
        return _planned(aim, answer)


def roll_over(setting: Setting, version: str | None, answer: Answer | None) -> Rollover:
    """Create the next milestone, move what is open, close the last; a question is given back unanswered."""
    with aim_at(setting, version) as aim:
        planned = _planned(aim, answer)
        if planned.question is not None:
            return planned
        stage = milestone_stage(setting, aim.seen, aim.target, answer)
        state = Reconciler(setting.clock, setting.reporter, setting.patience).run(stage)
        return Rollover(target=aim.target, reason=planned.reason, state=state)


def _planned(aim: Aim, answer: Answer | None) -> Rollover:
    forge = aim.setting.milestones(aim.target.remote_url)
    (state,) = observe((milestone_stage(aim.setting, aim.seen, aim.target, answer),))
    if forge is None:
        return Rollover(target=aim.target, reason=NO_FORGE, state=state)
    found = forge.milestones()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "the forge could not be asked for its milestones",
            reason=found.reason,
            remedy="run it again later; nothing was written",
        )
    plan, policy = milestone_plan(aim.setting, aim.seen, aim.target)
    match decide_milestones(found, plan, policy, answer=answer):
        case MilestonesDone(reason):
            return Rollover(target=aim.target, reason=reason, state=state)
        case MilestonesDo(acts):
            return Rollover(target=aim.target, acts=tuple(map(as_act, acts)), state=state)
        case MilestonesAsk(problem, candidates):
            return Rollover(target=aim.target, question=problem, candidates=candidates, state=state)
        case MilestonesBlocked(problem):
            raise Refusal(problem)
