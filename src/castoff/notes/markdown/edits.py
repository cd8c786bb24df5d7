"""What does a text read after some of its spans are replaced?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Put ``new`` where ``start`` to ``end`` stood (offsets; an empty span inserts)."""

    start: int
    end: int
    new: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits by position; one that overlaps an earlier one is left out, as is a doubled one."""
    parts: list[str] = []
    at = 0
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end, edit.new)):
        if edit.start < at or edit.end > len(text):
            continue
        parts += (text[at : edit.start], edit.new)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)
