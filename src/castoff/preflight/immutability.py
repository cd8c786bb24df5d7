"""Checks of what an immutable release would refuse."""

from __future__ import annotations

from castoff.model.observations import Unknown
from castoff.ports import ShowsImmutability
from castoff.preflight.stage import Found, Skipped
from castoff.session.release import NO_FORGE
from castoff.session.session import Session
from castoff.workflows.jobs import workflow_files, workflow_steps
from castoff.workflows.late_files import late_file_problem, late_files


def frozen_files(session: Session) -> Found:
    """Find workflows whose files come too late for an immutable release; the forge is asked only where there are."""
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None or not isinstance(forge, ShowsImmutability):
        return Skipped(NO_FORGE)
    tree = session.snapshot.tree
    late = late_files(workflow_steps(workflow_files(tree), tree))
    if not late:
        return ()
    frozen = forge.immutable()
    if frozen is False:
        return ()
    reason = frozen.reason if isinstance(frozen, Unknown) else None
    return tuple(late_file_problem(one, reason) for one in late)
