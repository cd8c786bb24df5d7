"""Reading and editing of Python workspaces: packages, members, and the texts of the next version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.edits import (
    Move,
    Sheet,
    lock_warnings,
    move_requirements,
    move_version,
    texts_of,
    uv_settings,
)
from castoff.ecosystems.python.manifest.layout import (
    MANIFEST,
    PythonLayout,
    PythonLayouts,
    find_programs,
    lay_out,
)
from castoff.ecosystems.python.manifest.neighbours import python_neighbours
from castoff.ecosystems.python.manifest.project import Demand, Project, demands, foreign_sources, read_project
from castoff.ecosystems.python.manifest.version_place import Read, VersionSpot
from castoff.ecosystems.python.manifest.versions import find_version
from castoff.ecosystems.python.names import normalised
from castoff.errors import CastoffError, Problem
from castoff.model.scope import is_excluded
from castoff.model.selection import Discovery
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import EXCLUDED, Edge, Edited, Member, NotReleased, Package, Workspace
from castoff.ports import Tree
from castoff.text.tree_texts import unreadable_of
from castoff.values import replace

_SURVIVES = frozenset({"normal", "extra", "build"})


class PythonManifests:
    """The manifests of Python workspaces; keeps what it read, so that one text is read once."""

    ecosystem: Ecosystem = "python"

    def __init__(self) -> None:
        self._documents: dict[str, PythonDocument] = {}

    def discover(self, tree: Tree, exclude: Sequence[str] = ()) -> Discovery:
        """Find every uv workspace of a tree, and all plain projects as one more.

        ``exclude`` holds the patterns of ``release.exclude``. Nothing is raised: what is wrong with single
        manifests is in ``Workspace.problems``, plain projects that cannot be read are in ``unreadable``.
        """
        layouts = self._layouts(tree)
        found = [(one, _census((one,), tree.read, exclude)) for one in layouts.found]
        unreadable = [*layouts.unreadable, *(entry for _, census in found for entry in census.unreadable)]
        folders = [document.folder for one in layouts.found for document in one.projects]
        return Discovery(
            workspaces=tuple(
                _workspace(census, (one.folder,), declared=one.head is not None) for one, census in found
            ),
            unreadable=unreadable_of(unreadable, tree.read),
            outside=tuple(entry for _, census in found for entry in census.outside),
            programs=find_programs(tree.paths(), folders, tree.read),
        )

    def join(self, tree: Tree, chosen: Sequence[Workspace], exclude: Sequence[str] = ()) -> Workspace:
        """Return discovered workspaces, or a part of the plain projects, as one with the edges among them."""
        # A single declared workspace was read completely by `discover`.
        if len(chosen) == 1 and chosen[0].declared:
            return chosen[0]
        wanted = {manifest for part in chosen for manifest in part.manifests}
        layouts = [
            replace(one, projects=tuple(document for document in one.projects if document.file in wanted))
            for one in self._layouts(tree).found
        ]
        roots = tuple(dict.fromkeys(root for one in chosen for root in one.roots))
        listed = [one for one in layouts if one.projects or (one.head is not None and one.folder in roots)]
        census = _census(listed, tree.read, exclude)
        return _workspace(census, roots, declared=all(one.declared for one in chosen))

    def edited(
        self,
        tree: Tree,
        workspace: Workspace,
        version: ReleaseVersion,
        *,
        raised: Collection[str] | None = None,
    ) -> Edited:
        """Compute the texts of manifests and version files for a version; only what must change is there.

        Members move their version where they follow the workspace's; requirements on whatever moves are
        moved in every manifest. Problems: ``requirement-excludes-release``.
        """
        movers = [one for one in workspace.packages if one.ecosystem == self.ecosystem]
        members = [one for one in workspace.members if one.ecosystem == self.ecosystem]
        old = {normalised(one.name): one.version for one in movers}
        old |= {normalised(one.name): one.version for one in members if one.follows and one.version}
        lazy = frozenset(normalised(one.name) for one in movers if one.tags is not None)
        move = Move(old=old, new=spell(version, "python"), semver=spell(version, "cargo"), lazy=lazy)
        sheet = Sheet()
        manifests = [(one.manifest, True) for one in movers] + [
            (one.manifest, one.follows) for one in members
        ]
        documents = [(self._document(tree, path), moves) for path, moves in manifests]
        known = {document.file for document, _ in documents}
        # The root of a uv workspace may hold constraints on members without being a project itself.
        documents += [(head, False) for head in self._heads(tree, workspace.roots) if head.file not in known]
        folders = {one.path for one in movers} | {one.path for one in members}
        settings = uv_settings(tree.paths(), folders)
        documents += [(self._document(tree, path), False) for path in settings]
        for document, moves in documents:
            if moves:
                move_version(sheet, document, tree.read, move)
            keeps = raised is not None and document.file not in raised
            move_requirements(sheet, document, move, keeps=keeps)
        texts = texts_of(sheet, (document for document, _ in documents), tree.read)
        edits = sorted(sheet.edits, key=lambda edit: (edit.path, edit.line))
        problems = (*sheet.problems, *lock_warnings(tree.paths(), [one.path for one in movers]))
        return Edited(texts=texts, edits=tuple(edits), problems=problems)

    def neighbours(
        self, tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
    ) -> Edited:
        """Compute the edits of projects beside the workspace that take one of its packages from its folder."""
        return python_neighbours(tree, texts, workspace, version)

    def _layouts(self, tree: Tree) -> PythonLayouts:
        return lay_out(tree, lambda path: self._document(tree, path))

    def _heads(self, tree: Tree, folders: Iterable[str]) -> Iterator[PythonDocument]:
        for folder in folders:
            # One that cannot be read is the head of nothing; discovery reports it.
            with suppress(CastoffError):
                head = self._document(tree, MANIFEST if folder == "." else f"{folder}/{MANIFEST}")
                if isinstance(head.get("tool", "uv", "workspace"), dict):
                    yield head

    def _document(self, tree: Tree, path: str) -> PythonDocument:
        text = tree.read(path) or ""
        known = self._documents.get(path)
        # Kept by text, not by commit: most manifests do not change between commits.
        if known is None or known.text != text:
            known = self._documents[path] = PythonDocument.of(path, text)
        return known


class _Census(Struct):
    """What was counted so far; ``projects`` by manifest, ``private`` the reasons by normalised name."""

    packages: list[Package] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    projects: dict[str, Project] = field(default_factory=dict)
    names: dict[str, Project] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    private: dict[str, str] = field(default_factory=dict)
    unreadable: list[tuple[str, Problem]] = field(default_factory=list)
    outside: list[NotReleased] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def _workspace(census: _Census, roots: tuple[str, ...], *, declared: bool) -> Workspace:
    return Workspace(
        packages=tuple(census.packages),
        members=tuple(census.members),
        edges=tuple(_edges(census)),
        problems=tuple(census.problems),
        ecosystems=("python",),
        roots=roots,
        broken=tuple(census.broken),
        declared=declared,
        plain=not declared,
    )


def _census(layouts: Iterable[PythonLayout], read: Read, exclude: Sequence[str]) -> _Census:
    census = _Census()
    silent: list[tuple[Project, str, str, str | None]] = []
    for layout in layouts:
        census.problems += [one for one in layout.problems if not _is_excluded_file(one.file, exclude)]
        for file in layout.broken:
            _add_broken(census, file, exclude)
        for document in layout.projects:
            root = layout.folder if layout.head is not None else document.folder
            if (project := _read(census, document, read, exclude, is_listed=layout.head is not None)) is None:
                continue
            why = _why_not(project, exclude)
            spot = _spot(census, project, read, is_quiet=why is not None)
            if why is not None:
                silent.append((project, root, why, spot.version or None if spot else None))
            elif spot is not None and (first := _first(census, project)) is project:
                census.projects[document.file] = project
                census.packages.append(_package(project, spot, root))
            # Plain projects may share a name (copies in examples); only the first one could be uploaded.
            elif spot is not None and layout.head is None:
                reason = f"`{first.document.file}` has the same name"
                version = spot.version or None
                census.members.append(_member(project, version, reason=reason, root=root))
            elif spot is not None:
                census.broken.append(document.file)
    for project, root, why, version in silent:
        census.members.append(_member(project, version, reason=why, root=root))
    return census


def _read(
    census: _Census, document: PythonDocument, read: Read, exclude: Sequence[str], *, is_listed: bool
) -> Project | None:
    """Read a project; what is wrong stops a release only if a workspace lists it."""
    try:
        project = read_project(document, read)
    except CastoffError as error:
        if not is_listed:
            census.unreadable.append((document.file, error.problems[0]))
        elif _add_broken(census, document.file, exclude):
            census.problems += error.problems
        return None
    why = _why_not(project, exclude)
    if why is None:
        census.problems += project.problems
    elif why != EXCLUDED:
        census.private[normalised(project.name)] = why
    return project


def _why_not(project: Project, exclude: Sequence[str]) -> str | None:
    """Return why a project is not released, None if it is."""
    names = (project.name, normalised(project.name))
    if is_excluded(exclude, "python", project.document.folder, *names):
        return EXCLUDED
    return project.private


def _add_broken(census: _Census, file: str, exclude: Sequence[str]) -> bool:
    """Register a member that cannot be read; return False if its folder is excluded."""
    if _is_excluded_file(file, exclude):
        census.outside.append(NotReleased(name=None, path=file, reason=EXCLUDED))
        return False
    census.broken.append(file)
    return True


def _first(census: _Census, project: Project) -> Project:
    """Register the name of a package, and return the first project that has it; two of one name are a problem."""
    first = census.names.setdefault(normalised(project.name), project)
    if first is not project:
        census.problems.append(_duplicate(project, first))
    return first


def _spot(census: _Census, project: Project, read: Read, *, is_quiet: bool) -> VersionSpot | None:
    try:
        return find_version(project.document, read)
    except CastoffError as error:
        if not is_quiet:
            census.problems += error.problems
            census.broken.append(project.document.file)
        return None


def _package(project: Project, spot: VersionSpot, root: str) -> Package:
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
        root=root,
    )


def _member(project: Project, version: str | None, *, reason: str, root: str) -> Member:
    return Member(
        name=project.name,
        ecosystem="python",
        path=project.document.folder,
        manifest=project.document.file,
        version=version,
        reason=reason,
        root=root,
    )


def _edges(census: _Census) -> Iterable[Edge]:
    names = {normalised(one.name): one.name for one in census.packages}
    siblings = names | census.private
    edges: list[Edge] = []
    offered: dict[tuple[str, str], list[Demand]] = {}
    for package in census.packages:
        project = census.projects[package.manifest]
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
    # Requiring `a[x]` also requires what the extra `x` of `a` requires, so the order must follow it.
    edges += tuple(_through_extras(edges, offered, names))
    # A package may require itself with an extra (`name[all]`).
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
        pins=demand.spec.startswith("==") and not demand.spec.endswith("*"),
    )


def _wrong(project: Project, demand: Demand, census: _Census) -> list[Problem]:
    """Tell of requirements on siblings that no user could resolve."""
    # Dependency groups are not part of the uploaded metadata (PEP 735).
    if demand.kind == "group":
        return []
    line = project.document.line(*demand.key)
    if demand.name in census.private:
        return [
            Problem(
                code="requires-unpublished",
                message=f"`{project.name}` requires `{demand.name}`, which is not published",
                reason=f"{census.private[demand.name]}, so `{project.name}` could not be installed",
                remedy="publish it, or remove the requirement",
                file=project.document.file,
                line=line,
                package=project.name,
            )
        ]
    if demand.by_path:
        return [
            Problem(
                code="requirement-by-path",
                message=f"`{project.name}` requires `{demand.name}` by a path or URL",
                reason="indexes refuse packages with requirements by path or URL",
                remedy="require a version, and move the path to the settings of the tool (`tool.uv.sources`)",
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
        message=f"`{project.name}` takes `{name}` from another source, although it is in this workspace",
        reason="`tool.uv.sources` names neither the workspace nor a path, so other code is tested than is released",
        remedy=f"write `{name} = {{ workspace = true }}`",
        file=project.document.file,
        line=project.document.line("tool", "uv", "sources"),
        package=project.name,
    )


def _duplicate(project: Project, other: Project) -> Problem:
    return Problem(
        code="duplicate-name",
        message=f"two projects are named `{project.name}`",
        reason=f"the other one is in `{other.document.file}`; names that differ only in case, `-`, `_` "
        "and `.` are equal",
        remedy=f'rename one, or exclude this one: `exclude = ["{project.document.folder}"]` in `[release]`',
        file=project.document.file,
        line=project.document.line("project", "name"),
        package=project.name,
    )


def _is_excluded_file(file: str | None, exclude: Sequence[str]) -> bool:
    return file is not None and is_excluded(exclude, "python", file.rpartition("/")[0] or ".")
