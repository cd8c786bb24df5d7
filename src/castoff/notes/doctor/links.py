"""Which links lead nowhere, elsewhere, or are missing?"""

from __future__ import annotations

from collections.abc import Iterator

from castoff.notes.changelog.body import relative_links
from castoff.notes.changelog.references import naked_references, reference_address
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.findings import Finding, FindingKind, Repair, shortened
from castoff.notes.markdown import Edit, Span

_FEWEST_LINKED = 3
_HABIT = 8


def naked_numbers(chart: Chart) -> Iterator[Finding]:
    """Find issue numbers without a link, in a file that links nearly all of them."""
    linked = sum(one.numbered for one in chart.links)
    naked = list(naked_references(chart.blocks, chart.spans))
    if linked < _FEWEST_LINKED or 4 * len(naked) > linked:
        return
    for one in naked:
        line = chart.lines.line_of(one.start)
        section = chart.section_at(line)
        if section is None or section.version is None:
            continue
        address = reference_address(chart.root, one.number, chart.pulls) if chart.root else None
        new = f"[#{one.number}]({address})"
        yield Finding(
            kind="naked-issue-reference",
            line=line + 1,
            end_line=line + 1,
            release=section.version,
            text=shortened(chart.lines[line]),
            detail=f"#{one.number} not linked",
            repair=Repair(safe=True, text=new) if address else None,
            edits=(Edit(one.start, one.end, new),) if address else (),
        )


def pulls_as_issues(chart: Chart) -> Iterator[Finding]:
    """Find links to an issue whose number is a pull request's: the forge leads on, other readers cannot know."""
    for one in chart.links:
        if one.kind != "issues" or one.root != chart.root or one.number not in chart.pulls:
            continue
        address = reference_address(one.root, one.number, chart.pulls)
        at = one.span.destination_at
        edit = _kind_edit(chart, one.span)
        yield _of_link(
            chart,
            one.span,
            "pull-linked-as-issue",
            detail=f"#{one.number} is a pull request",
            repair=Repair(safe=at is not None, text=address),
            edits=edit,
        )


def relative_destinations(chart: Chart) -> Iterator[Finding]:
    """Find links that only work where the file itself stands: not on the forge's release page, nor elsewhere.

    A file with many of them means it so.
    """
    found = list(relative_links(list(chart.spans)))
    if len({chart.lines.line_of(span.start) for span in found}) > _HABIT:
        return
    for span in found:
        section = chart.section_at(chart.lines.line_of(span.start))
        if section is None or section.version is None or span.destination is None:
            continue
        path = span.destination.removeprefix("./")
        kind = "raw" if span.kind == "image" else "blob"
        address = f"{chart.root}/{kind}/{section.version}/{path}" if chart.root else "an absolute address"
        repair = Repair(safe=False, text=address)
        yield _of_link(chart, span, "relative-link", detail=span.destination, repair=repair)


def _kind_edit(chart: Chart, span: Span) -> tuple[Edit, ...]:
    if span.destination_at is None:
        return ()
    start, stop = span.destination_at
    old = chart.log.text[start:stop]
    return (Edit(start, stop, old.replace("/issues/", "/pull/", 1)),)


def _of_link(
    chart: Chart,
    span: Span,
    kind: FindingKind,
    *,
    detail: str,
    repair: Repair,
    edits: tuple[Edit, ...] = (),
) -> Finding:
    line = chart.lines.line_of(span.start)
    section = chart.section_at(line)
    return Finding(
        kind=kind,
        line=line + 1,
        end_line=chart.lines.line_of(span.end - 1) + 1,
        release=section.version if section else None,
        text=shortened(chart.log.text[span.start : span.end]),
        detail=detail,
        repair=repair,
        edits=edits,
    )
