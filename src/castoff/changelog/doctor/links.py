"""Links that lead nowhere or elsewhere, or are missing."""

from __future__ import annotations

from collections.abc import Iterator

from castoff.changelog.body import relative_links
from castoff.changelog.doctor.chart import Chart
from castoff.changelog.doctor.findings import ChangelogFinding, FindingKind, Repair, shortened
from castoff.changelog.links import (
    find_comparisons,
    naked_references,
    reference_address,
    version_of_tag,
)
from castoff.changelog.news import is_compare_line
from castoff.changelog.order import is_pre_release, order_key
from castoff.changelog.release_edit import unreleased_comparisons
from castoff.changelog.titles import read_title
from castoff.text.markdown import Span, TextEdit
from castoff.values import replace

_FEWEST_LINKED = 3
_HABIT = 8


def naked_numbers(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find issue numbers without a link, in a file that links nearly all of them."""
    linked = sum(one.numbered for one in chart.links)
    naked = list(naked_references(chart.blocks, chart.spans))
    # A file that leaves a fifth of them plain does so on purpose.
    if linked < _FEWEST_LINKED or 4 * len(naked) > linked:
        return
    for one in naked:
        line = chart.lines.line_of(one.start)
        section = chart.section_at(line)
        if section is None or section.version is None:
            continue
        address = reference_address(chart.root, one.number, chart.pulls) if chart.root else None
        new = f"[#{one.number}]({address})"
        yield ChangelogFinding(
            kind="naked-issue-reference",
            line=line + 1,
            end_line=line + 1,
            release=section.version,
            text=shortened(chart.lines[line]),
            detail=f"#{one.number} not linked",
            repair=Repair(safe=True, text=new) if address else None,
            edits=(TextEdit(one.start, one.end, new),) if address else (),
        )


def pulls_as_issues(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find links to an issue whose number is a pull request's: the forge leads on, other readers cannot know."""
    for one in chart.links:
        if one.kind != "issues" or one.root != chart.root or one.number not in chart.pulls:
            continue
        address = reference_address(one.root, one.number, chart.pulls)
        at = one.span.destination_at
        edit = _kind_edit(chart, one.span)
        yield replace(
            _of_link(chart, one.span, "pull-linked-as-issue", f"#{one.number} is a pull request"),
            repair=Repair(safe=at is not None, text=address),
            edits=edit,
        )


def relative_destinations(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find links that only work where the file itself stands: not on the forge's release page, nor elsewhere.

    A file with many of them means it so.
    """
    found = list(relative_links(list(chart.spans)))
    # A habit of the file, and no slip.
    if len({chart.lines.line_of(span.start) for span in found}) > _HABIT:
        return
    for span in found:
        section = chart.section_at(chart.lines.line_of(span.start))
        if section is None or section.version is None or span.destination is None:
            continue
        path = span.destination.removeprefix("./")
        kind = "raw" if span.kind == "image" else "blob"
        address = f"{chart.root}/{kind}/{section.version}/{path}" if chart.root else "an absolute address"
        # Not safe: whether the file was there at that tag is not known here.
        repair = Repair(safe=False, text=address)
        yield replace(_of_link(chart, span, "relative-link", span.destination), repair=repair)


def _kind_edit(chart: Chart, span: Span) -> tuple[TextEdit, ...]:
    if span.destination_at is None:
        return ()
    start, stop = span.destination_at
    old = chart.log.text[start:stop]
    return (TextEdit(start, stop, old.replace("/issues/", "/pull/", 1)),)


def _of_link(chart: Chart, span: Span, kind: FindingKind, detail: str) -> ChangelogFinding:
    lines = chart.lines
    found = chart.finding(kind, lines.line_of(span.start), detail, lines.line_of(span.end - 1))
    return replace(found, text=shortened(chart.log.text[span.start : span.end]))


def stale_comparisons(chart: Chart) -> Iterator[ChangelogFinding]:
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
        # A line with more than the comparison has words of people, and stays.
        alone = is_compare_line(chart.lines[line])
        if release is not None and line not in chart.code and (alone or one.root == chart.root):
            found = chart.finding(
                "stale-compare-line",
                line,
                f"{release} is out, and '{one.base}...{one.head}' keeps changing",
            )
            heading = chart.section_at(line)
            is_in_heading = heading is not None and line < heading.heading.end_line
            if alone and line not in labels and not is_in_heading:
                edit = TextEdit(chart.lines.start(line), chart.lines.start(line + 1), "")
                found = replace(found, repair=Repair(safe=True, text="remove the line"), edits=(edit,))
            else:
                text = f"compare with the tag of {release}, not with {one.head}"
                found = replace(found, repair=Repair(safe=False, text=text))
            yield replace(found, release=release)


def unreleased_base(chart: Chart) -> Iterator[ChangelogFinding]:
    """Find the comparison of the unreleased news where it does not begin at the newest release."""
    stable = [s for s in chart.log.released if s.version and not s.pending and not is_pre_release(s.version)]
    newest = max(stable, key=lambda s: order_key(s.version or ""), default=None)
    if newest is None or newest.version is None:
        return
    for one in unreleased_comparisons(chart.log):
        base = version_of_tag(one.base)
        # Later than the newest section: the next release was tagged, and its section is still to come.
        if base is None or order_key(base) >= order_key(newest.version):
            continue
        line = chart.lines.line_of(one.at[0])
        tag = (
            one.base[: len(one.base) - len(base)] + newest.version
            if one.base.endswith(base)
            else newest.version
        )
        yield ChangelogFinding(
            kind="unreleased-compare-base",
            line=line + 1,
            end_line=line + 1,
            release=None,
            text=shortened(chart.lines[line]),
            detail=f"compares with {base}, but the newest section is {newest.version}",
            repair=Repair(safe=True, text=f"compare with {tag}"),
            edits=(TextEdit(*one.base_at, tag),),
        )
