"""Do the sections agree with the tags, and with each other's days?"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator

from castoff.notes.changelog.order import OrderKey, is_pre_release, order_key
from castoff.notes.changelog.sections import Section
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.findings import Finding, FindingKind, Repair, shortened
from castoff.notes.doctor.known import TagFact

_FEW = 5


def against_tags(chart: Chart) -> Iterator[Finding]:
    """Compare sections with tags; nothing where the tags are not known, or there are none."""
    tags = {order_key(tag.version): tag for tag in chart.tags or ()}
    if not tags:
        return
    first, last = min(tags), max(tags)
    sections: dict[OrderKey, Section] = {}
    for section in chart.log.released:
        key = order_key(section.version or "")
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
        habit = len(untagged) > _FEW and 4 * len(untagged) > len(sections)
        yield _told(sections[key], "section-without-tag", "no such tag in the repository", habit=habit)
    yield from _untold(sections, tags)


def not_monotonic(chart: Chart) -> Iterator[Finding]:
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
        facts = confirmed.get(newer) == one.date and confirmed.get(older) == other.date
        if not (backport or facts):
            detail = f"{one.version} dated before older release {other.version} ({other.date})"
            yield _told(one, "date-not-monotonic", detail)


def _line(key: OrderKey) -> tuple[int, ...]:
    """Give the line of releases that a version belongs to: its first two numbers."""
    return (*key[0], 0, 0)[:2]


def _days(sections: dict[OrderKey, Section], tags: dict[OrderKey, TagFact]) -> Iterator[Finding]:
    """Compare the days; a file that often differs from its tags means another day."""
    both = [
        (section, section.date, day)
        for key, section in sections.items()
        if key in tags and section.date is not None and (day := tags[key].day) is not None
    ]
    differing = [(section, told, day) for section, told, day in both if told != day]
    habit = len(differing) > _FEW and 10 * len(differing) > len(both)
    for section, told, day in differing:
        detail = f"heading {told}, tag {day}, {(told - day).days:+d} days"
        yield _told(section, "date-differs-from-tag", detail, Repair(safe=False, text=f"{day}"), habit=habit)


def _untold(sections: dict[OrderKey, Section], tags: dict[OrderKey, TagFact]) -> Iterator[Finding]:
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
        yield Finding(
            kind="tag-without-section",
            line=None,
            end_line=None,
            release=tags[key].version,
            text=None,
            detail="tag exists, no heading",
            repair=Repair(safe=False, text=f"add a section for {tags[key].version}"),
        )


def _told(
    section: Section, kind: FindingKind, detail: str, repair: Repair | None = None, *, habit: bool = False
) -> Finding:
    return Finding(
        kind=kind,
        line=section.line,
        end_line=section.heading.end_line,
        release=section.version,
        text=shortened(section.heading.title),
        detail=detail,
        repair=repair,
        habit=habit,
    )
