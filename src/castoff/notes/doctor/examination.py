"""Which wounds has a changelog, in which order are they told, and how does it read once mended?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from castoff.notes.changelog.sections import parse
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.comparisons import stale_comparisons, unreleased_base
from castoff.notes.doctor.findings import KINDS, Finding
from castoff.notes.doctor.headings import doubled, hidden, unparsable, wrong_underlines
from castoff.notes.doctor.history import against_tags, not_monotonic
from castoff.notes.doctor.known import Known
from castoff.notes.doctor.links import naked_numbers, pulls_as_issues, relative_destinations
from castoff.notes.doctor.substance import cut_trailers, empty, never_imported, orphaned_contributors
from castoff.notes.markdown import apply_edits

_CHECKS: tuple[Callable[[Chart], Iterator[Finding]], ...] = (
    doubled,
    empty,
    never_imported,
    stale_comparisons,
    unreleased_base,
    orphaned_contributors,
    cut_trailers,
    hidden,
    unparsable,
    wrong_underlines,
    against_tags,
    not_monotonic,
    naked_numbers,
    pulls_as_issues,
    relative_destinations,
)
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The findings that are left, in the order of the file; the text; and how many wounds were mended."""

    findings: tuple[Finding, ...]
    text: str
    fixed: int = 0

    @property
    def is_clean(self) -> bool:
        """Say whether no defect is left (style and information are none)."""
        return not any(finding.severity == "defect" for finding in self.findings)


def examine(text: str, known: Known | None = None) -> tuple[Finding, ...]:
    """Find the wounds of a changelog, by line; those that stand on no line come last.

    ``known`` adds what tags tell; without it nothing is said about tags. No text makes it fail.
    """
    chart = Chart(parse(text), known or Known())
    findings = {(f.kind, f.line, f.release, f.detail, f.text): f for check in _CHECKS for f in check(chart)}
    return tuple(
        sorted(
            findings.values(),
            key=lambda f: (f.line is None, f.line or 0, KINDS.index(f.kind), f.release or "", f.text or ""),
        )
    )


def fix(text: str, known: Known | None = None) -> Diagnosis:
    """Make the safe repairs, until none is left; nothing else changes, and running it again changes nothing."""
    fixed = 0
    findings = examine(text, known)
    for _ in range(_MOST_ROUNDS):
        edits = [edit for finding in findings for edit in finding.edits]
        mended = apply_edits(text, edits)
        if mended == text:
            break
        before = len(findings)
        text, findings = mended, examine(mended, known)
        fixed += max(0, before - len(findings))
    return Diagnosis(findings, text, fixed)
