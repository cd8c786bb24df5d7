"""Which sections lack their notes, or a part that the generator had written?"""

from __future__ import annotations

from collections.abc import Iterator

from castoff.notes.changelog.body import is_contributors_title, is_first_contribution, is_full_changelog
from castoff.notes.changelog.order import is_pre_release, order_key, same_version
from castoff.notes.changelog.sections import Section
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.findings import Finding, Repair, shortened
from castoff.notes.doctor.headings import last_line
from castoff.notes.markdown import Edit

_NEIGHBOURS = 3
_HABIT = 3


def empty(chart: Chart) -> Iterator[Finding]:
    """Find released sections with nothing under their heading (a comparison with a branch is nothing)."""
    bare = [s for s in chart.log.released if not (chart.holdings[s.heading.line] or s.pending)]
    alone = sum(not chart.has_twin(section) for section in bare)
    for section in bare:
        twin = chart.has_twin(section)
        surplus = Repair(safe=True, text="remove the empty section")
        yield Finding(
            kind="empty-section",
            line=section.line,
            end_line=last_line(chart, section),
            release=section.version,
            text=shortened(section.heading.title),
            detail="nothing stands under the heading",
            repair=surplus if twin else _import(section),
            edits=(Edit(section.start, section.end, ""),) if twin else (),
            habit=not twin and alone >= _HABIT and not chart.generated,
        )


def never_imported(chart: Chart) -> Iterator[Finding]:
    """Find sections that wait for their notes, in a file whose older sections hold generated ones."""
    log = chart.log
    told = [s for s in log.released if not chart.has_twin(s)]
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
        if generated and waits and (bare or len(generated) == len(older)):
            yield Finding(
                kind="notes-never-imported",
                line=section.line,
                end_line=last_line(chart, section),
                release=section.version,
                text=shortened(section.heading.title),
                detail="the sections before have their release's notes and link to it, this one does not",
                repair=_import(section),
            )


def orphaned_contributors(chart: Chart) -> Iterator[Finding]:
    """Find lists of first contributions whose heading was taken away."""
    lines = chart.lines
    keeps = any(is_contributors_title(heading.title) for heading in chart.blocks.headings)
    line = 0
    while line < len(lines):
        stop = line
        while stop < len(lines) and stop not in chart.code and is_first_contribution(lines[stop]):
            stop += 1
        if stop > line and not _is_headed(chart, line):
            yield _orphan(chart, line, stop, keeps)
        line = max(stop, line + 1)


def cut_trailers(chart: Chart) -> Iterator[Finding]:
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
        if mark is None or section.heading.line in whole or not (proven or mark == "comment"):
            continue
        if not chart.holdings[section.heading.line]:
            continue
        yield _cut_trailer(chart, section)


def _cut_trailer(chart: Chart, section: Section) -> Finding:
    last = _last_told(chart, section)
    previous = _previous_tag(chart, section)
    tag = _tag_name(chart, section.version or "")
    line = f"**Full Changelog**: {chart.root or 'REPOSITORY'}/compare/{previous or 'PREV'}...{tag}"
    at = chart.lines.stop(last)
    safe = previous is not None and chart.root is not None
    return Finding(
        kind="trailer-cut",
        line=last + 1,
        end_line=last + 1,
        release=section.version,
        text=shortened(chart.lines[last]),
        detail="generated notes without their '**Full Changelog**' line",
        repair=Repair(safe=safe, text=f"append '{line}'"),
        edits=(Edit(at, at, chart.lines.newline * 2 + line),) if safe else (),
    )


def _last_told(chart: Chart, section: Section) -> int:
    """Give the last line of the notes; definitions after it are none."""
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


def _is_headed(chart: Chart, line: int) -> bool:
    before = line - 1
    while before >= 0 and chart.lines.is_blank(before):
        before -= 1
    return before >= 0 and "contributor" in chart.lines[before][:200].lower()


def _orphan(chart: Chart, first: int, stop: int, keeps: bool) -> Finding:
    lines = chart.lines
    section = chart.section_at(first)
    if keeps:
        at = lines.start(first)
        mark = "#" * min(6, chart.house.level + 1)
        edit = Edit(at, at, f"{mark} New Contributors{lines.newline}")
        text = "put the heading 'New Contributors' back"
    else:
        after = stop + 1 if stop < len(lines) and lines.is_blank(stop) else stop
        edit = Edit(lines.start(first), lines.start(after), "")
        text = "remove the entries too"
    return Finding(
        kind="orphan-new-contributors-list",
        line=first + 1,
        end_line=stop,
        release=section.version if section else None,
        text=shortened(lines[first]),
        detail=f"first contributions ({stop - first}) without the heading 'New Contributors'",
        repair=Repair(safe=True, text=text),
        edits=(edit,),
    )


def _import(section: Section) -> Repair:
    return Repair(
        safe=False, text=f"run `castoff changelog {section.version}`, which ports the release's notes"
    )
