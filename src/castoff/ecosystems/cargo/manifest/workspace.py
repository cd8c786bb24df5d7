"""The content of Cargo workspaces as values: crates, the version, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from castoff.ecosystems.cargo.manifest.document import (
    CargoDocument,
    Crate,
    Crates,
    Dependency,
    ProblemCollector,
    StringPosition,
)
from castoff.ecosystems.cargo.manifest.layout import (
    CargoLayout,
    CargoLayouts,
    Files,
    read_layouts,
)
from castoff.errors import Problem
from castoff.model.semver import read_requirement, read_version
from castoff.model.tree_links import Links, links_of
from castoff.model.workspace import EXCLUDED, Edge, EdgeKind, Member, Package, Workspace
from castoff.values import replace


def _followed(crate: Crate, links: Links) -> Crate:
    """Return a crate whose path dependencies name the folders that their links lead to."""
    if not links.targets:
        return crate
    needs = (
        one if one.folder is None else replace(one, folder=links.real(one.folder))
        for one in crate.dependencies
    )
    return replace(crate, dependencies=tuple(needs))


class CrateFiles:
    """The manifests of the workspaces of one release: documents by file name, and the crates that they make.

    ``is_excluded`` keeps crates out of the release; ``following`` are the manifests of others whose version moves
    with it.
    """

    def __init__(
        self,
        layouts: Sequence[CargoLayout],
        is_excluded: Callable[[Crate], bool],
        links: Links | None = None,
        *,
        following: frozenset[str] = frozenset(),
    ) -> None:
        self.following = following
        self.roots = tuple(layout.root for layout in layouts)
        self.documents = {document.file: document for one in layouts for document in (one.root, *one.members)}
        self.links = links or Links()
        self.unread: set[str] = set()
        problems: list[Problem] = []
        crates: list[Crate] = []
        for layout in layouts:
            read, found = layout.crates
            notes = ProblemCollector(layout.root, [*layout.problems, *found])
            unique = list(self._unique(notes, (_followed(one, self.links) for one in read)))
            self.unread |= {document.file for document in layout.members} - {one.manifest for one in unique}
            self.unread |= set(layout.broken)
            crates += unique
            problems += notes.problems
        excluded = frozenset(crate.manifest for crate in crates if is_excluded(crate))
        twins = list(_twins(crate for crate in crates if crate.published and crate.manifest not in excluded))
        problems += (self._twin(crate, first) for crate, first in twins)
        self.unread |= {crate.manifest for crate, _ in twins}
        crates = [crate for crate in crates if crate.manifest not in self.unread]
        version, place = _workspace_version(self.roots, crates, excluded)
        self.crates = Crates(
            crates=tuple(crates),
            excluded=excluded,
            patched=frozenset(name for root in self.roots for name in _patched(root)),
            version=version,
            version_place=place,
            problems=tuple(problems),
        )

    def line(self, place: StringPosition) -> int | None:
        """Return the line of a place."""
        document = self.documents.get(place.file)
        return document.line(place.path) if document else None

    def _twin(self, crate: Crate, first: Crate) -> Problem:
        return Problem(
            code="duplicate-name",
            message=f"two crates are named `{crate.name}`",
            reason=f"the other one is in `{first.manifest}`, and a registry has one crate of a name",
            remedy=f'rename one, or exclude this one: `exclude = ["{crate.folder}"]` in `[release]`',
            file=crate.manifest,
            line=self.documents[crate.manifest].line(("package", "name")),
            package=crate.name,
        )

    def _unique(self, notes: ProblemCollector, crates: Iterable[Crate]) -> Iterable[Crate]:
        """Drop the second package of a name: cargo refuses a workspace that has two."""
        seen: dict[str, Crate] = {}
        for crate in crates:
            first = seen.setdefault(crate.name, crate)
            if first is not crate:
                notes.report(
                    self.documents[crate.manifest],
                    ("package", "name"),
                    Problem(
                        code="duplicate-name",
                        message=f"`{crate.name}` is the name of two packages of the workspace",
                        reason=f"the other one is `{first.manifest}`; cargo refuses such a workspace",
                        remedy="rename one of them, or remove it from the workspace",
                    ),
                )
        return seen.values()


def _twins(crates: Iterable[Crate]) -> Iterable[tuple[Crate, Crate]]:
    """Find crates with the name of an earlier one, in workspaces that are released together."""
    seen: dict[str, Crate] = {}
    for crate in crates:
        if (first := seen.setdefault(crate.name, crate)) is not crate:
            yield crate, first


def open_crates(files: Files, workspace: Workspace, layouts: CargoLayouts | None = None) -> CrateFiles | None:
    """Open the manifests of a workspace that was discovered before; None if it has no Cargo package.

    ``layouts`` are those of ``files``, if they are known.
    """
    released = {one.manifest for one in workspace.packages if one.ecosystem == "cargo"}
    members = [one for one in workspace.members if one.ecosystem == "cargo"]
    wanted = released | {one.manifest for one in members}
    chosen = [
        layout
        for layout in (layouts or read_layouts(files)).found
        if any(document.file in wanted for document in layout.members)
    ]
    if not chosen:
        return None
    following = frozenset(one.manifest for one in members if one.follows)
    return CrateFiles(
        chosen, lambda crate: crate.manifest not in released, links_of(files), following=following
    )


def workspace_of(files: CrateFiles) -> Workspace:
    """Return the workspace as all layers know it: packages, members, edges among packages, problems."""
    crates = files.crates
    released = [
        crate for crate in crates.released if crate.version is not None and crate.version_place is not None
    ]
    manifests = {crate.manifest for crate in released}
    by_name = {crate.name: crate for crate in released}
    return Workspace(
        packages=tuple(_package(files, crate) for crate in released),
        members=tuple(_member(crates, crate) for crate in crates.crates if crate.manifest not in manifests),
        edges=tuple(edge for crate in released for edge in _edges(files, crate, by_name)),
        problems=crates.problems,
        ecosystems=("cargo",),
        broken=tuple(sorted(files.unread)),
        roots=tuple(root.folder or "." for root in files.roots),
    )


def is_sibling(crates: Crates, by_name: Mapping[str, Crate], dependency: Dependency) -> bool:
    """Return whether a dependency means the package of that name in this workspace.

    It does where its path leads there, where ``[patch]`` points the name at a folder, or where its
    requirement admits the version that the package has; a requirement on an older release of a sibling,
    without a path, means that release.
    """
    crate = by_name.get(dependency.name)
    if crate is None or dependency.git or dependency.registry not in (None, *(crate.registries or ())):
        return crate is not None and dependency.folder == crate.folder
    # A path decides alone: cargo uses it in the workspace, whatever the version says.
    if dependency.folder is not None:
        return dependency.folder == crate.folder
    requirement = read_requirement(dependency.requirement or "*")
    version = read_version(crate.version or "")
    if requirement is None or version is None:
        return True  # a requirement that cannot be read may mean the sibling: its order is kept
    # A requirement on an older release of a sibling means the published one (semver tricks), and orders
    # nothing.
    return dependency.name in crates.patched or requirement.admits(version)


def _patched(root: CargoDocument) -> frozenset[str]:
    table = root.table.get("patch")
    names: set[str] = set()
    for source in table.values() if isinstance(table, dict) else ():
        for key, entry in source.items() if isinstance(source, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                names.add(str(entry.get("package", key)))
    return frozenset(names)


def _workspace_version(
    roots: Sequence[CargoDocument], crates: Iterable[Crate], excluded: frozenset[str]
) -> tuple[str | None, StringPosition | None]:
    """Find the one version: the shared one where a package inherits it, else the most common one."""
    released = [crate for crate in crates if crate.published and crate.manifest not in excluded]
    shared = {StringPosition(file=root.file, path=("workspace", "package", "version")) for root in roots}
    for crate in released:
        # The inherited version is the workspace's, even if most crates have their own.
        if crate.version_place in shared:
            return crate.version, crate.version_place
    counts = Counter(crate.version for crate in released)
    if not counts:
        return None, None
    most = max(counts.values())
    common = [crate for crate in released if counts[crate.version] == most]
    # Of equally frequent versions the highest, then the root's, so that the choice does not depend on the
    # order of files.
    first = max(common, key=lambda crate: (read_version(crate.version or "0.0.0"), crate.folder == "."))
    return first.version, first.version_place


def _package(files: CrateFiles, crate: Crate) -> Package:
    place = crate.version_place or StringPosition(file=crate.manifest, path=("package", "version"))
    repository = crate.metadata.get("repository")
    return Package(
        name=crate.name,
        ecosystem="cargo",
        path=crate.folder,
        manifest=crate.manifest,
        version=crate.version or "",
        version_file=place.file,
        version_line=files.line(place),
        kinds=("crate",),
        registries=crate.registries or (),
        repository=repository if isinstance(repository, str) else None,
        root=crate.root,
        obstacle=_obstacle(crate),
    )


def _obstacle(crate: Crate) -> str:
    """Name a requirement that cargo refuses to publish: one with a path and no version."""
    bare = (
        one
        for one in crate.dependencies
        # Cargo drops path-only dev-dependencies when it packs, and refuses other ones (The Cargo Book,
        # "Specifying dependencies").
        if one.folder is not None and one.requirement is None and one.kind != "dev"
    )
    found = next(bare, None)
    return (
        f"it requires `{found.name}` by a path without a version, which cargo does not publish"
        if found
        else ""
    )


def _member(crates: Crates, crate: Crate) -> Member:
    follows = crate.version is not None and (
        crate.version_place == crates.version_place or crate.version == crates.version
    )
    return Member(
        name=crate.name,
        ecosystem="cargo",
        path=crate.folder,
        manifest=crate.manifest,
        version=crate.version,
        follows=follows,
        reason=_why_not(crate),
        root=crate.root,
    )


def _why_not(crate: Crate) -> str:
    if crate.version is None:
        return "it has no `version`, so cargo does not publish it"
    return "`publish = false`" if not crate.published else EXCLUDED


def _edges(files: CrateFiles, crate: Crate, by_name: Mapping[str, Crate]) -> Iterable[Edge]:
    for dependency in crate.dependencies:
        if is_sibling(files.crates, by_name, dependency):
            place = dependency.place
            yield Edge(
                origin=crate.name,
                target=dependency.name,
                kind=edge_kind(dependency),
                requirement=dependency.requirement,
                file=place.file,
                line=files.line(place),
                # Only dev-dependencies with a version stay in the published manifest.
                survives=dependency.kind != "dev" or dependency.requirement is not None,
                features=dependency.features,
                pins=(dependency.requirement or "").lstrip().startswith("="),
            )


def edge_kind(dependency: Dependency) -> EdgeKind:
    """Name the kind of an edge: optional normal requirements are a kind of their own."""
    return "optional" if dependency.optional and dependency.kind == "normal" else dependency.kind
