"""What does one Cargo manifest say, once inheritance is resolved? The values that the Cargo rooms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from castoff.errors import Problem
from castoff.manifests.toml import Path

DependencyKind = Literal["normal", "build", "dev"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a string stands: the file and the path of the value in it."""

    file: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One entry of a dependency table.

    ``name`` is the package's name, ``key`` what this manifest calls it. ``requirement`` is the version part
    as written and ``requirement_place`` where (in the workspace's manifest where it is inherited); both are
    None where there is none. ``folder`` is the path from the workspace's root where it has a ``path``.
    """

    name: str
    key: str
    kind: DependencyKind
    place: Place
    requirement: str | None = None
    requirement_place: Place | None = None
    optional: bool = False
    folder: str | None = None
    git: bool = False
    registry: str | None = None
    features: tuple[str, ...] = ()
    default_features: bool = True
    target: str | None = None
    inherited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Crate:
    """One package of a Cargo workspace, published or not.

    ``registries`` is None where the manifest lets it go anywhere, empty where it is not published.
    ``version_place`` is None where the manifest has no version. ``features`` is the table as written.
    """

    name: str
    folder: str
    manifest: str
    version: str | None
    version_place: Place | None
    registries: tuple[str, ...] | None
    dependencies: tuple[Dependency, ...]
    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    """The texts and lists of ``[package]`` that registries judge, inherited ones resolved."""

    @property
    def published(self) -> bool:
        """Say whether the manifest lets it be published."""
        return self.registries is None or bool(self.registries)

    @property
    def inherits_version(self) -> bool:
        """Say whether its version stands in another manifest than its own."""
        return self.version_place is not None and self.version_place.file != self.manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Crates:
    """All packages of a workspace by the manifests, in the order of their folders.

    ``excluded`` names those that the configuration keeps out of the release; ``patched`` the packages that
    ``[patch]`` points at folders.
    """

    crates: tuple[Crate, ...]
    problems: tuple[Problem, ...] = ()
    excluded: frozenset[str] = frozenset()
    patched: frozenset[str] = frozenset()
    version: str | None = None
    version_place: Place | None = None

    @property
    def released(self) -> tuple[Crate, ...]:
        """List the packages that the release publishes."""
        return tuple(crate for crate in self.crates if crate.published and crate.name not in self.excluded)
