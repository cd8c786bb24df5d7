"""Files of a commit or of a folder, and their texts."""

from __future__ import annotations

import os
import posixpath
import stat
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from castoff.errors import Problem, Refusal, WorkspaceError
from castoff.git.runner import Git, is_object_id


def open_tree(git: Git, commit: str, only: Sequence[str] = ()) -> GitTree:
    """Open the files of a commit, all or ``only`` these.

    What is at a commit that is named by its id never changes, so it is listed once.
    """
    tree = GitTree(git, commit, only)
    return git.trees.setdefault((commit, *only), tree) if is_object_id(commit) else tree


class GitTree:
    """The files of one commit, read through one `git cat-file --batch` per bulk; ``only`` these, or all."""

    def __init__(self, git: Git, commit: str, only: Sequence[str] = ()) -> None:
        self._git = git
        self.commit = commit
        self._only = only
        self._data: dict[str, bytes | None] = {}
        self._links: dict[str, str] = {}
        self._submodules: set[str] = set()

    @cached_property
    def _blobs(self) -> dict[str, str]:
        listing = self._git.must("ls-tree", "-r", "-z", "--full-tree", self.commit, "--", *self._only)
        blobs = {}
        for entry in listing.split("\0"):
            if entry:
                meta, _, path = entry.partition("\t")
                mode, kind, name = meta.split(" ")
                # A symbolic link; its blob is the target (git-fast-import lists the modes).
                if mode == "120000":
                    self._links[path] = name
                elif kind == "blob":
                    blobs[path] = name
                else:
                    self._submodules.add(path)
        return blobs

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return self._sorted

    @cached_property
    def _sorted(self) -> Sequence[str]:
        return tuple(sorted(self._blobs))

    def _is_folder(self, path: str) -> bool:
        at = bisect_left(self._sorted, f"{path}/")
        return at < len(self._sorted) and self._sorted[at].startswith(f"{path}/")

    def has(self, path: str) -> bool:
        """Return whether there is such a file, or a link with that name."""
        return path in self._blobs or path in self._links

    def submodules(self) -> frozenset[str]:
        """Return the folders of submodules."""
        return frozenset(self._submodules) if self._blobs else frozenset()

    def links(self) -> Mapping[str, str]:
        """Return the target, as it is written, of each symbolic link by its path."""
        if not self._blobs or not self._links:
            return {}
        self._read_blobs([name for name in self._links.values() if name not in self._git.blobs])
        blobs = self._git.blobs
        return {path: blobs[name].decode("utf-8", "surrogateescape") for path, name in self._links.items()}

    def read(self, path: str) -> str | None:
        """Return a file's text, None if the file does not exist; a link is followed inside the tree.

        Errors: ``file-not-text``, and ``file-unreadable`` for a link that has no target or out of the tree, and for a
        folder or a submodule in the place of a file.
        """
        if path not in self._data:
            self.preload([path])
        data = self._data[path]
        if data is None and path in self._links:
            return self._linked(path)
        if data is None and path in self._submodules:
            raise _unreadable(path, "it is a submodule, not a file")
        if data is None and self._is_folder(path):
            raise _unreadable(path, "it is a folder")
        return None if data is None else _text(data, path)

    def _linked(self, path: str) -> str:
        """Follow links from one file to the next, as often as the system does at most."""
        place = path
        for _ in range(_MOST_LINKS):
            if place in self._blobs:
                self.preload([place])
                data = self._data[place]
                assert data is not None
                return _text(data, path)
            if place not in self._links:
                raise _unreadable(
                    path, f"it is a symbolic link to `{place}`, which is not a file of this repository"
                )
            name = self._links[place]
            self._read_blobs([name] if name not in self._git.blobs else [])
            target = self._git.blobs[name].decode("utf-8", "surrogateescape")
            place = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        # As the kernel: after this many links nobody follows further.
        raise _unreadable(path, "its symbolic links lead in a circle")

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
        # One process for all blobs: starting git once per file would dominate the time in large workspaces.
        answer = self._git.data("cat-file", "--batch", given="".join(f"{name}\n" for name in unique).encode())
        at = 0
        for name in unique:
            line_end = answer.index(b"\n", at)
            if answer[at:line_end].endswith(b" missing"):
                raise _object_missing(name)
            size = int(answer[at:line_end].rsplit(b" ", 1)[1])
            self._git.blobs[name] = answer[line_end + 1 : line_end + 1 + size]
            at = line_end + 2 + size


def _object_missing(name: str) -> Refusal:
    """Report an object that is neither here nor at the remote from which a partial clone gets what it left out."""
    problem = Problem(
        code="object-missing",
        message=f"the file with the object name {name[:12]} is not in this clone",
        reason="the clone is incomplete, and git did not fetch the object from its remote",
        remedy="make sure that `git fetch --refetch` works, or clone the repository again without `--filter`",
    )
    return Refusal(problem)


_MOST_LINKS = 40
"""So many links in a row are followed, as on Linux."""

_LARGEST = 64 * 1024 * 1024
_SKIPPED = frozenset({".git", "node_modules"})
_CACHE_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""What cargo, uv and venv put into folders that hold nothing of the project."""


class FolderTree:
    """The files of a folder on disk, as far as git would track them; used where there is no commit."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._inside: dict[Path, bool] = {}

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self._root)

    def read(self, path: str) -> str | None:
        """Return a file's text, None if there is nothing of that name; a link is followed inside the folder.

        Errors: ``file-not-text``, and ``file-unreadable`` for what is there and is not a regular file that may be
        read. Nothing else is opened: a named pipe would block.
        """
        full = self._root / path
        try:
            if not os.path.lexists(full):
                return None
            if not self._is_plain(full) and (why := _why_unreadable(full, self._real_root)):
                raise _unreadable(path, why)
            return _text(full.read_bytes(), path)
        except (OSError, ValueError) as error:  # a value: a null character in the path
            raise _unreadable(path, getattr(error, "strerror", None) or type(error).__name__) from None

    def _is_plain(self, full: Path) -> bool:
        """Return whether a path is a regular file of moderate size below the root, which no link leads to."""
        status = full.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return False
        folder = full.parent
        # Each step of a path is looked at, so a thousand files in a few folders would cost many thousand looks.
        if folder not in self._inside:
            self._inside[folder] = Path(os.path.realpath(folder)).is_relative_to(self._real_root)
        return self._inside[folder]

    def paths(self) -> Sequence[str]:
        """List all files but those of git and of what only caches and environments hold, sorted."""
        found: list[str] = []
        start = len(str(self._root))
        for folder, folders, files in os.walk(self._root):
            folders[:] = [one for one in folders if one not in _SKIPPED and not _is_cache(folder, one)]
            inside = folder[start:].replace(os.sep, "/").lstrip("/")
            found += (posixpath.join(inside, name) for name in files if name != ".git")
        return sorted(found)

    def links(self) -> Mapping[str, str]:
        """Return the target, as it is written, of each symbolic link by its path."""
        found: dict[str, str] = {}
        for folder, folders, files in os.walk(self._root):
            folders[:] = [one for one in folders if one not in _SKIPPED and not _is_cache(folder, one)]
            for name in (*folders, *files):
                path = Path(folder, name)
                if path.is_symlink():
                    found[path.relative_to(self._root).as_posix()] = str(path.readlink())
        return found


def _why_unreadable(full: Path, real_root: str) -> str | None:
    """Return why something is not a file that may be read; None for a regular file of moderate size."""
    real = Path(os.path.realpath(full))  # a circle of links is no error here
    if full.is_symlink() and not real.exists():
        return "it is a symbolic link that has no target"
    if not real.is_relative_to(real_root):  # it, or a folder that it lies in, is a link
        return "it is behind a symbolic link that is outside the repository"
    status = full.stat()
    if stat.S_ISDIR(status.st_mode):
        return "it is a folder"
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    return "it is larger than 64 MiB" if status.st_size > _LARGEST else None


def _is_cache(folder: str, name: str) -> bool:
    return any(os.path.lexists(f"{folder}/{name}/{mark}") for mark in _CACHE_MARKS)


def _unreadable(path: str, reason: str) -> WorkspaceError:
    problem = Problem(
        code="file-unreadable",
        message=f"`{path}` exists but cannot be read",
        reason=reason,
        remedy="replace it with a readable file, or remove it",
        file=path,
    )
    return WorkspaceError(problem)


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WorkspaceError.of(
            "file-not-text", f"`{path}` is not UTF-8", remedy="save it as UTF-8", file=path
        ) from None
