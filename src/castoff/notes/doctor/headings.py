"""Which headings of sections stand there twice, are hidden, cannot be read, or have another underline?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from castoff.notes.changelog.dates import find_vague_date
from castoff.notes.changelog.order import OrderKey, order_key
from castoff.notes.changelog.sections import Section
from castoff.notes.changelog.style import fixed_underline, underline_lengths
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.findings import Finding, Repair, shortened
from castoff.notes.markdown import Edit

_FEWEST_UNDERLINES = 4


def doubled(chart: Chart) -> Iterator[Finding]:
    """Find versions with several headings; an empty one is the surplus one."""
    groups: dict[tuple[str, OrderKey], list[Section]] = {}
    for section in chart.log.released:
        if section.title is not None:
            groups.setdefault((section.title.project, order_key(section.title.version)), []).append(section)
    for group in (group for group in groups.values() if len(group) > 1):
        full = [section for section in group if chart.holdings[section.heading.line]]
        first = full[0] if full else group[0]
        yield from (_surplus(chart, section, first) for section in group if section is not first)


def _surplus(chart: Chart, section: Section, first: Section) -> Finding:
    empty = not chart.holdings[section.heading.line]
    return Finding(
        kind="doubled-heading",
        line=section.line,
        end_line=last_line(chart, section),
        release=section.version,
        text=shortened(section.heading.title),
        detail=f"{section.version} has a heading on line {first.line} too"
        + ("; this one has nothing under it" if empty else ""),
        repair=Repair(
            safe=empty,
            text="remove the empty section" if empty else f"join the two sections of {section.version}",
        ),
        edits=(Edit(section.start, section.end, ""),) if empty else (),
    )


def hidden(chart: Chart) -> Iterator[Finding]:
    """Find headings of sections that a missing blank line makes part of something else."""
    lines = chart.lines
    before: Section | None = None
    for section in chart.log.sections:
        heading = section.heading
        if heading.swallowed:
            at = lines.start(heading.line)
            above = lines[heading.line - 1]
            yield Finding(
                kind="missing-blank-before-heading",
                line=section.line,
                end_line=heading.end_line,
                release=before.version if before else None,
                text=shortened(heading.title),
                detail=f"line {heading.line} ('{above[:60]}') runs straight into the heading; CommonMark sees none",
                repair=Repair(safe=True, text="insert an empty line before the heading"),
                edits=(Edit(at, at, lines.newline),),
            )
        before = section


def unparsable(chart: Chart) -> Iterator[Finding]:
    """Find headings that stand for a release, but name no version or no day of any calendar."""
    for heading in chart.blocks.headings:
        if heading.level != chart.house.level or heading.nested or len(heading.title) > 200:
            continue
        vague = find_vague_date(heading.title)
        if vague is not None:
            section = chart.section_at(heading.line)
            own = section is not None and section.heading.line == heading.line
            yield Finding(
                kind="unparsable-heading",
                line=heading.line + 1,
                end_line=heading.end_line,
                release=section.version if own and section else None,
                text=shortened(heading.title),
                detail=f"`{vague}` is no day",
                repair=Repair(safe=False, text="write the version and the day of the release"),
            )


def wrong_underlines(chart: Chart) -> Iterator[Finding]:
    """Find underlines of another length than nearly all, where the length is fixed."""
    lengths = underline_lengths(chart.log)
    usual = fixed_underline(lengths)
    counts = Counter(length for length, _ in lengths)
    if not usual or counts[usual] < _FEWEST_UNDERLINES or 3 * counts[usual] < 2 * len(lengths):
        return
    for section in chart.log.sections:
        line = section.heading.underline
        if line is None:
            continue
        own = chart.lines[line].strip()
        if len(own) != usual:
            at = chart.lines.start(line) + chart.lines[line].index(own)
            yield Finding(
                kind="underline-length",
                line=line + 1,
                end_line=line + 1,
                release=section.version,
                text=shortened(own),
                detail=f"{len(own)} characters; {counts[usual]} of {len(lengths)} headings have {usual}",
                repair=Repair(safe=True, text=f"use {usual} '{own[0]}'"),
                edits=(Edit(at, at + len(own), own[0] * usual),),
            )


def last_line(chart: Chart, section: Section) -> int:
    """Give the last line of a section that is not blank, counting from 1."""
    filled = [line for line in chart.lines_of(section) if not chart.lines.is_blank(line)]
    return filled[-1] + 1 if filled else section.heading.end_line
