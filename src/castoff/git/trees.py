"""Which files does a commit hold, or a folder, and what do they say?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from castoff.errors import WorkspaceError
from castoff.git.calling import Git


class GitTree:
    """The files of one commit, read through one `git cat-file --batch` per bulk."""

    def __init__(self, git: Git, commit: str, prefix: str = "") -> None:
        self._git = git
        self.commit = commit
        self._prefix = prefix
        self._data: dict[str, bytes | None] = {}
        self._links: set[str] = set()

    @cached_property
    def _blobs(self) -> dict[str, str]:
        listing = self._git.must("ls-tree", "-r", "-z", "--full-tree", self.commit)
        blobs = {}
        for entry in listing.split("\0"):
            if entry:
                meta, _, path = entry.partition("\t")
                mode, kind, name = meta.split(" ")
                inside = kind == "blob" and path.startswith(self._prefix)
                if inside and mode == "120000":
                    self._links.add(path[len(self._prefix) :])
                elif inside:
                    blobs[path[len(self._prefix) :]] = name
        return blobs

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return sorted(self._blobs)

    def has(self, path: str) -> bool:
        """Say whether there is such a file, or a link with that name."""
        return path in self._blobs or path in self._links

    def read(self, path: str) -> str | None:
        """Give a file's text, None where there is none."""
        if path not in self._data:
            self.preload([path])
        data = self._data[path]
        return None if data is None else _text(data, path)

    def preload(self, paths: Iterable[str]) -> None:
        """Read many files through one process."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._data]
        names = {path: self._blobs[path] for path in wanted if path in self._blobs}
        self._read_blobs([name for name in names.values() if name not in self._git.blobs])
        self._data.update({path: self._git.blobs[names[path]] if path in names else None for path in wanted})

    def _read_blobs(self, names: Sequence[str]) -> None:
        """Read objects into the cache that all trees of a repository share: most files stay the same."""
        if not names:
            return
        unique = list(dict.fromkeys(names))
        answer = self._git.data("cat-file", "--batch", given="".join(f"{name}\n" for name in unique).encode())
        at = 0
        for name in unique:
            line_end = answer.index(b"\n", at)
            size = int(answer[at:line_end].rsplit(b" ", 1)[1])
            self._git.blobs[name] = answer[line_end + 1 : line_end + 1 + size]
            at = line_end + 2 + size


_SKIPPED = frozenset({".git", "node_modules"})
_CACHE_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""What cargo, uv and venv put into folders that hold nothing of the project."""


class FolderTree:
    """The files of a folder on disk, as far as git would track them; used where there is no commit."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> str | None:
        """Give a file's text, None where there is none."""
        full = self._root / path
        if not full.is_file() or full.is_symlink():
            return None
        return _text(full.read_bytes(), path)

    def paths(self) -> Sequence[str]:
        """List all files but those of git and of what only caches and environments hold, sorted."""
        found: list[str] = []
        for folder, folders, files in os.walk(self._root):
            folders[:] = [one for one in folders if one not in _SKIPPED and not _is_cache(folder, one)]
            inside = Path(folder).relative_to(self._root)
            found += ((inside / name).as_posix() for name in files if name != ".git")
        return sorted(found)


def _is_cache(folder: str, name: str) -> bool:
    return any(os.path.lexists(f"{folder}/{name}/{mark}") for mark in _CACHE_MARKS)


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WorkspaceError.of(
            "file-not-text", f"`{path}` is not UTF-8", remedy="save it as UTF-8", file=path
        ) from None
