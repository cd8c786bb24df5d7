"""The examination of a changelog, and the safe repairs of what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct

from castoff.changelog.body import is_contributors_title
from castoff.changelog.doctor.chart import Chart, OutsideFacts
from castoff.changelog.doctor.findings import KINDS, ChangelogFinding, shortened
from castoff.changelog.doctor.links import (
    naked_numbers,
    pulls_as_issues,
    relative_destinations,
    stale_comparisons,
    unreleased_base,
)
from castoff.changelog.doctor.structure import (
    conflicts,
    damaged,
    doubled,
    hidden,
    open_blocks,
    unclear_headings,
    unparsable,
    wrong_underlines,
)
from castoff.changelog.doctor.substance import (
    against_tags,
    cut_trailers,
    empty,
    never_imported,
    not_monotonic,
    orphaned_contributors,
)
from castoff.changelog.sections import Changelog, every_heading, parse
from castoff.regexes import regex
from castoff.text.markdown import apply_edits

_CHECKS: tuple[Callable[[Chart], Iterator[ChangelogFinding]], ...] = (
    conflicts,
    open_blocks,
    unclear_headings,
    damaged,
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
_LINK = regex(r"\[([^\[\]]{0,200})\]\([^\s()]{0,500}\)")


class Diagnosis(Struct, frozen=True):
    """The findings that are left, in the order of the file; the text; and how many defects were repaired."""

    findings: tuple[ChangelogFinding, ...]
    text: str
    fixed: int = 0


def examine(text: str, known: OutsideFacts | None = None) -> tuple[ChangelogFinding, ...]:
    """Find the defects of a changelog, by line; those that stand on no line come last.

    ``known`` adds what tags tell; without it nothing is said about tags. No text makes it fail.
    """
    chart = Chart(parse(text), known or OutsideFacts())
    # Two checks may find the same defect; one finding is enough.
    findings = {(f.kind, f.line, f.release, f.detail, f.text): f for check in _CHECKS for f in check(chart)}
    return tuple(
        sorted(
            findings.values(),
            key=lambda f: (f.line is None, f.line or 0, KINDS.index(f.kind), f.release or "", f.text or ""),
        )
    )


def fix(text: str, known: OutsideFacts | None = None) -> Diagnosis:
    """Make the safe repairs, until none is left; nothing else changes, and running it again changes nothing.

    A repair that would change more of the structure than it names is left out.
    """
    fixed = 0
    findings = examine(text, known)
    # A repair may uncover another defect; bounded, in case two of them undo each other.
    for _ in range(_MOST_ROUNDS):
        repaired = _repaired(text, findings)
        if repaired == text:
            break
        before = len(findings)
        text, findings = repaired, examine(repaired, known)
        fixed += max(0, before - len(findings))
    return Diagnosis(findings, text, fixed)


def _repaired(text: str, findings: tuple[ChangelogFinding, ...]) -> str:
    """Apply all edits if the structure stays as it is, else one finding after the other, from the end."""
    # All at once is the common case, and needs one reading of the file.
    at_once = apply_edits(text, [edit for finding in findings for edit in finding.edits])
    if _keeps_structure(text, at_once, findings):
        return at_once
    # From the end, so that the places of the earlier ones stay valid.
    for finding in sorted(findings, key=lambda f: max((e.end for e in f.edits), default=0), reverse=True):
        alone = apply_edits(text, finding.edits)
        if finding.edits and _keeps_structure(text, alone, (finding,)):
            text = alone
    return text


def _keeps_structure(before: str, after: str, findings: tuple[ChangelogFinding, ...]) -> bool:
    """Report whether headings, releases and code are the same, apart from what the findings name."""
    old, new = parse(before), parse(after)
    gone, come = _headings(old), _headings(new)
    # Only these two kinds may take a heading away.
    surplus = Counter(f.text for f in findings if f.kind in ("doubled-heading", "empty-section"))
    lost, added = gone - come, come - gone
    if any(shortened(title) not in surplus for _, title in lost):
        return False
    # A heading may only be added above a list that had lost its own.
    if any(not is_contributors_title(title) for _, title in added):
        return False
    versions = [[section.version for section in log.released] for log in (old, new)]
    if sorted(set(map(str, versions[0]))) != sorted(set(map(str, versions[1]))):
        return False
    return _code(old) == _code(new)


def _headings(log: Changelog) -> Counter[tuple[int, str]]:
    return Counter((one.level, _LINK.sub(r"\1", one.title)) for one in every_heading(log.blocks))


def _code(log: Changelog) -> list[str]:
    lines = log.blocks.lines
    return [log.text[lines.start(span.start) : lines.start(span.end)] for span in log.blocks.code]
