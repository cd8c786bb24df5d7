"""Pull requests that brought a commit in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.records import Issue
from castoff.world.forge.state import State


def merged_by_commit(state: State, git: BareRepository) -> dict[str, list[Issue]]:
    """Map each commit that a merged pull request brought in to those pull requests, by number.

    A merge commit stands for itself and for all that only its later parents reach, so the pull requests
    that were merged into a feature branch share commits with the outer one. A cherry-pick has another id
    and belongs to nothing.
    """
    found: dict[str, list[Issue]] = defaultdict(list)
    for issue in state.pulls():
        for sha in _brought_in(git, issue):
            found[sha].append(issue)
    return found


def pulls_of(state: State, git: BareRepository, sha: str) -> list[Issue]:
    """Return the merged pull requests of one commit, and the open ones that hold it."""
    merged = merged_by_commit(state, git).get(sha, [])
    waiting = [issue for issue in state.pulls() if issue.state == "open" and sha in proposed(git, issue)]
    return sorted([*merged, *waiting], key=lambda issue: issue.number)


def in_range(state: State, git: BareRepository, commits: Iterable[str]) -> list[Issue]:
    """Return each merged pull request of these commits once, by number."""
    index = merged_by_commit(state, git)
    found = {issue.number: issue for sha in commits for issue in index.get(sha, [])}
    return [found[number] for number in sorted(found)]


def head_of(git: BareRepository, issue: Issue) -> str | None:
    """Return the commit at the head of a pull request: of the branch while open, as it was afterwards."""
    if issue.pull is None:
        return None
    if issue.state == "open":
        return git.resolve(f"refs/heads/{branch_of(issue.pull.head)}") or issue.pull.head_sha
    return issue.pull.head_sha


def base_of(git: BareRepository, issue: Issue) -> str | None:
    """Return the commit that a pull request is compared with."""
    if issue.pull is None:
        return None
    if issue.pull.base_sha and issue.state != "open":
        return issue.pull.base_sha
    return git.resolve(f"refs/heads/{issue.pull.base}") or issue.pull.base_sha


def branch_of(head: str) -> str:
    """Take the owner off a head that was given as ``owner:branch``."""
    return head.rpartition(":")[2]


def proposed(git: BareRepository, issue: Issue) -> list[str]:
    """Return the commits that a pull request proposes, oldest first; none where git does not have them."""
    base, head = base_of(git, issue), head_of(git, issue)
    if not base or not head or git.kind(head) != "commit" or git.kind(base) != "commit":
        return []
    return git.ids("--reverse", head, f"^{base}")


def _brought_in(git: BareRepository, issue: Issue) -> tuple[str, ...]:
    if issue.pull is None or issue.pull.merged_at is None:
        return ()
    known = [*issue.pull.commits]
    if issue.pull.merge_commit:
        known += [issue.pull.merge_commit, *git.side_of(issue.pull.merge_commit)]
    return tuple(dict.fromkeys(known))
