"""The clock, the reporter and the folders of one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Protocol

from castoff.model.acts import Act, Outcome
from castoff.model.steps import LocalStep


class Clock(Protocol):
    """Time: what it is now, and waiting."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds from some fixed point, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Reporter(Protocol):
    """Hears what happens, to show it; never decides anything. Called from several threads."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins, with so many parts."""
        ...

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """The version is known, and the order of the uploads: those of a wave go side by side."""
        ...

    def step(self, step: LocalStep) -> AbstractContextManager[None]:
        """Local work that takes time is done in the block."""
        ...

    def observed(self, subject: str, detail: str) -> None:
        """Something was looked at."""
        ...

    def act_begins(self, act: Act) -> None:
        """A write begins."""
        ...

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """A write ended."""
        ...

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Something is waited for."""
        ...

    def note(self, text: str) -> None:
        """A sentence for the reader."""
        ...


Steps = Callable[[LocalStep], AbstractContextManager[None]]
"""What hears of steps: the method of a reporter."""


def unreported(_step: LocalStep) -> AbstractContextManager[None]:
    """Report nothing of a step."""
    return nullcontext()


class Workbench(AbstractContextManager["Workbench"], Protocol):
    """Where files of one run lie; gone at its end."""

    root: Path
