"""A program that stays, and answers each question in bytes; one question at a time."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import IO, Protocol

MOST = 4096
"""Bytes that a pipe always has room for once it was emptied (pipe(7): a user with many pipes gets one page each)."""

_LATE = 124
_KEPT = 20_000
"""Bytes kept of what a program says beside its answers."""


class Over(Exception):
    """The program ended, or was late, before it had answered."""


class _Child(Protocol):
    """A process that castoff.io.process started."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def wait(self) -> int: ...


class ReaderProcess:
    """Questions to a running program, and its answers as a stream of bytes.

    The program ends when the reader is closed or collected, and when castoff is killed: its standard input is
    closed then. ``patience`` returns the seconds that an answer may take.
    """

    def __init__(self, child: _Child, patience: Callable[[], float], ended: Callable[[], None]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        self._child = child
        self._patience = patience
        self._ended = ended
        self._asked, self._answers, self._errors = (
            one.fileno() for one in (child.stdin, child.stdout, child.stderr)
        )
        self._until = 0.0
        self._read = bytearray()
        self._said = b""
        # Errors are read along with the answers: a full pipe would stop the program.
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)

    @property
    def is_over(self) -> bool:
        """Return whether the program has ended."""
        return self._child.poll() is not None

    def ask(self, question: bytes) -> None:
        """Send a question of up to :data:`MOST` bytes, after the last one was answered; error :class:`Over`."""
        self._until = time.monotonic() + self._patience()
        try:
            os.write(self._asked, question)
        except OSError:
            raise Over from None

    def line(self) -> bytes:
        """Return the next line of an answer without its end; error :class:`Over`."""
        while (end := self._read.find(b"\n")) < 0:
            self._read_more()
        return self.take(end + 1)[:-1]

    def take(self, size: int) -> bytes:
        """Return so many bytes of an answer; error :class:`Over`."""
        while len(self._read) < size:
            self._read_more()
        found = bytes(self._read[:size])
        del self._read[:size]
        return found

    def end(self) -> tuple[int, bytes]:
        """End the program; returns its exit code (124 if it was late), and what it said beside its answers."""
        left = select.poll()
        left.register(self._errors, select.POLLIN)
        is_late = True
        while is_late and left.poll(1000):
            data = os.read(self._errors, 1 << 16)
            self._said = (self._said + data)[:_KEPT]
            is_late = bool(data)
        if is_late:
            self._child.kill()
        code = self._child.wait()
        self.close()
        return (_LATE, self._said + b"\n(took too long)") if is_late and code < 0 else (code, self._said)

    def close(self) -> None:
        """Ask nothing more, and wait for the program's end."""
        self._ended()

    def _read_more(self) -> None:
        ready = self._poll.poll(max(0.0, self._until - time.monotonic()) * 1000)
        if not ready:
            raise Over
        for stream, _ in ready:
            data = os.read(stream, 1 << 16)
            if stream == self._answers:
                self._read += data
            else:
                self._said = (self._said + data)[:_KEPT]
            if not data:
                self._poll.unregister(stream)
                if stream == self._answers:
                    raise Over
