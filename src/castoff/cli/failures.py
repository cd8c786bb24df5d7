"""Whose fault is an exception that nobody expected: the machine's, or castoff's own?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from castoff.errors import Problem
from castoff.redaction import Redactor

_MACHINE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EIO,
        errno.EAGAIN,
    }
)


def machine_trouble(error: Exception) -> Problem | None:
    """Say what the machine refused (room, rights, handles, a folder for temporary files), None for a bug."""
    if not isinstance(error, OSError) or (error.errno not in _MACHINE and not _no_temporary_folder(error)):
        return None
    where = f" (`{error.filename}`)" if error.filename else ""
    return Problem(
        code="machine-failed",
        message=f"the machine refused what castoff needs: {error.strerror}{where}",
        reason="a full disk, a folder that must not be written to, or too many open files",
        remedy="mend that (TMPDIR names the folder for temporary files) and run castoff again: "
        "what is done stays done",
    )


def bug(error: Exception) -> Problem:
    """Say that castoff itself failed."""
    return Problem(
        code="bug",
        message=f"castoff itself failed: {type(error).__name__}",
        reason="this is a fault of castoff, not of yours",
        remedy="report it with what CASTOFF_TRACEBACK=1 shows; running it again does no harm",
    )


def traceback_asked_for() -> str | None:
    """Give the traceback of the exception being handled where CASTOFF_TRACEBACK asks for it, without secrets."""
    if not os.environ.get("CASTOFF_TRACEBACK"):
        return None
    import traceback

    return Redactor.of_environment(os.environ).clean(traceback.format_exc())


def _no_temporary_folder(error: OSError) -> bool:
    """Say whether nothing was found because the folder for temporary files is not there."""
    import tempfile

    return error.errno == errno.ENOENT and (tempfile.tempdir is None or not Path(tempfile.tempdir).is_dir())
