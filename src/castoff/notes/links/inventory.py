"""Symbols of the documentation that rustdoc, Sphinx and MkDocs built, found for short references.

Symbols in documentation built by rustdoc.
The list of items (``all.html``) names every item but not its methods; those are anchors on the item's own
page. The search index would have both, but its format changes with the toolchain.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from html.parser import HTMLParser
from importlib import import_module
from urllib.parse import quote, urljoin

from msgspec import Struct

from castoff.errors import ConfigurationError, Refusal
from castoff.regexes import regex
from castoff.text.addresses import split_url

_PARTS = regex(r"::|\.")
_MEMBERS = {
    "method",
    "tymethod",
    "variant",
    "structfield",
    "associatedconstant",
    "associatedtype",
    "attribute",
    "property",
}
_MOST_NEAR = 3
_LONGEST_NEAR = 20_000


class Symbol(Struct, frozen=True):
    """A documented item: its whole path (``kube::Api::patch``, ``pkg.mod.Class``), kind, and address."""

    path: str
    kind: str
    url: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names that the path is made of."""
        return split_path(self.path)


class Inventory(Struct, frozen=True, dict=True):
    """The symbols of one release's documentation, the facade's first where packages share names."""

    symbols: tuple[Symbol, ...]

    def __add__(self, other: Inventory) -> Inventory:
        return Inventory(self.symbols + other.symbols)

    @cached_property
    def _by_last(self) -> dict[str, list[Symbol]]:
        found: dict[str, list[Symbol]] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.parts[-1], []).append(symbol)
        return found

    def ending_in(self, parts: tuple[str, ...]) -> list[Symbol]:
        """Return the symbols whose path ends in these names, in the inventory's order."""
        named = self._by_last.get(parts[-1], [])
        return [symbol for symbol in named if symbol.parts[-len(parts) :] == parts]

    def near(self, reference: str) -> tuple[str, ...]:
        """Give up to three paths that a mistyped reference may have meant."""
        parts = split_path(reference)
        names = list(self._by_last)[:_LONGEST_NEAR]
        close = difflib.get_close_matches(parts[-1], names, _MOST_NEAR, 0.7)
        return tuple(dict.fromkeys(self._by_last[name][0].path for name in close))[:_MOST_NEAR]


class Resolution(Struct, frozen=True):
    """What a reference means: one symbol, or none with the paths that it may mean."""

    symbol: Symbol | None
    candidates: tuple[str, ...] = ()


def split_path(path: str) -> tuple[str, ...]:
    """Split a path of Rust or Python into its names; a call's brackets and a macro's mark do not count."""
    return tuple(_PARTS.split(path.strip().removesuffix("()").removesuffix("!")))


def resolve(reference: str, inventory: Inventory) -> Resolution:
    """Find the symbol of a reference: the whole path, or the end of exactly one.

    A symbol that several paths lead to (re-exports) is taken by its shortest path; of several shortest ones
    in the same package none is taken, since that would be a guess.
    """
    found = inventory.ending_in(split_path(reference))
    if not found:
        return Resolution(None, inventory.near(reference))
    whole = [symbol for symbol in found if len(symbol.parts) == len(split_path(reference))]
    shortest = _shortest(whole or found)
    first = [symbol for symbol in shortest if symbol.parts[0] == shortest[0].parts[0]]
    if len({symbol.url for symbol in first}) == 1:
        return Resolution(first[0])
    return Resolution(None, tuple(dict.fromkeys(_named(symbol) for symbol in first)))


def _shortest(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Return the symbols nearest to the root; an item comes before what belongs to another one."""
    every = [((symbol.kind in _MEMBERS, len(symbol.parts)), symbol) for symbol in symbols]
    least = min(key for key, _ in every)
    return [symbol for key, symbol in every if key == least]


def _named(symbol: Symbol) -> str:
    return f"{symbol.path} ({symbol.kind})"


_FILE = regex(r"(?:^|/)([a-z]+)\.([A-Za-z_]\w{0,200})\.html$")
_ANCHOR = regex(
    r"(method|tymethod|variant|structfield|associatedconstant|associatedtype)\.([A-Za-z_]\w{0,200})"
)
_NAME = regex(r"[A-Za-z_]\w{0,200}(?:::[A-Za-z_]\w{0,200}){0,30}")


def read_rustdoc_items(html: str, package: str, url: str) -> Inventory:
    """Read a crate's list of items (``all.html``).

    ``package`` is the crate's name in paths (``kube``), ``url`` the address of the list itself.
    """
    parser = _Links()
    parser.feed(html)
    symbols = [Symbol(package, "mod", urljoin(url, "index.html"))]
    for href, text in parser.found:
        kind = _FILE.search(split_url(href).path)
        name = text.strip().removesuffix("!")
        if kind is not None and _NAME.fullmatch(name) and _is_local(href):
            symbols += _modules(href, name, package, url)
            symbols.append(Symbol(f"{package}::{name}", kind[1], urljoin(url, href)))
    return Inventory(tuple(dict.fromkeys(symbols)))


def _modules(href: str, name: str, package: str, url: str) -> Iterator[Symbol]:
    """Return the modules that an item's path leads through: the list itself names none."""
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
    """Return whether a link stays in the documentation: only such are items of it."""
    parts = split_url(href)
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


_LARGEST = 64 << 20
"""Bytes of an inventory at most, unpacked; the largest ones known have a tenth of it."""


def read_objects_inventory(data: bytes, url: str) -> Inventory:
    """Read an ``objects.inv``; ``url`` is the address of the documentation's root, with a slash at its end.

    Terms, labels and pages are no symbols and are left out. Needs the library for that format, which comes
    with an extra.

    Errors: ``links-library-missing``, ``links-inventory-invalid``.
    """
    try:
        library = import_module("sphobjinv")  # only some projects need it
    except ImportError:
        raise ConfigurationError.of(
            "links-library-missing",
            "`objects.inv` cannot be read: the library `sphobjinv` is not installed",
            remedy="install `sphobjinv` in the environment of castoff",
        ) from None
    if _is_bomb(data):
        raise _invalid(f"it holds more than {_LARGEST >> 20} MiB")
    try:
        objects = library.Inventory(zlib=data) if data.startswith(b"# Sphinx inventory version 2") else None
    except Exception as error:
        raise _invalid(str(error)) from error
    if objects is None:
        raise _invalid("it does not begin as one")
    found = [
        Symbol(entry.name, entry.role, urljoin(url, _address(entry.uri_expanded)))
        for entry in objects.objects
        if entry.domain != "std" and entry.name and not entry.name.isspace()
    ]
    return Inventory(tuple(found))


def _is_bomb(data: bytes) -> bool:
    """Return whether the packed part, after four lines of text, holds more than any inventory does."""
    packed = data.split(b"\n", 4)
    if len(packed) < 5:
        return False
    try:
        return len(zlib.decompressobj().decompress(packed[4], _LARGEST + 1)) > _LARGEST
    except zlib.error:
        return False  # the library reports it


def _address(uri: str) -> str:
    """Encode what would end a Markdown link."""
    return quote(uri, safe="/:#?&=%+~,;@!$*'.-_")


def _invalid(reason: str) -> Exception:
    return Refusal.of(
        "links-inventory-invalid",
        "the documentation's `objects.inv` cannot be read",
        reason=reason[:200],
        remedy="check that the documentation build is complete",
    )
