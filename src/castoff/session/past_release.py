"""The release that a later step is about: found by its tag on the remote, whatever branch is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from castoff.errors import Refusal, UsageError
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion, read
from castoff.session.named_release import require_tags_of_remote
from castoff.session.release import Release, release_of_claim
from castoff.session.release_request import nothing_begun
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot, ordered
from castoff.session.workspaces import manifest_tree, read_workspace


class PastRelease(Struct, frozen=True, kw_only=True):
    """A release, the tag before it, and the branches that its notes go to, the one that it was made on first."""

    release: Release
    previous_tag: str | None
    branches: tuple[str, ...]

    @property
    def version(self) -> ReleaseVersion:
        """Return the version."""
        return self.release.version

    @property
    def commit(self) -> str:
        """Return the release commit."""
        return self.release.commit


def find_past_release(session: Session, word: str | None) -> PastRelease:
    """Find a release by its version or tag; the last one that castoff made where none is named.

    Errors: ``nothing-released``, ``unknown-version``, ``not-tagged-yet``, and ``NothingToDo`` where none is named and
    the last one was made by other means: what people wrote for it is not touched.
    """
    if word is None and session.snapshot.history.previous is not None and not session.snapshot.history.ours:
        raise nothing_begun(session.snapshot.history)
    version = _version(session.snapshot, word)
    known = next((claim for claim in session.snapshot.history.released if claim.version == version), None)
    tag = session.snapshot.tag_of(known) if known else session.snapshot.tag_name.of(version)
    require_tags_of_remote(session.snapshot, tag)
    found = session.snapshot.refs.tags.get(tag)
    if found is None:
        raise Refusal.of(
            "not-tagged-yet",
            f"`{tag}` is not tagged on the remote",
            reason="the steps after a release start from its tag",
            remedy="finish the release with `castoff resume --execute`, or correct the version",
        )
    # A tag beside the branch (a hotfix) was not fetched with it.
    if session.snapshot.remote_url is not None and not session.clone.has(found.commit):
        session.clone.fetch(session.snapshot.remote_url, [])
    return past_release_at(session, Claim(version=version, commit=found.commit, tagged=True, tag=tag))


def find_untagged_release(session: Session, word: str | None) -> PastRelease | None:
    """Find a version that the branch claims and that has no tag on the remote; None if there is none."""
    if word is None or not session.snapshot.reachable:
        return None
    version = session.snapshot.version_of(word) or read(word)
    claim = next((one for one in session.snapshot.history.unfinished if one.version == version), None)
    if claim is None or session.snapshot.tag_of(claim) in session.snapshot.refs.tags:
        return None
    return past_release_at(session, claim)


def past_release_at(session: Session, claim: Claim) -> PastRelease:
    """Read workspace and order at the release commit, and find the branches."""
    release = session.configuration.release
    workspace = read_workspace(
        manifest_tree(session.clone, claim.commit), session.services.manifests, session.snapshot.scope
    )
    return past_release_of(
        session, release_of_claim(session.snapshot, claim, workspace, ordered(workspace, release))
    )


def past_release_of(session: Session, release: Release) -> PastRelease:
    """Find the branches of a release, and the tag before it."""
    url = release.remote_url
    default = session.clone.default_branch(url) if url else None
    home = _home(session, release, default)
    names = (home, *((default,) if default and default in session.snapshot.refs.heads else ()))
    return PastRelease(
        release=release,
        previous_tag=_previous(session, release),
        branches=tuple(dict.fromkeys(names)),
    )


def _version(snapshot: Snapshot, word: str | None) -> ReleaseVersion:
    if word is None:
        if snapshot.history.previous is not None:
            return snapshot.history.previous.version
        raise UsageError.of(
            "nothing-released",
            "this branch has no release",
            reason="no tag of a version is reachable from it",
            remedy="push the tag of the last release if it is only in this clone; start the first "
            "release with `castoff release LEVEL --execute`",
        )
    version = snapshot.tag_name.version(word) or read(word)
    if version is None:
        raise UsageError.of(
            "unknown-version",
            f"`{word[:80]}` is neither a version nor the tag of a version",
            reason=f"tags here look like `{snapshot.tag_name.template}`",
            remedy="use a version such as `1.2.0`",
        )
    return version


def _home(session: Session, release: Release, default: str | None) -> str:
    """Name the release branch that holds the release commit: the default one, else the one at hand, else any.

    A maintenance branch that began at the tag of a release holds its commit as well.
    """
    commit, url = release.commit, release.remote_url
    # The changelog of the default branch is the one that people read, so that branch comes first.
    first = [default or release.branch, release.branch]
    for name in dict.fromkeys([*first, *_release_branches(session)]):
        head = session.snapshot.refs.heads.get(name)
        if head is None or not (session.clone.has(head) or session.clone.fetch(url, [name])):
            continue
        if session.clone.is_ancestor(commit, head):
            return name
    return release.branch


def _release_branches(session: Session) -> Iterator[str]:
    patterns = session.configuration.release.branches
    yield from sorted(
        name for name in session.snapshot.refs.heads if any(fnmatchcase(name, one) for one in patterns)
    )


def _previous(session: Session, release: Release) -> str | None:
    """Find the tag of the highest version below, among those in the release commit's history."""
    snapshot, clone = session.snapshot, session.clone
    # In its history only: the notes of a hotfix must not be compared with a newer release of another line.
    if release.commit == snapshot.head:
        tags = [one.name for one in snapshot.tags_at_head]
    elif clone.has(release.commit):
        tags = [tag for tag, _ in clone.tags_within(release.commit)]
    else:
        return None
    known = [
        (version, tag)
        for tag in tags
        if (version := snapshot.tag_name.version(tag)) is not None and version < release.version
    ]
    return max(known)[1] if known else None
