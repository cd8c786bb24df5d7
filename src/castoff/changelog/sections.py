"""The sections of a changelog, and where each begins and ends."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal

from msgspec import Struct

from castoff.changelog.links import all_spans, linked_references, naked_references
from castoff.changelog.order import order_key, same_version
from castoff.changelog.titles import Title, is_unreleased, pending, read_title, says_unreleased
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Definition, Heading, LineRange, read_blocks
from castoff.text.markdown.blocks import is_setext_underline
from castoff.text.markdown.inline import normal_label

StyleName = Literal["kube", "keep-a-changelog", "towncrier", "plain"]

_ANCHOR = regex(r"[ \t]*<a\s+(?:name|id)=[\"']?[^\s\"'<>]{1,200}[\"']?\s*/?>\s*(?:</a>)?[ \t]*")
_BOLD = regex(r"(?P<mark>\*\*|__)(?=\S)(?P<text>.{1,200}?)(?P=mark)(?P<rest>[^*_]{0,80})")
_MARKER = regex(
    r"[ \t]*(?:<!--[ \t]*(?:towncrier release notes start|next-header|version list|insertion marker)[ \t]*-->"
    r"|\.\. towncrier release notes start)[ \t]*"
)
_COMMENT_LINE = regex(r"[ \t]*<!--(?:(?!-->).)*+-->[ \t]*")


class Section(Struct, frozen=True, kw_only=True):
    """A section: its heading, what the heading says, and offsets.

    ``start`` is where the heading (with an anchor line that belongs to it) begins, ``body`` where the text
    under it does, ``end`` where the next section, the footer or the end of the file is. ``title`` is None for
    the section of what is not released yet.
    """

    heading: Heading
    title: Title | None
    start: int
    body: int
    end: int

    @property
    def version(self) -> str | None:
        """Return the version, without a ``v``; None for what is not released yet."""
        return self.title.version if self.title else None

    @property
    def line(self) -> int:
        """Return the line of the heading, counting from 1."""
        return self.heading.line + 1

    @property
    def date(self) -> datetime.date | None:
        """Return the day that the heading names."""
        return self.title.day if self.title else None

    @property
    def pending(self) -> bool:
        """Return whether the heading names a version that has no day yet: ``1.2.0 (unreleased)``."""
        title = self.title
        return (
            title is not None
            and title.date is None
            and (title.placeholder_at is not None or title.development_at is not None)
        )

    @property
    def style(self) -> StyleName:
        """Name the style of the heading."""
        if self.title is None:
            return "kube" if self.heading.form == "setext" else "plain"
        link = self.title.link
        if self.heading.form == "setext" and " / " in self.title.text:
            return "kube"
        if link is not None and link.form != "inline":
            return "keep-a-changelog"
        return "towncrier" if self.title.project or (link and self.heading.form == "atx") else "plain"


class Changelog(Struct, frozen=True, dict=True):
    """A changelog that was read: its blocks, its sections in the order of the file, and its footer.

    ``footer`` is the offset from which only link definitions (and remarks between them) stand; the end of the
    text where there are none.
    """

    blocks: Blocks
    sections: tuple[Section, ...]
    footer: int

    @property
    def text(self) -> str:
        """Return the text that was read."""
        return self.blocks.text

    @cached_property
    def released(self) -> tuple[Section, ...]:
        """Return the sections that have a version."""
        return tuple(section for section in self.sections if section.title is not None)

    @cached_property
    def unreleased(self) -> Section | None:
        """Return the section of what is not released yet."""
        return next((section for section in self.sections if section.title is None), None)

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Return the link definitions by label, in CommonMark's normal form; the first of a label counts."""
        return {normal_label(d.label): d for d in reversed(self.blocks.definitions)}

    @cached_property
    def marker(self) -> int | None:
        """Return the offset below the line that marks where new sections go; None if there is none.

        cargo-release, towncrier, python-semantic-release and git-changelog write such lines.
        """
        lines = self.blocks.lines
        code = {line for span in self.blocks.code for line in range(span.start, span.end)}
        found = (n for n in range(len(lines)) if _MARKER.fullmatch(lines[n]) and n not in code)
        line = next(found, None)
        return None if line is None else lines.start(line + 1)

    def find(self, version: str, project: str = "") -> tuple[Section, ...]:
        """Return the sections of a version: none, one, or (by mistake) several."""
        return tuple(
            section
            for section in self.released
            if section.title is not None
            and same_version(section.title.version, version)
            and section.title.project == (project or section.title.project)
        )

    @cached_property
    def newest(self) -> Section | None:
        """Return the section of the highest version that is out."""
        return max(
            (s for s in self.released if not s.pending),
            key=lambda s: order_key(s.version or ""),
            default=None,
        )

    @cached_property
    def links_numbers(self) -> bool:
        """Return whether the changelog links the issue numbers that it names."""
        spans = list(all_spans(self.blocks))
        linked = sum(one.numbered for one in linked_references(self.blocks, spans))
        # A tie counts as linked: a changelog with neither kind gets links, as on the forge.
        return sum(1 for _ in naked_references(self.blocks, spans)) <= linked

    @cached_property
    def descending(self) -> bool:
        """Return whether newer versions stand above older ones."""
        keys = [order_key(section.version or "") for section in self.released]
        pairs = list(itertools.pairwise(keys))
        # A tie, such as a single section, counts as descending: nearly all changelogs are.
        return sum(a > b for a, b in pairs) >= sum(a < b for a, b in pairs)

    def target(self, section: Section) -> str | None:
        """Return the address that a section's heading links to, by itself or by a definition."""
        link = section.title.link if section.title else None
        if link is None:
            return None
        if link.form == "inline":
            return link.target
        definition = self.definitions.get(normal_label(link.target))
        return definition.destination if definition else None


@lru_cache(maxsize=4)
def parse(text: str) -> Changelog:
    """Read a changelog of any of the styles in use; the same text is read once."""
    blocks = read_blocks(text)
    headings = [heading for heading in every_heading(blocks) if not heading.nested]
    kept = _section_headings(headings)
    footer = _footer(blocks, kept[-1][0].end_line if kept else 0)
    return Changelog(blocks, tuple(_sections(blocks, headings, kept, footer)), footer)


def every_heading(blocks: Blocks) -> list[Heading]:
    """Return the headings in order, with those of sections that a missing blank line hides.

    If no heading names a release, paragraphs in bold type that do are headings.
    """
    headings = [*blocks.headings, *_swallowed(blocks)]
    # Bold type is often plain emphasis; where real headings name releases, it is nothing else.
    if not any(_is_head(heading.title) for heading in headings):
        headings += _bold_lines(blocks)
    return sorted(headings, key=lambda heading: heading.line)


def _bold_lines(blocks: Blocks) -> Iterator[Heading]:
    """Find the lines in bold type that head a section, below every heading of the text."""
    level = min(6, 1 + max((heading.level for heading in blocks.headings[:1]), default=1))
    lines = blocks.lines
    for span in blocks.prose:
        raw = lines[span.start]
        bold = _BOLD.fullmatch(raw.rstrip()) if len(raw) <= 300 else None
        if bold is None or not _is_head(bold["text"] + bold["rest"]):
            continue
        at = lines.start(span.start)
        yield Heading(
            level=level,
            form="bold",
            title=raw.rstrip(),
            title_at=(at, at + len(raw.rstrip())),
            line=span.start,
            end_line=span.start + 1,
        )


def _section_headings(headings: list[Heading]) -> list[tuple[Heading, Title | None]]:
    """Choose the headings that begin sections: those of the level that names most versions.

    A deeper heading counts as well where it names a version and a day (conventional changelogs write minor
    and patch releases at different levels); a project's name counts only where most sections bear one.
    """
    named = [(heading, title) for heading in headings if (title := read_title(heading.title)) is not None]
    firm = [(heading, title) for heading, title in named if title.firm]
    level = _level(headings, firm)
    primary = [(h, t) for h, t in named if h.level == level and (t.firm or not t.project)]
    # A single heading such as `Rust 1.70` among plain versions speaks of another project.
    with_project = 2 * sum(1 for _, t in primary if t.project) >= len(primary)
    kept: list[tuple[Heading, Title | None]] = [(h, t) for h, t in primary if with_project or not t.project]
    kept += [(h, t) for h, t in firm if h.level != level and t.date is not None and not t.project]
    kept.sort(key=lambda pair: pair[0].line)
    # A development version heads the news that come with its release; further down it is an old release.
    if kept and kept[0][1] is not None:
        first = pending(kept[0][1])
        if not any(title is not None and title.version == first.version for _, title in kept[1:]):
            kept[0] = (kept[0][0], first)
    news = _unreleased_heading(headings, level, kept[0][0].line if kept else None)
    return sorted([*kept, *([(news, None)] if news else [])], key=lambda pair: pair[0].line)


def _unreleased_heading(headings: list[Heading], level: int, first: int | None) -> Heading | None:
    """Choose the heading of the unreleased news; above the first release it may be of another level.

    A branch's name at a shallower level can be the file's title: `# Next` as a project's name.
    """
    for heading in headings:
        if not is_unreleased(heading.title):
            continue
        if heading.level == level:
            return heading
        is_title = heading is headings[0] and heading.level < level and not says_unreleased(heading.title)
        if first is not None and heading.line < first and not is_title:
            return heading
    return None


def _level(headings: list[Heading], firm: list[tuple[Heading, Title]]) -> int:
    counts = Counter(heading.level for heading, _ in firm)
    if counts:
        # Of two levels that name as many versions, the shallower one holds the sections.
        return max(counts, key=lambda level: (counts[level], -level))
    return min((heading.level for heading in headings if is_unreleased(heading.title)), default=0)


def _swallowed(blocks: Blocks) -> Iterator[Heading]:
    """Find headings of sections that a missing blank line hides from CommonMark.

    A setext heading after a list's last line becomes part of that line; any heading after a line of HTML
    becomes HTML.
    """
    known = {heading.line for heading in blocks.headings}
    for span in blocks.prose:
        yield from (_hidden(blocks, line, line + 1) for line in _hidden_lines(blocks, span, known))
    for span in blocks.html:
        opening = blocks.lines[span.start].lstrip()
        # These blocks end by a mark of their own, not by a blank line (CommonMark, "HTML blocks"): what they hold is
        # meant so.
        if opening.startswith(("<!", "<?", "<pre", "<script", "<style", "<textarea")):
            continue
        yield from (_hidden(blocks, line, line + 1) for line in _hidden_lines(blocks, span, known))
        for line in range(span.start + 1, min(span.end, len(blocks.lines))):
            raw = blocks.lines[line]
            if len(raw) <= 1000 and raw.startswith("#") and _is_head(raw.strip("# \t")):
                yield _hidden(blocks, line, None)


def _hidden_lines(blocks: Blocks, span: LineRange, known: set[int]) -> Iterator[int]:
    lines = blocks.lines
    for line in range(span.start + 1, min(span.end, len(lines)) - 1):
        raw = lines[line]
        # A longer line is no heading; the limit keeps hostile text from costing quadratic time.
        if line in known or len(raw) > 1000 or "=" not in lines[line + 1]:
            continue
        if is_setext_underline(lines[line + 1]) and _is_head(raw.strip()):
            yield line


def _is_head(text: str) -> bool:
    title = read_title(text)
    return is_unreleased(text) or (title is not None and title.firm)


def _hidden(blocks: Blocks, line: int, underline: int | None) -> Heading:
    raw, base = blocks.lines[line], blocks.lines.start(line)
    title = raw.strip(" \t") if underline is not None else raw.strip("# \t")
    at = base + raw.index(title)
    return Heading(
        level=1 if underline is not None else len(raw) - len(raw.lstrip("#")),
        form="setext" if underline is not None else "atx",
        title=title,
        title_at=(at, at + len(title)),
        line=line,
        end_line=line + (1 if underline is None else 2),
        underline=underline,
        swallowed=True,
    )


def _sections(
    blocks: Blocks,
    headings: list[Heading],
    kept: list[tuple[Heading, Title | None]],
    footer: int,
) -> Iterator[Section]:
    lines = blocks.lines
    starts = [lines.start(_lead(blocks, heading)) for heading, _ in kept]
    shallower = _next_shallower(headings)
    for index, (heading, title) in enumerate(kept):
        after = starts[index + 1] if index + 1 < len(kept) else footer
        stop = shallower.get(heading.line)
        yield Section(
            heading=heading,
            title=title,
            start=starts[index],
            body=min(lines.start(heading.end_line), after),
            end=after if stop is None else min(after, lines.start(stop)),
        )


def _next_shallower(headings: list[Heading]) -> dict[int, int]:
    """Give, for each heading's line, the line of the next heading of a shallower level."""
    found: dict[int, int] = {}
    waiting: list[Heading] = []
    for heading in headings:
        while waiting and waiting[-1].level > heading.level:
            found[waiting.pop().line] = heading.line
        waiting.append(heading)
    return found


def _lead(blocks: Blocks, heading: Heading) -> int:
    """Return the line on which a heading begins, an anchor right above it included."""
    line = heading.line
    while line > 0 and _ANCHOR.fullmatch(blocks.lines[line - 1]):
        line -= 1
    return line


def _footer(blocks: Blocks, floor: int) -> int:
    """Find where the definitions at the end of the file begin; the end of the text where there are none."""
    lines = blocks.lines
    defined = {definition.line: definition for definition in blocks.definitions}
    first, named = len(lines), False
    for line in range(len(lines) - 1, floor - 1, -1):
        if line in defined:
            label = defined[line].label
            first, named = line, named or is_unreleased(label) or read_title(label) is not None
        # A remark belongs to the definitions only if it stands right above one.
        elif _COMMENT_LINE.fullmatch(lines[line]) and first == line + 1:
            first = line
        elif not lines.is_blank(line):
            break
    return lines.start(first) if named else len(blocks.text)
