"""Failures of this machine: a full disk, a missing right, no free handle, a client that cannot run.

Such a failure is never an answer of a service and never late, so it must not be taken for either. It is therefore
raised as :class:`~castoff.errors.MachineFailure`, which no handler of a CastoffError or OSError catches.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from castoff.errors import MachineFailure, Problem

_EXHAUSTED = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EIO,
        errno.EROFS,
        errno.EAGAIN,
    }
)
"""No resource is left, whatever was opened or written."""

_DENIED = frozenset({errno.EACCES, errno.EPERM})

_ROOM = 1 << 20
"""Bytes that must be free: with less, a client fails in its own way, and only its prose names the reason."""

_ORDERS = frozenset(
    getattr(signal, name).value
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE")
    if hasattr(signal, name)
)
"""Signals by which somebody ends a program; every other one is an accident."""

_REMEDY = (
    "free disk space or correct the permissions (TMPDIR sets the folder for temporary files), and run the same "
    "command again: completed steps are not repeated"
)


def machine_problem(error: BaseException) -> Problem | None:
    """Return what the machine refused, None for another exception."""
    if isinstance(error, MachineFailure):
        return error.problem
    if isinstance(error, subprocess.CalledProcessError):  # of the embedded services, which ask for success
        return _problem_of_program(error)
    if not isinstance(error, OSError) or not _is_refusal(error):
        return None
    where = f" (`{error.filename}`)" if error.filename else ""
    return _problem(
        f"the operating system refused a request: {error.strerror or error}{where}",
        "the disk is full, a folder is not writable, or too many files are open",
    )


def require_machine(error: BaseException) -> None:
    """Raise MachineFailure if an exception is not about a file's contents but about an exhausted machine."""
    if isinstance(error, MachineFailure):
        raise error
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in _EXHAUSTED and (found := machine_problem(one)):
            raise MachineFailure(found) from None


def require_room(environment: Mapping[str, str]) -> None:
    """Raise MachineFailure if no client can write here, whatever a failed client printed.

    A file of 1 MiB is written to the folder for temporary files, which meets a full disk, a quota, a limit of the
    process on the size of files and a missing right alike. Home and cache are the user's: only their file systems
    are asked.
    """
    folder = "the folder for temporary files"
    try:
        # Python takes another folder where TMPDIR cannot be written; the clients do not.
        folder = environment.get("TMPDIR") or tempfile.gettempdir()
        # Unbuffered: a buffered write would report a full disk only at close.
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            left = _ROOM
            while left:  # a limit on the size of files cuts the first write short and refuses the second
                left -= file.write(bytes(left))
    except OSError as error:
        error.filename = folder  # in place of a name that was made up
        found = machine_problem(error)
        raise MachineFailure(found or _problem(f"`{folder}` cannot be written: {error.strerror}")) from None
    for name in ("HOME", "CARGO_HOME", "UV_CACHE_DIR", "XDG_CACHE_HOME"):
        if (place := environment.get(name)) and _is_full(place):
            raise MachineFailure(
                _problem(f"the operating system refused a request: {os.strerror(errno.ENOSPC)} (`{place}`)")
            )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a path that cannot be, from a client that prints something else
        return False


def not_started(program: str, cwd: Path, error: OSError) -> MachineFailure:
    """Return the failure of a program that the system did not start."""
    # subprocess raises ENOENT for a missing program and for a missing folder alike.
    if not _is_folder(cwd):  # the system names the program or the folder for either, by its version
        return MachineFailure(
            _problem(
                f"`{program}` cannot run in `{cwd}`: the folder is missing",
                "a temporary folder was removed while castoff was running, or its file system is not available",
                "do not remove temporary folders while castoff is running (TMPDIR sets where they are), and run "
                "the same command again: completed steps are not repeated",
            )
        )
    interpreter = _interpreter(program)
    if error.errno == errno.ENOENT and interpreter and not Path(interpreter).exists():
        why = f"its interpreter `{interpreter}` is missing"
    else:
        why = error.strerror or str(error)
    remedy = f"make sure that `{program}` runs on this machine, and run the same command again: "
    "completed steps are not repeated"
    if error.errno in _EXHAUSTED:
        remedy = _REMEDY
    return MachineFailure(
        _problem(f"`{program}` cannot be started: {why}", "castoff runs the clients of the ecosystem", remedy)
    )


def require_end(program: str, code: int) -> None:
    """Raise MachineFailure if a program was ended by a signal that nobody sends on purpose, by its exit code.

    KeyboardInterrupt if the signal was the terminal's, which reaches castoff as well, perhaps a moment later.
    """
    # Ctrl-C reaches the whole process group; the child may report it before castoff's own handler runs.
    if code == -signal.SIGINT:
        raise KeyboardInterrupt
    if code >= 0 or -code in _ORDERS:
        return
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    raise MachineFailure(
        _problem(
            f"`{program}` was terminated by {name}",
            "the system terminates programs that run out of memory (SIGKILL), exceed a limit on files or "
            "time (SIGXFSZ, SIGXCPU), or are damaged",
            f"make sure that `{program}` runs on this machine and has enough memory, and run the same command "
            "again: completed steps are not repeated",
        )
    )


def _problem(message: str, reason: str = "", remedy: str = _REMEDY) -> Problem:
    return Problem(code="machine-failed", message=message, reason=reason, remedy=remedy)


def _is_refusal(error: OSError) -> bool:
    return error.errno in _EXHAUSTED or error.errno in _DENIED or _is_without_temporary_folder(error)


def _is_without_temporary_folder(error: OSError) -> bool:
    """Return whether nothing was found because the folder for temporary files is missing, or no folder."""
    if error.errno not in (errno.ENOENT, errno.ENOTDIR):
        return False
    return tempfile.tempdir is None or not Path(tempfile.tempdir).is_dir()


def _chain(error: BaseException) -> list[BaseException]:
    """List an exception and what led to it; libraries wrap the system's errors, some as arguments."""
    found: list[BaseException] = []
    left: list[object] = [error]
    while left and len(found) < 20:
        one = left.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _is_full(place: str) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    try:
        room = os.statvfs(place)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < _ROOM


def _problem_of_program(error: subprocess.CalledProcessError) -> Problem | None:
    """Return why a program failed that had no other reason to, None if the machine is not it."""
    words = error.cmd
    try:
        require_end(str(words if isinstance(words, str) else words[0]), error.returncode)
        require_room(os.environ)
    except MachineFailure as failure:
        return failure.problem
    return None


def _interpreter(program: str) -> str | None:
    """Return the interpreter that a script names in its first line."""
    try:
        with Path(program).open("rb") as file:
            first = file.readline(256)
    except OSError:
        return None
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    return words[0] if words else None
