"""The continuation of a release after its announcement: changelog, documentation, website, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castoff.errors import Problem
from castoff.postrelease.stages import carry_on, changelog_stage, docs_stage
from castoff.postrelease.website_pages import website_stage
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.session.past_release import past_release_of
from castoff.session.release import Release
from castoff.session.session import Session

if TYPE_CHECKING:
    from castoff.reconcile.reconciler import Reconciler


def last_stages(session: Session, release: Release) -> tuple[Stage, ...]:
    """Make the stages that come after the announcement."""
    past = past_release_of(session, release)
    return (
        changelog_stage(session, past),
        docs_stage(session, past),
        website_stage(session, past),
    )


def end_release(
    session: Session, release: Release, reconciler: Reconciler
) -> tuple[list[StageState], list[Problem]]:
    """Bring the last stages as far as they go; what lags only warns."""
    states: list[StageState] = []
    problems: list[Problem] = []
    for stage in last_stages(session, release):
        state, found = carry_on(reconciler, stage)
        states.append(state)
        problems.extend(found)
    return states, problems
