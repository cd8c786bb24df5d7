"""Other runs that released from the same branch while this one prepared its release."""

from __future__ import annotations

from castoff.errors import CastoffError, Refusal
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion
from castoff.preflight.stage import require_reachable
from castoff.reconcile.part import Stage
from castoff.rollback.dropped_claim import drop_claim_part
from castoff.session.release import Release
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.values import replace


def require_no_rival(session: Session, version: ReleaseVersion) -> None:
    """After a lost race, stop if somebody else claimed a version meanwhile; error ``claimed-by-another``."""
    rival = find_rival(session.snapshot, session.look_again().snapshot)
    if rival is not None:
        raise _refusal(session, version, rival, "this run pushed nothing")


def require_first(session: Session, release: Release) -> None:
    """After a claim by a ref, stop if another version was released since this run computed its own.

    Such a release moves no branch, and takes its claim back at its end, so this claim meets no resistance. Its tag was
    pushed before that: whoever holds the branch's ref sees it. This claim is taken back.

    Errors: ``claimed-by-another``, ``remote-unreachable``.
    """
    now = session.look_again().snapshot
    require_reachable(now)
    rival = find_rival(session.snapshot, now, release.version)
    if rival is None:
        return
    # Taken back at once: nothing was uploaded, and a claim that stays would block the next release of the
    # branch.
    drop = drop_claim_part(release, session.clone, after="version")
    session.reconcile(Stage("version", (replace(drop, needs=frozenset()),)))
    raise _refusal(session, release.version, rival, "the claim of this run was taken back")


def find_rival(before: Snapshot, now: Snapshot, own: ReleaseVersion | None = None) -> Claim | None:
    """Return a claim or release on the branch that was not there before, other than this run's own."""
    known = {claim.version for claim in (*before.history.unfinished, *before.history.released)}
    found = (*now.history.unfinished, *now.history.released)
    return next((claim for claim in found if claim.version not in known and claim.version != own), None)


def _refusal(session: Session, version: ReleaseVersion, rival: Claim, rest: str) -> CastoffError:
    spelled = session.snapshot.history.spelled
    title = spelled(rival.version)
    return Refusal.of(
        "claimed-by-another",
        f"another run claimed {'the same version' if rival.version == version else title} while this one was "
        f"preparing {spelled(version)}",
        reason=f"its release commit {rival.commit[:12]} was first; {rest}",
        remedy=f"let that run finish, or finish it with `castoff resume {title} --execute`",
        commit=rival.commit,
    )
