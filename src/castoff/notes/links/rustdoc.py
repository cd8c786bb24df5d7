"""Which symbols does documentation built by rustdoc have?

The list of items (``all.html``) names every item but not its methods; those are anchors on the item's own
page. The search index would have both, but its format changes with the toolchain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from castoff.notes.links.inventory import Inventory, Symbol

_FILE = re.compile(r"(?:^|/)([a-z]+)\.([A-Za-z_]\w{0,200})\.html$")
_ANCHOR = re.compile(
    r"(method|tymethod|variant|structfield|associatedconstant|associatedtype)\.([A-Za-z_]\w{0,200})"
)
_NAME = re.compile(r"[A-Za-z_]\w{0,200}(?:::[A-Za-z_]\w{0,200}){0,30}")


def read_rustdoc_items(html: str, package: str, url: str) -> Inventory:
    """Read a crate's list of items (``all.html``).

    ``package`` is the crate's name in paths (``kube``), ``url`` the address of the list itself.
    """
    parser = _Links()
    parser.feed(html)
    symbols = [Symbol(package, "mod", urljoin(url, "index.html"))]
    for href, text in parser.found:
        kind = _FILE.search(urlsplit(href).path)
        name = text.strip().removesuffix("!")
        if kind is not None and _NAME.fullmatch(name) and _is_local(href):
            symbols += _modules(href, name, package, url)
            symbols.append(Symbol(f"{package}::{name}", kind[1], urljoin(url, href)))
    return Inventory(tuple(dict.fromkeys(symbols)))


def _modules(href: str, name: str, package: str, url: str) -> Iterator[Symbol]:
    """Give the modules that an item's path leads through: the list itself names none."""
    parents, folders = name.split("::")[:-1], href.split("/")[:-1]
    if parents == folders:
        for depth in range(1, len(parents) + 1):
            path = "::".join((package, *parents[:depth]))
            yield Symbol(path, "mod", urljoin(url, "/".join((*folders[:depth], "index.html"))))


def read_rustdoc_item(html: str, item: Symbol) -> Inventory:
    """Read what an item's own page documents under it: methods, variants, fields, associated items."""
    parser = _Anchors()
    parser.feed(html)
    page = item.url.split("#", 1)[0]
    symbols: dict[str, Symbol] = {}
    for anchor in parser.found:
        match = _ANCHOR.fullmatch(anchor)
        if match is not None:
            path = f"{item.path}::{match[2]}"
            symbols.setdefault(path, Symbol(path, match[1], f"{page}#{anchor}"))
    return Inventory(tuple(symbols.values()))


def _is_local(href: str) -> bool:
    """Say whether a link stays in the documentation: only such are items of it."""
    parts = urlsplit(href)
    return not (parts.scheme or parts.netloc or href.startswith(("/", "..")))


class _Links(HTMLParser):
    """Collects the links and their texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href")
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._href is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.found.append((self._href, "".join(self._text)))
            self._href = None


class _Anchors(HTMLParser):
    """Collects the ids of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - given
        self.found += [value for name, value in attrs if name == "id" and value]
