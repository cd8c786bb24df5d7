"""Which release is meant by what comes after it? Found by its tag on the remote, whatever branch is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from castoff.errors import Refusal, UsageError
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, target_of
from castoff.flows.survey import Survey, manifest_tree, ordered, read_workspace
from castoff.git import Worktree
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A release, the tag before it, and the branches that its notes go to, the one that it was made on first."""

    target: Target
    previous_tag: str | None
    branches: tuple[str, ...]

    @property
    def version(self) -> ReleaseVersion:
        """Give the version."""
        return self.target.claim.version

    @property
    def commit(self) -> str:
        """Give the release commit."""
        return self.target.claim.commit


def find_subject(setting: Setting, seen: Survey, worktree: Worktree, word: str | None) -> Subject:
    """Find a release by its version or tag; the last one where nothing is said.

    Errors: ``nothing-released``, ``unknown-version``, ``not-tagged-yet``.
    """
    version = _version(seen, word)
    tag = seen.tag_name.of(version)
    found = seen.refs.tags.get(tag)
    if found is None:
        raise Refusal.of(
            "not-tagged-yet",
            f"`{tag}` is not tagged on the remote",
            reason="what comes after a release starts from its tag"
            if seen.reachable
            else "the remote could not be asked for its tags",
            remedy="finish the release with `castoff resume --execute`, or correct the version",
        )
    if seen.remote_url is not None and not worktree.has(found.commit):
        worktree.fetch(seen.remote_url, [])
    return subject_at(setting, seen, worktree, Claim(version=version, commit=found.commit, tagged=True))


def subject_at(setting: Setting, seen: Survey, worktree: Worktree, claim: Claim) -> Subject:
    """Read workspace and order at the release commit, and find the branches."""
    release = setting.configuration.release
    workspace = read_workspace(manifest_tree(worktree, claim.commit), setting.manifests, release.exclude)
    return subject_of(setting, seen, worktree, target_of(seen, claim, workspace, ordered(workspace, release)))


def subject_of(setting: Setting, seen: Survey, worktree: Worktree, target: Target) -> Subject:
    """Find the branches of a target, and the tag before it."""
    url = target.remote_url
    default = worktree.default_branch(url) if url else None
    home = _home(setting, seen, worktree, target, default)
    names = (home, *((default,) if default and default in seen.refs.heads else ()))
    return Subject(
        target=target,
        previous_tag=_previous(seen, worktree, target),
        branches=tuple(dict.fromkeys(names)),
    )


def _version(seen: Survey, word: str | None) -> ReleaseVersion:
    if word is None:
        if seen.history.previous is not None:
            return seen.history.previous.version
        raise UsageError.of(
            "nothing-released",
            "no release is in this branch's history",
            reason="there is no tag of a version there",
            remedy="name a version or a tag",
        )
    version = seen.tag_name.version(word) or read(word)
    if version is None:
        raise UsageError.of(
            "unknown-version",
            f"`{word[:80]}` is neither a version nor a tag of one",
            reason=f"tags here look like `{seen.tag_name.template}`",
            remedy="name a version such as `1.2.0`",
        )
    return version


def _home(setting: Setting, seen: Survey, worktree: Worktree, target: Target, default: str | None) -> str:
    """Name the release branch that holds the release commit: the default one, else the one at hand, else any.

    A maintenance branch that began at the tag of a release holds its commit as well.
    """
    commit, url = target.claim.commit, target.remote_url
    first = [default or target.branch, target.branch]
    for name in dict.fromkeys([*first, *_release_branches(setting, seen)]):
        head = seen.refs.heads.get(name)
        if head is None or not (worktree.has(head) or worktree.fetch(url, [name])):
            continue
        if worktree.is_ancestor(commit, head):
            return name
    return target.branch


def _release_branches(setting: Setting, seen: Survey) -> Iterator[str]:
    patterns = setting.configuration.release.branches
    yield from sorted(name for name in seen.refs.heads if any(fnmatchcase(name, one) for one in patterns))


def _previous(seen: Survey, worktree: Worktree, target: Target) -> str | None:
    """Find the tag of the highest version below, among those in the release commit's history."""
    if not worktree.has(target.claim.commit):
        return None
    known = [
        (version, tag)
        for tag, _ in worktree.tags_within(target.claim.commit)
        if (version := seen.tag_name.version(tag)) is not None and version < target.claim.version
    ]
    return max(known)[1] if known else None
