"""Which pull requests did a push merge?"""

from __future__ import annotations

from datetime import datetime

from castoff.world.forge import association
from castoff.world.forge.committing import Merge
from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.records import Issue
from castoff.world.forge.state import State


def follow_pushes(state: State, git: BareRepository, now: datetime, login: str) -> None:
    """Mark pull requests merged whose head has reached the base by a push, as the real service does."""
    for issue in state.pulls():
        pull = issue.pull
        if issue.state != "open" or pull is None or not pull.head_sha:
            continue
        base, head = association.base_of(git, issue), association.head_of(git, issue)
        if base and head and base != pull.base_sha and git.is_ancestor(head, base):
            merge = Merge(pull.base_sha or base, head, ())
            settle(issue, merge, (_entrance(git, head, base),), now, login)


def settle(issue: Issue, merge: Merge, made: tuple[str, ...], now: datetime, login: str) -> None:
    """Put a merge on the record; ``made`` are the commits that are new on the base, oldest first."""
    pull = issue.pull
    assert pull is not None
    pull.merged_at, pull.merged_by, pull.merge_commit = now, login, made[-1]
    pull.head_sha, pull.base_sha = merge.head, merge.base
    pull.commits = made
    issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", now, login, now


def _entrance(git: BareRepository, head: str, base: str) -> str:
    """Find the oldest commit of the base's own line that holds the head."""
    line = git.ids("--first-parent", "--ancestry-path", f"^{head}", base)
    return line[-1] if line else head
