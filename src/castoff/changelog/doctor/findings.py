"""A finding of the doctor: its kind, its place and its repair."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from castoff.text.markdown import TextEdit

FindingKind = Literal[
    "conflict-marker",
    "open-block",
    "heading-unclear",
    "doubled-heading",
    "empty-section",
    "notes-never-imported",
    "stale-compare-line",
    "unreleased-compare-base",
    "orphan-new-contributors-list",
    "trailer-cut",
    "missing-blank-before-heading",
    "unparsable-heading",
    "underline-length",
    "date-differs-from-tag",
    "date-not-monotonic",
    "section-without-tag",
    "tag-without-section",
    "section-older-than-first-tag",
    "naked-issue-reference",
    "pull-linked-as-issue",
    "relative-link",
]
Severity = Literal["defect", "style", "info"]

KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
LONGEST_TEXT = 160

_SEVERITIES: dict[FindingKind, Severity] = {
    "underline-length": "style",
    "section-older-than-first-tag": "info",
    "pull-linked-as-issue": "info",
}


class Repair(Struct, frozen=True, kw_only=True):
    """What would fix a defect, in words; ``safe`` says that :func:`castoff.changelog.doctor.fix` does it."""

    safe: bool
    text: str


class ChangelogFinding(Struct, frozen=True, kw_only=True):
    """One defect: what and where (lines count from 1), in which release, and its repair.

    ``line`` is None where the defect is that something is missing. ``text`` is the line or link in question,
    ``edits`` are what a safe repair changes. ``habit`` says that the file does the same so often that it is meant.
    """

    kind: FindingKind
    line: int | None
    end_line: int | None
    release: str | None
    text: str | None
    detail: str
    repair: Repair | None = None
    edits: tuple[TextEdit, ...] = ()
    habit: bool = False

    @property
    def severity(self) -> Severity:
        """Return how bad it is: a defect misleads readers or tools, style does not, info may be meant."""
        return "info" if self.habit else _SEVERITIES.get(self.kind, "defect")


def shortened(text: str) -> str:
    """Return what is shown of a long line."""
    return text[:LONGEST_TEXT]
