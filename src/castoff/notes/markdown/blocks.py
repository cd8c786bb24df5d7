"""Which headings, fences, comments and link definitions has a Markdown text, and on which lines?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from castoff.notes.markdown.lines import Lines

HeadingForm = Literal["atx", "setext"]

_DEFINITION = re.compile(
    r" {0,3}\[((?:[^\[\]\\]|\\.){1,999}+)\]:[ \t]*+(?:<([^<>\n]*+)>|([^\s<]\S*+))[ \t]*+"
    r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))?[ \t]*+"
)
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*+")


@dataclass(frozen=True, slots=True)
class LineRange:
    """Lines ``start`` to ``end``, the latter excluded, counting from 0."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading: its level, the offsets of its title, and its lines.

    ``underline`` is the line of a setext heading's underline. ``swallowed`` says that CommonMark does not see
    it, because the line before runs into it (a missing blank line) although it was meant as one.
    ``nested`` says that it stands in a list or a quotation.
    """

    level: int
    form: HeadingForm
    title: str
    title_at: tuple[int, int]
    line: int
    end_line: int
    underline: int | None = None
    swallowed: bool = False
    nested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A link definition that stands on one line: ``[label]: destination``."""

    label: str
    destination: str
    destination_at: tuple[int, int]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The structure of a text: each list in the order of the text."""

    lines: Lines
    headings: tuple[Heading, ...]
    code: tuple[LineRange, ...]
    html: tuple[LineRange, ...]
    prose: tuple[LineRange, ...]
    definitions: tuple[Definition, ...]

    @property
    def text(self) -> str:
        """Give the text that was read."""
        return self.lines.text


def read_blocks(text: str) -> Blocks:
    """Read the block structure of a Markdown text; linear in its length, for any text."""
    lines = Lines(text)
    references: dict[str, object] = {}
    tokens = _parser().parse(lines.body, references)
    last = len(lines)

    def spans(*kinds: str) -> tuple[LineRange, ...]:
        return tuple(
            LineRange(token.map[0], min(token.map[1], last))
            for token in tokens
            if token.type in kinds and token.map is not None and token.map[0] < last
        )

    return Blocks(
        lines=lines,
        headings=tuple(_headings(lines, tokens)),
        code=spans("fence", "code_block"),
        html=spans("html_block"),
        prose=spans("inline"),
        definitions=tuple(_definitions(lines, references)),
    )


def read_definition(line: str) -> tuple[str, str, int] | None:
    """Read a line that is a link definition: label, destination, and where in the line the latter begins."""
    if "]:" not in line[:1010]:
        return None
    match = _DEFINITION.fullmatch(line)
    if match is None:
        return None
    group = 2 if match[2] is not None else 3
    return match[1], match[group], match.start(group)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _headings(lines: Lines, tokens: Sequence[Token]) -> Iterator[Heading]:
    for token in tokens:
        if token.type != "heading_open" or token.map is None:
            continue
        start, end = token.map
        setext = token.markup in ("=", "-")
        title_line = end - 2 if setext else start
        at = _title_at(lines, title_line, setext)
        yield Heading(
            level=int(token.tag[1:]),
            form="setext" if setext else "atx",
            title=lines.text[at[0] : at[1]],
            title_at=at,
            line=title_line,
            end_line=end,
            underline=end - 1 if setext else None,
            swallowed=setext and title_line > start,
            nested=token.level > 0,
        )


def _title_at(lines: Lines, line: int, setext: bool) -> tuple[int, int]:
    raw, base = lines[line], lines.start(line)
    if setext:
        stripped = raw.strip(" \t")
        start = base + (len(raw) - len(raw.lstrip(" \t")))
        return start, start + len(stripped)
    at = raw.find("#")
    content = raw[at:].lstrip("#") if at >= 0 else ""
    start = len(raw) - len(content)
    content = content.rstrip(" \t")
    closed = content.rstrip("#")
    if closed != content and (not closed or closed[-1] in " \t"):
        content = closed.rstrip(" \t")
    lead = len(content) - len(content.lstrip(" \t"))
    return base + start + lead, base + start + max(lead, len(content))


def _definitions(lines: Lines, environment: dict[str, object]) -> Iterator[Definition]:
    found = environment.get("references")
    doubled = environment.get("duplicate_refs")
    values = [*(found.values() if isinstance(found, dict) else ())]
    values += doubled if isinstance(doubled, list) else []
    starts = sorted({value["map"][0] for value in values if value.get("map")})
    for line in starts:
        read = read_definition(lines[line]) if line < len(lines) else None
        if read is not None:
            label, destination, column = read
            at = lines.start(line) + column
            yield Definition(
                label=label,
                destination=destination,
                destination_at=(at, at + len(destination)),
                line=line,
            )


def is_setext_underline(line: str) -> bool:
    """Say whether a line could underline a heading."""
    return _SETEXT.fullmatch(line) is not None
