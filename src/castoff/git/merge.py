"""Merges of a proposal with its branch and with the one that it is for; never forced."""

from __future__ import annotations

from castoff.errors import Refusal
from castoff.git.clone import Clone


def own_commit(clone: Clone, head: str, onto: str, subject: str) -> str | None:
    """Find the newest release commit that castoff alone made for a proposal; None where there is none.

    ``subject`` is the first line of its message. What brings a proposal up to date is a merge whose message
    begins with it, and whose second parent is the release commit that was made anew.
    """
    listing = clone.git.must("log", "--first-parent", "--format=%H%x1f%P%x1f%s", f"{onto}..{head}")
    for row in (line.split("\x1f") for line in listing.split("\n") if line):
        commit, parents, said = row[0], row[1].split(), row[2]
        if said == subject and len(parents) == 1:
            return commit
        if said.startswith(f"{subject}: ") and len(parents) == 2:
            return parents[1]
    return None


def joined(
    clone: Clone, *, fresh: str, head: str, own: str, onto: str, message: str, sign: bool | None
) -> str:
    """Put what people changed since castoff's ``own`` commit on top of a ``fresh`` one; returns the commit to push.

    It merges the fresh commit, and with it the branch that the proposal goes ``onto``, into the branch's
    ``head``, so that nothing is forced. Gives the head where it holds all of that. Error ``proposal-conflict``.
    """
    clone.check_out(fresh)
    done = clone.git.run("merge-recursive", own, "--", fresh, head)
    if done.code != 0 and clone.is_ancestor(onto, head):
        # Somebody merged the release branch by hand, as the remedy says: what they decided there stands.
        clone.git.must("reset", "--quiet", "--hard", fresh)
        done = clone.git.run("merge-recursive", "--theirs", onto, "--", fresh, head)
    if done.code != 0:
        raise _conflict(clone, fresh)
    tree = clone.git.must("write-tree")
    if tree == clone.git.must("rev-parse", f"{head}^{{tree}}") and clone.is_ancestor(onto, head):
        return head
    signed = ["--gpg-sign"] if sign else ["--no-gpg-sign"] if sign is False else []
    words = ["commit-tree", tree, "-p", head, "-p", fresh, *signed, "-F", "-"]
    made = clone.git.run(*words, given=message.encode())
    if made.code != 0:
        raise Refusal.of(
            "commit-failed",
            "git did not create the commit that updates the proposal",
            reason=made.last_words,
            remedy="the signing key refused it: fix that, then run castoff again",
        )
    return made.text.strip()


def _conflict(clone: Clone, fresh: str) -> Exception:
    listing = clone.git.run("diff", "--name-only", "--diff-filter=U", "-z").text
    paths = [path for path in listing.split("\0") if path]
    clone.git.run("reset", "--quiet", "--hard", fresh)
    return Refusal.of(
        "proposal-conflict",
        "the proposal cannot be updated: manual changes conflict with the changes of the release",
        reason=", ".join(f"`{path}`" for path in paths[:5]) or "git could not merge them",
        remedy="merge the release branch into the proposal's by hand and run castoff again, or close the pull request "
        "and delete its branch",
        file=paths[0] if paths else None,
    )
