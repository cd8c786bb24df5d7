"""Which issue numbers in a text are linked, and which stand naked?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from castoff.notes.markdown import Blocks, Edit, Span, find_spans
from castoff.notes.markdown.inline import normal_label

_NAKED = re.compile(r"(?<![\w/&#.@=\[\\-])#([1-9]\d{0,6})\b(?![\w-])")
_NUMBERED = re.compile(r"#([1-9]\d{0,6})")
_LINKED = re.compile(
    r"(?P<root>https?://[^\s/]+/[^\s]+?)/(?:-/)?(?P<kind>issues|pulls?|merge_requests)/(?P<number>[1-9]\d{0,6})/?(?:[#?][^\s]*)?"
)


@dataclass(frozen=True, slots=True)
class Naked:
    """An issue number without a link: the number and where it stands."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A link to an issue or a pull request: ``numbered`` where its text is the number, ``[#12](...)``."""

    number: int
    kind: str
    root: str
    span: Span
    numbered: bool


def all_spans(blocks: Blocks) -> Iterator[Span]:
    """Give the spans of every paragraph and heading, in order."""
    labels = frozenset(normal_label(definition.label) for definition in blocks.definitions)
    lines = blocks.lines
    for span in blocks.prose:
        end = lines.stop(min(span.end, len(lines)) - 1)
        yield from find_spans(blocks.text, lines.start(span.start), end, labels)


def naked_references(blocks: Blocks, spans: Iterable[Span]) -> Iterator[Naked]:
    """Find the issue numbers that stand in plain text: no code, link, image, tag or address."""
    lines = blocks.lines
    taken = iter(sorted((span.start, span.end) for span in spans))
    current = next(taken, None)
    for prose in blocks.prose:
        start, end = lines.start(prose.start), lines.stop(min(prose.end, len(lines)) - 1)
        for match in _NAKED.finditer(blocks.text, start, end):
            while current is not None and current[1] <= match.start():
                current = next(taken, None)
            if current is None or match.end() <= current[0]:
                yield Naked(int(match[1]), *match.span())


def linked_references(blocks: Blocks, spans: Iterable[Span]) -> Iterator[Linked]:
    """Find the links to issues and pull requests, bare addresses included."""
    destinations = {normal_label(d.label): d.destination for d in blocks.definitions}
    for span in spans:
        target = span.destination or destinations.get(normal_label(span.label or ""), "")
        match = _LINKED.fullmatch(target) if len(target) < 1000 else None
        if match is None or span.kind not in ("link", "autolink", "url"):
            continue
        text = blocks.text[span.text_at[0] : span.text_at[1]]
        numbered = _NUMBERED.fullmatch(text.strip())
        yield Linked(
            number=int(match["number"]),
            kind=match["kind"],
            root=match["root"],
            span=span,
            numbered=span.kind == "link" and numbered is not None and numbered[1] == match["number"],
        )


def link_references(blocks: Blocks, root: str, pulls: frozenset[int] = frozenset()) -> list[Edit]:
    """Make the edits that link the naked numbers of a text to the repository at ``root``.

    ``pulls`` are numbers known to be pull requests; those that the text itself links as such count too.
    """
    spans = list(all_spans(blocks))
    known = pulls | {one.number for one in linked_references(blocks, spans) if one.kind in ("pull", "pulls")}
    return [
        Edit(one.start, one.end, f"[#{one.number}]({reference_address(root, one.number, known)})")
        for one in naked_references(blocks, spans)
    ]


def reference_address(root: str, number: int, pulls: frozenset[int] | set[int]) -> str:
    """Give the address of an issue or, where it is known to be one, of a pull request."""
    return f"{root}/{'pull' if number in pulls else 'issues'}/{number}"
