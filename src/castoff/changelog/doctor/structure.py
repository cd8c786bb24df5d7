"""Damage to the structure of a changelog and to its headings, and lines that castoff does not understand.

No finding of these kinds means that every heading is the title, a release, unreleased news or a part of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from castoff.changelog.doctor.chart import Chart
from castoff.changelog.doctor.findings import ChangelogFinding, Repair, shortened
from castoff.changelog.order import OrderKey, order_key
from castoff.changelog.release_edit import check_changelog_closed
from castoff.changelog.sections import Section, every_heading
from castoff.changelog.structure import conflict_lines, damaged_headings, is_clear_heading, unclear_lines
from castoff.changelog.style import fixed_underline, underline_lengths
from castoff.changelog.titles import find_vague_date, is_unreleased, read_title
from castoff.errors import Refusal
from castoff.text.markdown import TextEdit
from castoff.values import replace


def conflicts(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find the markers of a merge conflict; one finding for each conflict."""
    lines = conflict_lines(chart.blocks)
    start: int | None = None
    for index, line in enumerate(lines):
        opens = chart.lines[line].startswith("<<<<<<<")
        # Markers without an opening one are what is left of a conflict that was resolved halfway.
        start = line if opens or start is None else start
        last = index + 1 == len(lines)
        if (
            last
            or chart.lines[lines[index + 1]].startswith("<<<<<<<")
            or chart.lines[line].startswith(">>>>>>>")
        ):
            yield chart.finding("conflict-marker", start, "an unresolved merge conflict", end=line)
            start = None


def open_blocks(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find a fence or a comment that is never closed: it hides the sections after it."""
    try:
        check_changelog_closed(chart.log)
    except Refusal as refusal:
        problem = refusal.problems[0]
        yield chart.finding("open-block", (problem.line or 1) - 1, "opens a block that is not closed")


def unclear_headings(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find headings that are neither releases nor parts of their notes.

    Those that leave the place of the next section open are defects, since castoff refuses to edit the file; others may
    be meant.
    """
    blocking = {one.line - 1: one for one in unclear_lines(chart.log)}
    news = {one.line for one in every_heading(chart.blocks) if is_unreleased(one.title)}
    for line in sorted(blocking):
        detail = (
            "a second heading of unreleased news: join the two"
            if line in news
            else f"{blocking[line].fact.removeprefix('is ')}: the next section has no place"
        )
        yield chart.finding("heading-unclear", line, detail)
    read = blocking.keys() | {section.heading.line for section in chart.log.sections}
    level = chart.style.level
    headings = [heading for heading in every_heading(chart.blocks) if not heading.nested]
    for index, heading in enumerate(headings):
        # The first heading may be the title of the file.
        known = heading.line in read or (index == 0 and heading.level <= level)
        title = read_title(heading.title)
        if known or not chart.log.released:
            continue
        if title is not None and title.firm and not title.project and heading.level < level:
            detail = f"names a version, at another level than the releases ({heading.level} for {level})"
            yield replace(chart.finding("heading-unclear", heading.line, detail), habit=True)
        elif heading.level <= level and title is None and not is_clear_heading(heading.title):
            detail = "at the level of the releases, and neither a version nor a usual part of their notes"
            yield replace(chart.finding("heading-unclear", heading.line, detail), habit=True)


def damaged(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find lines that were meant as headings or underlines, and are text."""
    for one in damaged_headings(chart.log):
        yield chart.finding("unparsable-heading", one.line - 1, "a heading needs a space after its `#`")
    for prose in chart.blocks.prose:
        for line in range(prose.start, min(prose.end, len(chart.lines))):
            text = chart.lines[line].strip()
            if len(text) >= 3 and not text.strip("="):
                before = line > 0 and not chart.lines.is_blank(line - 1)
                if not before:
                    yield chart.finding("unparsable-heading", line, "an underline without a title above it")


_FEWEST_UNDERLINES = 4


def doubled(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find versions with several headings; an empty one is the surplus one."""
    groups: dict[tuple[str, OrderKey], list[Section]] = {}
    for section in chart.log.released:
        if section.title is not None:
            groups.setdefault((section.title.project, order_key(section.title.version)), []).append(section)
    for group in (group for group in groups.values() if len(group) > 1):
        full = [section for section in group if chart.holdings[section.heading.line]]
        # In most files the newest text stands on top.
        first = full[0] if full else group[0]
        yield from (_surplus(chart, section, first) for section in group if section is not first)


def _surplus(chart: Chart, section: Section, first: Section) -> ChangelogFinding:
    empty = not chart.holdings[section.heading.line]
    spare = empty and chart.is_spare(section, first)
    return ChangelogFinding(
        kind="doubled-heading",
        line=section.line,
        end_line=last_line(chart, section),
        release=section.version,
        text=shortened(section.heading.title),
        detail=f"{section.version} has a heading on line {first.line} too"
        + ("; this one has nothing under it" if empty else ""),
        repair=Repair(
            safe=spare,
            text="remove the empty section" if empty else f"join the two sections of {section.version}",
        ),
        edits=(TextEdit(section.start, section.end, ""),) if spare else (),
    )


def hidden(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find headings of sections that a missing blank line makes part of something else."""
    lines = chart.lines
    before: Section | None = None
    for section in chart.log.sections:
        heading = section.heading
        if heading.swallowed:
            at = lines.start(heading.line)
            above = lines[heading.line - 1]
            yield ChangelogFinding(
                kind="missing-blank-before-heading",
                line=section.line,
                end_line=heading.end_line,
                release=before.version if before else None,
                text=shortened(heading.title),
                detail=f"line {heading.line} ('{above[:60]}') continues into the heading, so CommonMark "
                "does not see a heading",
                repair=Repair(safe=True, text="insert an empty line before the heading"),
                edits=(TextEdit(at, at, lines.newline),),
            )
        before = section


def unparsable(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find headings that stand for a release, but name no version or no day of any calendar."""
    for heading in chart.blocks.headings:
        # Other levels are parts of the notes, where a month may be named.
        if heading.level != chart.style.level or heading.nested or len(heading.title) > 200:
            continue
        vague = find_vague_date(heading.title)
        if vague is not None:
            section = chart.section_at(heading.line)
            own = section is not None and section.heading.line == heading.line
            yield ChangelogFinding(
                kind="unparsable-heading",
                line=heading.line + 1,
                end_line=heading.end_line,
                release=section.version if own and section else None,
                text=shortened(heading.title),
                detail=f"`{vague}` is not a date",
                repair=Repair(safe=False, text="write the version and the day of the release"),
            )


def wrong_underlines(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find underlines of another length than nearly all, where the length is fixed."""
    lengths = underline_lengths(chart.log)
    usual = fixed_underline(lengths)
    counts = Counter(length for length, _ in lengths)
    # Below two thirds the length is chance, or that of the titles.
    if not usual or counts[usual] < _FEWEST_UNDERLINES or 3 * counts[usual] < 2 * len(lengths):
        return
    for section in chart.log.sections:
        line = section.heading.underline
        if line is None:
            continue
        own = chart.lines[line].strip()
        if len(own) != usual:
            at = chart.lines.start(line) + chart.lines[line].index(own)
            yield ChangelogFinding(
                kind="underline-length",
                line=line + 1,
                end_line=line + 1,
                release=section.version,
                text=shortened(own),
                detail=f"{len(own)} characters; {counts[usual]} of {len(lengths)} headings have {usual}",
                repair=Repair(safe=True, text=f"use {usual} '{own[0]}'"),
                edits=(TextEdit(at, at + len(own), own[0] * usual),),
            )


def last_line(chart: Chart, section: Section) -> int:
    """Return the last line of a section that is not blank, counting from 1."""
    filled = [line for line in chart.lines_of(section) if not chart.lines.is_blank(line)]
    return filled[-1] + 1 if filled else section.heading.end_line
