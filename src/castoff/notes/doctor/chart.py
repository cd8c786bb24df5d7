"""What do the checks need to know of a changelog, computed once?"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from castoff.notes.changelog.body import generated_marks
from castoff.notes.changelog.compare import find_comparisons, read_release_address
from castoff.notes.changelog.news import is_compare_line
from castoff.notes.changelog.order import OrderKey, order_key
from castoff.notes.changelog.references import Linked, all_spans, linked_references
from castoff.notes.changelog.sections import Changelog, Section
from castoff.notes.changelog.style import House, house_style
from castoff.notes.doctor.known import Known, TagFact
from castoff.notes.markdown import Blocks, Lines, Span


@dataclass(frozen=True)
class Chart:
    """A changelog under examination, with what is known from outside."""

    log: Changelog
    known: Known

    @property
    def blocks(self) -> Blocks:
        """Give the structure of the text."""
        return self.log.blocks

    @property
    def lines(self) -> Lines:
        """Give the lines of the text."""
        return self.log.blocks.lines

    @cached_property
    def house(self) -> House:
        """Give the style of the file."""
        return house_style(self.log)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Give the links, code and the like of the whole text."""
        return tuple(all_spans(self.blocks))

    @cached_property
    def links(self) -> tuple[Linked, ...]:
        """Give the links to issues and pull requests."""
        return tuple(linked_references(self.blocks, self.spans))

    @cached_property
    def opaque(self) -> frozenset[int]:
        """Give the lines that are code or HTML (comments included)."""
        spans = (*self.blocks.code, *self.blocks.html)
        return frozenset(line for span in spans for line in range(span.start, span.end))

    @cached_property
    def code(self) -> frozenset[int]:
        """Give the lines that are code."""
        return frozenset(line for span in self.blocks.code for line in range(span.start, span.end))

    @cached_property
    def root(self) -> str | None:
        """Give the repository's address, as most of the file's own links have it."""
        roots = Counter(one.root for one in self.links)
        for section in self.log.released:
            target = self.log.target(section)
            address = read_release_address(target) if target else None
            roots.update([address.root] if address else [])
        roots.update(one.root for one in find_comparisons(self.log.text))
        return roots.most_common(1)[0][0] if roots else None

    def lines_of(self, section: Section) -> range:
        """Give the lines of a section's text, its heading excluded."""
        end = (
            self.lines.line_of(section.end - 1) + 1
            if section.end > section.body
            else section.heading.end_line
        )
        return range(section.heading.end_line, max(end, section.heading.end_line))

    def section_at(self, line: int) -> Section | None:
        """Give the section that holds a line (counting from 0), its heading included."""
        sections = self.log.sections
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

    def has_twin(self, section: Section) -> bool:
        """Say whether a section holds nothing while another one of the same version does."""
        return not self.holdings[section.heading.line] and _identity(section) in self._told

    @cached_property
    def _told(self) -> frozenset[tuple[str, OrderKey]]:
        return frozenset(_identity(s) for s in self.log.released if self.holdings[s.heading.line])

    @cached_property
    def pulls(self) -> frozenset[int]:
        """Give the numbers known to be pull requests, from outside or from the file's own links."""
        told = {one.number for one in self.links if one.kind == "pull" and one.root == self.root}
        return self.known.pulls | told

    @cached_property
    def generated(self) -> dict[int, str]:
        """Say for each section, by its heading's line, by what it is known to hold generated notes."""
        found: dict[int, str] = {}
        for line, mark in generated_marks(self.blocks):
            section = self.section_at(line)
            if section is not None and section.title is not None:
                found[section.heading.line] = min(mark, found.get(section.heading.line, mark))
        return found

    @cached_property
    def tags(self) -> tuple[TagFact, ...] | None:
        """Give the tags of this changelog's project (several projects may share a repository)."""
        if self.known.tags is None:
            return None
        wanted = {order_key(section.version or "") for section in self.log.released}
        fitting = Counter(tag.project for tag in self.known.tags if order_key(tag.version) in wanted)
        if not fitting:
            return () if not self.known.tags else self.known.tags
        project = fitting.most_common(1)[0][0]
        return tuple(tag for tag in self.known.tags if tag.project == project)

    @cached_property
    def _comments(self) -> frozenset[int]:
        comments = [span for span in self.blocks.html if self.lines[span.start].lstrip().startswith("<!--")]
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


def _identity(section: Section) -> tuple[str, OrderKey]:
    """Give what two headings of the same release share."""
    project = section.title.project if section.title else ""
    return project, order_key(section.version or "")
