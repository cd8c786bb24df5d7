"""References to symbols in a text, and the text with them linked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from castoff.changelog.body import is_generated_entry
from castoff.notes.links.inventory import Inventory, Resolution, Symbol, resolve, split_path
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Span, TextEdit, apply_edits, find_spans, read_blocks
from castoff.text.markdown.inline import normal_label

_NAME = r"[A-Za-z_]\w{0,100}(?:(?:::|\.)[A-Za-z_]\w{0,100}){0,12}(?:\(\)|!)?"
_BRACKETED = regex(rf"(?<![\\\[!])\[\[({_NAME})\]\](?![\[(:\]])")
_WAITING = regex(rf"(?<!`)`` ({_NAME}) ``(?!`)")


class Reference(Struct, frozen=True):
    """A reference in a text: the path as written, and where it stands with its marks.

    ``waiting`` says that it stands there as code, since the documentation was not built yet.
    """

    path: str
    start: int
    end: int
    waiting: bool


class Unresolved(Struct, frozen=True):
    """A reference that means no symbol, or several: the line (from 1), and the paths that may be meant."""

    path: str
    line: int
    candidates: tuple[str, ...]


class LinkedText(Struct, frozen=True, kw_only=True):
    """What came of linking: the text, the paths that are links now, those that wait, and those unknown."""

    text: str
    linked: tuple[str, ...]
    waiting: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]


def find_references(text: str) -> tuple[Reference, ...]:
    """Find the references of a text, in order.

    Code, links, images, tags, addresses and the generator's own lines hold none.
    """
    return tuple(_references(read_blocks(text)))


def link_symbols(text: str, inventory: Inventory | None) -> LinkedText:
    """Turn references into links; without an inventory, into code that waits for one.

    A reference that the inventory does not know, or knows several of, waits as well and is listed. Running it
    again with the same inventory changes nothing; a text without references is given back as it is.
    """
    blocks = read_blocks(text)
    edits, linked, waiting, unresolved = [], [], [], []
    for reference in _references(blocks):
        found = resolve(reference.path, inventory) if inventory is not None else Resolution(None)
        if found.symbol is not None:
            linked.append(reference.path)
            edits.append(_edit(reference, f"[`{reference.path}`]({found.symbol.url})"))
            continue
        waiting.append(reference.path)
        if not reference.waiting:
            edits.append(_edit(reference, f"`` {reference.path} ``"))
        if inventory is not None:
            line = blocks.lines.line_of(reference.start) + 1
            unresolved.append(Unresolved(reference.path, line, found.candidates))
    return LinkedText(
        text=apply_edits(text, edits),
        linked=tuple(linked),
        waiting=tuple(waiting),
        unresolved=tuple(unresolved),
    )


def pages_needed(references: Iterable[Reference], inventory: Inventory) -> tuple[Symbol, ...]:
    """Return the items whose own pages must be read: a reference ends in a name that the items do not have."""
    needed: dict[str, Symbol] = {}
    for reference in references:
        parts = split_path(reference.path)
        if len(parts) > 1 and resolve(reference.path, inventory).symbol is None:
            for item in inventory.ending_in(parts[:-1]):
                needed.setdefault(item.url, item)
    return tuple(needed.values())


def _edit(reference: Reference, new: str) -> TextEdit:
    return TextEdit(reference.start, reference.end, new)


def _references(blocks: Blocks) -> Iterator[Reference]:
    labels = frozenset(normal_label(definition.label) for definition in blocks.definitions)
    lines = blocks.lines
    for prose in blocks.prose:
        start, end = lines.start(prose.start), lines.stop(min(prose.end, len(lines)) - 1)
        if "[[" not in blocks.text[start:end] and "`` " not in blocks.text[start:end]:
            continue
        spans = find_spans(blocks.text, start, end, labels)
        found = [*_in_brackets(blocks, spans, start, end), *_as_code(blocks.text, spans)]
        for reference in sorted(found, key=lambda one: one.start):
            if not is_generated_entry(lines[lines.line_of(reference.start)]):
                yield reference


def _in_brackets(blocks: Blocks, spans: tuple[Span, ...], start: int, end: int) -> Iterator[Reference]:
    rest = iter(spans)
    current = next(rest, None)
    for match in _BRACKETED.finditer(blocks.text, start, end):
        while current is not None and current.end <= match.start():
            current = next(rest, None)
        if current is None or match.end() <= current.start:
            yield Reference(match[1], *match.span(), waiting=False)


def _as_code(text: str, spans: tuple[Span, ...]) -> Iterator[Reference]:
    """Find the code that waits to become a link; code inside a link waits for nothing."""
    linked_until = -1
    for span in spans:
        if span.kind in ("link", "image"):
            linked_until = max(linked_until, span.end)
        if span.kind == "code" and span.start >= linked_until:
            match = _WAITING.fullmatch(text, span.start, span.end)
            if match is not None:
                yield Reference(match[1], span.start, span.end, waiting=True)


_LINKED = regex(
    r"\[`([A-Za-z_]\w{0,100}(?:(?:::|\.)[A-Za-z_]\w{0,100}){0,12}(?:\(\)|!)?)`\]\((https?://[^\s()<>]{1,1000})\)"
)


def links_in(text: str) -> Mapping[str, str]:
    """Return the addresses of the symbols that a text links to, by the path as written; the first of each counts."""
    found: dict[str, str] = {}
    for match in _LINKED.finditer(text):
        found.setdefault(match[1], match[2])
    return found


def carry_links(text: str, links: Mapping[str, str]) -> str:
    """Turn references that wait in a text into the links that another text has for them already.

    Only a reference with exactly the same path counts; all others stay as they are.
    """
    edits = [
        TextEdit(one.start, one.end, f"[`{one.path}`]({links[one.path]})")
        for one in find_references(text)
        if one.path in links
    ]
    return apply_edits(text, edits)
