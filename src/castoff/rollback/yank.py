"""Yanking a version everywhere: packages facade first, then a notice on its page; the tag stays."""

from __future__ import annotations

from castoff.errors import CastoffError, UsageError
from castoff.model.intent import Claim, named
from castoff.model.versions import read
from castoff.preflight.stage import require_answers
from castoff.rollback.abandon import given_up
from castoff.rollback.withdrawal import (
    Agrees,
    Withdrawal,
    carry_out,
    look_at,
    notice_stage,
    summed_up,
    withdraw_stage,
)
from castoff.session.other_branches import branch_named_if_elsewhere
from castoff.session.services import Services
from castoff.session.session import Session, open_session


def yank(services: Services, version: str, agrees: Agrees, *, reason: str = "") -> Withdrawal:
    """Take a version back, as far as the registries let it, when ``agrees`` says yes to what was looked at.

    What is withdrawn already is left alone, so that it can be run again. Errors: ``unknown-version``,
    ``still-waiting`` while registry or forge do not say what is there.
    """
    with open_session(services) as session:
        release = session.release(claim_of(session, version))
        stages = require_answers(
            services,
            lambda: (withdraw_stage(services, release), notice_stage(session, release, reason)),
        )
        first = summed_up(session, release, look_at(services, stages), executed=False)
        if not agrees(first):
            return first
        return summed_up(session, release, carry_out(services, stages), executed=True)


def claim_of(session: Session, version: str) -> Claim:
    """Find the release commit of a version: in this branch's history, by the remote's tag, or given up before."""
    try:
        return named(session.snapshot.history, version)
    except UsageError as unknown:
        with branch_named_if_elsewhere(session, version):
            return _elsewhere(session, version, unknown)


def _elsewhere(session: Session, version: str, unknown: CastoffError) -> Claim:
    wanted = read(version)
    tag = session.snapshot.refs.tags.get(session.snapshot.tag_name.of(wanted)) if wanted else None
    if wanted and tag and session.clone.has(tag.commit):
        return Claim(version=wanted, commit=tag.commit, tagged=True, tag=session.snapshot.tag_name.of(wanted))
    for claim in given_up(session):
        if claim.version == wanted:
            return claim
    raise unknown
