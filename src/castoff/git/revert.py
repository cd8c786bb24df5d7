"""The revert of a release commit: a new commit above the branch, which is never moved.

A text with one change taken out of it, and all that came after kept.
Git's own revert calls neighbours a conflict: a new entry right above the heading that a release cut. Here lines
count by themselves; only a line that was itself changed again stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from castoff.errors import Refusal
from castoff.git.clone import Clone


def taken_out(now: str, *, before: str, after: str) -> str | None:
    """Give ``now`` without the change from ``before`` to ``after``; None where its lines were changed again.

    No line is dropped that the change did not bring.
    """
    old, made, lines = (text.splitlines(keepends=True) for text in (before, after, now))
    place = _places(made, lines)
    found: dict[int, list[str]] = {}
    ahead: dict[int, list[str]] = {}
    for start, end, back in _hunks(made, old):
        at = [place.get(number) for number in range(start, end)]
        spots = [spot for spot in at if spot is not None]
        if len(spots) < len(at):
            return None
        if not spots:
            spot = _beside(place, start)
            if spot is None and any(line.strip() for line in back):
                return None
            if spot is not None:
                ahead[spot] = back
        elif len(spots) == len(back):
            found.update((spot, [line]) for spot, line in zip(spots, back, strict=True))
        elif not back or spots[-1] - spots[0] == len(spots) - 1:
            found.update((spot, []) for spot in spots)
            found[spots[0]] = back
        else:
            return None
    return "".join(_written(lines, found, ahead))


def _places(made: list[str], lines: list[str]) -> dict[int, int]:
    """Say for lines of the change's result where they stand now."""
    blocks = SequenceMatcher(None, made, lines, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _hunks(made: list[str], old: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Return what the change wrote as (first line, line after the last, what stood there before)."""
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, made, old, autojunk=False).get_opcodes():
        if kind != "equal":
            yield i1, i2, old[j1:j2]


def _beside(place: dict[int, int], start: int) -> int | None:
    """Find where to put lines back that the change only took away."""
    if start - 1 in place:
        return place[start - 1] + 1
    return 0 if start == 0 else place.get(start)


def _written(lines: list[str], found: dict[int, list[str]], ahead: dict[int, list[str]]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield from ahead.get(number, ())
        yield from found.get(number, (line,))
    yield from ahead.get(len(lines), ())


def revert(
    clone: Clone,
    commit: str,
    head: str,
    *,
    title: str,
    belongs: Callable[[str], bool],
    tidy: Callable[[str, str], str],
    sign: bool | None,
    signoff: bool,
) -> str:
    """Make a commit above ``head`` that takes the changes back of the release commit of ``title``; returns it.

    ``belongs`` says of a path whether a release writes it; ``tidy`` makes a text good where new lines and those
    that come back meet. Errors: ``revert-carries-more`` where the commit changed other files as well (a squash),
    ``revert-conflict`` where later commits changed the same lines.
    """
    changed = _changed(clone, commit)
    strays = [path for path in changed if not belongs(path)]
    if strays:
        raise _carries_more(commit, title, strays)
    clone.check_out(head)
    parents = clone.git.must("show", "--no-patch", "--format=%P", commit).split()
    mainline = ["--mainline", "1"] if len(parents) > 1 else []
    done = clone.git.run("revert", "--no-commit", *mainline, commit)
    if done.code != 0:
        listing = clone.git.must("diff", "--name-only", "-z", "--diff-filter=U").split("\0")
        unmerged = [path for path in listing if path]
        left = _line_by_line(clone, commit, head, unmerged)
        if left or not unmerged:
            clone.git.run("reset", "--quiet", "--hard", head)
            raise _conflict(commit, title, left, done.last_words)
    _tidied(clone, changed, tidy)
    subject = clone.git.must("show", "--no-patch", "--format=%s", commit)
    message = f'Revert "{subject}"\n\nThis reverts commit {commit}.\n'
    paths = clone.changed_paths()
    if not paths:
        return clone.commit_nothing(message, sign=sign)
    return clone.commit(message, paths, sign=sign, signoff=signoff)


def _line_by_line(clone: Clone, commit: str, head: str, unmerged: list[str]) -> list[str]:
    """Take the change out of files that git could not merge; returns those that stay in conflict."""
    before, after, now = (clone.tree(one) for one in (f"{commit}^1", commit, head))
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
            clone.write({path: text})
    return left


def _tidied(clone: Clone, paths: list[str], tidy: Callable[[str, str], str]) -> None:
    for path in paths:
        full = clone.root / path
        if full.is_file() and not full.is_symlink():
            text = full.read_bytes().decode("utf-8", "replace")
            made = tidy(path, text)
            if made != text and "\ufffd" not in text:
                clone.write({path: made})


def _changed(clone: Clone, commit: str) -> list[str]:
    listing = clone.git.must(
        "diff-tree", "-r", "-m", "--first-parent", "--no-commit-id", "--name-only", "-z", commit
    )
    return list(dict.fromkeys(path for path in listing.split("\0") if path))


def _carries_more(commit: str, title: str, strays: list[str]) -> Exception:
    return Refusal.of(
        "revert-carries-more",
        f"the release commit {commit[:12]} has changes beyond a release: "
        + ", ".join(f"`{path}`" for path in strays[:5]),
        reason="a revert would also undo that work",
        remedy=f"restore the version by hand, push the commit, and run `castoff abandon {title} --execute` again",
        file=strays[0],
        commit=commit,
    )


def _conflict(commit: str, title: str, unmerged: list[str], words: str) -> Exception:
    return Refusal.of(
        "revert-conflict",
        f"the release commit {commit[:12]} cannot be reverted on the branch as it is now",
        reason="later commits changed the same lines of " + ", ".join(f"`{path}`" for path in unmerged[:5])
        if unmerged
        else words,
        remedy=f"restore the version by hand, push the commit, and run `castoff abandon {title} --execute` again",
        file=unmerged[0] if unmerged else None,
        commit=commit,
    )
