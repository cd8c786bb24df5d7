"""A folder of files as one tar file, with the same bytes on every machine."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from castoff.model.release_tree import TREE_TIME


def write_tree_archive(root: Path, file: Path) -> str:
    """Write the files of a checkout into a tar file; returns its SHA-256 in hex.

    Of modes, only whether a file is executable is kept, as git does. Symbolic links are kept as links, and come last,
    after what they lead to: where a system has none, an extraction can copy. Folders of git are left out.
    """
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(_files(root), key=lambda one: (one.is_symlink(), os.fsencode(one))):
            entry = tarfile.TarInfo(path.relative_to(root).as_posix())
            entry.mtime = TREE_TIME
            if path.is_symlink():
                entry.type, entry.mode, entry.linkname = tarfile.SYMTYPE, 0o777, str(path.readlink())
                archive.addfile(entry)
                continue
            with path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
                archive.addfile(entry, stream)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        # A submodule has a file of this name, which leads to its repository.
        folders[:] = [one for one in folders if one != ".git"]
        here = Path(folder)
        yield from (here / one for one in folders if (here / one).is_symlink())
        yield from (here / one for one in files if one != ".git")
