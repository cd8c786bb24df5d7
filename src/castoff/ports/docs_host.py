"""Documentation hosts: builds, and the symbols in what was built."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from castoff.model.observations import Unknown

DocsState = Literal["queued", "building", "failed", "built"]


class DocsBuild(Struct, frozen=True, kw_only=True):
    """How far the documentation of one version is; ``url`` is its page, or that of its builds."""

    state: DocsState
    url: str


class SymbolList(Struct, frozen=True, kw_only=True):
    """The host's list of documented symbols: rustdoc's list of items, or Sphinx's inventory.

    ``package`` is the name that paths begin with (rustdoc only), ``url`` the list's address (rustdoc) or that
    of the documentation's root (Sphinx).
    """

    kind: Literal["rustdoc", "sphinx"]
    package: str
    data: bytes
    url: str


class DocsHost(Protocol):
    """Where documentation is built; ``name`` is the crate's or project's, ``version`` as the host spells it."""

    def look(self, name: str, version: str) -> DocsBuild | Unknown:
        """Return how far the build of exactly this version is."""
        ...

    def log(self, name: str, version: str) -> str | Unknown:
        """Return the whole log of the last build; "" where the host shows none."""
        ...

    def symbols(self, name: str, version: str) -> SymbolList | Unknown:
        """Return the list of symbols of documentation that is built."""
        ...

    def page(self, url: str) -> str | Unknown:
        """Read one page of documentation that is built; refused outside of the host."""
        ...
