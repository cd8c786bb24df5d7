"""One manifest with the problems that are found while it is read, and their places."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.regexes import regex
from castoff.text.toml import Path, Positions
from castoff.values import replace

Table = Mapping[str, Any]

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CargoDocument:
    """One manifest: its text, what it means, and its positions, found when they are asked for."""

    file: str
    text: str
    table: Table
    folder: str = field(init=False, compare=False)
    """The folder that it stands in, "" for the root."""
    positions: Positions = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", posixpath.dirname(self.file))
        object.__setattr__(self, "positions", Positions(self.text))

    def line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest part above it."""
        return self.positions.nearest_line(path)


class ProblemCollector(Struct, frozen=True):
    """Gathers problems while the manifests of one workspace are read; ``root`` is what they inherit from."""

    root: CargoDocument
    problems: list[Problem] = []

    def shared(self, table: str) -> Table | None:
        """Return a table of the root's ``[workspace]``; None where it has none."""
        workspace = self.root.table.get("workspace")
        found = workspace.get(table) if isinstance(workspace, dict) else None
        return found if isinstance(found, dict) else None

    def bad_name(self, document: CargoDocument, path: Path, name: object) -> None:
        """Note a name that Cargo would refuse."""
        said = "has no name" if name is None else f"has the name `{shown(name)}`, which is not a name"
        self.report(
            document,
            path,
            Problem(
                code="name-invalid",
                message=f"a package in `{document.file}` {said}",
                reason="Cargo's names are letters, digits, `-` and `_`, at most 64",
                remedy="correct the name",
            ),
        )

    def wrong_type(self, document: CargoDocument, path: Path, wanted: str) -> None:
        """Note a value of another type than Cargo wants."""
        self.report(
            document,
            path,
            Problem(
                code="manifest-invalid",
                message=f"`{_dotted(path)}` in `{document.file}` is not {wanted}",
                remedy="correct that line",
            ),
        )

    def report(self, document: CargoDocument, path: Path, problem: Problem) -> None:
        """Note a problem at a path of a manifest."""
        self.problems.append(replace(problem, file=document.file, line=document.line(path)))


def is_name(value: object) -> bool:
    """Return whether a value is a name that Cargo takes for a package."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def shown(value: object) -> str:
    """Return the first 60 characters of a value from outside, for a message."""
    return str(value)[:60]


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


DependencyKind = Literal["normal", "build", "dev"]


class StringPosition(Struct, frozen=True, kw_only=True):
    """Where a string stands: the file and the path of the value in it."""

    file: str
    path: Path


class Dependency(Struct, frozen=True, kw_only=True):
    """One entry of a dependency table.

    ``name`` is the package's name, ``key`` what this manifest calls it. ``requirement`` is the version part
    as written and ``requirement_place`` where (in the workspace's manifest where it is inherited); both are
    None where there is none. ``folder`` is the path from the workspace's root where it has a ``path``.
    """

    name: str
    key: str
    kind: DependencyKind
    place: StringPosition
    requirement: str | None = None
    requirement_place: StringPosition | None = None
    optional: bool = False
    folder: str | None = None
    git: bool = False
    registry: str | None = None
    features: tuple[str, ...] = ()
    default_features: bool = True
    target: str | None = None
    inherited: bool = False


class Crate(Struct, frozen=True, kw_only=True):
    """One package of a Cargo workspace, published or not.

    ``registries`` is None where the manifest lets it go anywhere, empty where it is not published.
    ``version_place`` is None where the manifest has no version. ``features`` is the table as written.
    """

    name: str
    folder: str
    manifest: str
    version: str | None
    version_place: StringPosition | None
    registries: tuple[str, ...] | None
    dependencies: tuple[Dependency, ...]
    root: str = "."
    """Folder of its workspace, or its own where it is in none."""
    features: Mapping[str, tuple[str, ...]] = {}
    metadata: Mapping[str, object] = {}
    """The texts and lists of ``[package]`` that registries judge, inherited ones resolved."""

    @property
    def published(self) -> bool:
        """Return whether the manifest lets it be published."""
        return self.version is not None and (self.registries is None or bool(self.registries))


class Crates(Struct, frozen=True, kw_only=True):
    """All packages of the workspaces of a release by the manifests, in the order of their folders.

    ``excluded`` holds the manifests that are kept out of the release; ``patched`` names the packages that
    ``[patch]`` points at folders.
    """

    crates: tuple[Crate, ...]
    problems: tuple[Problem, ...] = ()
    excluded: frozenset[str] = frozenset()
    patched: frozenset[str] = frozenset()
    version: str | None = None
    version_place: StringPosition | None = None

    @property
    def released(self) -> tuple[Crate, ...]:
        """List the packages that the release publishes."""
        return tuple(
            crate for crate in self.crates if crate.published and crate.manifest not in self.excluded
        )
