"""Headings that castoff does not understand, where they leave the place of a new section open.

Such a heading may be news that no release has yet, or a release. A section that goes below it, or to the end of the
file, would then be in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from castoff.changelog.body import is_contributors_title
from castoff.changelog.sections import Changelog, Section, every_heading
from castoff.changelog.titles import is_unreleased, read_title
from castoff.errors import Refusal
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Heading

_ORNAMENTS = regex(r"^(?:(?::[a-z0-9_+-]{1,40}:|[^\w\s!-~]+)\s*)+")
_ABOUT = regex(
    r"\b(?:change ?logs?|history|release notes|notes?|contents|toc|legend|about|introduction|overview|polic(?:y|ies)"
    r"|versioning|guidelines?|conventions?|format|types of changes|upgrad\w+|migrat\w+|how to|contribut\w+|index|links?"
    r"|important|warning|description|supported|support|deprecation policy|license)\b",
    re.IGNORECASE,
)
_KINDS = regex(
    r"(?:new |other |minor |major |bug ?|internal |breaking |performance |notable |api |misc(?:ellaneous)? )*"
    r"(?:added|changed|deprecated|removed|fixed|security|changes?|features?|(?:bug )?fix(?:es)?|improvements?"
    r"|enhancements?|additions?|removals?|deprecations?|documentation|docs|dependenc(?:y|ies)|dependency updates"
    r"|performance|refactor\w*|highlights?|what.?s (?:changed|new)|contributors?|thanks|credits"
    r"|acknowledge?ments?|maintenance|chores?|ci|tests?|build|reverts?|style|misc(?:ellaneous)?|other|internal|notes?"
    r"|upgrade (?:notes|guide|steps)|migration(?: guide)?|preview style|stable style|packaging|parser|output"
    r"|integrations?|configuration|assets|downloads?|full change ?log)"
    r"(?: (?:changes?|and .{1,40}|& .{1,40}))?",
    re.IGNORECASE,
)
_DAMAGED = regex(r"(#{1,6})([^#\s].{0,200})")
_CONFLICT = regex(r"(?:<{7}|>{7}|\|{7})(?: |$)")
_ITEM = regex(r" {0,3}[*+-][ \t]+\S")


class UnclearLine(Struct, frozen=True):
    """A line that may begin a section, and is not understood: its number, counting from 1, and its text.

    ``in_news`` reports that it is below the heading of the unreleased news, and above the first release. If it names a
    version at another level than the releases, ``level`` is theirs.
    """

    line: int
    text: str
    in_news: bool = False
    level: int = 0

    @property
    def fact(self) -> str:
        """Return what is wrong with the line."""
        return (
            "names a version at another level than the releases"
            if self.level
            else "is neither a version nor unreleased news"
        )


def is_kind_of_change(title: str) -> bool:
    """Report whether a heading names a part of a release's notes: Added, Bug fixes, What's Changed."""
    plain = _ORNAMENTS.sub("", title).strip("*_`: \t")
    return _KINDS.fullmatch(plain) is not None or is_contributors_title(plain)


def is_clear_heading(title: str) -> bool:
    """Report whether a heading is a usual part of notes, or introduces something beside them."""
    return is_kind_of_change(title) or _ABOUT.search(title) is not None


def unclear_lines(log: Changelog, *, marked: bool = True) -> Iterator[UnclearLine]:
    """Find what leaves the place of the newest section open, in the order of the file.

    Above the first release (in a file that ends with its newest release: below the last one) each heading has to be the
    title, a known introduction, unreleased news or a part of them. With ``marked`` a line that marks the place of new
    sections settles it.
    """
    # cargo-release's mark says for certain where a new section goes.
    marker = log.marker if marked else None
    first = log.released[0] if log.released and log.descending else None
    # A file in ascending order: new sections go to its end.
    if log.released and first is None:
        yield from _below(log, log.released[-1])
        return
    stop = first.heading.line if first else len(log.blocks.lines)
    yield from sorted(
        {
            *_headings_above(log, first, stop, marker),
            *(one for one in damaged_headings(log) if one.line <= stop),
        },
        key=lambda one: one.line,
    )


def require_clear(log: Changelog) -> None:
    """Stop if a heading that is not understood leaves the place of the newest section open.

    Errors: ``changelog-heading-unclear`` with the line.
    """
    found = next(unclear_lines(log), None)
    if found is None:
        return
    mark = "mark where new sections go: `<!-- next-header -->`"
    if found.level:
        remedy = f"give it the level of the releases (`{'#' * found.level}`), or {mark}"
    elif found.in_news:
        remedy = "give the heading one more `#`, or move its news under the first heading of unreleased news"
    else:
        remedy = f"write the version or `Unreleased` into it, or {mark}"
    raise Refusal.of(
        "changelog-heading-unclear",
        f"line {found.line} of the changelog {found.fact}: `{found.text[:60]}`",
        reason="a new section might be put below news that it does not hold, or below a newer release",
        remedy=remedy,
        line=found.line,
    )


def _headings_above(
    log: Changelog, first: Section | None, stop: int, marker: int | None
) -> Iterator[UnclearLine]:
    news = log.unreleased
    level = first.heading.level if first else news.heading.level if news else 0
    headings = [h for h in every_heading(log.blocks) if not h.nested and h.line < stop]
    inside = range(0)
    if news is not None:
        lines = log.blocks.lines
        inside = range(news.heading.line, lines.line_of(max(news.start, news.end - 1)) + 1)
    for index, heading in enumerate(headings):
        following = headings[index + 1] if index + 1 < len(headings) else first.heading if first else None
        if (news is not None and heading.line == news.heading.line) or _is_title(
            log, index, heading, following, level
        ):
            continue
        if heading.line in inside:
            clear = heading.level > level or is_kind_of_change(heading.title)
        elif marker is not None and (news is None or log.blocks.lines.start(heading.line) < marker):
            clear = True
        else:
            clear = _introduces(log, heading, following) or (
                heading.level > level > 0 and not _is_news(heading) and not _names_release(heading)
            )
        if not clear:
            is_apart = heading.level != level > 0 and _names_release(heading)
            yield UnclearLine(
                heading.line + 1,
                heading.title,
                in_news=heading.line in inside,
                level=level if is_apart else 0,
            )
    if level == 0 and marker is None:
        yield from _loose_items(log)


def _is_title(log: Changelog, index: int, heading: Heading, following: Heading | None, level: int) -> bool:
    """Report whether a heading is the file's title, or one that only groups the releases below it."""
    # Releases have entries of their own; what groups them has none (`# 2.0` above `## 2.0.1`).
    if heading.level < level and _names_release(heading) and _lists(log, heading, following):
        return False
    # The first heading of a file is its title, unless it has the level of the releases.
    if index == 0 and (heading.level < level or (level == 0 and heading.level == 1)):
        return True
    if heading.level < level:
        return following is not None and following.level == level
    return index == 0 and not _holds_items(log, heading, following) and not _is_news(heading)


def _introduces(log: Changelog, heading: Heading, following: Heading | None) -> bool:
    if _is_news(heading) or is_unreleased(heading.title):
        return False
    return _ABOUT.search(heading.title) is not None or (
        read_title(heading.title) is None
        and not _holds_items(log, heading, following)
        and _is_empty(log, heading, following)
    )


def _is_news(heading: Heading) -> bool:
    return is_kind_of_change(heading.title) and _ABOUT.search(heading.title) is None


def _region(log: Changelog, heading: Heading, following: Heading | None) -> range:
    return range(heading.end_line, following.line if following else len(log.blocks.lines))


def _names_release(heading: Heading) -> bool:
    title = read_title(heading.title)
    return title is not None and title.firm and not title.project


def _holds_items(log: Changelog, heading: Heading, following: Heading | None) -> bool:
    deeper = following is not None and following.level > heading.level
    return deeper or _lists(log, heading, following)


def _lists(log: Changelog, heading: Heading, following: Heading | None) -> bool:
    lines = log.blocks.lines
    return any(_ITEM.match(lines[line]) for line in _region(log, heading, following))


def _is_empty(log: Changelog, heading: Heading, following: Heading | None) -> bool:
    return all(log.blocks.lines.is_blank(line) for line in _region(log, heading, following))


def _below(log: Changelog, last: Section) -> Iterator[UnclearLine]:
    start = log.blocks.lines.line_of(last.body)
    for heading in every_heading(log.blocks):
        inside = not heading.nested and heading.line >= start and last.heading.line < heading.line
        other = log.unreleased is not None and heading.line == log.unreleased.heading.line
        if (
            inside
            and not other
            and heading.level <= last.heading.level
            and not is_kind_of_change(heading.title)
        ):
            yield UnclearLine(heading.line + 1, heading.title)


def damaged_headings(log: Changelog) -> Iterator[UnclearLine]:
    """Find lines that were meant as headings of sections: ``##1.0.0`` lacks its space."""
    lines = log.blocks.lines
    for prose in log.blocks.prose:
        for line in range(prose.start, min(prose.end, len(lines))):
            match = _DAMAGED.fullmatch(lines[line][:300])
            title = read_title(match[2]) if match else None
            if match and ((title is not None and title.firm) or is_unreleased(match[2])):
                yield UnclearLine(line + 1, lines[line])


def conflict_lines(blocks: Blocks) -> list[int]:
    """Return the lines that hold markers of a merge conflict, counting from 0.

    An example in one fence is none: both ends of it are there.
    """
    lines = blocks.lines
    signs_of_one = ("<<<<", ">>>>", "||||")
    found = (
        [n for n in range(len(lines)) if _CONFLICT.match(lines[n])]
        if any(sign in blocks.text for sign in signs_of_one)
        else []
    )
    examples: set[int] = set()
    for span in blocks.code:
        inside = {n for n in found if span.start < n < span.end}
        signs = {lines[n][0] for n in inside}
        examples |= inside if {"<", ">"} <= signs else set()
    return [n for n in found if n not in examples]


def _loose_items(log: Changelog) -> Iterator[UnclearLine]:
    """Find the first entry of a list in a file without any section: it belongs to a release, and none is named."""
    lines = log.blocks.lines
    for prose in log.blocks.prose:
        if _ITEM.match(lines[prose.start]):
            yield UnclearLine(prose.start + 1, lines[prose.start])
            return
