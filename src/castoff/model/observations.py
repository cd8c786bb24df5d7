"""Answers of the world: every question has four, and only ``Absent`` may lead to a write.

What waits on a registry for a person's approval is a fifth: present for its owners, absent for everybody else.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Sameness = Literal["bytes", "contents", "no", "not-comparable"]


class Absent(Struct, frozen=True):
    """It is not there, and whoever was asked would know; ``closed`` tells why it cannot be added any more."""

    closed: str = ""


class Present(Struct, frozen=True, kw_only=True):
    """It is there; ``digest`` is that of its bytes."""

    digest: str | None = None
    url: str | None = None
    commit: str | None = None
    same: Sameness | None = None


class Withdrawn(Struct, frozen=True, kw_only=True):
    """It was there and was taken back (yanked, deleted); the name cannot be used again."""

    digest: str | None = None
    url: str | None = None
    reason: str = ""


class Staged(Struct, frozen=True, kw_only=True):
    """It is uploaded, and nobody but its owners sees it until a person approves it; ``identity`` names it there."""

    identity: str
    digest: str | None = None
    same: Sameness | None = None


class Unknown(Struct, frozen=True, kw_only=True):
    """Nobody could tell; ``retry_after`` in seconds where the service said when to ask again."""

    reason: str
    retry_after: float | None = None


Answer = Absent | Present | Withdrawn | Staged | Unknown


class Observation(Struct, frozen=True, kw_only=True):
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
