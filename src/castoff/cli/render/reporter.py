"""Output of a run while it is going on: plain lines, a live display on a terminal, events in a file."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common
from castoff.cli.render.problems import styled
from castoff.cli.render.tally import Tally
from castoff.cli.render.words import safe
from castoff.io.clock import SystemClock
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.steps import LocalStep, Pace, StepKind

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import TaskID

    from castoff.cli.events import Events
    from castoff.cli.traces import Traces
    from castoff.ports import Reporter

_AGAIN = 30.0
"""Seconds after which the same wait is told again."""

_HEARTBEAT, _HEARTBEAT_ON_A_TERMINAL = 30.0, 5.0
"""Seconds of silence after which a line tells what goes on."""

_TALK = "castoff.talk"


class Display:
    """What every display has in common: the tally, and a line for what went otherwise."""

    def __init__(self, learnt: Mapping[StepKind, Pace] | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = SystemClock()
        self.tally = Tally(learnt or {})

    def close(self, *, whole: bool = True) -> None:
        """End what is live; ``whole`` unless the run stopped in between. May be called twice."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        with self.lock:
            self.tally.stage_begins(name, total)

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """Report nothing: a plan and a result show them."""

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """A step begins, and ends."""
        with self.lock:
            self.tally.step_begins(step, self.clock.monotonic())
            self.begun()
        yield  # what raises stays in the tally: it was not done
        with self.lock:
            line = self.tally.step_ends(step, self.clock.monotonic())
        self.step_ended(line)

    def step_ended(self, line: str) -> None:
        """Show the end of a step."""

    def observed(self, subject: str, detail: str) -> None:
        """Report nothing: looks are too many."""

    def act_begins(self, act: Act) -> None:
        """Note a write; its end is what is shown."""
        with self.lock:
            self.tally.act_begins(act, self.clock.monotonic())
            self.begun()

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Show what became of a write."""
        with self.lock:
            self.tally.act_ends(act, outcome)
        match outcome:
            case Succeeded():
                self.act_done(act)
            case Unclear(reason=reason):
                self.line(
                    f"{styled('?', fg='yellow')} {safe(act.target)}: unclear, looking: {safe(reason)[:200]}"
                )
            case Throttled(retry_after=after):
                self.line(f"{styled('~', fg='yellow')} {safe(act.target)}: must wait {after:.0f} s")
            case Refused(problem):
                self.line(f"{styled('x', fg='red')} {safe(act.target)}: {safe(problem.message)}")

    def act_done(self, act: Act) -> None:
        """Show a write that succeeded."""

    def begun(self) -> None:
        """Hear that something goes on from now; called with the lock."""

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Note what is waited for."""
        with self.lock:
            self.tally.waits(safe(subject), safe(reason), seconds, self.clock.monotonic())
            self.begun()

    def note(self, text: str) -> None:
        """Show a sentence."""
        self.line(safe(text))

    def line(self, text: str) -> None:
        """Write a line that stays."""


class Screen(Display):
    """A live display on a terminal, through rich: a bar for each stage, and below them what goes on."""

    def __init__(self, learnt: Mapping[StepKind, Pace] | None = None) -> None:
        super().__init__(learnt)
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._task: TaskID | None = None
        self._closed = False
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._live = Live(
            console=console,
            get_renderable=self._rendered,
            refresh_per_second=4,
            # A result on a standard output that is a file must not end on the terminal.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._live.start()

    def close(self, *, whole: bool = True) -> None:
        """Leave the terminal as it was."""
        with self.lock:
            self._closed = True
            if whole:
                self._finish()
        self._live.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a bar; the one before is full."""
        super().stage(name, total)
        with self.lock:
            self._finish()
            self._task = self._progress.add_task(name, total=max(total, 1))

    def act_done(self, act: Act) -> None:  # noqa: ARG002 - each counts alike
        """Move the bar; a stage can have more writes than parts."""
        with self.lock:
            if self._task is None:
                return
            task = self._progress.tasks[-1]
            if task.total is not None and task.completed + 1 >= task.total and not task.finished:
                self._progress.update(self._task, total=task.total + 1)
            self._progress.advance(self._task)

    def line(self, text: str) -> None:
        """Write above the bars; what is too wide goes on below its first word."""
        from rich.padding import Padding
        from rich.text import Text

        self._live.console.print(Padding(Text.from_ansi(text), (0, 0, 0, 12), expand=False))

    def _rendered(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        with self.lock:
            now = self.clock.monotonic()
            lines = [] if self._closed else self.tally.rows(now)
            shown = [Text(f"{'':>10}  {safe(line)}", no_wrap=True, overflow="ellipsis") for line in lines]
            return Group(self._progress.get_renderable(), *shown)

    def _finish(self) -> None:
        if self._task is not None:
            # A stage may need fewer writes than it has parts: its bar must not stay half full when it is
            # done.
            done = max(int(self._progress.tasks[-1].completed), 1)
            self._progress.update(self._task, total=done, completed=done)
            self._task = None


class LineReporter(Display):
    """One plain line on stderr for each thing that happens, and one after each silence."""

    def __init__(
        self, learnt: Mapping[StepKind, Pace] | None = None, *, heartbeat: float = _HEARTBEAT
    ) -> None:
        super().__init__(learnt)
        self._told: dict[str, float] = {}
        self._heartbeat = heartbeat
        self._last = self.clock.monotonic()
        self._closed = threading.Event()
        self._beats = False

    def close(self, *, whole: bool = True) -> None:  # noqa: ARG002 - lines end alike
        """End the heartbeat."""
        self._closed.set()

    def stage(self, name: str, total: int) -> None:
        """Name the stage."""
        super().stage(name, total)
        self._say(styled(f"{name:>10}", fg="cyan", bold=True) + (f"  {total} parts" if total > 1 else ""))

    def step_ended(self, line: str) -> None:
        """Show the end of a step."""
        self.line(f"- {safe(line)}")

    def act_done(self, act: Act) -> None:
        """Show a write that succeeded."""
        self.line(f"{styled('+', fg='green')} {safe(act.target)}")

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Show what is waited for, where it takes long enough to wonder; the same again only each half minute."""
        super().waiting(subject, reason, seconds)
        now = self.clock.monotonic()
        told = self._told.get(f"{subject}: {reason}")
        if seconds >= 2.0 and (told is None or now - told >= _AGAIN):
            self._told[f"{subject}: {reason}"] = now
            self.line(f". {safe(subject)}: {safe(reason)} (looking again in {seconds:.0f} s)")

    def line(self, text: str) -> None:
        """Write it."""
        self._say(f"{'':>10}  {text}")

    def _say(self, text: str) -> None:
        """Write a line; a reader who is gone (`| head`) ends the talk, never the release."""
        # One line at a time: uploads report from several threads.
        with self.lock, suppress(BrokenPipeError):
            self._last = self.clock.monotonic()
            click.echo(text, err=True)

    def begun(self) -> None:
        """Begin to listen for silence."""
        if not self._beats:
            self._beats = True
            # A daemon: a run that ends must not wait for its heartbeat.
            threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()

    def _beat(self) -> None:
        """Break each silence, as long as something goes on."""
        # Looked at more often than it speaks, so that a silence is broken at most a fifth too late.
        while not self._closed.wait(self._heartbeat / 5):
            with self.lock:
                now = self.clock.monotonic()
                text = self.tally.line(now)
                self._beats = bool(text)
                if not text:
                    return
                if now - self._last >= self._heartbeat:
                    self.beat(f"... {safe(text)}")

    def beat(self, text: str) -> None:
        """Write a line after a silence."""
        self.line(text)


class Heartbeat(LineReporter):
    """A line on stderr after each silence, and nothing else: for commands whose result is all that is printed."""

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """A step begins, and ends; what raises ends such a command."""
        try:
            with super().step(step):
                yield
        except BaseException:
            self.close()
            raise

    def stage(self, name: str, total: int) -> None:
        """Note the stage."""
        Display.stage(self, name, total)

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Note what is waited for."""
        Display.waiting(self, subject, reason, seconds)

    def line(self, text: str) -> None:
        """Report nothing."""

    def beat(self, text: str) -> None:
        """Write a line after a silence."""
        self._say(text)


def _events(path: Path | None) -> tuple[Mapping[StepKind, Pace], Events | None]:
    """Return what the last run in a file of events tells, and the file to go on with."""
    if path is None:
        return {}, None
    from castoff.cli.events import Events, learnt_paces

    return learnt_paces(path), Events(path)


def reporter_for(events: Path | None, *, quiet: bool = False) -> Talk:
    """Choose what suits where the output goes; it is closed with the command at the latest."""
    paces, written = _events(events)
    context = click.get_current_context(silent=True)
    talk = Talk(_display(paces, quiet=quiet), written, _traces(context))
    if context is not None:
        context.meta[_TALK] = talk
        # Also where the command raises: a live display that is left open hides the error and the cursor.
        context.call_on_close(partial(talk.close, whole=False))
    return talk


def _traces(context: click.Context | None) -> Traces | None:
    """Return what sends a trace, where `--otlp` names who takes it."""
    common = context.find_object(Common) if context is not None else None
    if context is None or common is None or common.otlp is None:
        return None
    from castoff.cli.traces import Traces

    return Traces(common.otlp, f"castoff {context.info_name}")


def interruption(context: click.Context) -> Sequence[str]:
    """End the display of a command that is interrupted; return what is done and what is not."""
    talk = context.meta.get(_TALK)
    if not isinstance(talk, Talk):
        return ()
    talk.close(whole=False)
    return talk.interrupted()


def _display(learnt: Mapping[StepKind, Pace], *, quiet: bool) -> Display:
    """Return a live display where somebody watches a terminal that can move its cursor, else lines."""
    is_terminal = sys.stderr.isatty()
    if quiet:
        return Heartbeat(learnt, heartbeat=_HEARTBEAT_ON_A_TERMINAL if is_terminal else _HEARTBEAT)
    # A terminal without TERM cannot move its cursor (editors' output windows, say).
    if is_terminal and os.environ.get("TERM") not in (None, "", "dumb"):
        return Screen(learnt)
    return LineReporter(learnt, heartbeat=_HEARTBEAT_ON_A_TERMINAL if is_terminal else _HEARTBEAT)


class Talk:
    """Passes everything on to its listeners."""

    def __init__(self, display: Display | None, events: Events | None, traces: Traces | None) -> None:
        self._display = display
        self._files = tuple(one for one in (events, traces) if one is not None)
        self._listeners: tuple[Reporter, ...] = (*((display,) if display is not None else ()), *self._files)

    def close(self, *, whole: bool = True) -> None:
        """End what is live on the terminal, so that the result stands below it; ``whole``: the run came to its end."""
        if self._display is not None:
            self._display.close(whole=whole)
        for one in self._files:
            one.close()

    def interrupted(self) -> Sequence[str]:
        """Describe what is done and what is not; nothing where nobody was to see it."""
        if self._display is None:
            return ()
        with self._display.lock:
            return self._display.tally.interrupted()

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        for one in self._listeners:
            one.stage(name, total)

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """The version and the order of the uploads are known."""
        for one in self._listeners:
            one.release(version, waves)

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """Local work is done in the block."""
        with ExitStack() as stack:
            for one in self._listeners:
                stack.enter_context(one.step(step))
            yield

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
