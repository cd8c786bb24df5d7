"""Files that differ between two commits."""

from __future__ import annotations

from msgspec import Struct

from castoff.world.forge.plumbing import BareRepository

_WORDS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class File(Struct, frozen=True, kw_only=True):
    """One file that differs; ``previous`` is its old name where it was renamed."""

    name: str
    status: str
    sha: str
    additions: int
    deletions: int
    previous: str | None = None


def changed_files(git: BareRepository, base: str, head: str) -> list[File]:
    """Return the files that ``head`` changes since it left ``base``, by name."""
    fork = git.run("merge-base", base, head)
    return between(git, fork.strip() if fork else base, head)


def between(git: BareRepository, old: str | None, new: str) -> list[File]:
    """Return the files that differ between two trees; None is the empty one."""
    ends = (old or _EMPTY_TREE, new)
    raw = git.run("diff-tree", "-r", "-z", "-M", "--raw", *ends)
    counted = git.run("diff-tree", "-r", "-z", "-M", "--numstat", *ends)
    if raw is None or counted is None:
        return []
    counts = _counts(counted)
    return [_file(parts, counts) for parts in _records(raw)]


def patch_of(git: BareRepository, old: str | None, new: str, file: File) -> str | None:
    """Return the hunks of one file, as the API shows them."""
    names = [file.name] if file.previous is None else [file.previous, file.name]
    text = git.run("diff-tree", "-r", "-p", "-M", old or _EMPTY_TREE, new, "--", *names)
    place = (text or "").find("\n@@")
    return text[place + 1 :].rstrip("\n") if text and place >= 0 else None


def _records(raw: str) -> list[list[str]]:
    parts = raw.split("\0")
    records: list[list[str]] = []
    place = 0
    while place < len(parts) and parts[place].startswith(":"):
        width = 3 if parts[place].split()[4][0] in "RC" else 2
        records.append(parts[place : place + width])
        place += width
    return records


def _counts(counted: str) -> dict[str, tuple[int, int]]:
    """Read ``--numstat -z``: a renamed file has an empty name, then the old and the new one."""
    counts: dict[str, tuple[int, int]] = {}
    parts = counted.split("\0")
    place = 0
    while place < len(parts) and parts[place].count("\t") == 2:
        added, removed, name = parts[place].split("\t")
        if not name:
            name = parts[place + 2]
            place += 2
        counts[name] = (_number(added), _number(removed))
        place += 1
    return counts


def _file(parts: list[str], counts: dict[str, tuple[int, int]]) -> File:
    _, _, old_sha, new_sha, letter = parts[0].split()
    name = parts[-1]
    additions, deletions = counts.get(name, (0, 0))
    return File(
        name=name,
        status=_WORDS.get(letter[0], "changed"),
        sha=old_sha if letter[0] == "D" else new_sha,
        additions=additions,
        deletions=deletions,
        previous=parts[1] if len(parts) == 3 else None,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
