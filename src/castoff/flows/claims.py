"""Which versions were begun on this branch, and which of them were given up? Read from its commits alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from castoff.git import Worktree
from castoff.git.saying import first_merge, first_with_subject
from castoff.model.begun import Begun, Step, begun_in
from castoff.model.intent import Claim
from castoff.model.refs import PROPOSED
from castoff.model.versions import ReleaseVersion, read
from castoff.ports import Manifests, Tree

_WITHIN = 60  # commits that touch the version files; a claim further back is no release under way
_WITHIN_FIRST = 20  # where nothing was released yet, only the newest counts
_PRELOADED = frozenset({"pyproject.toml", "Cargo.toml", "package.json", "castoff.toml", "release.toml"})
_NAMED = frozenset({"pyproject.toml", "Cargo.toml", "package.json"})
_VERSION_LINE = r"^[^=]*(version|package|project|poetry)[^=]*[=:]"
"""A line that may give a version in these manifests, or a table in braces that does; not one of a dependency."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as its history is read: a clone, the head, the readers of manifests, what is no part of it."""

    worktree: Worktree
    head: str
    manifests: Sequence[Manifests]
    exclude: Sequence[str]
    paths: Sequence[str]

    @classmethod
    def of(
        cls, worktree: Worktree, head: str, manifests: Sequence[Manifests], exclude: Sequence[str]
    ) -> Branch:
        """Open a branch at its head."""
        tree = worktree.tree(head)
        paths = sorted({path for one in manifests for path in one.version_paths(tree)})
        return cls(worktree, head, manifests, exclude, paths)

    def version_text(self, commit: str) -> str | None:
        """Give the version that the manifests of a commit say as one text; None where they say none, or several."""
        tree = self._opened(commit)
        texts = {text for one in self.manifests if (text := one.version_at(tree, self.exclude)) is not None}
        versions = {read(text) for text in texts}
        if len(versions) == 1 and None not in versions:
            return str(versions.pop())
        return texts.pop() if len(texts) == 1 else None

    def steps(self, previous: Claim | None) -> Iterator[Step]:
        """Give the commits since the last release that touch the version files, oldest first."""
        if not self.paths:
            return
        touching = self.worktree.first_parents(previous.commit if previous else None, self.head, self.paths)
        recent = touching[: _WITHIN if previous else _WITHIN_FIRST]
        changing = self._changing([commit for commit, _ in recent])
        for commit, parent in reversed(recent):
            if commit in changing:
                before = self.version_text(parent or commit)
                yield Step(commit, before, self.version_text(commit))

    def _changing(self, commits: Sequence[str]) -> Collection[str]:
        """Leave out what changes no version line, where it is known how such a line looks."""
        if any(path.rpartition("/")[2] not in _NAMED for path in self.paths):
            return commits
        return self.worktree.changing(commits, _VERSION_LINE, self.paths)

    def _opened(self, commit: str) -> Tree:
        tree = self.worktree.tree(commit)
        tree.preload(path for path in tree.paths() if path.rpartition("/")[2] in _PRELOADED)
        tree.preload(self.paths)
        return tree


def begun_on(branch: Branch, previous: Claim | None) -> Begun:
    """Find what was begun since the last release, and what of it was given up; tags are not looked at."""
    text = branch.version_text(branch.head)
    now = read(text) if text else None
    found = begun_in(branch.steps(previous), previous.version if previous else None, now)
    if found.standing or previous is not None or now is None:
        return found
    for spelled in dict.fromkeys((text or "", str(now))):
        if (first := _first(branch, now, spelled, found)) is not None:
            return first
    return found


def _first(branch: Branch, now: ReleaseVersion, spelled: str, found: Begun) -> Begun | None:
    """A first release may have changed no version: then its subject tells, or its merge, and that of its revert."""
    worktree, git, head = branch.worktree, branch.worktree.git, branch.head
    commit = first_with_subject(git, f"release {spelled}", head)
    for name in (spelled, f"v{spelled}"):
        commit = commit or first_merge(git, PROPOSED + name, head)
    if commit is None:
        return None
    claim = Claim(version=now, commit=commit)
    undone = first_with_subject(git, f'Revert "{worktree.subject(commit).strip()}"', head)
    if undone is not None and branch.worktree.is_ancestor(commit, undone):
        return Begun(given_up=(claim, *found.given_up))
    return Begun((claim,), found.given_up)
