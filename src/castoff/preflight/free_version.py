"""Checks that a version is free: its tags, its claim, and the tools that read versions from tags."""

from __future__ import annotations

from castoff.errors import Problem
from castoff.model.intent import Claim
from castoff.model.refs import CLAIMS, lock_of
from castoff.model.versions import ReleaseVersion, spell
from castoff.session.other_branches import other_branches
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.session.version_steps import unusual_step


def tag_objections(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Find the tools that would not read the version in the tag that the release is going to have."""
    tag = snapshot.tag_name.of(version)
    return tuple(
        Problem(
            code="tag-not-accepted",
            message=f"`{package.id}` would not get its version from the tag `{tag}`",
            reason=f"{package.tags.tool} computes it from git tags, and {objection}",
            remedy="use a tag form that the tool reads (`release.tag`), or change the tool's configuration",
            file=package.tags.file,
            line=package.tags.line,
            package=package.id,
        )
        for package in snapshot.workspace.packages
        if package.tags is not None and (objection := package.tags.objection(tag, version)) is not None
    )


def claim_taken(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Return where a version that is to be begun is claimed already, by a commit that this branch does not hold."""
    title, claims = spell(version, snapshot.tag_name.ecosystem), snapshot.refs.claims or {}
    # The version's ref, or the branch's: a branch has one release in flight, whatever its version.
    standing = claims.get(title) or claims.get(lock_of(snapshot.branch))
    if standing is None:
        return ()
    ref = CLAIMS + (title if title in claims else lock_of(snapshot.branch))
    return (
        Problem(
            code="claim-taken",
            message=f"`{ref}` is on the remote, but `{snapshot.branch}` has no release in flight",
            reason=f"it is on {standing.commit[:12]}, so {title} cannot be claimed here",
            remedy="finish or abandon that release from the branch on which it was started; if that "
            "branch is gone, run "
            f"`git push {snapshot.remote} :{ref}`",
            commit=standing.commit,
        ),
    )


def claimed_on_another_branch(session: Session, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Return where another release branch has the version in flight: the two would upload under one version."""
    title = session.snapshot.shown(version)
    return tuple(
        Problem(
            code="claim-taken",
            message=f"{title} is in flight on `{other.snapshot.branch}`",
            reason=f"its release commit {claim.commit[:12]} is there, and it has other contents",
            remedy=f"finish or abandon it there: `git switch {other.snapshot.branch}`, then "
            f"`castoff resume {title} --execute` or `castoff abandon {title} --execute`; or use another version",
            commit=claim.commit,
        )
        for other in other_branches(session)
        for claim in other.snapshot.history.unfinished
        if claim.version == version
    )


def not_free(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Return what of a version's tag and claim is taken, or would not serve, and whether it may be a typing error."""
    return (
        *unusual_step(snapshot, version),
        *(one for tag in _all_tags(snapshot, version) for one in tag_taken(snapshot, tag)),
        *claim_taken(snapshot, version),
        *tag_objections(snapshot, version),
    )


def _all_tags(snapshot: Snapshot, version: ReleaseVersion) -> tuple[str, ...]:
    tag = snapshot.tag_name.of(version)
    return (tag, *(name for _, name in snapshot.tags.each_of(version, besides=tag)))


def tag_elsewhere(tag: str, title: str, commit: str, at: str | None) -> Problem:
    """Make the problem of a release whose commit is ``commit``, and whose tag somebody put on another one, ``at``."""
    return Problem(
        code="tag-elsewhere",
        message=f"the tag `{tag}` is already on another commit",
        reason=f"the release commit is {commit[:12]}, the remote's tag is on {(at or '?')[:12]}",
        remedy=f"withdraw the version with `castoff abandon {title} --execute` and release the "
        "next one; or ask the owner of the tag to delete it, if nothing was released from it",
        commit=at,
    )


def claim_tagged_elsewhere(snapshot: Snapshot, claim: Claim) -> tuple[Problem, ...]:
    """Return where somebody put the tag of a claimed version on another commit: the uploads would end before it."""
    tag = snapshot.tag_of(claim)
    found = snapshot.refs.tags.get(tag)
    if found is None or found.commit == claim.commit:
        return ()
    return (tag_elsewhere(tag, snapshot.history.spelled(claim.version), claim.commit, found.commit),)


def tag_taken(snapshot: Snapshot, tag: str) -> tuple[Problem, ...]:
    """Return where the remote has a tag already that this branch's history has not as that version."""
    found = snapshot.refs.tags.get(tag)
    if found is None:
        return ()
    return (
        Problem(
            code="tag-taken",
            message=f"the tag `{tag}` is already on the remote",
            reason=f"it is on {found.commit[:12]}, which this branch does not have as that version",
            remedy="use another version; a pushed tag is never moved",
            commit=found.commit,
        ),
    )
