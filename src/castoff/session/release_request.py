"""The request of a person, and the version that is meant by it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from castoff.errors import NothingToDo, Problem, Refusal
from castoff.model.handed_tags import HandedTags
from castoff.model.intent import Begin, Claim, History, Resume, meant_again, to_resume
from castoff.model.versions import read
from castoff.session.claim_history import listed_digests
from castoff.session.other_branches import branch_named_if_elsewhere
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot


class ReleaseRequest(Struct, frozen=True, kw_only=True):
    """What the person asked for: a level to begin or go on with, or (None) a version to resume.

    ``without`` names the stages that are given up for good. ``only`` names the one stage after which the run stops:
    the claim (``version``) or the uploads (``publish``). ``rehearsed``: the claim is neither built nor rehearsed here.
    ``tags`` were made by another run, and are pushed as they are. ``approved``: packages that are staged are published.
    ``replaces``: a proposal of a lower version that nobody edited gives way to this one.
    """

    level: str | None
    pre: str | None = None
    version: str | None = None
    without: tuple[str, ...] = ()
    agreed: bool = False
    accepted: frozenset[str] = frozenset()
    only: Literal["version", "publish"] | None = None
    rehearsed: bool = False
    tags: HandedTags | None = None
    approved: bool = False
    replaces: bool = False


def intent_of(session: Session, request: ReleaseRequest) -> Begin | Resume:
    """Return what is to be begun or gone on with.

    Errors of :mod:`castoff.model.intent`, ``tag-elsewhere``, and ``NothingToDo`` where castoff began nothing.
    """
    if request.level is not None:
        return meant_again(session.snapshot.history, request.level, request.pre)
    if request.version is not None and (elsewhere := _tagged_elsewhere(session, request.version)):
        return Resume(elsewhere)
    with branch_named_if_elsewhere(session, request.version):
        claim = to_resume(session.snapshot.history, request.version)
    if claim is None:
        raise nothing_begun(session.snapshot.history)
    return Resume(claim)


def nothing_begun(history: History) -> NothingToDo:
    """Report that castoff began no release here; one made by other means is only edited if it is named."""
    last = history.previous or next(iter(history.unclear), None)
    title = history.spelled(last.version) if last else ""
    made = "may have been released" if history.previous is None else "was released"
    return NothingToDo(
        Problem(
            code="nothing-to-resume",
            severity="warning",
            message="nothing to resume" + (f": {title} {made} by other means" if last else ""),
            reason="castoff only edits a release made by other means if its version is given"
            if last
            else "this branch has no claimed and no released version",
            remedy=f"if you mean {title}, pass it; " * bool(last)
            + "start a new release with `castoff release LEVEL --execute`",
        )
    )


def _tagged_elsewhere(session: Session, version: str) -> Claim | None:
    """Find a release whose tag is on a commit beside this branch: a tag of castoff's stands for the branch.

    Errors: ``tag-elsewhere`` where the tag is not castoff's.
    """
    wanted = read(version)
    name = session.snapshot.tag_name.of(wanted) if wanted else ""
    found = session.snapshot.refs.tags.get(name)
    if (
        wanted is None
        or found is None
        or any(claim.version == wanted for claim in session.snapshot.history.released)
    ):
        return None
    if session.clone.has(found.commit) and listed_digests(session.clone.tag_message(name)):
        return Claim(version=wanted, commit=found.commit, tagged=True, tag=name)
    raise Refusal.of(
        "tag-elsewhere",
        f"the tag `{name}` is on a commit that is not in the history of `{session.snapshot.branch}`",
        reason=f"it is on {found.commit[:12]}; a pushed tag is never moved",
        remedy="check out the branch that contains it, or find out who created it",
        commit=found.commit,
    )


def unpushed(snapshot: Snapshot, claim: Claim, level: str | None) -> tuple[Problem, ...]:
    """Report commits that only this clone has, where a level would mean the last release again without them."""
    if not claim.tagged or level is None:
        return ()
    return tuple(one for one in snapshot.state if one.code in ("branch-ahead", "branch-diverged"))
