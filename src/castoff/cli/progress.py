"""How does a run look on a terminal? One bar a stage, with what is waited for beside it; lines stay above."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from castoff.cli.problems import safe
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear

if TYPE_CHECKING:
    from rich.progress import TaskID


class Bars:
    """Live progress on stderr, through rich; nothing is said by colour alone."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._escape = escape
        self._lock = threading.Lock()
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}"),
            console=Console(stderr=True, highlight=False),
            transient=False,
        )
        self._progress.start()

    def close(self) -> None:
        """Leave the terminal as it was."""
        with self._lock:
            self._finish()
            self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a bar; the one before is full."""
        with self._lock:
            self._finish()
            self._task = self._progress.add_task(name, total=max(total, 1), now="")

    def observed(self, subject: str, detail: str) -> None:
        """Say nothing: looks are too many."""

    def act_begins(self, act: Act) -> None:
        """Show what is under way."""
        self._now(safe(act.target))

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Move the bar, or say what went otherwise."""
        match outcome:
            case Succeeded():
                self._advance()
                self._now("")
            case Unclear(reason=reason):
                self._line(f"? {safe(act.target)}: unclear, looking: {safe(reason)[:200]}")
            case Throttled(retry_after=after):
                self._line(f"~ {safe(act.target)}: asked to wait {after:.0f} s")
            case Refused(problem):
                self._line(f"x {safe(act.target)}: {safe(problem.message)}")

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Show what is waited for."""
        self._now(f"{safe(subject)}: {safe(reason)} ({seconds:.0f} s)")

    def note(self, text: str) -> None:
        """Say it above the bars."""
        self._line(safe(text))

    def _now(self, text: str) -> None:
        with self._lock:
            if self._task is not None:
                self._progress.update(self._task, now=self._escape(text)[:70])

    def _advance(self) -> None:
        with self._lock:
            if self._task is None:
                return
            task = next(one for one in self._progress.tasks if one.id == self._task)
            if task.total is not None and task.completed + 1 >= task.total and not task.finished:
                self._progress.update(self._task, total=task.total + 1)
            self._progress.advance(self._task)

    def _line(self, text: str) -> None:
        self._progress.console.print(f"{'':>10} {self._escape(text)}")

    def _finish(self) -> None:
        if self._task is not None:
            task = next(one for one in self._progress.tasks if one.id == self._task)
            done = max(int(task.completed), 1)
            self._progress.update(self._task, total=done, completed=done, now="")
            self._task = None
