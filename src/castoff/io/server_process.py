"""A program that stays, and answers questions of several threads in any order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Protocol

from msgspec import Struct

from castoff.redaction import Redactor

_KEPT = 20_000
"""Characters kept of what a program says beside its answers."""


class Ended(Struct, frozen=True):
    """The end of a program before it answered; ``code`` is its exit code, ``errors`` what it said.

    ``begun`` tells whether it may have begun with the question: a program that said its end takes none after it.
    """

    code: int
    errors: str
    begun: bool


class _Child(Protocol):
    """A process that castoff.io.process started."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def wait(self) -> int: ...


@dataclass(slots=True, eq=False)
class _Question:
    answered: threading.Event = field(default_factory=threading.Event)
    answer: str | Ended | None = None


class ServerProcess:
    """Questions to a running program: each is a line of JSON, ``[number, question]``, as each answer is.

    The answer ``[null]`` is the program's last. ``ended`` is called when it is gone.
    """

    def __init__(self, child: _Child, redactor: Redactor, ended: Callable[[], None]) -> None:
        self._child = child
        self._redactor = redactor
        self._ended = ended
        self._lock = threading.Lock()
        self._waiting: dict[int, _Question] = {}
        self._asked = 0
        self._said: list[str] = []
        self.is_over = False
        self._hearer = threading.Thread(target=self._hear_errors, daemon=True)
        self._hearer.start()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def open(self) -> int:
        """Return how many questions wait for their answers."""
        return len(self._waiting)

    def ask(self, question: object, timeout: float) -> str | Ended | None:
        """Return the answer as JSON without secrets; None if there is none after ``timeout`` seconds.

        A program that was late once is asked nothing more.
        """
        mine = _Question()
        with self._lock:
            if self.is_over:
                return Ended(0, "", begun=False)
            self._asked += 1
            number = self._asked
            self._waiting[number] = mine
            try:
                assert self._child.stdin is not None
                self._child.stdin.write(json.dumps([number, question]).encode() + b"\n")
                self._child.stdin.flush()
            except (OSError, ValueError):  # it is gone; the listener says how
                pass
        if not mine.answered.wait(timeout):
            self.close()
            return None
        return mine.answer

    def close(self) -> None:
        """Ask nothing more; the program ends when it has answered."""
        with self._lock:
            self.is_over = True
            if self._child.stdin is not None:
                with suppress(OSError):
                    self._child.stdin.close()

    def _listen(self) -> None:
        said_its_end = False
        for line in self._child.stdout or ():
            with suppress(ValueError, TypeError):
                number, *answer = json.loads(line)
                said_its_end = said_its_end or number is None
                if said_its_end:
                    with self._lock:
                        self.is_over = True
                elif answer and (asked := self._waiting.pop(number, None)) is not None:
                    asked.answer = self._redactor.clean(json.dumps(answer[0]))
                    asked.answered.set()
        self.close()
        code = self._child.wait()
        self._hearer.join(1.0)
        errors = self._redactor.clean("".join(self._said))
        with self._lock:
            left, self._waiting = tuple(self._waiting.values()), {}
        for asked in left:
            asked.answer = Ended(code, errors, begun=not said_its_end)
            asked.answered.set()
        self._ended()

    def _hear_errors(self) -> None:
        for line in self._child.stderr or ():
            if sum(map(len, self._said)) < _KEPT:
                self._said.append(line.decode("utf-8", "replace"))
