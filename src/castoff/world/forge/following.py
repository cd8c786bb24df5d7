"""Pull requests that a push merged."""

from __future__ import annotations

from datetime import datetime

from castoff.world.forge.association import branch_of
from castoff.world.forge.committing import Merge
from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.records import Issue
from castoff.world.forge.state import State


def follow_pushes(state: State, git: BareRepository, now: datetime, login: str) -> None:
    """Mark pull requests merged whose head has reached the base by a push, as the real service does.

    Those whose branch is there are kept up to date with it; those that were only seeded stay as they are.
    """
    waiting = [issue for issue in state.pulls() if issue.state == "open"]
    if not waiting:
        return
    heads = {ref.name.removeprefix("refs/heads/"): ref.sha for ref in git.refs("refs/heads/")}
    for issue in waiting:
        pull = issue.pull
        assert pull is not None
        base, head = heads.get(pull.base), heads.get(branch_of(pull.head)) or pull.head_sha
        if base is None or head is None:
            continue
        pull.head_sha = head
        pull.base_sha = pull.base_sha or base
        if base != pull.base_sha and git.is_ancestor(head, base):
            settle(issue, Merge(pull.base_sha, head, ()), (_entrance(git, head, base),), now, login)


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
