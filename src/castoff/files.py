"""How does castoff read and write files that a person named? The one door; writing replaces a file at once."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from castoff.errors import UsageError


def read_text(path: Path) -> str:
    """Read a file as UTF-8, line ends untouched; errors ``file-unreadable``, ``file-not-utf8``."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError.of(
            "file-unreadable",
            f"`{path}` cannot be read",
            reason=error.strerror or type(error).__name__,
            remedy="name a file that is there and readable",
            file=path.as_posix(),
        ) from None
    except UnicodeDecodeError:
        raise UsageError.of(
            "file-not-utf8", f"`{path}` is not UTF-8", remedy="save it as UTF-8", file=path.as_posix()
        ) from None


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file through a temporary one beside it, so that nobody ever sees half of it.

    A ``private`` one, and a folder that is made for it, is the user's alone. Errors: ``file-unwritable``.
    """
    try:
        kept = path.stat().st_mode & 0o777 if path.exists() else 0o644
        mode = 0o600 if private else kept
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".castoff-", delete=False) as file:
            file.write(text.encode("utf-8"))
        Path(file.name).chmod(mode)
        Path(file.name).replace(path.resolve())
    except OSError as error:
        raise UsageError.of(
            "file-unwritable",
            f"`{path}` cannot be written",
            reason=error.strerror or type(error).__name__,
            remedy="see to the permissions of the file and its folder",
            file=path.as_posix(),
        ) from None


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Give the folder for what may be lost, where the system keeps such things; None where nobody says where."""
    if cache := environment.get("XDG_CACHE_HOME", ""):
        return Path(cache) / "castoff" if Path(cache).is_absolute() else None
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return Path(local) / "castoff" / "cache" if local else None
    home = environment.get("HOME", "")
    if not home:
        return None
    return Path(home) / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "castoff"
