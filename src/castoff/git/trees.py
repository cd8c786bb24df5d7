"""Which files does a commit hold, or a folder, and what do they say?"""

from __future__ import annotations

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

    @cached_property
    def _blobs(self) -> dict[str, str]:
        listing = self._git.must("ls-tree", "-r", "-z", "--full-tree", self.commit)
        blobs = {}
        for entry in listing.split("\0"):
            if entry:
                meta, _, path = entry.partition("\t")
                mode, kind, name = meta.split(" ")
                if kind == "blob" and mode != "120000" and path.startswith(self._prefix):
                    blobs[path[len(self._prefix) :]] = name
        return blobs

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return sorted(self._blobs)

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
        done = self._git.run("cat-file", "--batch", given="".join(f"{name}\n" for name in unique).encode())
        at = 0
        for name in unique:
            line_end = done.stdout.index(b"\n", at)
            size = int(done.stdout[at:line_end].rsplit(b" ", 1)[1])
            self._git.blobs[name] = done.stdout[line_end + 1 : line_end + 1 + size]
            at = line_end + 2 + size


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
        """List all files but those of git, sorted."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for path in self._root.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self._root).parts
        )


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WorkspaceError.of(
            "file-not-text", f"`{path}` is not UTF-8", remedy="save it as UTF-8", file=path
        ) from None
