"""Text files that a person named; writing replaces a file at once."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from castoff.errors import UsageError
from castoff.io.machine import require_machine

LARGEST = 64 << 20
"""Bytes of a text file at most; a changelog of thirty years has fewer than one hundredth of them."""

_LONGEST = 400


def read_text(path: Path) -> str:
    """Read a file as UTF-8, line ends untouched; errors ``file-unreadable``, ``file-not-utf8``, ``path-outside``.

    A named pipe is read only below `/dev`, where a shell puts what it substitutes for `<(command)`: another one may
    have no writer, and would block.
    """
    try:
        if (root := _repository_of(path)) is not None:
            require_inside(path, root)
        # Opening a pipe without a writer blocks for good (fifo(7)).
        if path.is_fifo() and path.parts[:2] != ("/", "dev"):
            raise OSError(errno.EINVAL, "it is a named pipe")
        with path.open("rb") as file:
            # One byte more than allowed: a file may grow between a size check and the read.
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB")
    except (OSError, ValueError) as error:  # a value: a null character in the path
        if getattr(error, "errno", None) != errno.EFBIG:
            require_machine(error)
        raise UsageError.of(
            "file-unreadable",
            f"`{shown(path)}` cannot be read",
            reason=getattr(error, "strerror", None) or str(error),
            remedy="use an existing, readable file",
            file=shown(path),
        ) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError.of(
            "file-not-utf8", f"`{shown(path)}` is not UTF-8", remedy="save it as UTF-8", file=shown(path)
        ) from None


def read_regular(path: Path) -> str | None:
    """Return the text of a regular file, None if there is none or it is not text; a byte order mark is skipped.

    For files whose faults another program or another check reports. Nothing else is opened: a named pipe would block.
    """
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        require_machine(error)
        return None


def is_regular(path: Path) -> bool:
    """Return whether there is a regular file; for paths out of the environment, which may be none (too long, say)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file through a temporary one beside it, so that nobody ever sees half of it.

    A ``private`` one, and a folder that is made for it, is the user's alone. A link is followed inside the
    repository, or inside its folder where there is none. Errors: ``file-unwritable``, ``path-outside``.
    """
    try:
        require_inside(path, _repository_of(path) or path.parent)
        kept = path.stat().st_mode & 0o777 if path.exists() else 0o644
        mode = 0o600 if private else kept
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        place = path.resolve()
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        # In the same folder, so that the rename stays on one file system and is atomic (rename(2)).
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".castoff-", delete=False) as file:
            _fill(Path(file.name), text.encode("utf-8"))
        # Before the rename: the file must never be visible with the wrong mode.
        Path(file.name).chmod(mode)
        Path(file.name).replace(place)
    except (OSError, ValueError) as error:
        require_machine(error)
        raise UsageError.of(
            "file-unwritable",
            f"`{shown(path)}` cannot be written",
            reason=getattr(error, "strerror", None) or str(error),
            remedy="correct the permissions of the file and its folder",
            file=shown(path),
        ) from None


def require_inside(path: Path, root: Path) -> None:
    """Raise ``path-outside`` if a path, its links followed, is outside a folder."""
    real, inside = (
        Path(os.path.realpath(path)),
        Path(os.path.realpath(root)),
    )  # a circle of links is no error here
    if not real.is_relative_to(inside):
        raise UsageError.of(
            "path-outside",
            f"`{shown(path)}` is outside `{shown(root)}`",
            reason="it is a symbolic link, or in a linked folder, and castoff does not follow links out of a folder",
            remedy="use a file inside it",
            file=shown(path),
        )


def prebuilt_folder(named: str, root: Path, home: Path | None) -> Path:
    """Return the folder of files that were built elsewhere: the user's own, else that of the commit in ``root``.

    ``home`` is the user's checkout: git has at most a part of such files. If neither folder is there, the user's is
    returned, since that is where the files can be added. Neither the folder nor a file in it may be a link out; an
    absolute path may lead anywhere, as whoever wrote it knew. Errors: ``path-outside``.
    """
    is_commits = home is None or (not (home / named).is_dir() and (root / named).is_dir())
    base = root if home is None or is_commits else home
    folder = base / named
    if Path(named).is_absolute():
        base = folder
    for one in (folder, *(folder.iterdir() if folder.is_dir() else ())):
        require_inside(one, base)
    return folder


def shown(path: Path) -> str:
    """Return a path for a message: without control characters, and cut if it is longer than any real one."""
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in path.as_posix())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _fill(path: Path, data: bytes) -> None:
    """Write all of a temporary file; what the disk had no room for is not left behind."""
    try:
        path.write_bytes(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _repository_of(path: Path) -> Path | None:
    """Return the folder of the repository in which a path lies as it is written, before any link is followed."""
    whole = Path(os.path.normpath(Path.cwd() / path))
    if ".git" in whole.parts:  # castoff's own files there; git's folder may be a link
        return None
    return next((folder for folder in whole.parents if os.path.lexists(folder / ".git")), None)


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder for what may be lost, where the system keeps such things; None where nobody says where."""
    if cache := environment.get("XDG_CACHE_HOME", ""):
        return Path(cache) / "castoff" if Path(cache).is_absolute() else None
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return Path(local) / "castoff" / "cache" if local else None
    home = environment.get("HOME", "")
    if not home:
        return None
    return Path(home) / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "castoff"
