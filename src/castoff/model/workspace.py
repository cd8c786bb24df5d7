"""Workspaces: packages, members, the edges between them, and the artifacts of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.refs import TagSource
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.values import replace

EdgeKind = Literal["normal", "build", "dev", "optional", "extra", "group", "peer"]
ArtifactKind = Literal["crate", "wheel", "sdist", "tarball"]

ORDERING_KINDS: frozenset[EdgeKind] = frozenset({"normal", "build"})
"""Edges that always order uploads; the rest order only where they close no cycle, or not at all."""

EXCLUDED = "it is in `release.exclude`"

FACADE_KINDS: frozenset[EdgeKind] = frozenset({"normal", "build", "optional", "extra"})
"""Edges over which a facade reaches the packages that it re-exports."""


class Edge(Struct, frozen=True, kw_only=True):
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
    pins: bool = False
    """Whether it admits one version alone, so that its package changes with each release of the other one."""
    ordering: Literal["always", "never"] | None = None
    """Whether it orders uploads, where its ecosystem decides otherwise than :mod:`castoff.model.graph`."""


class ReleaseReason(Struct, frozen=True):
    """Why a package is released where only what changed is; ``is_own`` says that its files changed."""

    is_own: bool
    reason: str


class Package(Struct, frozen=True, kw_only=True):
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
    root: str = "."
    """Folder of the workspace that its client finds it in, POSIX from the repository's root."""
    obstacle: str = ""
    """Why its client would refuse to publish it as its manifest is; "" if nothing is known."""
    change: ReleaseReason | None = None
    """Why it is a part of the release, where `release.only-changed` decides that."""

    @property
    def id(self) -> str:
        """Name it within the workspace: its name, or `python:name` where two ecosystems share one."""
        return self.label or self.name


class Member(Struct, frozen=True, kw_only=True):
    """One package of the workspace that is not published: an example, a test crate, a tool."""

    name: str
    ecosystem: Ecosystem
    path: str
    manifest: str
    version: str | None
    follows: bool = False
    """Whether its version moves with the release (inherited, or equal to the workspace's)."""
    reason: str = ""
    """Why it is not released, for people: `publish = false`, `excluded`, ..."""
    root: str = "."


class NotReleased(Struct, frozen=True, kw_only=True):
    """One tracked manifest outside of every released workspace.

    ``name`` is None if it cannot be read; ``problem`` is then the reason, unless it does not matter.
    """

    name: str | None
    path: str
    reason: str
    problem: Problem | None = None


class OtherWorkspace(Struct, frozen=True, kw_only=True):
    """A workspace of the repository that is not part of this release; ``root`` is its folder."""

    root: str
    ecosystem: Ecosystem
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """All packages and members, with the edges among packages; edges name packages by their ids."""

    packages: tuple[Package, ...]
    members: tuple[Member, ...] = ()
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()
    ecosystems: tuple[Ecosystem, ...] = field(default=())
    roots: tuple[str, ...] = (".",)
    """Folders of the workspaces that are released together."""
    broken: tuple[str, ...] = ()
    """Manifests of packages that cannot be read; ``problems`` has the reasons."""
    declared: bool = True
    """Whether a client's configuration lists the packages; False for plain folders."""
    plain: bool = False
    """Whether no client relates its packages to others: those of another version are not part of a release."""
    others: tuple[OtherWorkspace, ...] = ()
    not_released: tuple[NotReleased, ...] = ()
    _by_id: dict[str, Package] = field(default_factory=dict, init=False, compare=False, repr=False)
    _by_name: dict[tuple[Ecosystem, str], Package] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def pins(self) -> dict[str, tuple[str, ...]]:
        """Return what each package, by its id, requires of others of the workspace, as their installers read it."""
        packages = {one.id: one for one in self.packages}
        found: dict[str, list[str]] = {name: [] for name in packages}
        for edge in self.edges:
            origin, target = packages.get(edge.origin), packages.get(edge.target)
            if edge.kind == "normal" and origin and target and origin.ecosystem == target.ecosystem:
                found[edge.origin].append(f"{target.name}{edge.requirement or ''}")
        return {name: tuple(pins) for name, pins in found.items()}

    def package(self, name: str) -> Package:
        """Find a package by its id; KeyError where there is none."""
        # Filled at the first question: plans ask for each package in turn, and a search through a thousand of them
        # took an eighth of the plan's time. In reverse, so that of two with one id the first one counts.
        if not self._by_id:
            self._by_id.update((package.id, package) for package in reversed(self.packages))
        return self._by_id[name]

    def locks_in(self, folder: str, ecosystem: Ecosystem) -> bool:
        """Check whether a lock file of an ecosystem in this folder locks packages of the workspace.

        It does between the folder of a package and that of its workspace, both included: a client looks no higher.
        """
        found: list[Package | Member] = [*self.packages, *self.members]
        return any(
            one.ecosystem == ecosystem and _is_within(folder, one.root) and _is_within(one.path, folder)
            for one in found
        )

    def id_of(self, name: str) -> str:
        """Return the id of the package that configuration calls so: an id, or a name after its ecosystem.

        ``cargo:rk`` is accepted although no other ecosystem has an ``rk``; what names no package is returned as it is.
        """
        found = (one.id for one in self.packages if f"{one.ecosystem}:{one.name}" == name)
        return next(found, name)

    def owner(self, artifact: Artifact) -> Package:
        """Find the package that an artifact was built from; KeyError where there is none."""
        # Filled at the first question, as `_by_id` is: a release asks for the owner of each file at each upload.
        if not self._by_name:
            self._by_name.update(((one.ecosystem, one.name), one) for one in reversed(self.packages))
        return self._by_name[artifact.ecosystem, artifact.name]

    def by_owner(self, artifacts: Iterable[Artifact]) -> dict[str, tuple[Artifact, ...]]:
        """Return the artifacts of each package, by its id."""
        found: dict[str, tuple[Artifact, ...]] = {}
        for one in artifacts:
            owner = self.owner(one).id
            found[owner] = (*found.get(owner, ()), one)
        return found

    @property
    def is_from_tags(self) -> bool:
        """Return whether no package has its version in the tree, so that no commit can say which version it is."""
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
    def left_out(self) -> tuple[NotReleased, ...]:
        """Return every manifest that is not released, members included, sorted by path."""
        members = (
            NotReleased(name=one.name, path=one.manifest, reason=one.reason or "it is private")
            for one in self.members
        )
        return tuple(sorted((*members, *self.not_released), key=lambda one: one.path))

    @property
    def manifests(self) -> frozenset[str]:
        """Return the manifests of packages and members, those that cannot be read included."""
        packages = {one.manifest for one in self.packages}
        return frozenset(packages | {one.manifest for one in self.members} | set(self.broken))

    @property
    def folders(self) -> frozenset[str]:
        """Return the folders of packages and members, those that cannot be read included."""
        broken = {one.rpartition("/")[0] or "." for one in self.broken}
        packages = {one.path for one in self.packages}
        return frozenset(packages | {one.path for one in self.members} | broken)

    @property
    def may_publish(self) -> bool:
        """Return whether a package is released, or may be once its manifest can be read."""
        return bool(self.packages) or any(one.severity == "error" for one in self.problems)

    @property
    def names(self) -> tuple[str, ...]:
        """List the ids of the packages."""
        return tuple(package.id for package in self.packages)


def _is_within(folder: str, base: str) -> bool:
    return base in (".", folder) or folder.startswith(base + "/")


class Artifact(Struct, frozen=True, kw_only=True):
    """One file to upload; ``package`` is the id of its package.

    ``path`` is its place on this machine, ``digest`` its SHA-256 in hex.
    """

    package: str
    ecosystem: Ecosystem
    kind: ArtifactKind
    filename: str
    path: str
    digest: str

    @property
    def name(self) -> str:
        """Return the name that registries know its package by, without the ecosystem of an id."""
        return self.package.removeprefix(f"{self.ecosystem}:")


EditKind = Literal["version", "requirement", "lock", "replacement", "changelog"]


class Edit(Struct, frozen=True, kw_only=True):
    """One change of one line (or of a new or emptied file) that a release makes in the tree."""

    path: str
    line: int
    kind: EditKind
    old: str
    new: str


class Edited(Struct, frozen=True, kw_only=True):
    """What the edits of a release make of a tree: new texts by path, and each change for the plan.

    ``locks`` are lock files beside the workspace that their clients have to update.
    """

    texts: Mapping[str, str]
    edits: tuple[Edit, ...]
    problems: tuple[Problem, ...] = ()
    locks: tuple[str, ...] = ()


_ENDINGS: Mapping[str, ArtifactKind] = {
    ".whl": "wheel",
    ".tar.gz": "sdist",
    ".zip": "sdist",
    ".crate": "crate",
    ".tgz": "tarball",
}


def kind_of(filename: str) -> ArtifactKind | None:
    """Tell the kind of an artifact from its file name."""
    return next((kind for ending, kind in _ENDINGS.items() if filename.endswith(ending)), None)
