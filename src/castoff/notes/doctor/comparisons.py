"""Which comparisons run to a branch although their release is out, or begin at an old release?"""

from __future__ import annotations

from collections.abc import Iterator

from castoff.notes.changelog.compare import Comparison, find_comparisons, version_of_tag
from castoff.notes.changelog.edition import unreleased_comparisons
from castoff.notes.changelog.news import is_compare_line
from castoff.notes.changelog.order import is_pre_release, order_key
from castoff.notes.changelog.titles import read_title
from castoff.notes.doctor.chart import Chart
from castoff.notes.doctor.findings import Finding, Repair, shortened
from castoff.notes.markdown import Edit


def stale_comparisons(chart: Chart) -> Iterator[Finding]:
    """Find comparisons with a branch in sections that are released."""
    labels = {d.line: d.label for d in chart.blocks.definitions}
    for one in find_comparisons(chart.log.text):
        if not one.to_branch:
            continue
        line = chart.lines.line_of(one.at[0])
        section = chart.section_at(line)
        release = section.version if section and not section.pending else None
        if line in labels:
            title = read_title(labels[line])
            release = title.version if title else None
        alone = is_compare_line(chart.lines[line])
        if release is not None and line not in chart.code and (alone or one.root == chart.root):
            yield _stale(chart, one, line, release, removable=alone and line not in labels)


def _stale(chart: Chart, one: Comparison, line: int, release: str, *, removable: bool) -> Finding:
    start, stop = chart.lines.start(line), chart.lines.start(line + 1)
    heading = chart.section_at(line)
    removable = removable and not (heading is not None and line < heading.heading.end_line)
    return Finding(
        kind="stale-compare-line",
        line=line + 1,
        end_line=line + 1,
        release=release,
        text=shortened(chart.lines[line]),
        detail=f"{release} is out, and '{one.base}...{one.head}' goes on changing",
        repair=Repair(
            safe=removable,
            text="remove the line"
            if removable
            else f"compare with the tag of {release}, not with {one.head}",
        ),
        edits=(Edit(start, stop, ""),) if removable else (),
    )


def unreleased_base(chart: Chart) -> Iterator[Finding]:
    """Find the comparison of the unreleased news where it does not begin at the newest release."""
    stable = [s for s in chart.log.released if s.version and not s.pending and not is_pre_release(s.version)]
    newest = max(stable, key=lambda s: order_key(s.version or ""), default=None)
    if newest is None or newest.version is None:
        return
    for one in unreleased_comparisons(chart.log):
        base = version_of_tag(one.base)
        if base is None or order_key(base) >= order_key(newest.version):
            continue
        line = chart.lines.line_of(one.at[0])
        tag = (
            one.base[: len(one.base) - len(base)] + newest.version
            if one.base.endswith(base)
            else newest.version
        )
        yield Finding(
            kind="unreleased-compare-base",
            line=line + 1,
            end_line=line + 1,
            release=None,
            text=shortened(chart.lines[line]),
            detail=f"compares with {base}, while the newest section is {newest.version}",
            repair=Repair(safe=True, text=f"compare with {tag}"),
            edits=(Edit(*one.base_at, tag),),
        )
