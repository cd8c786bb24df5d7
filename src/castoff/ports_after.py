"""What do the stages after the announcement ask of the world? Documentation hosts, issues and pull requests.

As in :mod:`castoff.ports`, adapters never retry, sleep, log or print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from castoff.errors import Problem
from castoff.model.acts import Outcome
from castoff.model.observations import Unknown
from castoff.model.workspace import Package

DocsState = Literal["queued", "building", "failed", "built"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsBuild:
    """How far the documentation of one version is; ``url`` is its page, or that of its builds."""

    state: DocsState
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolList:
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
        """Say how far the build of exactly this version is."""
        ...

    def log(self, name: str, version: str) -> str | Unknown:
        """Give the whole log of the last build; "" where the host shows none."""
        ...

    def symbols(self, name: str, version: str) -> SymbolList | Unknown:
        """Give the list of symbols of documentation that is built."""
        ...

    def page(self, url: str) -> str | Unknown:
        """Read one page of documentation that is built; refused outside of the host."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeIssue:
    """An issue of the repository."""

    number: int
    body: str
    is_open: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgePull:
    """A pull request of the repository."""

    number: int
    base: str
    state: Literal["open", "merged", "closed"]
    url: str
    body: str = ""


class Desk(Protocol):
    """The issues and pull requests of one repository."""

    def issues(self, since: datetime) -> Sequence[ForgeIssue] | Unknown:
        """List the issues, closed ones included, in which something happened since a time."""
        ...

    def comments(self, number: int) -> Sequence[str] | Unknown:
        """Give the texts of an issue's comments."""
        ...

    def open_issue(self, title: str, body: str) -> Outcome:
        """Open an issue."""
        ...

    def comment(self, number: int, body: str) -> Outcome:
        """Comment on an issue."""
        ...

    def pulls(self, head: str) -> Sequence[ForgePull] | Unknown:
        """List the pull requests from one branch of the repository, in any state, newest first."""
        ...

    def open_pull(self, *, head: str, base: str, title: str, body: str, label: str | None = None) -> Outcome:
        """Open a pull request between two branches of the repository, with a label where it can be given."""
        ...

    def edit_pull(self, number: int, body: str) -> Outcome:
        """Write the text of a pull request anew."""
        ...


class Trial(Protocol):
    """Uses what was released as its users do."""

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:
        """Depend on exactly this version in a fresh project: resolve it and build it with the real client.

        ``manifest`` is the text of the package's, as it was released.
        """
        ...
