"""The headings, fences, comments and link definitions of a Markdown text, and their lines."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from castoff.regexes import regex
from castoff.values import replace

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_BREAK = regex(r"\r\n|\n|\r")
_BOM = "\ufeff"


class Lines(Struct, frozen=True, dict=True):
    """A text with its line table.

    Lines count from 0 here, from 1 in everything that is shown. A line ends as CommonMark says: by LF, CRLF
    or a lone CR. A byte order mark is no part of the first line.
    """

    text: str

    @cached_property
    def _table(self) -> tuple[tuple[int, int], ...]:
        """Return the offset of each line's first character and of its line break."""
        start = len(_BOM) if self.text.startswith(_BOM) else 0
        table = []
        for match in _BREAK.finditer(self.text, start):
            table.append((start, match.start()))
            start = match.end()
        if start < len(self.text) or not table:
            table.append((start, len(self.text)))
        return tuple(table)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, line: int) -> str:
        """Return a line without its break."""
        start, stop = self._table[line]
        return self.text[start:stop]

    def start(self, line: int) -> int:
        """Return the offset at which a line begins; the end of the text for the line after the last."""
        return self._table[line][0] if line < len(self._table) else len(self.text)

    def stop(self, line: int) -> int:
        """Return the offset at which a line's own text ends, its break excluded."""
        return self._table[line][1]

    def line_of(self, offset: int) -> int:
        """Return the line that holds an offset."""
        return max(0, bisect_right(self._starts, offset) - 1)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(start for start, _ in self._table)

    def is_blank(self, line: int) -> bool:
        """Return whether a line holds nothing but spaces and tabs."""
        return not self[line].strip(" \t\x0b\x0c")

    @cached_property
    def newline(self) -> str:
        """Return the line break that the text uses most; LF where it has none."""
        crlf = self.text.count("\r\n")
        lone_lf = self.text.count("\n") - crlf
        lone_cr = self.text.count("\r") - crlf
        if crlf > lone_lf and crlf >= lone_cr:
            return "\r\n"
        return "\r" if lone_cr > lone_lf else "\n"

    @property
    def body(self) -> str:
        """Return the text without its byte order mark."""
        return self.text[len(_BOM) :] if self.text.startswith(_BOM) else self.text


HeadingForm = Literal["atx", "setext", "bold"]

_DEFINITION = regex(
    r" {0,3}\[((?:[^\[\]\\]|\\.){1,999}+)\]:[ \t]*+(?:<([^<>\n]*+)>|([^\s<]\S*+))[ \t]*+"
    r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))?[ \t]*+"
)
_SETEXT = regex(r" {0,3}(=+|-+)[ \t]*+")


class LineRange(Struct, frozen=True):
    """Lines ``start`` to ``end``, the latter excluded, counting from 0."""

    start: int
    end: int


class Heading(Struct, frozen=True, kw_only=True):
    """A heading: its level, the offsets of its title, and its lines.

    The form ``bold`` is a paragraph's first line in bold type, for texts that have no other headings of releases.

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


class Definition(Struct, frozen=True, kw_only=True):
    """A link definition that stands on one line: ``[label]: destination``."""

    label: str
    destination: str
    destination_at: tuple[int, int]
    line: int


class Blocks(Struct, frozen=True, kw_only=True):
    """The structure of a text: each list in the order of the text."""

    lines: Lines
    headings: tuple[Heading, ...]
    code: tuple[LineRange, ...]
    html: tuple[LineRange, ...]
    prose: tuple[LineRange, ...]
    definitions: tuple[Definition, ...]

    @property
    def text(self) -> str:
        """Return the text that was read."""
        return self.lines.text


def read_blocks(text: str) -> Blocks:
    """Read the block structure of a Markdown text; linear in its length, for any text.

    Of a text that ends like one which was read shortly before, as after an edit, only the beginning is parsed.
    """
    blocks = next((found for near in tuple(_RECENT) if (found := _read_like(text, near))), None)
    if blocks is None:
        blocks = _read(text)
    _RECENT.appendleft(blocks)
    return blocks


# Each edit of a changelog is read again to check it, and parsing was a quarter of a plan. Any entry gives the same
# blocks as parsing does, so threads that put theirs in between do no harm.
_RECENT: deque[Blocks] = deque(maxlen=8)


def _read(text: str) -> Blocks:
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


def _read_like(text: str, near: Blocks) -> Blocks | None:
    """Read a text that ends like another, from a heading on; None where they share no such end.

    A heading outside of lists and quotations closes every block before it (CommonMark, "Container blocks"), so that
    what follows is read the same whatever stands above. Whether it still is such a heading, the parser says.
    """
    shared = len(near.text) - _common_end(text, near.text)
    outer = (one for one in near.headings if not one.nested and not one.swallowed)
    heading = next((one for one in outer if near.lines.start(one.line) >= shared), None)
    if heading is None:
        return None
    moved = len(text) - len(near.text)
    lines = Lines(text)
    down = lines.line_of(near.lines.start(heading.line) + moved) - heading.line
    head = _read(text[: near.lines.start(heading.end_line) + moved])
    here = _lower_heading(heading, moved, down)
    if head.headings[-1:] != (here,):
        return None

    def ranges(above: Sequence[LineRange], below: Sequence[LineRange]) -> tuple[LineRange, ...]:
        later = (one for one in below if one.start >= heading.end_line)
        return (*above, *(LineRange(one.start + down, one.end + down) for one in later))

    later = (one for one in near.definitions if one.line >= heading.end_line)
    return Blocks(
        lines=lines,
        headings=(
            *head.headings,
            *(_lower_heading(one, moved, down) for one in near.headings if one.line > heading.line),
        ),
        code=ranges(head.code, near.code),
        html=ranges(head.html, near.html),
        prose=ranges(head.prose, near.prose),
        definitions=(*head.definitions, *(_lower_definition(one, moved, down) for one in later)),
    )


def _common_end(one: str, other: str) -> int:
    """Return the number of characters at the end that two texts share."""
    longest = min(len(one), len(other))
    # The search takes the logarithm of the length in comparisons, each as fast as memory is read.
    return bisect_right(range(1, longest + 1), 0, key=lambda length: one[-length:] != other[-length:])


def _lower_heading(heading: Heading, moved: int, down: int) -> Heading:
    start, stop = heading.title_at
    return replace(
        heading,
        title_at=(start + moved, stop + moved),
        line=heading.line + down,
        end_line=heading.end_line + down,
        underline=None if heading.underline is None else heading.underline + down,
    )


def _lower_definition(definition: Definition, moved: int, down: int) -> Definition:
    start, stop = definition.destination_at
    return replace(definition, destination_at=(start + moved, stop + moved), line=definition.line + down)


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
    # A plan imports the changelog's stages and most often parses no Markdown.
    from markdown_it import MarkdownIt

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
    """Return whether a line could underline a heading."""
    return _SETEXT.fullmatch(line) is not None
