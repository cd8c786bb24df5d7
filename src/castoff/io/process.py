"""Programs run by argument lists, never through a shell: the only place that starts any.

Every start of a process names its kind, which decides the credentials that it sees
(:mod:`castoff.model.child_environments`). Apart from these, each child gets the environment of its :class:`Processes`,
so that a rehearsal's children know only the embedded world. Output is captured, secrets are taken out before anybody
sees it. A child that cannot be started, or that fails because the disk is full, is a failure of the machine and never
an answer.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from castoff.errors import UsageError
from castoff.io.machine import not_started, require_end, require_room
from castoff.model.child_environments import ChildEnvironment, Given, Kind, child_environment
from castoff.redaction import Redactor
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.io.reader_process import ReaderProcess
    from castoff.io.server_process import ServerProcess

Hearing = Literal["keep", "drop", "stop"]
"""What becomes of a line that a program says while it is followed."""

TIMED_OUT = 124
"""The exit code that stands for a program that was ended because it took too long, as `timeout` gives it."""

_ENDS, _WIDEST, _LONGEST = 8, 400, 1500
"""Lines shown of each end of a text, characters of a line, and characters of the whole."""
_LONGEST_ANSWER = 600.0
"""Seconds: a partial clone may fetch what it is asked for."""
_UMASK = 0o022
"""Of all children: packers keep the modes of files, so that a user's own umask would change what is uploaded."""


class Completed(Struct, frozen=True, kw_only=True):
    """What a finished program left: exit code, standard output as bytes, both streams as clean text.

    ``withheld`` names the variables that it was not given as they are.
    """

    code: int
    stdout: bytes
    text: str
    errors: str
    withheld: tuple[str, ...] = ()

    @property
    def last_words(self) -> str:
        """Return what it said, for a message to people: the first lines and the last ones, 1,500 characters at most."""
        return _shortened(self.errors.strip() or self.text.strip(), _ENDS)

    @property
    def words_of_both_streams(self) -> str:
        """Return the same of a command of the user, which may complain on standard output as well."""
        streams = [stream for stream in (self.errors.strip(), self.text.strip()) if stream]
        return "\n".join(_shortened(stream, _ENDS // len(streams)) for stream in streams)


def _shortened(text: str, ends: int) -> str:
    lines = text.splitlines()
    if len(lines) > 2 * ends:
        lines = [*lines[:ends], "...", *lines[-ends:]]
    return "\n".join(line[:_WIDEST] for line in lines)[-_LONGEST * ends // _ENDS :]


class Processes(Struct, frozen=True):
    """A door with one environment; ``with_environment`` opens another one.

    ``seconds_left`` bounds every program that is run to its end; None: only its own timeout does. ``given`` are the
    variables that the user gives back to a kind of process.
    """

    environment: Mapping[str, str]
    redactor: Redactor = field(default_factory=Redactor)
    seconds_left: Callable[[], float] | None = None
    given: Given = {}

    def with_environment(self, changes: Mapping[str, str | None]) -> Processes:
        """Open a door whose children see these variables changed; None takes a variable away."""
        environment = {**self.environment, **{k: v for k, v in changes.items() if v is not None}}
        for name, value in changes.items():
            if value is None:
                environment.pop(name, None)
        return replace(self, environment=environment)

    def child(self, kind: Kind, changes: Mapping[str, str | None] | None = None) -> ChildEnvironment:
        """Return the environment of a process of this kind, with these variables changed first."""
        environment = self.with_environment(changes).environment if changes else self.environment
        return child_environment(kind, environment, given=self.given, tokens=self.redactor.tokens)

    # Clients in castoff's own environment win: their versions are those that castoff was tested with.
    def find(self, program: str) -> str | None:
        """Find a program: clients installed with castoff first, then those in PATH."""
        return find_program(program, self.environment.get("PATH"))

    def run(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        given: bytes | None = None,
        timeout: float | None = None,
        changes: Mapping[str, str | None] | None = None,
        is_data: bool = False,
    ) -> Completed:
        """Run a program to its end; of standard output that ``is_data`` no text for people is made.

        ``timeout`` is in seconds: after it the program is killed and the code is `TIMED_OUT`. Errors:
        ``program-missing`` where it is not installed; MachineFailure where it could not be started, was killed, or
        failed on a machine without room. Every other end is an exit code (126: its arguments cannot be passed on).
        """
        words = [str(word) for word in arguments]
        program = self._program(words[0])
        seen = self.child(kind, changes)
        if (timeout := self._bounded(timeout)) is not None and timeout <= 0:
            return self._completed(TIMED_OUT, b"", b"(no time left)")
        try:
            with _child([program, *words[1:]], cwd, seen.variables, (given is not None, True)) as child:
                stdout, stderr = _outputs(child, given, timeout)
        except subprocess.TimeoutExpired as late:
            return self._completed(TIMED_OUT, late.stdout or b"", (late.stderr or b"") + b"\n(took too long)")
        except _Unfit as error:
            return self._completed(126, b"", _why_not_started(program, error))
        require_end(program, child.returncode)
        if child.returncode:
            require_room(seen.variables)
        done = self._completed(child.returncode, stdout, stderr, is_data=is_data and not child.returncode)
        return replace(done, withheld=seen.withheld)

    def follow(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        heard: Callable[[str], Hearing],
        changes: Mapping[str, str | None] | None = None,
    ) -> Completed:
        """Run a program and hear each line of its errors as it comes; its standard output is not read.

        ``heard`` says of each line whether it is kept for the result, dropped at once, or whether the program
        has done its part and is told to end (SIGTERM). Errors: ``program-missing``.
        """
        words = [str(word) for word in arguments]
        seen = self.child(kind, changes)
        program = self._program(words[0])
        kept: list[str] = []
        try:
            with _child([program, *words[1:]], cwd, seen.variables, (False, False)) as child:
                for source in child.stderr or ():
                    line = source.decode("utf-8", "replace").rstrip("\n")
                    match heard(line):
                        case "keep":
                            kept.append(line)
                        case "stop":
                            child.terminate()
                        case "drop":
                            pass
        except _Unfit as error:
            return self._completed(126, b"", _why_not_started(program, error))
        if child.returncode == -signal.SIGINT:
            raise KeyboardInterrupt
        done = self._completed(child.returncode, b"", "\n".join(kept).encode())
        return replace(done, withheld=seen.withheld)

    def start_server(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        ended: Callable[[], None],
        changes: Mapping[str, str | None] | None = None,
    ) -> ServerProcess:
        """Start a program that stays and answers questions; ``ended`` is called when it is gone.

        Errors: ``program-missing``; MachineFailure where it could not be started.
        """
        from castoff.io.server_process import ServerProcess

        running = ExitStack()
        running.callback(ended)
        child = running.enter_context(self._staying(arguments, kind, cwd, changes))
        return ServerProcess(child, self.redactor, running.close)

    def start_reader(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        changes: Mapping[str, str | None] | None = None,
    ) -> ReaderProcess:
        """Start a program that stays and answers in bytes, each time within ten minutes.

        Errors: ``program-missing``; MachineFailure where it could not be started.
        """
        from castoff.io.reader_process import ReaderProcess

        running = ExitStack()
        child = running.enter_context(self._staying(arguments, kind, cwd, changes))
        return ReaderProcess(child, partial(self.bounded, _LONGEST_ANSWER), running.close)

    def ended(self, program: str, code: int, errors: bytes) -> Completed:
        """Judge the end of a program that stayed, as :meth:`run` judges one that ran to its end."""
        require_end(program, code)
        require_room(self.environment)
        _require_no_end()
        return self._completed(code, b"", errors)

    def _staying(
        self,
        arguments: Sequence[str | Path],
        kind: Kind,
        cwd: Path,
        changes: Mapping[str, str | None] | None,
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        words = [str(word) for word in arguments]
        command = [self._program(words[0]), *words[1:]]
        return _child(command, cwd, self.child(kind, changes).variables, (True, True))

    def bounded(self, timeout: float) -> float:
        """Return the seconds that a program may take which wants as many."""
        return max(self._bounded(timeout) or 0.0, 0.0)

    def interactive(self, arguments: Sequence[str | Path], *, kind: Kind, cwd: Path) -> int:
        """Run a program that talks to the person (an editor); returns its exit code. Errors: ``program-missing``."""
        words = [str(word) for word in arguments]
        command = [self._program(words[0]), *words[1:]]
        environment = dict(self.child(kind).variables)
        try:
            return subprocess.run(command, cwd=cwd, env=environment, check=False).returncode
        except OSError as error:
            raise not_started(command[0], cwd, error) from None

    def _bounded(self, timeout: float | None) -> float | None:
        bounds = [] if self.seconds_left is None else [self.seconds_left()]
        return min((*bounds, *(() if timeout is None else (timeout,))), default=None)

    def _program(self, name: str) -> str:
        program = self.find(name)
        if program is None:
            raise UsageError.of(
                "program-missing",
                f"`{name}` was not found",
                reason="castoff runs the clients of the ecosystem",
                remedy=f"install `{name}`, and make sure that it is in PATH",
            )
        return program

    def _completed(self, code: int, stdout: bytes, stderr: bytes, *, is_data: bool = False) -> Completed:
        return Completed(
            code=code,
            stdout=stdout,
            text="" if is_data else self.redactor.clean(stdout.decode("utf-8", "replace")),
            errors=self.redactor.clean(stderr.decode("utf-8", "replace")),
        )


def _why_not_started(program: str, error: Exception) -> bytes:
    return f"`{program}` could not be started: {error}".encode("utf-8", "replace")


def find_program(program: str, path: str | None) -> str | None:
    """Find a program beside the running interpreter, then in ``path`` (the value of PATH)."""
    import sys

    beside = Path(sys.executable).parent / program
    if os.sep not in program and os.access(beside, os.X_OK) and program in ("uv", "twine", "pyproject-build"):
        return str(beside)
    return shutil.which(program, path=path)


def end_children() -> None:
    """Ask every running child to end (SIGTERM), and what it started: castoff was asked to, they were perhaps not.

    Threads that run a program end with it and start no other one, until :func:`allow_children` is called; the main
    thread still may, to tidy up.
    """
    _ending.set()
    children = tuple(_running)
    # Before the children end: what an ended process started belongs to another one.
    below = _started_by([child.pid for child in children])
    for child in children:
        with suppress(OSError):
            child.terminate()
    for pid in below:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)


def allow_children() -> None:
    """Let threads start programs again, for a process that goes on after a run that was ended."""
    _ending.clear()


_running: set[subprocess.Popen[bytes]] = set()
_ending = threading.Event()
_STEP, _HONOURED = 0.5, 5.0
"""Seconds: how often a thread looks whether the run ends, and how long a child may take to end on SIGTERM."""


class _Ended(SystemExit):
    """The run was asked to end. Threads end with SystemExit without a word, and no handler of errors stops it."""


def _require_no_end() -> None:
    if _ending.is_set() and threading.current_thread() is not threading.main_thread():
        raise _Ended


def _started_by(parents: Sequence[int]) -> list[int]:
    """List the processes that some started, and those that these started, as `/proc` has them (Linux alone)."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything; the state and the parent follow it (proc(5)).
            fields = status.read_bytes().rpartition(b")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found: list[int] = []
    left = list(parents)
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def _outputs(
    child: subprocess.Popen[bytes], given: bytes | None, timeout: float | None
) -> tuple[bytes, bytes]:
    """Read a child to its end; in a thread, not past the end of the run.

    A program that the child started may hold its pipes open long after the child is gone.
    """
    if threading.current_thread() is threading.main_thread():
        return child.communicate(given, timeout)  # a signal raises here
    until = None if timeout is None else time.monotonic() + timeout
    ending: float | None = None
    while True:
        left = None if until is None else max(0.0, until - time.monotonic())
        try:
            outputs = child.communicate(given, _STEP if left is None else min(_STEP, left))
        except subprocess.TimeoutExpired:
            if left is not None and left <= _STEP:
                raise
        else:
            _require_no_end()
            return outputs
        given = None  # communicate() has kept it
        if _ending.is_set():
            ending = ending if ending is not None else time.monotonic()
            if child.poll() is not None or time.monotonic() - ending > _HONOURED:
                raise _Ended


class _Unfit(Exception):
    """Arguments that cannot be passed to any program: a null character, say."""


@contextmanager
def _child(
    words: Sequence[str], cwd: Path, environment: Mapping[str, str], pipes: tuple[bool, bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and leave none behind; ``pipes`` are those wanted for standard input and output."""
    _require_no_end()
    given, read = (subprocess.PIPE if wanted else subprocess.DEVNULL for wanted in pipes)
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(environment),
            stdin=given,
            stdout=read,
            stderr=subprocess.PIPE,
            umask=_UMASK,
        )
    except ValueError as error:
        raise _Unfit(str(error)) from None
    except OSError as error:
        raise not_started(words[0], cwd, error) from None
    with child:
        _running.add(child)
        try:
            yield child
        except BaseException:
            child.kill()
            raise
        finally:
            _running.discard(child)
