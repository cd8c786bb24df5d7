"""How is a release commit taken back? By a new commit above the branch, never by moving it."""

from __future__ import annotations

from collections.abc import Callable

from castoff.errors import Refusal
from castoff.git.undoing import taken_out
from castoff.git.worktree import Worktree


def revert(
    worktree: Worktree,
    commit: str,
    head: str,
    *,
    belongs: Callable[[str], bool],
    tidy: Callable[[str, str], str],
    sign: bool | None,
    signoff: bool,
) -> str:
    """Make a commit above ``head`` that takes a release commit's changes back; gives it.

    ``belongs`` says of a path whether a release writes it; ``tidy`` makes a text good where new lines and those
    that come back meet. Errors: ``revert-carries-more`` where the commit changed other files as well (a squash),
    ``revert-conflict`` where later commits changed the same lines.
    """
    changed = _changed(worktree, commit)
    strays = [path for path in changed if not belongs(path)]
    if strays:
        raise _carries_more(commit, strays)
    worktree.check_out(head)
    parents = worktree.git.must("show", "--no-patch", "--format=%P", commit).split()
    mainline = ["--mainline", "1"] if len(parents) > 1 else []
    done = worktree.git.run("revert", "--no-commit", *mainline, commit)
    if done.code != 0:
        listing = worktree.git.must("diff", "--name-only", "-z", "--diff-filter=U").split("\0")
        unmerged = [path for path in listing if path]
        left = _line_by_line(worktree, commit, head, unmerged)
        if left or not unmerged:
            worktree.git.run("reset", "--quiet", "--hard", head)
            raise _conflict(commit, left, done.last_words)
    _tidied(worktree, changed, tidy)
    subject = worktree.git.must("show", "--no-patch", "--format=%s", commit)
    message = f'Revert "{subject}"\n\nThis reverts commit {commit}.\n'
    paths = worktree.changed_paths()
    if not paths:
        return worktree.commit_nothing(message, sign=sign)
    return worktree.commit(message, paths, sign=sign, signoff=signoff)


def _line_by_line(worktree: Worktree, commit: str, head: str, unmerged: list[str]) -> list[str]:
    """Take the change out of files that git could not merge; gives those that stay in conflict."""
    before, after, now = (worktree.tree(one) for one in (f"{commit}^1", commit, head))
    left = []
    for path in unmerged:
        old, made, present = before.read(path), after.read(path), now.read(path)
        if old is None or made is None or present is None:
            left.append(path)
            continue
        text = taken_out(present, before=old, after=made)
        if text is None:
            left.append(path)
        else:
            worktree.write({path: text})
    return left


def _tidied(worktree: Worktree, paths: list[str], tidy: Callable[[str, str], str]) -> None:
    for path in paths:
        full = worktree.root / path
        if full.is_file() and not full.is_symlink():
            text = full.read_bytes().decode("utf-8", "replace")
            made = tidy(path, text)
            if made != text and "\ufffd" not in text:
                worktree.write({path: made})


def _changed(worktree: Worktree, commit: str) -> list[str]:
    listing = worktree.git.must(
        "diff-tree", "-r", "-m", "--first-parent", "--no-commit-id", "--name-only", "-z", commit
    )
    return list(dict.fromkeys(path for path in listing.split("\0") if path))


def _carries_more(commit: str, strays: list[str]) -> Exception:
    return Refusal.of(
        "revert-carries-more",
        f"the release commit {commit[:12]} changes more than a release does: "
        + ", ".join(f"`{path}`" for path in strays[:5]),
        reason="a revert would take that work back too",
        remedy="set the version back by hand, push that, and run `castoff abandon` again",
        file=strays[0],
        commit=commit,
    )


def _conflict(commit: str, unmerged: list[str], words: str) -> Exception:
    return Refusal.of(
        "revert-conflict",
        f"the release commit {commit[:12]} cannot be reverted on the branch as it is now",
        reason="later commits changed the same lines of " + ", ".join(f"`{path}`" for path in unmerged[:5])
        if unmerged
        else words,
        remedy="set the version back by hand, push that, and run `castoff abandon` again",
        file=unmerged[0] if unmerged else None,
        commit=commit,
    )
