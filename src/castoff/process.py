"""How does castoff run other programs? This is the only door: argument lists, never a shell.

Each child gets the environment that the door was opened with, so that a rehearsal's children know only the
embedded world. Output is captured, secrets are taken out before anybody sees it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from castoff.errors import UsageError
from castoff.redaction import Redactor

Hearing = Literal["keep", "drop", "stop"]
"""What becomes of a line that a program says while it is followed."""

TIMED_OUT = 124
"""The exit code that stands for a program that was ended because it took too long, as `timeout` gives it."""

_FIRST, _LAST, _WIDEST = 3, 8, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a finished program left: exit code, standard output as bytes, both streams as clean text."""

    code: int
    stdout: bytes
    text: str
    errors: str

    @property
    def last_words(self) -> str:
        """Give what it said, for a message to people: the first lines and the last ones, 1,500 characters at most."""
        lines = (self.errors.strip() or self.text.strip()).splitlines()
        if len(lines) > _FIRST + _LAST:
            lines = [*lines[:_FIRST], "...", *lines[-_LAST:]]
        return "\n".join(line[:_WIDEST] for line in lines)[-1500:]


@dataclass(frozen=True, slots=True)
class Processes:
    """A door with one environment; ``with_environment`` opens another one."""

    environment: Mapping[str, str]
    redactor: Redactor = field(default_factory=Redactor)

    def with_environment(self, changes: Mapping[str, str | None]) -> Processes:
        """Open a door whose children see these variables changed; None takes a variable away."""
        environment = {**self.environment, **{k: v for k, v in changes.items() if v is not None}}
        for name, value in changes.items():
            if value is None:
                environment.pop(name, None)
        return Processes(environment, self.redactor)

    def find(self, program: str) -> str | None:
        """Find a program: clients installed with castoff first, then those in PATH."""
        return find_program(program, self.environment.get("PATH"))

    def run(
        self,
        arguments: Sequence[str | Path],
        *,
        cwd: Path,
        given: bytes | None = None,
        timeout: float | None = None,
        changes: Mapping[str, str | None] | None = None,
        is_data: bool = False,
    ) -> Completed:
        """Run a program to its end; of standard output that ``is_data`` no text for people is made.

        ``timeout`` is in seconds: after it the program is killed and the code is `TIMED_OUT`. Errors:
        ``program-missing`` where it is not installed; every other end is an exit code (negative: the signal; 126:
        the system would not start it).
        """
        words = [str(word) for word in arguments]
        program = self._program(words[0])
        environment = self.with_environment(changes).environment if changes else self.environment
        try:
            done = subprocess.run(
                [program, *words[1:]],
                cwd=cwd,
                env=dict(environment),
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return self._completed(TIMED_OUT, late.stdout or b"", (late.stderr or b"") + b"\n(took too long)")
        except (OSError, ValueError) as error:
            return self._completed(126, b"", _why_not_started(program, error))
        return self._completed(
            done.returncode, done.stdout, done.stderr, is_data=is_data and not done.returncode
        )

    def follow(
        self,
        arguments: Sequence[str | Path],
        *,
        cwd: Path,
        heard: Callable[[str], Hearing],
        changes: Mapping[str, str | None] | None = None,
    ) -> Completed:
        """Run a program and hear each line of its errors as it comes; its standard output is not read.

        ``heard`` says of each line whether it is kept for the result, dropped at once, or whether the program
        has done its part and is told to end (SIGTERM). Errors: ``program-missing``.
        """
        words = [str(word) for word in arguments]
        environment = self.with_environment(changes).environment if changes else self.environment
        program = self._program(words[0])
        try:
            process = subprocess.Popen(
                [program, *words[1:]],
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except (OSError, ValueError) as error:
            return self._completed(126, b"", _why_not_started(program, error))
        kept: list[str] = []
        with process as child:
            assert child.stderr is not None
            for source in child.stderr:
                line = source.decode("utf-8", "replace").rstrip("\n")
                match heard(line):
                    case "keep":
                        kept.append(line)
                    case "stop":
                        child.terminate()
                    case "drop":
                        pass
        return self._completed(child.returncode, b"", "\n".join(kept).encode())

    def interactive(self, arguments: Sequence[str | Path], *, cwd: Path) -> int:
        """Run a program that talks to the person (an editor); gives its exit code. Errors: ``program-missing``."""
        words = [str(word) for word in arguments]
        command = [self._program(words[0]), *words[1:]]
        return subprocess.run(command, cwd=cwd, env=dict(self.environment), check=False).returncode

    def _program(self, name: str) -> str:
        program = self.find(name)
        if program is None:
            raise UsageError.of(
                "program-missing",
                f"`{name}` was not found",
                reason="castoff drives the real clients",
                remedy=f"install `{name}`, and see that it is in PATH",
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


def die_by(number: int) -> None:
    """End this process as the signal would have ended it, so that a shell sees the right status."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
