"""Reasons for which a release is due.

A cadence, not a date: so many days since the last release, or something important merged, whichever is first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from castoff.model.changes import Change
from castoff.notes.labels import KINDS, KindLabels
from castoff.text.one_line import one_line


class DuePolicy(Struct, frozen=True, kw_only=True):
    """After how many days a release is due, and which labels make it due at once; 0 days is never."""

    days: int = 30
    labels: tuple[str, ...] = ("important", "security")


class Due(Struct, frozen=True, kw_only=True):
    """Whether a release is due: ``days`` since the last (``None`` before the first), changes by kind."""

    due: bool
    reasons: tuple[str, ...]
    days: int | None
    changes: tuple[tuple[str, int], ...]
    important: tuple[int, ...]


def release_due(
    changes: Sequence[Change],
    kinds: KindLabels,
    policy: DuePolicy,
    *,
    now: datetime,
    last: tuple[str, datetime] | None,
) -> Due:
    """Decide whether a release is due.

    Args:
        changes: what was merged since the last release. Excluded ones are not counted.
        kinds: which label is of which kind.
        policy: days and labels.
        now: the time, aware.
        last: tag and time of the last release, ``None`` before the first.
    """
    counted = [change for change in changes if not any(label in kinds.exclude for label in change.labels)]
    days = max((now - last[1]).days, 0) if last is not None else None
    important = [c for c in counted if _is_important(c, kinds, policy)]
    reasons = [f"change #{c.number} is important: `{one_line(c.title)}`" for c in important]
    if last is not None and days is not None and counted and 0 < policy.days <= days:
        reasons.append(f"{_count(days, 'day')} since `{last[0]}`, with {_count(len(counted), 'change')}")
    if last is None and counted:
        reasons.append(f"there is no release yet, with {_count(len(counted), 'change')}")
    return Due(
        due=bool(reasons),
        reasons=tuple(reasons),
        days=days,
        changes=_by_kind(counted, kinds),
        important=tuple(change.number for change in important),
    )


def _is_important(change: Change, kinds: KindLabels, policy: DuePolicy) -> bool:
    return kinds.kind_of(change.labels) == "security" or any(
        label in policy.labels for label in change.labels
    )


def _by_kind(changes: Sequence[Change], kinds: KindLabels) -> tuple[tuple[str, int], ...]:
    counts = dict.fromkeys((*KINDS, "other"), 0)
    for change in changes:
        counts[kinds.kind_of(change.labels) or "other"] += 1
    return tuple(counts.items())


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
