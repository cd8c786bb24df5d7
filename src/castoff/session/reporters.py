"""Reporters: the record of a run, in order, and one that passes nothing on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from msgspec import Struct, field

from castoff.model.acts import Act, Outcome, Succeeded
from castoff.model.steps import LocalStep
from castoff.ports import Clock, Reporter


class Written(Struct, frozen=True, kw_only=True):
    """One write that succeeded, with its begin and end in seconds of the monotonic clock."""

    act: Act
    began: float
    ended: float


class Recorder(Struct):
    """A reporter that remembers writes; ``listeners`` hear the same."""

    clock: Clock
    listeners: Sequence[Reporter] = ()
    written: list[Written] = field(default_factory=list)
    _began: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, name: str, total: int) -> None:
        """Pass on."""
        for listener in self.listeners:
            listener.stage(name, total)

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """Pass on."""
        for listener in self.listeners:
            listener.release(version, waves)

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """Pass on."""
        with ExitStack() as stack:
            for listener in self.listeners:
                stack.enter_context(listener.step(step))
            yield

    def observed(self, subject: str, detail: str) -> None:
        """Pass on."""
        for listener in self.listeners:
            listener.observed(subject, detail)

    def act_begins(self, act: Act) -> None:
        """Note the time."""
        with self._lock:
            self._began[act.id] = self.clock.monotonic()
        for listener in self.listeners:
            listener.act_begins(act)

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Keep the write where it succeeded."""
        with self._lock:
            if isinstance(outcome, Succeeded):
                now = self.clock.monotonic()
                self.written.append(Written(act=act, began=self._began.get(act.id, now), ended=now))
        for listener in self.listeners:
            listener.act_ended(act, outcome)

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Pass on."""
        for listener in self.listeners:
            listener.waiting(subject, reason, seconds)

    def note(self, text: str) -> None:
        """Pass on."""
        for listener in self.listeners:
            listener.note(text)

    def uploads(self) -> tuple[Written, ...]:
        """List the uploads of this run, in the order in which they ended; what is only staged is none."""
        return tuple(one for one in self.written if one.act.stage == "publish" and one.act.undo != "free")

    def mismatch_window(self) -> float | None:
        """Return the seconds from the first upload's end to the last one's; None with no upload."""
        uploads = self.uploads()
        if not uploads:
            return None
        return max(one.ended for one in uploads) - min(one.ended for one in uploads)


class Silence:
    """Hears everything and tells nobody."""

    def stage(self, name: str, total: int) -> None:
        """Report nothing."""

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """Report nothing."""

    def step(self, step: LocalStep) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody hears of it
        """Report nothing."""
        return nullcontext()

    def observed(self, subject: str, detail: str) -> None:
        """Report nothing."""

    def act_begins(self, act: Act) -> None:
        """Report nothing."""

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Report nothing."""

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Report nothing."""

    def note(self, text: str) -> None:
        """Report nothing."""


class StepsOnly(Silence):
    """Passes steps on and nothing else: what a run within a run writes is not the world's."""

    def __init__(self, listener: Reporter) -> None:
        self._listener = listener

    def step(self, step: LocalStep) -> AbstractContextManager[None]:
        """Pass on."""
        return self._listener.step(step)
