"""Releases that are proposed by a pull request and not claimed yet."""

from __future__ import annotations

from castoff.model.observations import Unknown
from castoff.model.refs import PROPOSED
from castoff.session.change_range import unreachable
from castoff.session.session import Session


def open_proposals(session: Session) -> tuple[str, ...]:
    """List the branches that still propose a release. Error ``forge-unreachable``."""
    heads = session.snapshot.refs.heads
    return tuple(name for name in heads if name.startswith(PROPOSED) and _is_open(session, name))


def _is_open(session: Session, branch: str) -> bool:
    """Return whether a branch still proposes: its version is not out, and not all its pull requests are over."""
    if branch.removeprefix(PROPOSED) in session.snapshot.refs.tags:
        return False
    issue_tracker = session.services.issue_tracker(session.snapshot.remote_url or "")
    pulls = issue_tracker.pulls(branch) if issue_tracker else ()
    if isinstance(pulls, Unknown):
        raise unreachable(pulls)
    return not pulls or any(pull.state == "open" for pull in pulls)
