"""How does a proposal take in what happened on its branch and on the one that it is for? Merged, never forced."""

from __future__ import annotations

from castoff.errors import Refusal
from castoff.git.worktree import Worktree


def own_commit(worktree: Worktree, head: str, onto: str, subject: str) -> str | None:
    """Find the newest release commit that castoff alone made for a proposal; None where there is none.

    ``subject`` is the first line of its message. What brings a proposal up to date is a merge whose message
    begins with it, and whose second parent is the release commit that was made anew.
    """
    listing = worktree.git.must("log", "--first-parent", "--format=%H%x1f%P%x1f%s", f"{onto}..{head}")
    for row in (line.split("\x1f") for line in listing.split("\n") if line):
        commit, parents, said = row[0], row[1].split(), row[2]
        if said == subject and len(parents) == 1:
            return commit
        if said.startswith(f"{subject}: ") and len(parents) == 2:
            return parents[1]
    return None


def joined(
    worktree: Worktree, *, fresh: str, head: str, own: str, onto: str, message: str, sign: bool | None
) -> str:
    """Put what people changed since castoff's ``own`` commit on top of a ``fresh`` one; gives the commit to push.

    It merges the fresh commit, and with it the branch that the proposal goes ``onto``, into the branch's
    ``head``, so that nothing is forced. Gives the head where it holds all of that. Error ``proposal-conflict``.
    """
    worktree.check_out(fresh)
    done = worktree.git.run("merge-recursive", own, "--", fresh, head)
    if done.code != 0:
        raise _conflict(worktree, fresh)
    tree = worktree.git.must("write-tree")
    if tree == worktree.git.must("rev-parse", f"{head}^{{tree}}") and worktree.is_ancestor(onto, head):
        return head
    signed = ["--gpg-sign"] if sign else ["--no-gpg-sign"] if sign is False else []
    words = ["commit-tree", tree, "-p", head, "-p", fresh, *signed, "-F", "-"]
    made = worktree.git.run(*words, given=message.encode())
    if made.code != 0:
        raise Refusal.of(
            "commit-failed",
            "git did not make the commit that brings the proposal up to date",
            reason=made.last_words,
            remedy="the signing key said no: mend that, then run castoff again",
        )
    return made.text.strip()


def _conflict(worktree: Worktree, fresh: str) -> Exception:
    listing = worktree.git.run("diff", "--name-only", "--diff-filter=U", "-z").text
    paths = [path for path in listing.split("\0") if path]
    worktree.git.run("reset", "--quiet", "--hard", fresh)
    return Refusal.of(
        "proposal-conflict",
        "the proposal cannot be brought up to date: what people changed there and what the release changes collide",
        reason=", ".join(f"`{path}`" for path in paths[:5]) or "git could not merge them",
        remedy="merge the release branch into the proposal's by hand, or close the pull request and delete its branch",
        file=paths[0] if paths else None,
    )
