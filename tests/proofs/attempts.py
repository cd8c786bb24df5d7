"""The points of a proof, tried within a bound, with a line of progress for each."""

from __future__ import annotations

import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Outcome(Protocol):
    """What became of one point."""

    @property
    def name(self) -> str:
        """The point, as progress and tables show it."""

    @property
    def complaints(self) -> tuple[str, ...]:
        """What was not as promised."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A point that could not be tried to its end."""

    name: str
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The points of a proof, and how one is tried in a folder of its own; ``in_all`` counts those left out too."""

    points: Sequence[Any]
    in_all: int
    attempt: Callable[[Path, Any], Outcome]
    shown: Callable[[Any], str]


def attempts(plan: Plan, folder: Path, *, jobs: int, minutes: float) -> Iterator[tuple[int, Outcome]]:
    """Try the points, and yield each outcome with its number; no point begins after ``minutes``."""
    began = time.monotonic()
    total = len(plan.points)

    def report(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {text}\n")
        sys.stderr.flush()

    def one(number: int, point: Any) -> Outcome | None:
        if time.monotonic() - began > minutes * 60:
            return None
        name = plan.shown(point)
        report(f"[{number + 1}/{total}] begins: {name}")
        here = folder / f"point-{number + 1}"
        try:
            outcome = plan.attempt(here, point)
        except Exception:  # noqa: BLE001 - a point that fails unforeseen is one bad row, not the end of the others
            outcome = Broken(name, (traceback.format_exc()[-2000:],))
        shutil.rmtree(here, ignore_errors=True)
        report(f"[{number + 1}/{total}] {'BAD' if outcome.complaints else 'ok'}: {outcome.name}")
        for complaint in outcome.complaints:
            report(complaint)
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        started = {pool.submit(one, number, point): number for number, point in enumerate(plan.points)}
        for done in as_completed(started):
            outcome = done.result()
            if outcome is not None:
                yield started[done], outcome
