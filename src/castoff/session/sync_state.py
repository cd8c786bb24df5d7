"""Differences between this clone and its remote; what was never pushed is not released."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from castoff.errors import Problem
from castoff.git import CheckedOut, Clone, Repository


class Heads(Struct, frozen=True):
    """The head of a branch on the remote, and what is checked out here.

    ``remote`` is the name of the remote, None without one.
    """

    remote: str | None
    there: str | None
    here: CheckedOut


def remote_problems(
    repository: Repository, clone: Clone, heads: Heads, *, reachable: bool
) -> tuple[Problem, ...]:
    """Return what is wrong with clone and remote; ``reachable``: the remote answered."""
    remote, branch = heads.remote, heads.here.branch or "main"
    # From the outside in: without a remote nothing about its branch can be said.
    if remote is None:
        return (
            Problem(
                code="no-remote",
                message="the repository has no remote",
                remedy="add one with `git remote add origin URL`, or set `release.remote`",
            ),
        )
    if not reachable:
        return (
            Problem(
                code="remote-unreachable",
                severity="warning",
                message=f"the remote `{remote}` could not be queried",
                reason=f"{clone.last_refusal}\nthis output shows the last known state of the remote".strip(),
                remedy="make sure that `git ls-remote` works",
            ),
        )
    if heads.there is None:
        return (
            Problem(
                code="branch-not-on-remote",
                message=f"the remote `{remote}` has no branch `{branch}`",
                reason="a release starts from the branch on the remote, and its commit is pushed there",
                remedy=f"push it first: `git push --set-upstream {remote} {branch}`",
            ),
        )
    return (
        *shallow_problems(repository),
        *_uncommitted(heads.here.changed),
        *(() if heads.there == heads.here.commit else (_apart(clone, branch, heads, heads.there),)),
    )


def shallow_problems(repository: Repository) -> tuple[Problem, ...]:
    """Report a shallow clone: what its history does not reach would look as if it was never there."""
    if not repository.is_shallow():
        return ()
    return (
        Problem(
            code="shallow-clone",
            message="this is a shallow clone",
            reason="the last release and releases in flight are found in the history of the branch",
            remedy="run `git fetch --unshallow`; in a workflow, check out with `fetch-depth: 0`",
        ),
    )


def _uncommitted(changed: Sequence[str]) -> tuple[Problem, ...]:
    if not changed:
        return ()
    count = "1 tracked file has" if len(changed) == 1 else f"{len(changed)} tracked files have"
    return (
        Problem(
            code="uncommitted-changes",
            message=f"{count} changes that are not committed",
            reason="a release is made from the branch on the remote: "
            + ", ".join(f"`{path}`" for path in changed[:3]),
            remedy="commit and push them, or stash them with `git stash`",
            file=changed[0],
        ),
    )


def _apart(clone: Clone, branch: str, heads: Heads, there: str) -> Problem:
    """Return how clone and remote differ: what was never pushed will not be released."""
    here = heads.here.commit or ""
    reason = f"here {here[:12]}, on `{heads.remote}` {there[:12]}; a release starts from the remote's"
    # Behind is only a warning: the release starts from the remote's head anyway.
    if clone.is_ancestor(here, there):
        return Problem(
            code="branch-behind",
            severity="warning",
            message="this branch is not up to date with the remote",
            reason=reason,
            remedy="run `git pull` to see what will be released",
            commit=here,
        )
    # Not behind: either ahead, or both have commits of their own.
    diverged = not clone.is_ancestor(there, here)
    return Problem(
        code="branch-diverged" if diverged else "branch-ahead",
        message="this branch and the remote's have diverged"
        if diverged
        else "this branch has commits that are not on the remote",
        reason=reason,
        remedy="rebase (`git pull --rebase`) and push"
        if diverged
        else f"push them first: `git push {heads.remote} {branch}`",
        commit=here,
    )
