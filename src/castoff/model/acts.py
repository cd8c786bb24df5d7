"""Writes to the world, and their outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.values import PartlyCompared, replace

Undo = Literal["free", "withdraw", "never"]
StageName = Literal[
    "preflight",
    "version",
    "milestone",
    "publish",
    "tag",
    "draft",
    "announce",
    "changelog",
    "docs",
    "website",
    "withdraw",
    "notice",
    "revert",
]


class Act(PartlyCompared, frozen=True, kw_only=True):
    """One write to the world. ``id`` is stable (``tag:push``); ``undo`` says what taking it back means.

    ``condition`` says when an act that is shown ahead is performed; None: in any case. ``prefix`` is set where not all
    of the id is known ahead (the file name of a wheel): every act whose id begins with it is an instance of this one.
    ``creates`` names what the service does not have yet (a new project), which it may limit apart from other writes.
    """

    beside = frozenset({"condition", "prefix", "creates"})

    id: str
    stage: StageName
    target: str
    undo: Undo
    condition: str | None = None
    prefix: str | None = None
    creates: str | None = None

    def covers(self, act: Act) -> bool:
        """Return whether an act is this one, or an instance of it."""
        return act.id == self.id or (self.prefix is not None and act.id.startswith(self.prefix))


class Succeeded(Struct, frozen=True):
    """The service confirmed the write."""

    detail: str = ""


class Unclear(Struct, frozen=True, kw_only=True):
    """The write may or may not have happened: look, and only then decide.

    ``problem`` is what a person must read if it is tried again in vain; None: only time can help.
    """

    reason: str
    problem: Problem | None = None


class Throttled(Struct, frozen=True, kw_only=True):
    """The service asks to wait ``retry_after`` seconds; nothing was written."""

    retry_after: float
    reason: str


class Refused(Struct, frozen=True):
    """The service understood the write and said no; or castoff itself did (``unasked``), and nothing was sent."""

    problem: Problem
    unasked: bool = False


Outcome = Succeeded | Unclear | Throttled | Refused


class Done(PartlyCompared, frozen=True):
    """Nothing is missing here, as far as this look can see; a closer one may find ``later`` missing."""

    beside = frozenset({"later"})

    detail: str = ""
    later: tuple[Act, ...] = ()


class Off(Struct, frozen=True):
    """This release has no such stage; that is not the same as done."""

    reason: str = ""


class Do(PartlyCompared, frozen=True):
    """These acts are missing; they do not depend on each other. What may follow once they are done is ``later``."""

    beside = frozenset({"later"})

    acts: tuple[Act, ...]
    later: tuple[Act, ...] = ()


class Wait(PartlyCompared, frozen=True, kw_only=True):
    """Something is running, or could not be seen: look again, after ``seconds`` where that is known.

    ``later`` are the acts that another look may find missing.
    """

    beside = frozenset({"later"})

    reason: str
    seconds: float | None = None
    later: tuple[Act, ...] = ()


class Person(PartlyCompared, frozen=True):
    """Only a person may do what is missing (announce), and nobody was asked yet; ``later`` follows from it."""

    beside = frozenset({"later"})

    acts: tuple[Act, ...]
    reason: str
    later: tuple[Act, ...] = ()


class Blocked(Struct, frozen=True):
    """Going on could do harm: a person must act first."""

    problem: Problem


Decision = Done | Off | Do | Wait | Person | Blocked


def acts_of(decision: Decision) -> tuple[Act, ...]:
    """Return the acts that are missing by a decision."""
    match decision:
        case Do(acts) | Person(acts):
            return acts
        case _:
            return ()


def acts_ahead(decision: Decision) -> tuple[Act, ...]:
    """Return the acts that are missing by a decision, and those that may follow."""
    match decision:
        case Do(acts, later) | Person(acts, _, later):
            return (*acts, *later)
        case Wait(later=later) | Done(later=later):
            return later
        case _:
            return ()


def only_if(condition: str, acts: Iterable[Act]) -> tuple[Act, ...]:
    """Put a condition on acts; one that an act has already goes on to hold."""
    return tuple(
        replace(one, condition=f"{condition}, {one.condition}" if one.condition else condition)
        for one in acts
    )


def not_covered(acts: Iterable[Act], shown: Sequence[Act]) -> tuple[Act, ...]:
    """Return the acts of which none that was shown is a form."""
    return tuple(act for act in acts if not any(one.covers(act) for one in shown))
