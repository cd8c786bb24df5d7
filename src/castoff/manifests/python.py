"""What does a Python workspace hold, and what do its files say at the next version?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from castoff.errors import CastoffError, Problem
from castoff.manifests.python_document import Document
from castoff.manifests.python_edits import (
    Move,
    Sheet,
    lock_warnings,
    move_requirements,
    move_version,
    texts_of,
)
from castoff.manifests.python_layout import Layout, Place, lay_out, matches
from castoff.manifests.python_project import Demand, Project, demands, foreign_sources, read_project
from castoff.manifests.python_versions import Read, VersionSpot, find_version
from castoff.manifests.requirements import normalised, version_of
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import Edge, Member, Package, Workspace
from castoff.ports import Edited, Tree

_SURVIVES = frozenset({"normal", "extra", "build"})


class PythonManifests:
    """The manifests of Python workspaces; keeps what it read, so that one text is read once."""

    ecosystem: Ecosystem = "python"

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def discover(self, tree: Tree, exclude: Sequence[str] = ()) -> Workspace | None:
        """Read the workspace; None where the tree has no Python project.

        ``exclude`` holds glob patterns of names and paths. Everything that is wrong with single manifests comes
        back in ``Workspace.problems``: nothing is raised for what a manifest says.
        """
        layout = self._layout(tree)
        if not layout.places and not layout.problems and not layout.roots:
            return None
        census = _census(layout, tree.read, exclude)
        edges = _edges(census)
        return Workspace(
            packages=tuple(census.packages),
            members=tuple(census.members),
            edges=tuple(edges),
            problems=tuple(census.problems),
            ecosystems=(self.ecosystem,),
        )

    def edited(self, tree: Tree, workspace: Workspace, version: ReleaseVersion) -> Edited:
        """Compute the texts of manifests and version files for a version; only what must change is there.

        Members move their version where they follow the workspace's; requirements on whatever moves are
        moved in every manifest. Problems: ``stale-requirement`` (a warning), ``requirement-excludes-release``.
        """
        movers = [one for one in workspace.packages if one.ecosystem == self.ecosystem]
        members = [one for one in workspace.members if one.ecosystem == self.ecosystem]
        old = {normalised(one.name): one.version for one in movers}
        old |= {normalised(one.name): one.version for one in members if one.follows and one.version}
        lazy = frozenset(normalised(one.name) for one in movers if one.tags is not None)
        move = Move(old=old, new=spell(version, "python"), lazy=lazy)
        sheet = Sheet()
        manifests = [(one.manifest, True) for one in movers] + [
            (one.manifest, one.follows) for one in members
        ]
        documents = [(self._document(tree, path), moves) for path, moves in manifests]
        documents += [(root, False) for root in self._layout(tree).roots]
        for document, moves in documents:
            if moves:
                move_version(sheet, document, tree.read, move)
            move_requirements(sheet, document, move)
        texts = texts_of(sheet, (document for document, _ in documents), tree.read)
        edits = sorted(sheet.edits, key=lambda edit: (edit.path, edit.line))
        problems = (*sheet.problems, *lock_warnings(tree.paths(), [one.path for one in movers]))
        return Edited(texts=texts, edits=tuple(edits), problems=problems)

    def version_at(self, tree: Tree, exclude: Sequence[str] = ()) -> str | None:
        """Give the workspace's version, None where there is none or the packages differ."""
        census = _census(self._layout(tree), tree.read, exclude)
        if any(one.severity == "error" for one in census.problems):
            return None
        return _common_version(census.packages)

    def version_paths(self, tree: Tree) -> Sequence[str]:
        """List the files from which versions are read."""
        census = _census(self._layout(tree), tree.read, ())
        return sorted({one.version_file for one in census.packages if one.tags is None})

    def _layout(self, tree: Tree) -> Layout:
        return lay_out(tree.paths(), lambda path: self._document(tree, path))

    def _document(self, tree: Tree, path: str) -> Document:
        text = tree.read(path) or ""
        known = self._documents.get(path)
        if known is None or known.text != text:
            known = self._documents[path] = Document.of(path, text)
        return known


@dataclass(slots=True)
class _Census:
    """What was counted so far: packages, members, all documents by normalised name, problems."""

    packages: list[Package] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    projects: dict[str, Project] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    private: dict[str, str] = field(default_factory=dict)


def _census(layout: Layout, read: Read, exclude: Sequence[str]) -> _Census:
    census = _Census(problems=[one for one in layout.problems if not _is_excluded_file(one.file, exclude)])
    silent: list[tuple[Project, bool, str | None]] = []
    for place in layout.places:
        if (counted := _count(census, place, layout, exclude)) is None:
            continue
        project, excluded = counted
        spot = _spot(census, project, read, is_quiet=excluded or project.private is not None)
        if excluded or project.private is not None:
            silent.append((project, excluded, spot.version or None if spot else None))
        elif spot is not None:
            census.packages.append(_package(project, spot))
    common = _common_version(census.packages)
    for project, excluded, version in silent:
        census.members.append(_member(project, version, follows=not excluded and _is(version, common)))
    if common is not None:
        census.problems += _strays(census.packages, common)
    elif not census.packages and not any(one.severity == "error" for one in census.problems):
        census.problems.append(_nothing(layout))
    return census


def _count(
    census: _Census, place: Place, layout: Layout, exclude: Sequence[str]
) -> tuple[Project, bool] | None:
    document = place.document
    try:
        project = read_project(document, in_uv_workspace=layout.uv)
    except CastoffError as error:
        if not matches(exclude, document.folder):
            census.problems += error.problems
        return None
    name = normalised(project.name)
    excluded = matches(exclude, document.folder, project.name, name)
    if place.shown and project.private is None:
        project = Project(document=document, name=project.name, private="it lies among examples")
    elif project.private is not None and not excluded:
        census.private[name] = project.private
    if name in census.projects:
        census.problems.append(_duplicate(project, census.projects[name]))
        return None
    census.projects[name] = project
    if not excluded:
        census.problems += project.problems
    return project, excluded


def _spot(census: _Census, project: Project, read: Read, *, is_quiet: bool) -> VersionSpot | None:
    try:
        return find_version(project.document, read)
    except CastoffError as error:
        if not is_quiet:
            census.problems += error.problems
        return None


def _package(project: Project, spot: VersionSpot) -> Package:
    return Package(
        name=project.name,
        ecosystem="python",
        path=project.document.folder,
        manifest=project.document.file,
        version=spot.version,
        version_file=spot.file,
        version_line=spot.line,
        kinds=("sdist", "wheel"),
        repository=project.repository,
        tags=spot.tags,
    )


def _member(project: Project, version: str | None, *, follows: bool) -> Member:
    return Member(
        name=project.name,
        ecosystem="python",
        path=project.document.folder,
        manifest=project.document.file,
        version=version,
        follows=follows,
    )


def _edges(census: _Census) -> Iterable[Edge]:
    names = {normalised(one.name): one.name for one in census.packages}
    siblings = names | census.private
    edges: list[Edge] = []
    offered: dict[tuple[str, str], list[Demand]] = {}
    for package in census.packages:
        project = census.projects[normalised(package.name)]
        try:
            for demand in demands(project.document, siblings):
                if demand.name in names:
                    edges.append(_edge(project, names[demand.name], demand))
                    offered.setdefault((package.name, demand.extra), []).append(demand)
                census.problems += _wrong(project, demand, census)
            foreign = foreign_sources(project.document) & names.keys()
            census.problems += [_elsewhere(project, name) for name in sorted(foreign)]
        except CastoffError as error:
            census.problems += error.problems
    edges += tuple(_through_extras(edges, offered, names))
    return [edge for edge in edges if edge.origin != edge.target]


def _through_extras(
    edges: Sequence[Edge], offered: Mapping[tuple[str, str], Sequence[Demand]], names: Mapping[str, str]
) -> Iterable[Edge]:
    """Find what a package needs through extras of a sibling: who requires ``slim[evals]`` needs ``evals`` as well."""
    known = {(edge.origin, edge.target) for edge in edges if edge.survives}
    for edge in edges:
        queue = [(edge.target, extra) for extra in edge.features if edge.survives]
        seen = set(queue)
        for offer in queue:
            for demand in offered.get(offer, ()):
                target = names[demand.name]
                more = [(target, one) for one in demand.extras if (target, one) not in seen]
                queue += more
                seen.update(more)
                if (edge.origin, target) not in known:
                    known.add((edge.origin, target))
                    yield replace(edge, target=target, kind="extra", requirement=None, features=())


def _edge(project: Project, target: str, demand: Demand) -> Edge:
    return Edge(
        origin=project.name,
        target=target,
        kind=demand.kind,
        requirement=demand.spec or None,
        file=project.document.file,
        line=project.document.line(*demand.key),
        survives=demand.kind in _SURVIVES,
        features=demand.extras,
    )


def _wrong(project: Project, demand: Demand, census: _Census) -> list[Problem]:
    """Tell of requirements on siblings that no user could resolve."""
    if demand.kind == "group":
        return []
    line = project.document.line(*demand.key)
    if demand.name in census.private:
        return [
            Problem(
                code="requires-unpublished",
                message=f"`{project.name}` requires `{demand.name}`, which is not published",
                reason=f"{census.private[demand.name]}, so nobody could install `{project.name}`",
                remedy="publish it, or drop the requirement",
                file=project.document.file,
                line=line,
                package=project.name,
            )
        ]
    if demand.by_path:
        return [
            Problem(
                code="requirement-by-path",
                message=f"`{project.name}` requires `{demand.name}` by its path or address",
                reason="indexes refuse packages whose requirements are not names with versions",
                remedy="require a version, and leave the path to the settings of the tool (`tool.uv.sources`)",
                file=project.document.file,
                line=line,
                package=project.name,
            )
        ]
    return []


def _elsewhere(project: Project, name: str) -> Problem:
    return Problem(
        code="source-elsewhere",
        severity="warning",
        message=f"`{project.name}` takes `{name}` from elsewhere, although it is of this workspace",
        reason="`tool.uv.sources` names neither the workspace nor a path, so other code is tested than released",
        remedy=f"write `{name} = {{ workspace = true }}`",
        file=project.document.file,
        line=project.document.line("tool", "uv", "sources"),
        package=project.name,
    )


def _common_version(packages: Sequence[Package]) -> str | None:
    """Give the version that most packages have; the highest of those where several are equally common."""
    counted = Counter(version_of(one.version) for one in packages if one.tags is None)
    if not counted:
        return None
    most = max(counted.values())
    best = max(version for version, count in counted.items() if count == most and version is not None)
    return next(one.version for one in packages if version_of(one.version) == best)


def _is(version: str | None, other: str | None) -> bool:
    return version is not None and other is not None and version_of(version) == version_of(other)


def _strays(packages: Sequence[Package], common: str) -> list[Problem]:
    return [
        Problem(
            code="stray-version",
            message=f"`{one.name}` has the version {one.version}, the workspace {common}",
            reason="all packages of a workspace are released with one version",
            remedy=f"set it to {common}, or leave the package out (`release.exclude`)",
            file=one.version_file,
            line=one.version_line,
            package=one.name,
        )
        for one in packages
        if one.tags is None and not _is(one.version, common)
    ]


def _duplicate(project: Project, other: Project) -> Problem:
    return Problem(
        code="duplicate-name",
        message=f"two projects are named `{project.name}`",
        reason=f"the other one is in `{other.document.file}`; names are equal without case, `-`, `_` and `.`",
        remedy="rename one, or exclude one by its path",
        file=project.document.file,
        line=project.document.line("project", "name"),
        package=project.name,
    )


def _nothing(layout: Layout) -> Problem:
    first = next((one.document for one in layout.places), None) or next(iter(layout.roots), None)
    return Problem(
        code="nothing-to-publish",
        message="no package of this workspace is published",
        reason="all are private, excluded, or among examples",
        remedy="see `plan --json` for the members, and correct what marks them as private",
        file=first.file if first else None,
    )


def _is_excluded_file(file: str | None, exclude: Sequence[str]) -> bool:
    return file is not None and matches(exclude, file.rpartition("/")[0] or ".")
