"""The level of a release that the labels of its changes propose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from castoff.model.changes import Change

Level = Literal["major", "minor", "patch"]
_ORDER: tuple[Level, ...] = ("patch", "minor", "major")

OTHERWISE = "*"
"""The key for a change that has none of the other labels, as in the forge's own configuration of notes."""


class ProposedLevel(Struct, frozen=True):
    """A level, the label that asks for it, and the numbers of the changes that have that label."""

    level: Level
    label: str
    changes: tuple[int, ...]

    @property
    def reason(self) -> str:
        """Say why in one line."""
        shown = ", ".join(f"#{number}" for number in self.changes[:5])
        more = f" and {len(self.changes) - 5} more" if len(self.changes) > 5 else ""
        label = "no label of `version.levels`" if self.label == OTHERWISE else f"the label `{self.label}`"
        return f"{shown}{more}: {label}"


def proposed_level(
    changes: Sequence[Change], levels: Mapping[str, Level], left_out: Sequence[str] = ()
) -> ProposedLevel | None:
    """Return the highest level that a change asks for, None if none asks for one.

    Args:
        changes: what was merged since the last release.
        levels: the level of each label; ``*`` is for changes that have none of the others.
        left_out: labels of changes that are no part of the notes; such a change asks for nothing.
    """
    asked: dict[str, list[int]] = {}
    for change in changes:
        if any(label in left_out for label in change.labels):
            continue
        found = [label for label in levels if label in change.labels]
        for label in found or ([OTHERWISE] if OTHERWISE in levels else []):
            asked.setdefault(label, []).append(change.number)
    if not asked:
        return None
    # Of two labels of one level, the one that the configuration names first.
    label = max((one for one in levels if one in asked), key=lambda one: _ORDER.index(levels[one]))
    return ProposedLevel(levels[label], label, tuple(sorted(asked[label])))
