"""Events of a run: the file that `--events` writes, and what an earlier one tells."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from castoff.errors import UsageError
from castoff.io.clock import SystemClock
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.steps import Interval, LocalStep, Pace, StepKind, busy_seconds, paces
from castoff.release.publish import UploadFile


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """One line of the file; ``seq`` counts the events of a run from 1."""

    seq: int
    at: str
    type: str
    act: str | None = None
    outcome: str | None = None
    detail: str | None = None
    stage: str | None = None
    step: str | None = None
    subject: str | None = None
    of: int | None = None
    reason: str | None = None
    until: str | None = None
    target: str | None = None
    package: str | None = None
    packages: list[str] | None = None
    version: str | None = None


class Events:
    """A reporter that writes one JSON object a line, each at once."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._clock = SystemClock()
        try:
            # Unbuffered, one write for each line: what happened before a SIGKILL is in the file, and readers
            # see whole lines.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError.of(
                "events-unwritable",
                f"`{path}` cannot be written",
                reason=type(error).__name__,
                remedy="pass another file with `--events`",
            ) from None

    def close(self) -> None:
        """Write that the run ended; may be called twice."""
        if not self._file.closed:
            self._write("end")
            self._file.close()

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self._write("stage", detail=f"{name} ({total})", stage=name, of=total)

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """The version and the order of the uploads are known: one event for the release, and one for each wave."""
        self._write("release", detail=version, version=version, of=len(waves))
        for number, names in enumerate(waves, start=1):
            self._write("wave", detail=", ".join(names), packages=list(names), of=number)

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """A step begins, and ends."""
        of = step.of or None
        self._write("step-begin", step=step.kind, subject=step.subject, of=of)
        try:
            yield
        finally:
            self._write("step-end", step=step.kind, subject=step.subject, of=of)

    def observed(self, subject: str, detail: str) -> None:
        """Something was looked at."""
        self._write("observe", detail=f"{subject}: {detail}", subject=subject)

    def act_begins(self, act: Act) -> None:
        """A write begins."""
        self._write("act-begin", **_facts(act))

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """A write ended."""
        match outcome:
            case Succeeded():
                self._write("act-end", **_facts(act), outcome="done")
            case Refused(problem):
                self._write("act-end", **_facts(act), outcome="refused", detail=problem.message)
            case Unclear(reason=reason) | Throttled(reason=reason):
                self._write("act-end", **_facts(act), outcome="unclear", detail=reason)

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Something is waited for."""
        until = _stamp(self._clock.now() + timedelta(seconds=seconds))
        detail = f"{subject}: {reason} ({seconds:.1f} s)"
        self._write("wait", detail=detail, subject=subject, reason=reason, until=until)

    def note(self, text: str) -> None:
        """A sentence."""
        self._write("pass", detail=text)

    def _write(self, kind: str, **facts: str | int | list[str] | None) -> None:
        with self._lock:
            # A thread that outlives an interrupted run writes nothing after the end.
            if self._file.closed:
                return
            self._count += 1
            known = {name: value for name, value in facts.items() if value is not None}
            event = {"seq": self._count, "at": _stamp(self._clock.now()), "type": kind, **known}
            self._file.write(msgspec.json.encode(event) + b"\n")


def _facts(act: Act) -> dict[str, str | None]:
    """Name an act, and of an upload its package: ids are never taken apart again."""
    package = act.package if isinstance(act, UploadFile) else None
    return {"act": act.id, "target": act.target, "package": package}


def read_runs(path: Path) -> Sequence[Sequence[Event]]:
    """Read the events of each run in a file, in their order; a line that is none is left out.

    A file that is missing has none. Runs are appended, and each counts from 1.
    """
    # Devices and pipes are written to only: `/dev/full` has no end, and a pipe waits for what is never written.
    if not path.is_file():
        return ()
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return ()
    decoder = msgspec.json.Decoder(Event)
    runs: list[list[Event]] = []
    for line in lines:
        # The last line may be half written: the run was killed, or is still writing.
        with suppress(msgspec.DecodeError):
            event = decoder.decode(line)
            # A file that was cut at its begin has no first event.
            if event.seq == 1 or not runs:
                runs.append([])
            runs[-1].append(event)
    return runs


def learnt_paces(path: Path | None) -> Mapping[StepKind, Pace]:
    """Return how long each kind of step took in the last run of a file that built; empty if there is none."""
    return paces(_last_intervals(path))


def build_seconds(path: Path | None) -> float | None:
    """Return the seconds that all steps took in the last run of a file that built."""
    intervals = _last_intervals(path)
    return busy_seconds(intervals) if intervals else None


def _last_intervals(path: Path | None) -> Sequence[Interval]:
    runs = read_runs(path) if path is not None else ()
    # The newest run that built: machine and workspace are most like the present ones.
    found = (list(_intervals(run)) for run in reversed(runs))
    return next((run for run in found if any(one.kind in _BUILDS for one in run)), ())


def _intervals(events: Sequence[Event]) -> Iterator[Interval]:
    begun: dict[tuple[str | None, str | None], float] = {}
    for one in events:
        key = (one.step, one.subject)
        if one.type == "step-begin":
            begun[key] = instant(one.at)
        elif one.type == "step-end" and key in begun:
            kind = next((known for known in _KINDS if known == one.step), None)
            if kind is not None:
                yield Interval(kind, begun.pop(key), instant(one.at))


_KINDS: tuple[StepKind, ...] = ("check", "prepare", "build", "pack", "compile", "install", "sign")
_BUILDS: tuple[StepKind, ...] = ("build", "pack", "compile", "install")
"""The steps of a run that builds: plans and checks have others."""


def instant(text: str) -> float:
    """Return the seconds of a time of an event since the epoch; 0 for what is no time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
