"""How does a release go on after its announcement? Changelog, documentation, website, in this order."""

from __future__ import annotations

from castoff.errors import Problem
from castoff.flows.after import carry_on, changelog_stage, docs_stage
from castoff.flows.setting import Setting
from castoff.flows.staging import Target
from castoff.flows.subject import subject_of
from castoff.flows.survey import Survey
from castoff.flows.website import website_stage
from castoff.git import Worktree
from castoff.reconcile import Reconciler, StageState
from castoff.stages.part import Stage


def last_stages(setting: Setting, seen: Survey, target: Target, worktree: Worktree) -> tuple[Stage, ...]:
    """Make the stages that come after the announcement."""
    subject = subject_of(setting, seen, worktree, target)
    return (
        changelog_stage(setting, subject, worktree),
        docs_stage(setting, subject, worktree),
        website_stage(setting, seen, subject, worktree),
    )


def end_release(
    setting: Setting, seen: Survey, target: Target, worktree: Worktree, reconciler: Reconciler
) -> tuple[list[StageState], list[Problem]]:
    """Bring the last stages as far as they go; what lags only warns."""
    states: list[StageState] = []
    problems: list[Problem] = []
    for stage in last_stages(setting, seen, target, worktree):
        state, found = carry_on(reconciler, stage)
        states.append(state)
        problems.extend(found)
    return states, problems
