"""Facts that several checks need: about the changelog, computed once, and about the project's tags."""

from __future__ import annotations

import datetime
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from castoff.changelog.body import generated_marks
from castoff.changelog.doctor.findings import ChangelogFinding, FindingKind, shortened
from castoff.changelog.links import (
    IssueLink,
    all_spans,
    find_comparisons,
    linked_references,
    project_of_tag,
    read_release_address,
    version_of_tag,
)
from castoff.changelog.news import is_compare_line
from castoff.changelog.order import OrderKey, order_key
from castoff.changelog.sections import Changelog, Section
from castoff.changelog.style import ChangelogStyle, read_style
from castoff.changelog.titles import read_day
from castoff.errors import Problem, UsageError
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Lines, Span

_WORD = regex(r"\w+")
_DESTINATION = regex(r"\](?:\([^\s()]{0,500}\)|\[[^\[\]]{0,200}\])")
_SEPARATOR = regex(r"[\t,; ]+")
# In this order: what `gh release list --json`, forges and git's own formats call it.
_NAMES = ("name", "tag", "tag_name", "version", "ref")
_DAYS = ("date", "tag_date", "day", "creatordate", "published_at", "created_at")


class TagFact(Struct, frozen=True, kw_only=True):
    """A tag, the version that it names, and the day it was made on where that is known."""

    name: str
    version: str
    project: str
    day: datetime.date | None


class OutsideFacts(Struct, frozen=True, kw_only=True):
    """Facts from outside the changelog.

    ``tags`` is None where they are not known; an empty tuple says that there are none. ``pulls`` are numbers
    known to be pull requests.
    """

    tags: tuple[TagFact, ...] | None = None
    pulls: frozenset[int] = frozenset()


def make_tag(name: str, day: datetime.date | None = None) -> TagFact | None:
    """Make the fact of a tag; None where its name holds no version."""
    bare = name.removeprefix("refs/tags/").strip()
    version = version_of_tag(bare)
    if version is None:
        return None
    return TagFact(name=bare, version=version, project=project_of_tag(bare), day=day)


def read_known(text: str) -> OutsideFacts:
    """Read a file of tags.

    One tag a line, a day after a tab (or a comma or spaces) if it is known: ``1.2.0<TAB>2026-11-22``; ``#``
    begins a remark. Or JSON: a list of names or of objects with ``tag`` and ``date``, an object from tag to
    day, or ``{"tags": ..., "pulls": [12]}``. Tags that name no version are left out.

    Errors: ``doctor-tags-invalid``.
    """
    # Files that were saved on Windows may begin with a byte order mark.
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] not in ("[", "{"):
        return OutsideFacts(
            tags=tuple(tag for line in text.splitlines() if (tag := _from_line(line)) is not None)
        )
    try:
        data: Any = json.loads(text)
    # Deeply nested input ends in RecursionError, which is no ValueError.
    except (ValueError, RecursionError) as error:
        raise _invalid(f"it is not JSON ({str(error)[:80]})") from None
    return _from_json(data)


def _from_line(line: str) -> TagFact | None:
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    name, *rest = _SEPARATOR.split(line.strip())
    return make_tag(name, next((day for part in rest if (day := read_day(part)) is not None), None))


def _from_json(data: Any) -> OutsideFacts:
    pulls: set[int] = set()
    if isinstance(data, dict) and isinstance(data.get("tags"), (list, dict)):
        pulls |= _numbers(data.get("pulls"))
        data = data["tags"]
    if isinstance(data, dict):
        # An object from tag to day is the shortest form that people write by hand.
        data = [{"tag": name, "date": day} for name, day in data.items()]
    for entry in data:
        pulls |= set(_merged(entry))
    tags = (_from_entry(entry) for entry in data)
    return OutsideFacts(tags=tuple(tag for tag in tags if tag is not None), pulls=frozenset(pulls))


def _from_entry(entry: Any) -> TagFact | None:
    if isinstance(entry, str):
        return _from_line(entry)
    if isinstance(entry, list) and entry and isinstance(entry[0], str):
        return make_tag(entry[0], read_day(str(entry[1])) if len(entry) > 1 else None)
    if not isinstance(entry, dict):
        raise _invalid(f"`{str(entry)[:40]}` is not a tag")
    name = next((entry[key] for key in _NAMES if isinstance(entry.get(key), str)), None)
    if name is None:
        raise _invalid(f"`{str(entry)[:40]}` names no tag")
    day = next((entry[key] for key in _DAYS if isinstance(entry.get(key), str)), "")
    return make_tag(name, read_day(day))


def _merged(entry: Any) -> Iterator[int]:
    """Return the numbers of the pull requests that a release's record lists."""
    listed = entry.get("merged_prs", entry.get("pulls")) if isinstance(entry, dict) else None
    for one in listed if isinstance(listed, list) else ():
        number = one.get("number") if isinstance(one, dict) else one
        # In Python, True is an int.
        if isinstance(number, int) and not isinstance(number, bool):
            yield number


def _numbers(data: Any) -> set[int]:
    if not isinstance(data, list):
        return set()
    return {number for number in data if isinstance(number, int) and not isinstance(number, bool)}


def _invalid(reason: str) -> UsageError:
    return UsageError(
        Problem(
            code="doctor-tags-invalid",
            message="the file of tags cannot be read",
            reason=reason,
            remedy="write one tag per line, optionally with a tab and its date, or a JSON list",
        )
    )


class Chart(Struct, frozen=True, dict=True):
    """A changelog under examination, with what is known from outside."""

    log: Changelog
    known: OutsideFacts

    @property
    def blocks(self) -> Blocks:
        """Return the structure of the text."""
        return self.log.blocks

    @property
    def lines(self) -> Lines:
        """Return the lines of the text."""
        return self.log.blocks.lines

    @cached_property
    def style(self) -> ChangelogStyle:
        """Return the style of the file."""
        return read_style(self.log)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Return the links, code and the like of the whole text."""
        return tuple(all_spans(self.blocks))

    @cached_property
    def links(self) -> tuple[IssueLink, ...]:
        """Return the links to issues and pull requests."""
        return tuple(linked_references(self.blocks, self.spans))

    @cached_property
    def opaque(self) -> frozenset[int]:
        """Return the lines that are code or HTML (comments included)."""
        # What a reader does not see as text is never changed.
        spans = (*self.blocks.code, *self.blocks.html)
        return frozenset(line for span in spans for line in range(span.start, span.end))

    @cached_property
    def code(self) -> frozenset[int]:
        """Return the lines that are code."""
        return frozenset(line for span in self.blocks.code for line in range(span.start, span.end))

    @cached_property
    def root(self) -> str | None:
        """Return the repository's address, as most of the file's own links have it."""
        roots = Counter(one.root for one in self.links)
        for section in self.log.released:
            target = self.log.target(section)
            address = read_release_address(target) if target else None
            roots.update([address.root] if address else [])
        roots.update(one.root for one in find_comparisons(self.log.text))
        # The majority: files keep links to forks and to an address before a move.
        return roots.most_common(1)[0][0] if roots else None

    def finding(self, kind: FindingKind, line: int, detail: str, end: int | None = None) -> ChangelogFinding:
        """Return a finding about a line, or the lines up to ``end``; both are counted from 0."""
        section = self.section_at(line)
        return ChangelogFinding(
            kind=kind,
            line=line + 1,
            end_line=(line if end is None else end) + 1,
            release=section.version if section else None,
            text=shortened(self.lines[line]),
            detail=detail,
        )

    def lines_of(self, section: Section) -> range:
        """Return the lines of a section's text, its heading excluded."""
        end = (
            self.lines.line_of(section.end - 1) + 1
            if section.end > section.body
            else section.heading.end_line
        )
        return range(section.heading.end_line, max(end, section.heading.end_line))

    def section_at(self, line: int) -> Section | None:
        """Return the section that holds a line (counting from 0), its heading included."""
        sections = self.log.sections
        # Sections are asked for once for each link: a linear search made large files slow.
        index = bisect_right(self._first_lines, line) - 1
        if index < 0:
            return None
        inside = self.lines.start(line) < sections[index].end or line < sections[index].heading.end_line
        return sections[index] if inside else None

    @cached_property
    def _first_lines(self) -> list[int]:
        return [self.lines.line_of(section.start) for section in self.log.sections]

    @cached_property
    def holdings(self) -> dict[int, bool]:
        """Say for each section, by its heading's line, whether it holds anything of its own."""
        return {section.heading.line: self._holds(section) for section in self.log.sections}

    def twin(self, section: Section) -> Section | None:
        """Return the section of the same version that holds something, for one that holds nothing."""
        return None if self.holdings[section.heading.line] else self._told.get(_identity(section))

    def is_spare(self, section: Section, twin: Section) -> bool:
        """Return whether nothing that people wrote goes with a section: no remark, no definition, no word of its title.

        What :attr:`holdings` leaves aside may be all of that.
        """
        below = (self.lines[line] for line in self.lines_of(section))
        words = _words_beside_version(section)
        return words <= _words_beside_version(twin) and all(
            not text.strip() or is_compare_line(text) for text in below
        )

    @cached_property
    def _told(self) -> dict[tuple[str, OrderKey], Section]:
        # In most files the newest text stands on top: the first one counts.
        return {_identity(s): s for s in reversed(self.log.released) if self.holdings[s.heading.line]}

    @cached_property
    def pulls(self) -> frozenset[int]:
        """Return the numbers known to be pull requests, from outside or from the file's own links."""
        told = {one.number for one in self.links if one.kind == "pull" and one.root == self.root}
        return self.known.pulls | told

    @cached_property
    def generated(self) -> dict[int, str]:
        """Say for each section, by its heading's line, by what it is known to hold generated notes."""
        found: dict[int, str] = {}
        for line, mark in generated_marks(self.blocks):
            section = self.section_at(line)
            if section is not None and section.title is not None:
                # One mark is enough; the smallest name makes the answer the same on every run.
                found[section.heading.line] = min(mark, found.get(section.heading.line, mark))
        return found

    @cached_property
    def tags(self) -> tuple[TagFact, ...] | None:
        """Return the tags of this changelog's project (several projects may share a repository)."""
        if self.known.tags is None:
            return None
        wanted = {order_key(section.version or "") for section in self.log.released}
        fitting = Counter(tag.project for tag in self.known.tags if order_key(tag.version) in wanted)
        if not fitting:
            return () if not self.known.tags else self.known.tags
        # The project whose tags fit most sections: in a repository of several, others share some versions.
        project = fitting.most_common(1)[0][0]
        return tuple(tag for tag in self.known.tags if tag.project == project)

    @cached_property
    def _comments(self) -> frozenset[int]:
        comments = [span for span in self.blocks.html if self.lines[span.start].lstrip().startswith("<!--")]
        # An open comment hides the rest of the file, and is a defect of its own.
        closed = [span for span in comments if self.lines[span.end - 1].rstrip().endswith("-->")]
        return frozenset(line for span in closed for line in range(span.start, span.end))

    def _holds(self, section: Section) -> bool:
        for line in self.lines_of(section):
            text = self.lines[line]
            if line in self.code:
                return True
            if not (line in self._aside or self.lines.is_blank(line) or is_compare_line(text)):
                return True
        return False

    @cached_property
    def _aside(self) -> frozenset[int]:
        return self._comments | {definition.line for definition in self.blocks.definitions}


def _words_beside_version(section: Section) -> frozenset[str]:
    title = section.title
    text = section.heading.title
    if title is not None:
        start, stop = title.version_at
        text = f"{title.text[:start]} {title.text[stop:]}"
    return frozenset(_WORD.findall(_DESTINATION.sub("]", text)))


def _identity(section: Section) -> tuple[str, OrderKey]:
    """Return what two headings of the same release share."""
    project = section.title.project if section.title else ""
    return project, order_key(section.version or "")
