"""What does a Cargo workspace hold, as values: its crates, its version, and what is wrong with them?"""

from __future__ import annotations

import fnmatch
import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from castoff.errors import Problem
from castoff.manifests.cargo_document import Document, Notes
from castoff.manifests.cargo_layout import MANIFEST, Files, Layout, read_layout
from castoff.manifests.cargo_reading import read_crate
from castoff.manifests.cargo_values import Crate, Crates, Dependency, Place
from castoff.model import versions
from castoff.model.semver import read_requirement, read_version
from castoff.model.workspace import Edge, EdgeKind, Member, Package, Workspace


class CrateFiles:
    """The manifests of one workspace, read once: documents by file name, and the crates that they make."""

    def __init__(self, layout: Layout, exclude: Sequence[str]) -> None:
        notes = Notes(layout.root, list(layout.problems))
        self.root = layout.root
        self.documents = {document.file: document for document in (layout.root, *layout.members)}
        read = [crate for document in layout.members if (crate := read_crate(notes, document)) is not None]
        crates = self._unique(notes, read)
        excluded = frozenset(crate.name for crate in crates if _is_excluded(crate, exclude))
        version, place = _workspace_version(layout.root, crates, excluded)
        self.crates = Crates(
            crates=crates,
            excluded=excluded,
            patched=_patched(layout.root),
            version=version,
            version_place=place,
            problems=tuple(notes.problems),
        )

    def line(self, place: Place) -> int | None:
        """Give the line of a place."""
        document = self.documents.get(place.file)
        return document.line(place.path) if document else None

    def _unique(self, notes: Notes, crates: Iterable[Crate]) -> tuple[Crate, ...]:
        seen: dict[str, Crate] = {}
        for crate in crates:
            first = seen.setdefault(crate.name, crate)
            if first is not crate:
                notes.report(
                    self.documents[crate.manifest],
                    ("package", "name"),
                    code="duplicate-name",
                    message=f"`{crate.name}` is the name of two packages",
                    reason=f"the other one is `{first.manifest}`",
                    remedy="rename one of them, or take it out of the workspace",
                )
        return tuple(seen.values())


def read_crates(files: Files, exclude: Sequence[str] = ()) -> CrateFiles | None:
    """Read all manifests of the workspace at the root; None where the root has none.

    Errors: ``toml-invalid`` for the root's manifest; all other problems come back in ``Crates.problems``.
    """
    layout = read_layout(files)
    return CrateFiles(layout, exclude) if layout is not None else None


def workspace_of(files: CrateFiles) -> Workspace:
    """Give the workspace as all rooms know it: packages, members, edges among packages, problems."""
    crates = files.crates
    packages = [
        (_package(files, crate), crate)
        for crate in crates.released
        if crate.version is not None and crate.version_place is not None
    ]
    names = {crate.name for _, crate in packages}
    members = [_member(crates, crate) for crate in crates.crates if crate.name not in names]
    by_name = {crate.name: crate for _, crate in packages}
    edges = [edge for crate in by_name.values() for edge in _edges(files, crate, by_name)]
    problems = [*crates.problems, *_version_problems(files)]
    if not packages:
        problems.append(_nothing())
    return Workspace(
        packages=tuple(package for package, _ in packages),
        members=tuple(members),
        edges=tuple(edges),
        problems=tuple(problems),
        ecosystems=("cargo",),
    )


def is_sibling(crates: Crates, by_name: Mapping[str, Crate], dependency: Dependency) -> bool:
    """Say whether a dependency means the package of that name in this workspace.

    It does where its path leads there, where ``[patch]`` points the name at a folder, or where its
    requirement admits the version that the package has; a requirement on an older release of a sibling,
    without a path, means that release.
    """
    crate = by_name.get(dependency.name)
    if crate is None or dependency.git or dependency.registry not in (None, *(crate.registries or ())):
        return crate is not None and dependency.folder == crate.folder
    if dependency.folder is not None:
        return dependency.folder == crate.folder
    requirement = read_requirement(dependency.requirement or "*")
    version = read_version(crate.version or "")
    if requirement is None or version is None:
        return False
    return dependency.name in crates.patched or requirement.admits(version)


def _is_excluded(crate: Crate, exclude: Sequence[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(crate.name, pattern) or fnmatch.fnmatchcase(crate.folder, pattern.rstrip("/"))
        for pattern in exclude
    )


def _patched(root: Document) -> frozenset[str]:
    table = root.table.get("patch")
    names: set[str] = set()
    for source in table.values() if isinstance(table, dict) else ():
        for key, entry in source.items() if isinstance(source, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                names.add(str(entry.get("package", key)))
    return frozenset(names)


def _workspace_version(
    root: Document, crates: Iterable[Crate], excluded: frozenset[str]
) -> tuple[str | None, Place | None]:
    """Find the one version: the shared one where a package inherits it, else the most common one."""
    released = [crate for crate in crates if crate.published and crate.name not in excluded and crate.version]
    shared = Place(file=root.file, path=("workspace", "package", "version"))
    for crate in released:
        if crate.version_place == shared:
            return crate.version, shared
    counts = Counter(crate.version for crate in released)
    if not counts:
        return None, None
    most = max(counts.values())
    common = [crate for crate in released if counts[crate.version] == most]
    first = max(common, key=lambda crate: (read_version(crate.version or "0.0.0"), crate.folder == "."))
    return first.version, first.version_place


def _package(files: CrateFiles, crate: Crate) -> Package:
    place = crate.version_place or Place(file=crate.manifest, path=("package", "version"))
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
    )


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
                survives=dependency.kind != "dev" or dependency.requirement is not None,
                features=dependency.features,
            )


def edge_kind(dependency: Dependency) -> EdgeKind:
    """Name the kind of an edge: optional normal requirements are a kind of their own."""
    return "optional" if dependency.optional and dependency.kind == "normal" else dependency.kind


def _version_problems(files: CrateFiles) -> Iterable[Problem]:
    crates = files.crates
    if crates.version is not None and versions.read(crates.version) is None:
        yield Problem(
            code="version-unsupported",
            severity="warning",
            message=f"the workspace's version `{crates.version}` is no version that castoff can count on from",
            reason="releases are three numbers, or end in `-alpha.N`, `-beta.N` or `-rc.N`",
            remedy="nothing, where it stands for what comes next (`-dev`): the next version counts from the last tag",
            file=crates.version_place.file if crates.version_place else MANIFEST,
            line=files.line(crates.version_place) if crates.version_place else None,
        )
    for crate in crates.released:
        if crate.version is not None and crate.version_place and crate.version != crates.version:
            yield Problem(
                code="stray-version",
                message=f"`{crate.name}` has the version {crate.version}, the workspace {crates.version}",
                reason="all packages of a release have one version",
                remedy="set it to the workspace's version (`version.workspace = true` keeps it so), set "
                "`publish = false`, or name it in `release.exclude`",
                file=crate.version_place.file,
                line=files.line(crate.version_place),
                package=crate.name,
            )


def _nothing() -> Problem:
    return Problem(
        code="nothing-to-publish",
        message="no package of this Cargo workspace is published",
        reason="each is excluded, has `publish = false`, or could not be read",
        remedy="correct the manifests, or release another folder",
        file=posixpath.normpath(MANIFEST),
        line=1,
    )
