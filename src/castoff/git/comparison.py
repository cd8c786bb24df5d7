"""Comparison of a temporary clone's files with a checkout by the user's own git.

Both checkouts have the same blobs, so only what a conversion can change is checked out a second time and compared:
files with a filter, a line end, an encoding or an `$Id$`. The second checkout runs in the user's repository, with an
index and a folder of its own (git-checkout-index, ``--prefix``), so all settings apply that apply there.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from castoff.git.repository import Repository
from castoff.git.runner import Git
from castoff.regexes import regex

_POINTER = regex(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ .*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_ATTRIBUTES = ("filter", "text", "eol", "crlf", "ident", "working-tree-encoding")
_OFF = ("unset", "unspecified")
_SHORT = 1024
"""A pointer of git-lfs is shorter than this (git-lfs, docs/spec.md)."""


class Difference(Struct, frozen=True):
    """A path that is not what the user's git would check out, and what may change it."""

    path: str
    cause: str


class CheckoutComparison(Struct, frozen=True):
    """How many files there are and how many were checked out twice; what differs, and what was not compared.

    ``pointers`` are files that git-lfs keeps and that hold only the pointer, in the clone as in the user's checkout.
    """

    files: int = 0
    compared: int = 0
    differences: tuple[Difference, ...] = ()
    pointers: tuple[str, ...] = ()
    not_compared: str = ""


def compare(clone: Git, user: Repository, commit: str, scratch: Path) -> CheckoutComparison:
    """Compare the clone, where ``commit`` is checked out, with what the user's git would check out."""
    objects = clone.must("rev-parse", "--path-format=absolute", "--git-path", "objects")
    plain = Git(
        user.git.processes,
        user.root,
        # An index of its own: the user's index must not change, and may be locked.
        {"GIT_INDEX_FILE": str(scratch / "index"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects},
    )
    plain.must("read-tree", commit)
    dirty = [
        entry[3:]
        for entry in clone.must("status", "--porcelain=v1", "-z", "--no-renames").split("\0")
        if len(entry) > 3
    ]
    blobs = _blobs(plain)
    # A file that is committed in a form that its attributes do not allow is dirty in every checkout.
    causes = dict.fromkeys(dirty, "it changed after the checkout") | _conversions(plain, user, blobs)
    stored = [path for path, cause in causes.items() if cause == "`filter=lfs`"]
    contents, pointers = _stored_elsewhere(clone, stored)
    others = [path for path in causes if path not in set(stored)]
    reason = _checked_out(plain, others, scratch / "plain")
    differing = [
        path
        for path in (() if reason else others)
        if not _is_same(clone.folder / path, scratch / "plain" / path)
    ]
    differences = tuple(Difference(path, causes[path]) for path in (*contents, *differing))
    return CheckoutComparison(len(blobs), len(causes), differences, tuple(pointers), reason)


def is_pointer(data: bytes) -> bool:
    """Return whether these bytes are a pointer of git-lfs."""
    return len(data) < _SHORT and _POINTER.match(data) is not None


def _blobs(plain: Git) -> list[str]:
    rows = (row.partition("\t") for row in plain.must("ls-files", "--stage", "-z").split("\0") if row)
    return [path for meta, _, path in rows if meta.startswith("100")]


def _conversions(plain: Git, user: Repository, paths: Sequence[str]) -> dict[str, str]:
    """Name for each path that a checkout may change what changes it, as the user's git sees it."""
    words = ("check-attr", "-z", "--cached", "--stdin", *_ATTRIBUTES)
    given = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    fields = plain.must(*words, given=given).split("\0")
    attributes: dict[str, dict[str, str]] = {}
    for at in range(0, len(fields) - 2, 3):
        attributes.setdefault(fields[at], {})[fields[at + 1]] = fields[at + 2]
    settings = user.settings
    # Spellings of true in git's configuration (git-config, "boolean").
    converts = settings.get("core.autocrlf", "").lower() in ("true", "yes", "on", "1")
    crlf = converts or (
        settings.get("core.eol", "").lower() == "crlf" and settings.get("core.autocrlf") != "input"
    )
    filters = {key.split(".", 1)[1].rpartition(".")[0] for key in settings if key.startswith("filter.")}
    found = {path: _conversion(one, filters, crlf=crlf, auto=converts) for path, one in attributes.items()}
    return {path: cause for path, cause in found.items() if cause}


def _conversion(one: dict[str, str], filters: Iterable[str], *, crlf: bool, auto: bool) -> str:
    # A filter that is not configured does nothing (gitattributes, "filter").
    if one["filter"] not in _OFF and (one["filter"] in filters or one["filter"] == "lfs"):
        return f"`filter={one['filter']}`"
    if one["working-tree-encoding"] not in _OFF:
        return f"`working-tree-encoding={one['working-tree-encoding']}`"
    if one["ident"] == "set":
        return "`ident`"
    if one["eol"] == "crlf" or one["crlf"] not in _OFF:
        return "`eol=crlf`"
    if crlf and (one["text"] in ("set", "auto") or (auto and one["text"] == "unspecified")):
        return "`core.autocrlf`" if auto else "`core.eol`"
    return ""


def _stored_elsewhere(clone: Git, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Compare files of git-lfs with the digests in their pointers; returns those that differ, and those not fetched."""
    if not paths:
        return [], []
    blobs = _read(clone, paths)
    wrong, pointers = [], []
    for path, blob in zip(paths, blobs, strict=True):
        pointer = _POINTER.match(blob) if len(blob) < _SHORT else None
        if pointer is None:
            continue  # it was committed without the filter, and is stored in git itself
        file = clone.folder / path
        if not file.is_file():
            wrong.append(path)
        # The pointer itself is on disk: git-lfs did not fetch the content.
        elif file.stat().st_size == len(blob) and file.read_bytes() == blob:
            pointers.append(path)
        elif _digest(file) != pointer.group(1).decode():
            wrong.append(path)
    return wrong, pointers


def _read(clone: Git, paths: Sequence[str]) -> list[bytes]:
    """Read the blobs of paths in the index."""
    listing = clone.must("ls-files", "--stage", "-z").split("\0")
    names = {path: meta.split(" ")[1] for meta, _, path in (row.partition("\t") for row in listing if row)}
    return [one.data for one in clone.objects.read_all([names[path] for path in paths])]


def _checked_out(plain: Git, paths: Sequence[str], into: Path) -> str:
    """Check paths out below a folder as the user's git does; returns why not."""
    if not paths:
        return ""
    given = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    done = plain.run("checkout-index", "--force", f"--prefix={into}/", "-z", "--stdin", given=given)
    return "" if done.code == 0 else done.last_words or f"git ended with code {done.code}"


def _is_same(ours: Path, theirs: Path) -> bool:
    if not ours.is_file() or not theirs.is_file():
        return False
    executable = bool(ours.stat().st_mode & stat.S_IXUSR) == bool(theirs.stat().st_mode & stat.S_IXUSR)
    return executable and ours.stat().st_size == theirs.stat().st_size and _digest(ours) == _digest(theirs)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
