"""Answers of the world: every question has four, and only ``Absent`` may lead to a write.

What waits on a registry for a person's approval is a fifth: present for its owners, absent for everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sameness = Literal["bytes", "contents", "no", "not-comparable"]


@dataclass(frozen=True, slots=True)
class Absent:
    """It is not there, and whoever was asked would know; ``closed`` tells why it cannot be added any more."""

    closed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """It is there; ``digest`` is that of its bytes."""

    digest: str | None = None
    url: str | None = None
    commit: str | None = None
    same: Sameness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """It was there and was taken back (yanked, deleted); the name cannot be used again."""

    digest: str | None = None
    url: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """It is uploaded, and nobody but its owners sees it until a person approves it; ``identity`` names it there."""

    identity: str
    digest: str | None = None
    same: Sameness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody could tell; ``retry_after`` in seconds where the service said when to ask again."""

    reason: str
    retry_after: float | None = None


Answer = Absent | Present | Withdrawn | Staged | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One question with its answer, for display: nothing is decided by it.

    ``id`` is stable and unique in its part: what was asked for, such as a file name. ``identity`` tells it from others
    of the same id (id of a release, object of a ref), ``state`` is its own state (a closed milestone, a failed build).
    ``part`` is set by whoever asks the part.
    """

    id: str
    answer: Answer
    expected: str | None = None
    identity: str | None = None
    state: str | None = None
    part: str = ""
