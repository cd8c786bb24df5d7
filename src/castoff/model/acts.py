"""What can a release do to the world, and what became of it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from castoff.errors import Problem

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One write to the world. ``id`` is stable (``tag:push``); ``undo`` says what taking it back means."""

    id: str
    stage: StageName
    target: str
    undo: Undo


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The service confirmed the write."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """The write may or may not have happened: look, and only then decide."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The service asks to wait ``retry_after`` seconds; nothing was written."""

    retry_after: float
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The service understood the write and said no; or castoff itself did (``unasked``), and nothing was sent."""

    problem: Problem
    unasked: bool = False


Outcome = Succeeded | Unclear | Throttled | Refused


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is missing here."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Off:
    """This release has no such stage; that is not the same as done."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Do:
    """These acts are missing; they do not depend on each other."""

    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something is under way, or could not be seen: look again, after ``seconds`` where that is known."""

    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Only a person may do what is missing (announce), and nobody was asked yet."""

    acts: tuple[Act, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Going on could do harm: a person must act first."""

    problem: Problem


Decision = Done | Off | Do | Wait | Person | Blocked
