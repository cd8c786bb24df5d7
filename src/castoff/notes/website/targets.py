"""Where does a relative link of a page lead once the page stands on the website?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin

from castoff.notes.changelog.body import is_relative
from castoff.notes.changelog.references import all_spans
from castoff.notes.markdown import Blocks, Edit
from castoff.notes.website.rules import Origin, Page

_ATTRIBUTE = re.compile(
    r"\b(src|href)[ \t]*=[ \t]*(?:\"([^\"\n]{1,2000})\"|'([^'\n]{1,2000})')", re.IGNORECASE
)
_SAFE = "/:@!$&'*+,;=~-._%"
_INDEXES = ("README.md", "index.md", "readme.md")


@dataclass(frozen=True, slots=True)
class Missing:
    """A relative link to what is not there at the released ref: the line (from 1) and the destination."""

    line: int
    destination: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A destination in the text."""

    start: int
    end: int
    image: bool


def link_edits(
    blocks: Blocks, page: Page, origin: Origin, pages: Mapping[str, str]
) -> tuple[list[Edit], list[Missing]]:
    """Make the edits that let every relative link and image lead to where it exists.

    ``pages`` maps the files that are pages of the site to their place there. A link to one of them leads to
    the page, any other to the forge at the released ref; anchors stay.
    """
    edits: list[Edit] = []
    missing: list[Missing] = []
    for place in _places(blocks):
        old = blocks.text[place.start : place.end]
        new = retarget(old, page, origin, pages, image=place.image)
        if new is None:
            continue
        if new != old:
            edits.append(Edit(place.start, place.end, new))
        if origin.files is not None and not _exists(_path_of(old, page), origin.files):
            missing.append(Missing(blocks.lines.line_of(place.start) + 1, old))
    return edits, missing


def retarget(
    destination: str, page: Page, origin: Origin, pages: Mapping[str, str], *, image: bool = False
) -> str | None:
    """Give the new destination of a relative link; None for a link that is not relative, or an anchor."""
    if not is_relative(destination):
        return None
    bare = re.split(r"[?#]", destination, maxsplit=1)[0]
    rest = destination[len(bare) :]
    if not bare:
        return None
    path = _path_of(destination, page)
    if path.startswith(".."):
        here = origin.address(origin.file_pattern, quote(page.source, safe=_SAFE), origin.ref)
        return urljoin(here, destination)
    target = _page_at(path, pages)
    if target is not None and not image:
        return quote(posixpath.relpath(target, posixpath.dirname(page.target) or "."), safe=_SAFE) + rest
    folder = bare.endswith("/") or _is_folder(path, origin.files)
    pattern = origin.raw_pattern if image else origin.folder_pattern if folder else origin.file_pattern
    return (
        origin.address(pattern, quote(path, safe=_SAFE.replace("%", "")), quote(origin.ref, safe=_SAFE))
        + rest
    )


def _places(blocks: Blocks) -> Iterator[_Place]:
    """Find the destinations of links, images, definitions and HTML's attributes."""
    lines = blocks.lines
    for span in all_spans(blocks):
        if span.kind in ("link", "image") and span.destination_at is not None:
            yield _Place(*span.destination_at, image=span.kind == "image")
        elif span.kind == "html":
            yield from _attributes(blocks.text, span.start, span.end)
    for definition in blocks.definitions:
        yield _Place(*definition.destination_at, image=False)
    for block in blocks.html:
        if not lines[block.start].lstrip().startswith("<!--"):
            yield from _attributes(blocks.text, lines.start(block.start), lines.start(block.end))


def _attributes(text: str, start: int, end: int) -> Iterator[_Place]:
    for match in _ATTRIBUTE.finditer(text, start, end):
        group = 2 if match[2] is not None else 3
        yield _Place(*match.span(group), image=match[1].lower() == "src")


def _path_of(destination: str, page: Page) -> str:
    """Give the path in the workspace that a relative destination means; it begins with ``..`` outside of it."""
    bare = unquote(re.split(r"[?#]", destination, maxsplit=1)[0])
    if bare.startswith("/"):
        return posixpath.normpath(bare.lstrip("/") or ".")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page.source), bare))


def _page_at(path: str, pages: Mapping[str, str]) -> str | None:
    if path in pages:
        return pages[path]
    names = (posixpath.normpath(posixpath.join(path, name)) for name in _INDEXES)
    return next((pages[name] for name in names if name in pages), None)


def _is_folder(path: str, files: frozenset[str] | None) -> bool:
    return files is not None and any(name.startswith(f"{path}/") for name in files)


def _exists(path: str, files: frozenset[str]) -> bool:
    return path.startswith("..") or path == "." or path in files or _is_folder(path, files)
