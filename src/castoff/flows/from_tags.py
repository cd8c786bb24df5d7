"""What is to be seen to before a release whose version is made from git tags?"""

from __future__ import annotations

from castoff.errors import Problem
from castoff.flows.survey import Survey
from castoff.model.refs import CLAIMS, lock_of
from castoff.model.versions import ReleaseVersion, spell


def tag_objections(seen: Survey, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Find the tools that would not read the version in the tag that the release is going to have."""
    tag = seen.tag_name.of(version)
    return tuple(
        Problem(
            code="tag-not-accepted",
            message=f"`{package.name}` would not get its version from the tag `{tag}`",
            reason=f"{package.tags.tool} makes it from git tags, and {objection}",
            remedy="name tags so that the tool reads them (`release.tag`), or change the tool's setting",
            file=package.tags.file,
            line=package.tags.line,
            package=package.id,
        )
        for package in seen.workspace.packages
        if package.tags is not None and (objection := package.tags.objection(tag, version)) is not None
    )


def claim_taken(seen: Survey, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Say where a version that is to be begun is claimed already, by a commit that this branch does not hold."""
    title, claims = spell(version, seen.tag_name.ecosystem), seen.refs.claims or {}
    standing = claims.get(title) or claims.get(lock_of(seen.branch))
    if standing is None:
        return ()
    ref = CLAIMS + (title if title in claims else lock_of(seen.branch))
    return (
        Problem(
            code="claim-taken",
            message=f"`{ref}` is on the remote, but no release that was begun is in the history of `{seen.branch}`",
            reason=f"it stands at {standing.commit[:12]}, so {title} cannot be claimed here",
            remedy="finish that release, or give it up, from the branch that it was begun on; where that is gone, "
            f"`git push {seen.remote} :{ref}`",
            commit=standing.commit,
        ),
    )
