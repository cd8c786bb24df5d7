"""State of a running command, for people: what is done, what is running since when, and what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from castoff.cli.render.words import count, duration, listed, short_duration
from castoff.model.acts import Act, Outcome, Succeeded
from castoff.model.steps import DOING, LocalStep, Pace, StepKind

_SHOWN = 3
"""Subjects of one kind in a line; the others are counted."""

_ROWS = 8
"""Rows of a live display: a terminal of 24 lines has room for the stages too."""


class Running(Struct, frozen=True):
    """Something that goes on: a step, a write, or a wait with its reason; ``since`` and ``until`` are clock times."""

    doing: str
    subject: str
    since: float
    reason: str = ""
    until: float | None = None

    def line(self, now: float) -> str:
        """Describe it without its verb."""
        since = duration(now - self.since)
        if self.until is None:
            return f"{self.subject} ({since})"
        again = duration(max(0.0, self.until - now))
        return f"{self.subject}: {self.reason} (since {since}, looking again in {again})"


class _Group(Struct):
    """Steps of one kind: how many ended, of how many if that is known."""

    began: float
    of: int = 0
    done: int = 0
    ended: float = 0.0


class Tally(Struct):
    """Counts what a run does; the caller holds the lock and passes the time, in seconds of one clock."""

    learnt: Mapping[StepKind, Pace] = field(default_factory=dict)
    stage: str = ""
    parts: int = 0
    done: list[Act] = field(default_factory=list)
    _steps: dict[tuple[str, str], Running] = field(default_factory=dict)
    _acts: dict[str, Running] = field(default_factory=dict)
    _waits: dict[str, Running] = field(default_factory=dict)
    _groups: dict[StepKind, _Group] = field(default_factory=dict)

    def stage_begins(self, name: str, parts: int) -> None:
        """Note the stage; nothing of the one before is waited for any more."""
        self.stage, self.parts = name, parts
        self._waits.clear()

    def step_begins(self, step: LocalStep, now: float) -> None:
        """Note a step."""
        group = self._groups.setdefault(step.kind, _Group(now))
        if group.of and group.done >= group.of:
            group = self._groups[step.kind] = _Group(now)  # another run, as the approval of a demo is
        group.of = max(group.of, step.of)
        self._steps[step.kind, step.subject] = Running(DOING[step.kind], step.subject, now)

    def step_ends(self, step: LocalStep, now: float) -> str:
        """Note the end of a step; return a line about it."""
        running = self._steps.pop((step.kind, step.subject), None)
        group = self._groups.setdefault(step.kind, _Group(now))
        group.done, group.ended = group.done + 1, now
        took = now - running.since if running else 0.0
        return f"{DOING[step.kind]} {step.subject}: {short_duration(took)}{_of(group)}"

    def act_begins(self, act: Act, now: float) -> None:
        """Note a write."""
        doing = "uploading" if act.stage == "publish" else "writing"
        self._acts[act.id] = Running(doing, act.target if act.stage == "publish" else act.id, now)

    def act_ends(self, act: Act, outcome: Outcome) -> None:
        """Note the end of a write."""
        self._acts.pop(act.id, None)
        if isinstance(outcome, Succeeded):
            self.done.append(act)

    def waits(self, subject: str, reason: str, seconds: float, now: float) -> None:
        """Note a wait; one that goes on for the same reason keeps its begin."""
        before = self._waits.get(subject)
        since = before.since if before is not None and before.reason == reason else now
        self._waits[subject] = Running("waiting for", subject, since, reason, now + seconds)

    def running(self, now: float) -> Sequence[Running]:
        """List what goes on, longest first; a wait that is over is not one any more."""
        waits = [one for one in self._waits.values() if one.until is not None and one.until >= now]
        return [*sorted((*self._steps.values(), *self._acts.values()), key=lambda one: one.since), *waits]

    def line(self, now: float) -> str:
        """Describe all that goes on in one line; empty if nothing does."""
        kinds: dict[str, list[Running]] = {}
        for one in self.running(now):
            kinds.setdefault(one.doing, []).append(one)
        told = [
            f"{doing} {listed([one.line(now) for one in those], _SHOWN)}" for doing, those in kinds.items()
        ]
        return "; ".join((*told, *self._counts(now))) if told else ""

    def rows(self, now: float) -> list[str]:
        """Describe all that goes on in a few lines, the counts last."""
        running = self.running(now)
        told = [f"{one.doing} {one.line(now)}" for one in running[:_ROWS]]
        if len(running) > _ROWS:
            told.append(f"and {len(running) - _ROWS} more")
        return [*told, "; ".join(self._counts(now))] if told else []

    def _counts(self, now: float) -> list[str]:
        ended = [f"{DOING[kind]}: {one.done} of {one.of} done" for kind, one in self._current()]
        left = self.seconds_left(now)
        return [*ended, *((f"about {duration(left)} left",) if left else ())]

    def seconds_left(self, now: float) -> float | None:
        """Estimate the time that steps still need.

        Steps that ended in this run tell the pace, else those of an earlier run. Kinds that were not begun count
        where an earlier run had them, unless this one writes already: then it has skipped them. None where nothing is
        known.
        """
        total, is_known = 0.0, False
        for kind in dict.fromkeys((*self._groups, *self.learnt)):
            group, pace = self._groups.get(kind), self.learnt.get(kind)
            steps = (group.of if group else 0) or (pace.steps if pace else 0)
            done = group.done if group else 0
            if done >= steps or (group is None and self.done):
                continue
            if group is not None and done:
                # Since the last end, time has passed that the pace does not count yet.
                each = (group.ended - group.began) / done
                total += max(0.0, each * (steps - done) - (now - group.ended))
            elif pace is not None:
                begun = now - group.began if group is not None else 0.0
                total += max(0.0, pace.each * steps - begun)
            else:
                continue
            is_known = True
        return total if is_known else None

    def interrupted(self) -> list[str]:
        """Describe what is done and what is not, one line each, after the run ended."""
        uploads = [act for act in self.done if act.stage == "publish"]
        others = [act.id for act in self.done if act.stage != "publish"]
        written = [*others, *((count(len(uploads), "upload"),) if uploads else ())]
        lines = [f"done: {listed(written)}" if written else "done: nothing was written"]
        # What was begun may have arrived: the next run looks before it writes.
        lines += [f"not known: {one.subject} was being written" for one in self._acts.values()]
        steps = [f"{one.doing} {one.subject}" for one in self._steps.values()]
        waits = [f"waiting for {one.subject}: {one.reason}" for one in self._waits.values()]
        if steps or waits:
            lines.append(f"not done: {listed([*steps, *waits], _SHOWN)}")
        if self.stage:
            lines.append(f"not done: the rest of the stage `{self.stage}`, and what follows it")
        return lines

    def _current(self) -> list[tuple[StepKind, _Group]]:
        return [(kind, one) for kind, one in self._groups.items() if one.of and one.done < one.of]


def _of(group: _Group) -> str:
    return f" ({group.done} of {group.of})" if group.of > 1 else ""
