"""Which symbol of the built documentation does a short reference mean?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_PARTS = re.compile(r"::|\.")
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


@dataclass(frozen=True, slots=True)
class Symbol:
    """A documented item: its whole path (``kube::Api::patch``, ``pkg.mod.Class``), kind, and address."""

    path: str
    kind: str
    url: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Give the names that the path is made of."""
        return split_path(self.path)


@dataclass(frozen=True)
class Inventory:
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
        """Give the symbols whose path ends in these names, in the inventory's order."""
        named = self._by_last.get(parts[-1], [])
        return [symbol for symbol in named if symbol.parts[-len(parts) :] == parts]

    def near(self, reference: str) -> tuple[str, ...]:
        """Give up to three paths that a mistyped reference may have meant."""
        parts = split_path(reference)
        names = list(self._by_last)[:_LONGEST_NEAR]
        close = difflib.get_close_matches(parts[-1], names, _MOST_NEAR, 0.7)
        return tuple(dict.fromkeys(self._by_last[name][0].path for name in close))[:_MOST_NEAR]


@dataclass(frozen=True, slots=True)
class Resolution:
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
    """Give the symbols nearest to the root; an item comes before what belongs to another one."""
    every = [((symbol.kind in _MEMBERS, len(symbol.parts)), symbol) for symbol in symbols]
    least = min(key for key, _ in every)
    return [symbol for key, symbol in every if key == least]


def _named(symbol: Symbol) -> str:
    return f"{symbol.path} ({symbol.kind})"
