"""What does a workspace hold: packages, members, the edges between them, and what is uploaded of each?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from castoff.errors import Problem
from castoff.model.tags import TagSource
from castoff.model.versions import Ecosystem, ReleaseVersion, spell

EdgeKind = Literal["normal", "build", "dev", "optional", "extra", "group"]
ArtifactKind = Literal["crate", "wheel", "sdist", "tarball"]

ORDERING_KINDS: frozenset[EdgeKind] = frozenset({"normal", "build"})
"""Edges that always order uploads; the rest order only where they close no cycle, or not at all."""

FACADE_KINDS: frozenset[EdgeKind] = frozenset({"normal", "build", "optional", "extra"})
"""Edges over which a facade reaches the packages that it re-exports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One requirement of a package of the workspace on another one.

    ``survives`` says whether the requirement is still there in what is uploaded: Cargo drops a
    dev-dependency without a version, wheels hold no dependency groups. ``requirement`` is the version
    part as written (``=1.2.0``, ``>=1,<2``), None where there is none.
    """

    origin: str
    target: str
    kind: EdgeKind
    requirement: str | None = None
    file: str | None = None
    line: int | None = None
    survives: bool = True
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package that is published.

    ``path`` is its folder and ``manifest`` its manifest, POSIX, from the workspace's root ("." for the root
    itself). ``version`` is the native text as the manifest says it (inherited ones resolved);
    ``version_file`` and ``version_line`` say where that text stands.
    """

    name: str
    ecosystem: Ecosystem
    path: str
    manifest: str
    version: str
    version_file: str
    version_line: int | None = None
    kinds: tuple[ArtifactKind, ...] = ()
    modules: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    repository: str | None = None
    label: str = ""
    tags: TagSource | None = None

    @property
    def id(self) -> str:
        """Name it within the workspace: its name, or `python:name` where two ecosystems share one."""
        return self.label or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One package of the workspace that is not published: an example, a test crate, a tool."""

    name: str
    ecosystem: Ecosystem
    path: str
    manifest: str
    version: str | None
    follows: bool = False
    """Whether its version moves with the release (inherited, or equal to the workspace's)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """All packages and members, with the edges among packages; edges name packages by their ids."""

    packages: tuple[Package, ...]
    members: tuple[Member, ...] = ()
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()
    ecosystems: tuple[Ecosystem, ...] = field(default=())

    def package(self, name: str) -> Package:
        """Find a package by its id; KeyError where there is none."""
        for package in self.packages:
            if package.id == name:
                return package
        raise KeyError(name)

    def owner(self, artifact: Artifact) -> Package:
        """Find the package that an artifact was built from; KeyError where there is none."""
        for package in self.packages:
            if package.ecosystem == artifact.ecosystem and artifact.package in (package.id, package.name):
                return package
        raise KeyError(artifact.package)

    @property
    def is_from_tags(self) -> bool:
        """Say whether no package has its version in the tree, so that no commit can say which version it is."""
        return bool(self.packages) and all(package.tags is not None for package in self.packages)

    def at(self, version: ReleaseVersion | None) -> Workspace:
        """Fill in the versions that come from tags; ``0.0.0``, as those tools do, where there is no tag yet."""
        if all(package.tags is None for package in self.packages):
            return self
        filled = tuple(
            package
            if package.tags is None
            else replace(package, version=spell(version, package.ecosystem) if version else "0.0.0")
            for package in self.packages
        )
        return replace(self, packages=filled)

    @property
    def names(self) -> tuple[str, ...]:
        """List the ids of the packages."""
        return tuple(package.id for package in self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file to upload: ``path`` is where it lies on this machine, ``digest`` its SHA-256 in hex."""

    package: str
    ecosystem: Ecosystem
    kind: ArtifactKind
    filename: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one line (or of a new or emptied file) that a release makes in the tree."""

    path: str
    line: int
    kind: Literal["version", "requirement", "lock", "replacement", "changelog"]
    old: str
    new: str
