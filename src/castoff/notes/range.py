"""The changes that a range of commits holds, and the commits that belong to none.

A change is in the range where its merge commit, its squash commit or one of its rebased commits is. A title that
merely ends in ``(#N)`` proves nothing: it may come from imported history, or from a cherry-pick.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from castoff.notes.engine import LeftOut
from castoff.regexes import regex
from castoff.text.one_line import one_line
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.model.changes import Change, Commit

_SQUASHED = regex(r"\(#([0-9]{1,9})\)\s*\Z")
_MERGED = regex(r"Merge pull request #([0-9]{1,9}) from ")
_PICKED = regex(r"^\(cherry picked from commit ([0-9a-f]{7,64})\)", re.MULTILINE)
_REVERTS_COMMIT = regex(r"^This reverts commit ([0-9a-f]{7,64})", re.MULTILINE)
_REVERTS_CHANGE = regex(r"^Reverts (?:[\w.-]{1,100}/[\w.-]{1,100})?#([0-9]{1,9})\b", re.MULTILINE)


class CherryPick(Struct, frozen=True):
    """A commit that repeats a change merged elsewhere; the forge does not list it by itself."""

    commit: Commit
    change: Change


class Revert(Struct, frozen=True):
    """A commit or change that takes ``reverted`` back; ``by`` is the change that does, where there is one."""

    reverted: int
    commit: str
    by: int | None = None


class ChangesInRange(Struct, frozen=True, kw_only=True):
    """What the range holds: ``changes`` by merge time, commits in the order of the range."""

    changes: tuple[Change, ...]
    cherry_picks: tuple[CherryPick, ...] = ()
    without_change: tuple[Commit, ...] = ()
    reverts: tuple[Revert, ...] = ()

    def with_cherry_picks(self) -> tuple[Change, ...]:
        """Return the changes and those that were picked, each once: what a hotfix tells its users."""
        known = {change.number for change in self.changes}
        picked = {pick.change.number: pick.change for pick in self.cherry_picks}
        return (*self.changes, *(change for number, change in picked.items() if number not in known))

    def left_out(self) -> tuple[LeftOut, ...]:
        """Say of each commit without a pull request that the notes do not list it, and why."""
        picks = (
            LeftOut(p.change.number, p.commit.sha, "no-pull-request", f"cherry-pick of #{p.change.number}")
            for p in self.cherry_picks
        )
        others = (
            LeftOut(None, commit.sha, "no-pull-request", one_line(commit.subject))
            for commit in self.without_change
        )
        return (*picks, *others)


def changes_in_range(
    commits: Sequence[Commit], pull_requests: Sequence[Change], *, expected: Collection[str] = ()
) -> ChangesInRange:
    """Match commits with merged pull requests.

    Args:
        commits: the range, newest first and each commit before its parents, as ``git rev-list --topo-order``
            gives them.
        pull_requests: merged pull requests of this repository, at least those that may be in the range.
        expected: commits that need no pull request, such as the release commit.
    """
    owners = _owners(pull_requests)
    matched = {commit.sha: owners[commit.sha] for commit in commits if commit.sha in owners}
    brought = _brought_in(commits, matched)
    by_number = {change.number: change for change in pull_requests}
    picks, without = [], []
    for commit in commits:
        if commit.sha in matched or commit.sha in brought or commit.sha in expected:
            continue
        picked = _picked_change(commit, by_number, owners)
        if picked is not None:
            picks.append(CherryPick(commit, picked))
        # Merge commits without a change only join branches and need no mention.
        elif len(commit.parents) < 2:
            without.append(commit)
    order = _order_of_landing(commits, matched)
    found = {c.number: replace(c, merged_order=order.get(c.number)) for c in matched.values()}
    return ChangesInRange(
        changes=tuple(sorted(found.values(), key=lambda change: change.landing)),
        cherry_picks=tuple(picks),
        without_change=tuple(without),
        reverts=tuple(_reverts(commits, matched, owners)),
    )


def named_pull_request(subject: str) -> int | None:
    """Return the number that a merge or squash subject names; it is a hint, never a proof."""
    # GitHub's default subjects of merge and squash commits.
    match = _MERGED.match(subject) or _SQUASHED.search(subject)
    return int(match[1]) if match else None


def _owners(pull_requests: Sequence[Change]) -> dict[str, Change]:
    owners: dict[str, Change] = {}
    for change in pull_requests:
        for sha in change.head_commits:
            # A commit can be in several pull requests; the first one that was merged brought it.
            owners.setdefault(sha, change)
    for change in pull_requests:
        if change.merge_commit is not None:
            # Written last: the merge commit belongs to exactly one change, whatever lists it as a head
            # commit.
            owners[change.merge_commit] = change
    return owners


def _brought_in(commits: Sequence[Commit], matched: Mapping[str, Change]) -> set[str]:
    """Return the commits that came with the merge commit of a change.

    The main line is walked from its oldest commit, so that what is reached from a side parent and was not
    reached before is what this merge brought.
    """
    known = {commit.sha: commit for commit in commits}
    seen: set[str] = set()
    brought: set[str] = set()
    # Oldest first, so that a side branch is counted for the first merge that brought it.
    for commit in reversed(list(_main_line(commits, known))):
        seen.add(commit.sha)
        side = set(_reached(commit.parents[1:], known, seen))
        if commit.sha in matched:
            brought |= side
    return brought


def _order_of_landing(commits: Sequence[Commit], matched: Mapping[str, Change]) -> dict[int, int]:
    """Number the changes as they landed on the main line, from 0.

    A change of several commits landed with its last one. A change that another one contained landed after it: GitHub
    closes it in the same second, once the commit that holds it is there (datafuselabs/databend v1.2.344).
    """
    known = {commit.sha: commit for commit in commits}
    age = {commit.sha: index for index, commit in enumerate(reversed(commits))}
    seen: set[str] = set()
    landed: dict[int, None] = {}
    for commit in reversed(list(_main_line(commits, known))):
        seen.add(commit.sha)
        if commit.sha in matched:
            # Removed and added again: a rebased change lands with its last commit.
            landed.pop(matched[commit.sha].number, None)
            landed[matched[commit.sha].number] = None
        for sha in sorted(_reached(commit.parents[1:], known, seen), key=age.__getitem__):
            if sha in matched:
                landed.setdefault(matched[sha].number, None)
    return {number: place for place, number in enumerate(landed)}


def _main_line(commits: Sequence[Commit], known: Mapping[str, Commit]) -> Iterator[Commit]:
    commit = commits[0] if commits else None
    seen: set[str] = set()
    while commit is not None and commit.sha not in seen:
        seen.add(commit.sha)
        yield commit
        # First parents are the branch's own line (git-log, `--first-parent`).
        commit = known.get(commit.parents[0]) if commit.parents else None


def _reached(starts: Sequence[str], known: Mapping[str, Commit], seen: set[str]) -> Iterator[str]:
    waiting = list(starts)
    while waiting:
        sha = waiting.pop()
        if sha in seen or sha not in known:
            continue
        seen.add(sha)
        yield sha
        waiting.extend(known[sha].parents)


def _picked_change(
    commit: Commit, by_number: Mapping[int, Change], owners: Mapping[str, Change]
) -> Change | None:
    # The line of `git cherry-pick -x`; without it only an equal title with the number counts.
    match = _PICKED.search(commit.body)
    if match is not None:
        return _by_prefix(match[1], owners)
    change = by_number.get(named_pull_request(commit.subject) or 0)
    title = _SQUASHED.sub("", commit.subject).strip()
    return change if change is not None and title == change.title.strip() else None


def _by_prefix(sha: str, owners: Mapping[str, Change]) -> Change | None:
    if sha in owners:
        return owners[sha]
    found = {change.number: change for known, change in owners.items() if known.startswith(sha)}
    # An abbreviated id must be unique, or nothing is concluded.
    return next(iter(found.values())) if len(found) == 1 else None


def _reverts(
    commits: Sequence[Commit], matched: Mapping[str, Change], owners: Mapping[str, Change]
) -> Iterator[Revert]:
    told = set()
    for commit in commits:
        by = matched.get(commit.sha)
        for number in _reverted(commit, by, owners):
            # A change whose own commits revert each other did not revert itself.
            if by is not None and by.number == number:
                continue
            if (number, by) not in told:
                told.add((number, by))
                yield Revert(number, commit.sha, by.number if by else None)


def _reverted(commit: Commit, by: Change | None, owners: Mapping[str, Change]) -> Iterator[int]:
    for sha in _REVERTS_COMMIT.findall(commit.body):
        change = _by_prefix(sha, owners)
        if change is not None:
            yield change.number
    if by is not None:
        yield from (int(number) for number in _REVERTS_CHANGE.findall(by.body))
