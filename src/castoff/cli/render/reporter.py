"""Output of a run while it is going on: plain lines, progress on a terminal, events in a file."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import click

from castoff.cli.render.problems import safe, styled
from castoff.errors import UsageError
from castoff.io.clock import SystemClock
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear

if TYPE_CHECKING:
    from rich.progress import TaskID

    from castoff.ports import Reporter


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
        """Report nothing: looks are too many."""

    def act_begins(self, act: Act) -> None:
        """Show the progress of the run."""
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
                self._line(f"~ {safe(act.target)}: must wait {after:.0f} s")
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


_AGAIN = 30.0


def reporter_for(events: Path | None, *, quiet: bool = False) -> Talk:
    """Choose what suits where the output goes."""
    listeners: list[Reporter] = []
    if not quiet:
        listeners.append(_talker())
    if events is not None:
        listeners.append(Events(events))
    return Talk(listeners)


def _talker() -> Reporter:
    """Bars where somebody watches a terminal that can move its cursor, else lines."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in (None, "", "dumb") or os.environ.get("NO_COLOR"):
        return LineReporter()

    bars = Bars()
    click.get_current_context().call_on_close(bars.close)
    return bars


@runtime_checkable
class Closing(Protocol):
    """A listener that holds something open."""

    def close(self) -> None:
        """Let it go; may be called twice."""


class Talk:
    """Passes everything on to its listeners."""

    def __init__(self, listeners: Sequence[Reporter]) -> None:
        self._listeners = tuple(listeners)

    def close(self) -> None:
        """End what is live on the terminal, so that the result stands below it."""
        for one in self._listeners:
            if isinstance(one, Closing):
                one.close()

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        for one in self._listeners:
            one.stage(name, total)

    def observed(self, subject: str, detail: str) -> None:
        """Something was looked at."""
        for one in self._listeners:
            one.observed(subject, detail)

    def act_begins(self, act: Act) -> None:
        """A write begins."""
        for one in self._listeners:
            one.act_begins(act)

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """A write ended."""
        for one in self._listeners:
            one.act_ended(act, outcome)

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Something is waited for."""
        for one in self._listeners:
            one.waiting(subject, reason, seconds)

    def note(self, text: str) -> None:
        """A sentence for the reader."""
        for one in self._listeners:
            one.note(text)


class LineReporter:
    """One plain line on stderr for each thing that happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clock = SystemClock()
        self._told: dict[str, float] = {}

    def stage(self, name: str, total: int) -> None:
        """Name the stage."""
        self._say(styled(f"{name:>10}", fg="cyan", bold=True) + (f"  {total} parts" if total > 1 else ""))

    def observed(self, subject: str, detail: str) -> None:
        """Report nothing: looks are too many."""

    def act_begins(self, act: Act) -> None:
        """Report nothing: the end is what counts."""

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Return what became of it."""
        match outcome:
            case Succeeded():
                self._say(f"{'':>10}  {styled('+', fg='green')} {safe(act.target)}")
            case Unclear(reason=reason):
                mark = styled("?", fg="yellow")
                self._say(f"{'':>10}  {mark} {safe(act.target)}: unclear, looking: {safe(reason)[:200]}")
            case Throttled(retry_after=after):
                self._say(f"{'':>10}  {styled('~', fg='yellow')} {safe(act.target)}: must wait {after:.0f} s")
            case Refused(problem):
                self._say(f"{'':>10}  {styled('x', fg='red')} {safe(act.target)}: {safe(problem.message)}")

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Return what is waited for, where it takes long enough to wonder; the same again only each half minute."""
        now = self._clock.monotonic()
        told = self._told.get(f"{subject}: {reason}")
        if seconds >= 2.0 and (told is None or now - told >= _AGAIN):
            self._told[f"{subject}: {reason}"] = now
            self._say(f"{'':>10}  . {safe(subject)}: {safe(reason)} (looking again in {seconds:.0f} s)")

    def note(self, text: str) -> None:
        """Say it."""
        self._say(f"{'':>10}  {safe(text)}")

    def _say(self, text: str) -> None:
        """Write a line; a reader who is gone (`| head`) ends the talk, never the release."""
        with self._lock, suppress(BrokenPipeError):
            click.echo(text, err=True)


class Events(AbstractContextManager["Events"]):
    """One JSON object a line, each written at once."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._clock = SystemClock()
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError.of(
                "events-unwritable",
                f"`{path}` cannot be written",
                reason=type(error).__name__,
                remedy="pass another file with `--events`",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self._write("stage", detail=f"{name} ({total})")

    def observed(self, subject: str, detail: str) -> None:
        """Something was looked at."""
        self._write("observe", detail=f"{subject}: {detail}")

    def act_begins(self, act: Act) -> None:
        """A write begins."""
        self._write("act-begin", act=act.id)

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """A write ended."""
        match outcome:
            case Succeeded():
                self._write("act-end", act=act.id, outcome="done")
            case Refused(problem):
                self._write("act-end", act=act.id, outcome="refused", detail=problem.message)
            case Unclear(reason=reason) | Throttled(reason=reason):
                self._write("act-end", act=act.id, outcome="unclear", detail=reason)

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Something is waited for."""
        self._write("wait", detail=f"{subject}: {reason} ({seconds:.1f} s)")

    def note(self, text: str) -> None:
        """A sentence."""
        self._write("pass", detail=text)

    def end(self, detail: str) -> None:
        """The run ends."""
        self._write("end", detail=detail)

    def _write(
        self, kind: str, *, act: str | None = None, outcome: str | None = None, detail: str | None = None
    ) -> None:
        with self._lock:
            self._count += 1
            value = {
                "seq": self._count,
                "at": self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "type": kind,
                "act": act,
                "outcome": outcome,
                "detail": detail,
            }
            line = json.dumps({k: v for k, v in value.items() if v is not None}, ensure_ascii=False)
            self._file.write(line.encode("utf-8", "replace") + b"\n")
