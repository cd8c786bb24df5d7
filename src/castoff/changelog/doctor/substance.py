"""Sections against their notes, the tags, and each other's days."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator

from castoff.changelog.body import (
    is_contributors_title,
    is_first_contribution,
    is_first_contribution_alone,
    is_full_changelog,
)
from castoff.changelog.doctor.chart import Chart, TagFact
from castoff.changelog.doctor.findings import ChangelogFinding, FindingKind, Repair, shortened
from castoff.changelog.doctor.structure import last_line
from castoff.changelog.order import OrderKey, is_pre_release, order_key, same_version
from castoff.changelog.sections import Section, every_heading
from castoff.regexes import regex
from castoff.text.markdown import Heading, TextEdit
from castoff.values import replace

_NEIGHBOURS = 3
_HABIT = 3
_WITHDRAWN = regex(r"\b(?:yanked|withdrawn|retracted|unpublished|never released|skipped)\b", re.IGNORECASE)


def empty(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find released sections with nothing under their heading (a comparison with a branch is nothing)."""
    bare = [
        s
        for s in chart.log.released
        if not (chart.holdings[s.heading.line] or s.pending or _WITHDRAWN.search(s.heading.title))
    ]
    # A file in which many sections are empty is kept that way; one among full ones was forgotten.
    alone = sum(chart.twin(section) is None for section in bare)
    for section in bare:
        twin = chart.twin(section)
        spare = twin is not None and chart.is_spare(section, twin)
        surplus = Repair(safe=spare, text="remove the empty section")
        yield ChangelogFinding(
            kind="empty-section",
            line=section.line,
            end_line=last_line(chart, section),
            release=section.version,
            text=shortened(section.heading.title),
            detail="the section is empty",
            # The twin has the text, so that nothing is lost with the empty one; what else belongs under a heading
            # only the release knows.
            repair=surplus if twin else _import(section),
            edits=(TextEdit(section.start, section.end, ""),) if spare else (),
            habit=twin is None and alone >= _HABIT and not chart.generated,
        )


def never_imported(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find sections that wait for their notes, in a file whose older sections hold generated ones."""
    log = chart.log
    told = [s for s in log.released if chart.twin(s) is None]
    by_version = sorted(told, key=lambda s: order_key(s.version or ""))
    for index, section in enumerate(by_version):
        line = section.heading.line
        if section.pending or line in chart.generated:
            continue
        older = [
            other
            for other in by_version[max(0, index - _NEIGHBOURS) : index]
            if chart.holdings[other.heading.line]
        ]
        generated = [other for other in older if other.heading.line in chart.generated]
        linked = [other for other in older if log.target(other) is not None]
        waits = log.target(section) is None and len(linked) == len(older)
        bare = not chart.holdings[line]
        # A section with text of its own is suspicious only where every neighbour has generated notes.
        if generated and waits and (bare or len(generated) == len(older)):
            yield ChangelogFinding(
                kind="notes-never-imported",
                line=section.line,
                end_line=last_line(chart, section),
                release=section.version,
                text=shortened(section.heading.title),
                detail="earlier sections have the notes of their release and link to it; this section does not",
                repair=_import(section),
            )


def orphaned_contributors(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find lists of first contributions whose heading was taken away."""
    lines = chart.lines
    headings = every_heading(chart.blocks)
    keeps = any(is_contributors_title(heading.title) for heading in chart.blocks.headings)
    line = 0
    while line < len(lines):
        stop = line
        while stop < len(lines) and stop not in chart.code and is_first_contribution(lines[stop]):
            stop += 1
        if stop > line and not _is_headed(chart, headings, line):
            yield _orphan(chart, line, stop, keeps)
        line = max(stop, line + 1)


def cut_trailers(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find generated notes that lost their "Full Changelog" line.

    The generator's comment proves that there was one; its heading or entries do where other sections have the
    line, or the comment.
    """
    whole = {
        section.heading.line
        for section in chart.log.released
        if any(is_full_changelog(chart.lines[n]) for n in chart.lines_of(section) if n not in chart.code)
    }
    proven = bool(whole) or "comment" in chart.generated.values()
    for section in chart.log.released:
        mark = chart.generated.get(section.heading.line)
        if mark is None or section.heading.line in whole or not proven:
            continue
        if not chart.holdings[section.heading.line]:
            continue
        yield _cut_trailer(chart, section)


def _cut_trailer(chart: Chart, section: Section) -> ChangelogFinding:
    last = _last_told(chart, section)
    previous = _previous_tag(chart, section)
    tag = _tag_name(chart, section.version or "")
    line = f"**Full Changelog**: {chart.root or 'REPOSITORY'}/compare/{previous or 'PREV'}...{tag}"
    at = chart.lines.stop(last)
    safe = previous is not None and chart.root is not None
    return ChangelogFinding(
        kind="trailer-cut",
        line=last + 1,
        end_line=last + 1,
        release=section.version,
        text=shortened(chart.lines[last]),
        detail="generated notes without their '**Full Changelog**' line",
        repair=Repair(safe=safe, text=f"append '{line}'"),
        edits=(TextEdit(at, at, chart.lines.newline * 2 + line),) if safe else (),
    )


def _last_told(chart: Chart, section: Section) -> int:
    """Return the last line of the notes; definitions after it are none."""
    defined = {definition.line for definition in chart.blocks.definitions}
    told = [n for n in chart.lines_of(section) if not chart.lines.is_blank(n) and n not in defined]
    return told[-1] if told else section.heading.end_line - 1


def _previous_tag(chart: Chart, section: Section) -> str | None:
    key = order_key(section.version or "")
    older = [
        tag for tag in chart.tags or () if order_key(tag.version) < key and not is_pre_release(tag.version)
    ]
    return max(older, key=lambda tag: order_key(tag.version)).name if older else None


def _tag_name(chart: Chart, version: str) -> str:
    return next((tag.name for tag in chart.tags or () if same_version(tag.version, version)), version)


def _is_headed(chart: Chart, headings: list[Heading], line: int) -> bool:
    """Report whether a heading above names contributors, or a line between it and the list does.

    The list may be divided by packages (pydantic's HISTORY.md): each heading that encloses it counts.
    """
    section = chart.section_at(line)
    # One deeper than the deepest heading, so that the first one above the list encloses it.
    level = 7
    top = section.heading.end_line if section else 0
    nearest = top
    for heading in reversed([heading for heading in headings if top <= heading.line < line]):
        nearest = max(nearest, heading.end_line)
        if heading.level >= level:
            continue
        level = heading.level
        if _names_contributors(heading.title):
            return True
    return any(
        _names_contributors(chart.lines[n])
        for n in range(nearest, line)
        if not is_first_contribution(chart.lines[n])
    )


def _names_contributors(text: str) -> bool:
    return "contributor" in text[:200].lower()


def _orphan(chart: Chart, first: int, stop: int, keeps: bool) -> ChangelogFinding:
    lines = chart.lines
    section = chart.section_at(first)
    safe = keeps or all(is_first_contribution_alone(lines[line]) for line in range(first, stop))
    if keeps:
        at = lines.start(first)
        mark = "#" * min(6, chart.style.level + 1)
        edit = TextEdit(at, at, f"{mark} New Contributors{lines.newline}")
        text = "restore the heading 'New Contributors'"
    else:
        after = stop + 1 if stop < len(lines) and lines.is_blank(stop) else stop
        edit = TextEdit(lines.start(first), lines.start(after), "")
        text = "remove the entries too"
    return ChangelogFinding(
        kind="orphan-new-contributors-list",
        line=first + 1,
        end_line=stop,
        release=section.version if section else None,
        text=shortened(lines[first]),
        detail=f"first contributions ({stop - first}) without the heading 'New Contributors'",
        repair=Repair(safe=safe, text=text),
        edits=(edit,) if safe else (),
    )


def _import(section: Section) -> Repair:
    return Repair(
        safe=False, text=f"run `castoff changelog {section.version}`, which ports the release's notes"
    )


_FEW = 5


def against_tags(chart: Chart) -> Iterator[ChangelogFinding]:
    """Compare sections with tags; nothing where the tags are not known, or there are none."""
    tags = {order_key(tag.version): tag for tag in chart.tags or ()}
    if not tags:
        return
    first, last = min(tags), max(tags)
    sections: dict[OrderKey, Section] = {}
    for section in chart.log.released:
        key = order_key(section.version or "")
        # Of two sections of one version, that with text counts.
        if key not in sections or not chart.holdings[sections[key].heading.line]:
            sections[key] = section
    yield from _days(sections, tags)
    untagged = [
        key for key, s in sections.items() if first <= key < last and key not in tags and not s.pending
    ]
    for key, section in sections.items():
        if key < first:
            yield _told(
                section, "section-older-than-first-tag", f"history before the first tag {tags[first].name}"
            )
    for key in untagged:
        # A quarter of all, and more than a few: the project tags only some of its versions.
        habit = len(untagged) > _FEW and 4 * len(untagged) > len(sections)
        yield _told(sections[key], "section-without-tag", "the repository has no such tag", habit=habit)
    yield from _untold(sections, tags)


def not_monotonic(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find releases that are dated before an older version.

    An older line may get a fix later: then its first release lies before. Days that the tags confirm are
    facts, not mistakes.
    """
    dated = {order_key(s.version or ""): s for s in reversed(chart.log.released) if s.date is not None}
    confirmed = {order_key(tag.version): tag.day for tag in chart.tags or ()}
    keys = sorted(dated)
    lines_began: dict[tuple[int, ...], datetime.date] = {}
    for key in keys:
        line = _line(key)
        day = dated[key].date
        if day is not None:
            lines_began[line] = min(day, lines_began.get(line, day))
    for older, newer in itertools.pairwise(keys):
        one, other = dated[newer], dated[older]
        if one.date is None or other.date is None or one.date >= other.date:
            continue
        backport = _line(older) != _line(newer) and lines_began[_line(older)] <= one.date
        # Both days must be confirmed: one of them alone leaves the other suspect.
        facts = confirmed.get(newer) == one.date and confirmed.get(older) == other.date
        if not (backport or facts):
            detail = f"{one.version} dated before older release {other.version} ({other.date})"
            yield _told(one, "date-not-monotonic", detail)


def _line(key: OrderKey) -> tuple[int, ...]:
    """Return the line of releases that a version belongs to: its first two numbers."""
    return (*key[0], 0, 0)[:2]


def _days(sections: dict[OrderKey, Section], tags: dict[OrderKey, TagFact]) -> Iterator[ChangelogFinding]:
    """Compare the days; a file that often differs from its tags means another day."""
    both = [
        (section, section.date, day)
        for key, section in sections.items()
        if key in tags and section.date is not None and (day := tags[key].day) is not None
    ]
    differing = [(section, told, day) for section, told, day in both if told != day]
    # Such a file names another day on purpose, that of the announcement for example.
    habit = len(differing) > _FEW and 10 * len(differing) > len(both)
    for section, told, day in differing:
        detail = f"heading {told}, tag {day}, {(told - day).days:+d} days"
        found = _told(section, "date-differs-from-tag", detail, habit=habit)
        yield replace(found, repair=Repair(safe=False, text=f"{day}"))


def _untold(sections: dict[OrderKey, Section], tags: dict[OrderKey, TagFact]) -> Iterator[ChangelogFinding]:
    """Find tags without a section, from the oldest section on; a file that leaves most out does so on purpose."""
    if not sections:
        return
    with_pre = any(is_pre_release(section.version or "") for section in sections.values())
    oldest = min(sections)
    wanted = [
        key for key, tag in tags.items() if key > oldest and (with_pre or not is_pre_release(tag.version))
    ]
    missing = sorted(key for key in wanted if key not in sections)
    if len(wanted) > 3 and 2 * len(missing) > len(wanted):
        return
    for key in missing:
        # Notes of a candidate often go into the section of the stable release.
        yield ChangelogFinding(
            kind="tag-without-section",
            line=None,
            end_line=None,
            release=tags[key].version,
            text=None,
            detail="tag exists, no heading",
            repair=Repair(safe=False, text=f"add a section for {tags[key].version}"),
            habit=is_pre_release(tags[key].version),
        )


def _told(section: Section, kind: FindingKind, detail: str, *, habit: bool = False) -> ChangelogFinding:
    return ChangelogFinding(
        kind=kind,
        line=section.line,
        end_line=section.heading.end_line,
        release=section.version,
        text=shortened(section.heading.title),
        detail=detail,
        habit=habit,
    )
