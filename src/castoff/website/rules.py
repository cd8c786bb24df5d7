"""Rules for a page: its source, its place, and the changes on the way."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote, urljoin

from msgspec import Struct

from castoff.changelog.body import is_relative
from castoff.changelog.links import all_spans
from castoff.regexes import regex
from castoff.text.markdown import Blocks, TextEdit

DEFAULT_BANNER = "<!-- Generated from {url}: changes must be made there. castoff {digest} -->"
"""The banner of a page that names no other. ``{digest}`` is how edits by hand are found."""


class HeadingRule(Struct, frozen=True):
    r"""Rewrite the headings whose text ``search`` (a regular expression) finds.

    ``replace`` comes in place of what was found; ``\1`` and ``\g<name>`` are groups. Where it begins with ``## ``
    or the like, the heading gets that level; else it keeps its own. A search that holds a line break also sees
    the underline of a setext heading, after the title.
    """

    search: str
    replace: str


class Page(Struct, frozen=True, kw_only=True):
    """A page: the file in the workspace, the page in the website's repository, and the rules between.

    ``banner`` may hold ``{url}``, ``{path}``, ``{ref}`` and ``{digest}``; "" is none. ``header`` follows it, but
    comes first where it is front matter. ``drop`` names headings whose sections are left out, subsections
    included; of the page's title only the text up to the next heading.
    """

    source: str
    target: str
    banner: str = DEFAULT_BANNER
    header: str = ""
    drop: tuple[str, ...] = ()
    headings: tuple[HeadingRule, ...] = ()


class Origin(Struct, frozen=True, kw_only=True):
    """Where the pages come from: the repository's address, the released ref, the branch to make changes on.

    ``files`` are the paths that exist at the ref, where they are known. The patterns are GitHub's by default.
    """

    root: str
    ref: str
    branch: str = "main"
    files: frozenset[str] | None = None
    file_pattern: str = "{root}/blob/{ref}/{path}"
    folder_pattern: str = "{root}/tree/{ref}/{path}"
    raw_pattern: str = "{root}/raw/{ref}/{path}"

    def address(self, pattern: str, path: str, ref: str) -> str:
        """Fill a pattern; the path is already encoded."""
        return pattern.replace("{root}", self.root).replace("{ref}", ref).replace("{path}", path)


_ATTRIBUTE = regex(r"\b(src|href)[ \t]*=[ \t]*(?:\"([^\"\n]{1,2000})\"|'([^'\n]{1,2000})')", re.IGNORECASE)
_SAFE = "/:@!$&'*+,;=~-._%"
_INDEXES = ("README.md", "index.md", "readme.md")


class Missing(Struct, frozen=True):
    """A relative link to what is not there at the released ref: the line (from 1) and the destination."""

    line: int
    destination: str


class _Place(Struct, frozen=True):
    """A destination in the text, at ``start``."""

    start: int
    destination: str
    image: bool


def link_edits(
    blocks: Blocks, page: Page, origin: Origin, pages: Mapping[str, str]
) -> tuple[list[TextEdit], list[Missing]]:
    """Make the edits that let every relative link and image lead to where it exists.

    ``pages`` maps the files that are pages of the site to their place there. A link to one of them leads to
    the page, any other to the forge at the released ref; anchors stay.
    """
    edits: list[TextEdit] = []
    missing: list[Missing] = []
    for place in _places(blocks):
        old = place.destination
        new = _retargeted(place, page, origin, pages)
        if new is None:
            continue
        if new != old:
            edits.append(TextEdit(place.start, place.start + len(old), new))
        if origin.files is not None and not _exists(_path_of(old, page), origin.files):
            missing.append(Missing(blocks.lines.line_of(place.start) + 1, old))
    return edits, missing


def _retargeted(place: _Place, page: Page, origin: Origin, pages: Mapping[str, str]) -> str | None:
    """Return the new destination of a relative link; None for a link that is not relative, or an anchor."""
    destination = place.destination
    if not is_relative(destination):
        return None
    bare = re.split(r"[?#]", destination, maxsplit=1)[0]
    rest = destination[len(bare) :]
    # Only an anchor or a query: it points into the page itself, wherever the page is.
    if not bare:
        return None
    path = _path_of(destination, page)
    # Outside of the repository (such as `../../issues` on GitHub): resolve it as the forge's file view
    # does.
    if path.startswith(".."):
        here = origin.address(origin.file_pattern, quote(page.source, safe=_SAFE), origin.ref)
        return urljoin(here, destination)
    target = _page_at(path, pages)
    # An image never points to a page of the site, also if the file is one.
    if target is not None and not place.image:
        return quote(posixpath.relpath(target, posixpath.dirname(page.target) or "."), safe=_SAFE) + rest
    folder = bare.endswith("/") or _is_folder(path, origin.files)
    # The forge's file view is HTML, which `<img>` cannot show, so images use the raw address.
    pattern = origin.raw_pattern if place.image else origin.folder_pattern if folder else origin.file_pattern
    return (
        origin.address(pattern, quote(path, safe=_SAFE.replace("%", "")), quote(origin.ref, safe=_SAFE))
        + rest
    )


def _places(blocks: Blocks) -> Iterator[_Place]:
    """Find the destinations of links, images, definitions and HTML's attributes."""
    lines = blocks.lines
    for span in all_spans(blocks):
        if span.kind in ("link", "image") and span.destination_at is not None:
            yield _placed(blocks.text, span.destination_at, image=span.kind == "image")
        elif span.kind == "html":
            yield from _attributes(blocks.text, span.start, span.end)
    for definition in blocks.definitions:
        yield _placed(blocks.text, definition.destination_at, image=False)
    for block in blocks.html:
        # Attributes in an HTML comment are text.
        if not lines[block.start].lstrip().startswith("<!--"):
            yield from _attributes(blocks.text, lines.start(block.start), lines.start(block.end))


def _attributes(text: str, start: int, end: int) -> Iterator[_Place]:
    for match in _ATTRIBUTE.finditer(text, start, end):
        group = 2 if match[2] is not None else 3
        yield _placed(text, match.span(group), image=match[1].lower() == "src")


def _placed(text: str, at: tuple[int, int], *, image: bool) -> _Place:
    return _Place(at[0], text[at[0] : at[1]], image)


def _path_of(destination: str, page: Page) -> str:
    """Return the path in the workspace that a relative destination means; it begins with ``..`` outside of it."""
    bare = unquote(re.split(r"[?#]", destination, maxsplit=1)[0])
    # GitHub resolves a leading slash from the repository's root (GitHub Docs, "Relative links").
    if bare.startswith("/"):
        return posixpath.normpath(bare.lstrip("/") or ".")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page.source), bare))


def _page_at(path: str, pages: Mapping[str, str]) -> str | None:
    if path in pages:
        return pages[path]
    # A link to a folder shows its README on GitHub, so it means the page made from that.
    names = (posixpath.normpath(posixpath.join(path, name)) for name in _INDEXES)
    return next((pages[name] for name in names if name in pages), None)


def _is_folder(path: str, files: frozenset[str] | None) -> bool:
    # git has no folders, only paths of files.
    return files is not None and any(name.startswith(f"{path}/") for name in files)


def _exists(path: str, files: frozenset[str]) -> bool:
    return path.startswith("..") or path == "." or path in files or _is_folder(path, files)
