"""Files of a commit or of a folder, and their texts."""

from __future__ import annotations

import os
import posixpath
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from castoff.errors import Problem, WorkspaceError
from castoff.git.objects import FOLDER, LINK, SUBMODULE, is_object_id
from castoff.git.runner import Git


def open_tree(git: Git, commit: str, only: Sequence[str] = ()) -> GitTree:
    """Open the files of a commit, all or ``only`` these.

    What is at a commit that is named by its id never changes, so it is listed once.
    """
    tree = GitTree(git, commit, only)
    return git.trees.setdefault((commit, *only), tree) if is_object_id(commit) else tree


class GitTree:
    """The files of one commit, ``only`` these, or all."""

    def __init__(self, git: Git, commit: str, only: Sequence[str] = ()) -> None:
        self._git = git
        self.commit = commit
        self._only = only
        self._data: dict[str, bytes | None] = {}
        self._links: dict[str, str] = {}
        self._submodules: set[str] = set()

    @cached_property
    def _blobs(self) -> dict[str, str]:
        blobs = {}
        for path, mode, name in self._some_entries() if self._only else self._all_entries():
            if mode == LINK:  # its blob is the target
                self._links[path] = name
            elif mode == SUBMODULE:
                self._submodules.add(path)
            else:
                blobs[path] = name
        return blobs

    def _all_entries(self) -> Iterator[tuple[str, str, str]]:
        listing = self._git.must("ls-tree", "-r", "-z", "--full-tree", self.commit)
        for entry in listing.split("\0"):
            if entry:
                meta, _, path = entry.partition("\t")
                mode, _, name = meta.split(" ")
                yield path, mode, name

    def _some_entries(self) -> Iterator[tuple[str, str, str]]:
        """Give the entries of some paths, and of all below those that are folders.

        The history of a branch is read commit by commit, and commits share most folders: they are read once.
        """
        root = self._git.objects.read_all([f"{self.commit}^{{tree}}"])[0]
        # A thousand manifests lie in folders of one folder, which is parsed for the first one.
        folder = cache(self._folder)
        for path in self._only:
            mode, name = FOLDER, root.name
            for step in path.split("/"):
                found = folder(name).get(step) if mode == FOLDER else None
                if found is None:
                    break
                mode, name = found
            else:
                yield from self._below(path, mode, name)

    def _below(self, path: str, mode: str, name: str) -> Iterator[tuple[str, str, str]]:
        if mode != FOLDER:
            yield path, mode, name
            return
        for step, entry in self._folder(name).items():
            yield from self._below(f"{path}/{step}", *entry)

    def _folder(self, name: str) -> Mapping[str, tuple[str, str]]:
        return self._git.objects.read_all([name])[0].entries

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
        targets = self._git.objects.read_all(list(self._links.values()))
        return {
            path: one.data.decode("utf-8", "surrogateescape")
            for path, one in zip(self._links, targets, strict=True)
        }

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
            target = self._git.objects.read_all([self._links[place]])[0].data.decode(
                "utf-8", "surrogateescape"
            )
            place = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        # As the kernel: after this many links nobody follows further.
        raise _unreadable(path, "its symbolic links lead in a circle")

    def preload(self, paths: Iterable[str]) -> None:
        """Read many files at once."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._data]
        there = [path for path in wanted if path in self._blobs]
        found = self._git.objects.read_all([self._blobs[path] for path in there])
        self._data |= dict.fromkeys(wanted)
        self._data.update({path: one.data for path, one in zip(there, found, strict=True)})


_MOST_LINKS = 40
"""So many links in a row are followed, as on Linux."""

_LARGEST = 64 * 1024 * 1024
_SKIPPED = frozenset({".git", "node_modules"})
_CACHE_MARKS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
"""What cargo, uv and venv put into folders that hold nothing of the project."""


class FolderTree:
    """The files of a folder on disk, as far as git would track them; used where there is no commit."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._inside: dict[str, bool] = {}

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self._root)

    def read(self, path: str) -> str | None:
        """Return a file's text, None if there is nothing of that name; a link is followed inside the folder.

        Errors: ``file-not-text``, and ``file-unreadable`` for what is there and is not a regular file that may be
        read. Nothing else is opened: a named pipe would block.
        """
        full = f"{self._root}/{path}"
        if not os.path.lexists(full):
            return None
        try:
            if not self._is_plain(full) and (why := _why_unreadable(Path(full), self._real_root)):
                raise _unreadable(path, why)
            with open(full, "rb") as file:  # noqa: PTH123  # a configuration is looked for in a thousand manifests
                return _text(file.read(), path)
        except (OSError, ValueError) as error:  # a value: a null character in the path
            raise _unreadable(path, getattr(error, "strerror", None) or type(error).__name__) from None

    def _is_plain(self, full: str) -> bool:
        """Return whether a path is a regular file of moderate size below the root, which no link leads to."""
        status = os.lstat(full)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return False
        folder = os.path.dirname(full)  # noqa: PTH120
        # Each step of a path is looked at, so a thousand files in a few folders would cost many thousand looks.
        if folder not in self._inside:
            self._inside[folder] = Path(os.path.realpath(folder)).is_relative_to(self._real_root)
        return self._inside[folder]

    def paths(self) -> Sequence[str]:
        """List all files but those of git and of what only caches and environments hold, sorted."""
        found: list[str] = []
        start = len(str(self._root))
        for folder, _, files in self._walk():
            inside = folder[start:].replace(os.sep, "/").lstrip("/")
            found += (posixpath.join(inside, name) for name in files if name != ".git")
        return sorted(found)

    def _walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        root = str(self._root)
        for folder, folders, files in os.walk(root):
            if folder != root and not _CACHE_MARKS.isdisjoint((*folders, *files)):
                folders.clear()
                continue
            folders[:] = [one for one in folders if one not in _SKIPPED]
            yield folder, folders, files

    def links(self) -> Mapping[str, str]:
        """Return the target, as it is written, of each symbolic link by its path."""
        found: dict[str, str] = {}
        for folder, folders, files in self._walk():
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
