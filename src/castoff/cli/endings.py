"""End of a run: by a signal, as tidy as by Ctrl-C, or by a fault of castoff itself."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from castoff.errors import Problem


def bug(error: Exception) -> Problem:
    """Report that castoff itself failed."""
    from castoff.errors import Problem

    return Problem(
        code="bug",
        message=f"internal error: {type(error).__name__}",
        reason="this is a bug in castoff",
        remedy="report it with the output of CASTOFF_TRACEBACK=1; running the command again is safe",
    )


def traceback_asked_for() -> str | None:
    """Return the traceback of the exception being handled where CASTOFF_TRACEBACK asks for it, without secrets."""
    if not os.environ.get("CASTOFF_TRACEBACK"):
        return None
    import traceback

    # Imported here: its expressions and the reader of URLs cost every start a tenth of `castoff --help`.
    from castoff.redaction import Redactor

    return Redactor.of_environment(os.environ).clean(traceback.format_exc())


class Terminated(BaseException):
    """The run was asked to end by a signal; the exit code is the one by which a shell knows that."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        # POSIX shells report 128 + N for a process that signal N ended.
        self.exit_code = 128 + number


def signal_behind(error: BaseException) -> Terminated | KeyboardInterrupt | None:
    """Return the signal during whose handling an error was raised, if there is one."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, Terminated | KeyboardInterrupt):
        seen = seen.__context__
    return seen


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise Terminated in the block on SIGTERM and SIGHUP, and end the children on these and on SIGINT.

    Only the main thread gets signals. One that is ignored stays ignored, as `nohup` wants it; a second SIGTERM while
    the first one is tidied up after changes nothing.
    """
    # `signal.signal` raises ValueError in other threads (Python's documentation of `signal`).
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        # Only default handlers are replaced: an ignored signal (`nohup`) and a handler of an embedding
        # program stay.
        if handler in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if "castoff.io.process" in sys.modules:
            from castoff.io.process import allow_children

            allow_children()


def _end(number: int, _frame: FrameType | None) -> None:
    # Nothing is imported here: a signal may arrive in the middle of an import, of this very module too. Without it,
    # there is no child yet.
    end_children = getattr(sys.modules.get("castoff.io.process"), "end_children", None)
    if end_children is not None:
        end_children()
    # Click turns KeyboardInterrupt into its own abort, so SIGINT keeps Python's exception.
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    # A second signal must not interrupt the cleanup.
    signal.signal(number, signal.SIG_IGN)
    raise Terminated(number)
