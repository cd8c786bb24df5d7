"""How do this clone and its remote differ? What was never pushed is not released."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.git import Refs, Repository, Worktree


def remote_problems(
    repository: Repository,
    worktree: Worktree,
    named: tuple[str | None, str | None],
    refs: Refs | None,
    heads: tuple[str | None, str],
) -> tuple[Problem, ...]:
    """Say what is wrong with clone and remote; ``named`` is name and address, ``heads`` there and here."""
    (remote, url), (remote_head, local_head) = named, heads
    branch = repository.branch() or "main"
    if remote is None or url is None:
        return (
            Problem(
                code="no-remote",
                message="the repository has no remote that a release could go to",
                remedy="add one with `git remote add origin URL`, or name one in `release.remote`",
            ),
        )
    if refs is None:
        return (
            Problem(
                code="remote-unreachable",
                severity="warning",
                message=f"the remote `{remote}` could not be asked",
                reason=f"{worktree.last_refusal}\nwhat is shown rests on what this clone last knew".strip(),
                remedy="see that `git ls-remote` works",
            ),
        )
    if remote_head is None:
        return (
            Problem(
                code="branch-not-on-remote",
                message=f"the remote `{remote}` has no branch `{branch}`",
                reason="a release starts from the remote's branch, and its commit is pushed there",
                remedy=f"push it first: `git push --set-upstream {remote} {branch}`",
            ),
        )
    return (
        *_shallow(repository),
        *_uncommitted(repository.changed_paths()),
        *(() if remote_head == local_head else (_apart(worktree, remote, remote_head, local_head),)),
    )


def _shallow(repository: Repository) -> tuple[Problem, ...]:
    if not repository.is_shallow():
        return ()
    return (
        Problem(
            code="shallow-clone",
            message="this clone holds only a part of the history",
            reason="the last release and what was begun since are found by walking the branch's commits",
            remedy="run `git fetch --unshallow`; in a workflow, check out with `fetch-depth: 0`",
        ),
    )


def _uncommitted(changed: Sequence[str]) -> tuple[Problem, ...]:
    if not changed:
        return ()
    return (
        Problem(
            code="uncommitted-changes",
            message=f"{len(changed)} tracked files have changes that are not committed",
            reason="a release is made from the remote's branch: "
            + ", ".join(f"`{path}`" for path in changed[:3]),
            remedy="commit and push them, or put them aside with `git stash`",
            file=changed[0],
        ),
    )


def _apart(worktree: Worktree, remote: str, remote_head: str, local_head: str) -> Problem:
    """Say how clone and remote differ: what was never pushed will not be released."""
    reason = f"here {local_head[:12]}, on `{remote}` {remote_head[:12]}; a release starts from the remote's"
    if worktree.is_ancestor(local_head, remote_head):
        return Problem(
            code="branch-behind",
            severity="warning",
            message="this branch is not at the remote's head",
            reason=reason,
            remedy="run `git pull` so that you see what will be released",
            commit=local_head,
        )
    diverged = not worktree.is_ancestor(remote_head, local_head)
    return Problem(
        code="branch-diverged" if diverged else "branch-ahead",
        message="this branch and the remote's have each commits that the other has not"
        if diverged
        else "this branch has commits that the remote has not",
        reason=reason,
        remedy="bring them together (`git pull --rebase`) and push" if diverged else "push them first",
        commit=local_head,
    )
