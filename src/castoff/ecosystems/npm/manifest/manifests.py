"""Reading and editing of npm workspaces: packages, members, and the texts of the next version."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct, field

from castoff.ecosystems.npm.manifest.demands import NpmRequirement, demands_of
from castoff.ecosystems.npm.manifest.document import Document
from castoff.ecosystems.npm.manifest.edits import NpmMove, edit_manifests
from castoff.ecosystems.npm.manifest.layout import Layout, Layouts, lay_out
from castoff.errors import CastoffError, Problem
from castoff.model.scope import is_excluded
from castoff.model.selection import Discovery
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import EXCLUDED, Edge, Edited, Member, NotReleased, Package, Workspace
from castoff.ports import Tree
from castoff.text.tree_texts import unreadable_of

PRIVATE = "`private` is true"
_NAMELESS = "it has no package name"
_VERSIONLESS = "it has no version"


class NpmManifests:
    """The manifests of npm workspaces; keeps what it read, so that one text is read once."""

    ecosystem: Ecosystem = "npm"

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def discover(self, tree: Tree, exclude: Sequence[str] = ()) -> Discovery:
        """Find every workspace of a tree; each publishable package outside of them is one by itself.

        ``exclude`` holds the patterns of ``release.exclude``. Nothing is raised: what is wrong with members is in
        ``Workspace.problems``, other manifests that cannot be read are in ``unreadable``.
        """
        layouts = self.layouts(tree)
        listed = {path for one in layouts.found if one.declared for path in one.members}
        workspaces: list[Workspace] = []
        outside: list[NotReleased] = []
        unreadable = {path: one for path, one in layouts.unreadable.items() if path not in listed}
        for one in layouts.found:
            workspace = _Census(layouts, exclude).of((one,))
            # A folder by itself with nothing to publish is no candidate for a release; the plan lists its manifest
            # all the same.
            if one.declared or workspace.packages:
                workspaces.append(workspace)
            elif workspace.broken:
                unreadable |= dict(zip(workspace.broken, workspace.problems, strict=False))
            else:
                outside += (
                    NotReleased(name=member.name, path=member.manifest, reason=member.reason)
                    for member in workspace.members
                )
                outside += workspace.not_released
        return Discovery(
            workspaces=tuple(workspaces),
            unreadable=unreadable_of(unreadable.items(), tree.read),
            outside=tuple(outside),
        )

    def join(self, tree: Tree, chosen: Sequence[Workspace], exclude: Sequence[str] = ()) -> Workspace:
        """Return discovered workspaces as one, with the edges among them."""
        if len(chosen) == 1:
            return chosen[0]
        layouts = self.layouts(tree)
        folders = {root for one in chosen for root in one.roots}
        return _Census(layouts, exclude).of([one for one in layouts.found if one.folder in folders])

    def edited(
        self,
        tree: Tree,
        workspace: Workspace,
        version: ReleaseVersion,
        *,
        raised: Collection[str] | None = None,
    ) -> Edited:
        """Compute the texts of all manifests and catalogs for a version; only what must change is there.

        Members move their version where they follow the workspace's. Problems: ``requirement-excludes-release``.
        """
        layouts = self.layouts(tree)
        followers = [one for one in workspace.members if one.follows]
        movers: list[Package | Member] = [*workspace.packages, *followers]
        move = NpmMove(
            old={one.name: one.version or "" for one in movers},
            moving=frozenset(one.manifest for one in movers),
            new=spell(version, self.ecosystem),
            raised=raised,
        )
        chosen = [one for one in layouts.found if one.folder in _folders(workspace)]
        return edit_manifests(tree.read, chosen, layouts.documents, move)

    def neighbours(
        self, tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
    ) -> Edited:
        """Return no edits: a requirement by path names no version in npm."""
        del tree, texts, workspace, version
        return Edited(texts={}, edits=())

    def layouts(self, tree: Tree) -> Layouts:
        """Find the workspaces with their clients."""
        return lay_out(tree, partial(self._document, tree))

    def _document(self, tree: Tree, path: str) -> Document:
        text = tree.read(path) or ""
        known = self._documents.get(path)
        # Compared by text, not by commit: two commits of a run share nearly all of their manifests.
        if known is None or known.text != text:
            known = self._documents[path] = Document.of(path, text)
        return known


def _folders(workspace: Workspace) -> frozenset[str]:
    found: list[Package | Member] = [*workspace.packages, *workspace.members]
    return frozenset(one.root for one in found)


class _Census(Struct):
    """What is counted of some layouts."""

    layouts: Layouts
    exclude: Sequence[str]
    packages: list[Package] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    nameless: list[NotReleased] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, Package] = field(default_factory=dict)

    def of(self, chosen: Sequence[Layout]) -> Workspace:
        """Count layouts as one workspace."""
        for layout in chosen:
            for path in layout.members:
                self._count(layout, path)
        return Workspace(
            packages=tuple(self.packages),
            members=tuple(self.members),
            edges=tuple(self._edges(chosen)),
            problems=tuple(self.problems),
            ecosystems=("npm",),
            roots=tuple(one.folder for one in chosen),
            broken=tuple(self.broken),
            declared=all(one.declared for one in chosen),
            plain=not any(one.declared for one in chosen),
            not_released=tuple(self.nameless),
        )

    def _count(self, layout: Layout, path: str) -> None:
        folder = path.rpartition("/")[0] or "."
        document = self.layouts.documents.get(path)
        try:
            if document is None:
                raise CastoffError(self.layouts.unreadable[path])
            name, version, is_private = document.name, document.version, document.is_private
        except CastoffError as error:
            # Whatever it says, an excluded manifest changes nothing that is released.
            if is_excluded(self.exclude, "npm", folder):
                self.nameless.append(NotReleased(name=None, path=path, reason=EXCLUDED))
            else:
                self.broken.append(path)
                self.problems += error.problems
            return
        if is_excluded(self.exclude, "npm", folder, *([name] if name else [])):
            reason = EXCLUDED
        elif is_private:
            reason = PRIVATE
        else:
            reason = _NAMELESS if name is None else _VERSIONLESS if version is None else ""
        if name is None or version is None or reason:
            self.members.append(
                Member(
                    name=name or path,
                    ecosystem="npm",
                    path=document.folder,
                    manifest=document.file,
                    version=version,
                    reason=reason,
                    root=layout.folder,
                )
            )
        # The registry has one package of a name; which of the two is meant only a person knows.
        elif (first := self.names.get(name)) is not None:
            self.broken.append(path)
            self.problems.append(_duplicate(document, name, first))
        else:
            package = self.names[name] = _package(document, layout, name, version)
            self.packages.append(package)

    def _edges(self, chosen: Sequence[Layout]) -> Iterator[Edge]:
        catalogs = {one.folder: one.catalogs for one in chosen}
        private = {one.name: one for one in self.members if one.reason == PRIVATE}
        for package in self.packages:
            document = self.layouts.documents[package.manifest]
            try:
                demands = tuple(demands_of(document, catalogs[package.root]))
            except CastoffError as error:
                self.problems += error.problems
                continue
            bundled = _bundled(document)
            for demand in demands:
                # What a tarball bundles is not asked of the registry, and a package that names itself means its own
                # tests.
                if demand.name == package.name or demand.name in bundled:
                    continue
                if demand.name in self.names:
                    yield _edge(package, document, demand)
                    self.problems += _by_path(package, document, demand)
                # npm leaves a missing optional package out, and installs development requirements for nobody else.
                elif demand.name in private and demand.kind != "dev" and not demand.is_optional:
                    self.problems.append(_unpublished(package, document, demand))


def _package(document: Document, layout: Layout, name: str, version: str) -> Package:
    registry = document.publish_config.get("registry")
    return Package(
        name=name,
        ecosystem="npm",
        path=document.folder,
        manifest=document.file,
        version=version,
        version_file=document.file,
        version_line=document.line("version"),
        kinds=("tarball",),
        registries=(registry,) if isinstance(registry, str) else (),
        repository=document.repository,
        root=layout.folder,
    )


def _edge(package: Package, document: Document, demand: NpmRequirement) -> Edge:
    """Make the edge of a requirement.

    npm skips an optional dependency that is missing, and users get a broken install: those of siblings, which are often
    the binaries of one platform, always order. What only developers install never does.
    """
    never = demand.kind == "dev" or demand.is_optional
    return Edge(
        origin=package.name,
        target=demand.name,
        kind=demand.kind,
        requirement=demand.text,
        file=document.file,
        line=document.line(*demand.key),
        pins=demand.pins,
        ordering="never" if never else "always" if demand.kind == "optional" else None,
    )


def _bundled(document: Document) -> frozenset[str]:
    found: set[str] = set()
    for key in ("bundledDependencies", "bundleDependencies"):
        value = document.data.get(key)
        if value is True:
            found |= set(document.table("dependencies"))
        elif isinstance(value, list):
            found |= {one for one in value if isinstance(one, str)}
    return frozenset(found)


def _by_path(package: Package, document: Document, demand: NpmRequirement) -> Iterator[Problem]:
    if demand.protocol == "path" and demand.kind != "dev":
        yield Problem(
            code="requirement-by-path",
            message=f"`{package.name}` requires `{demand.name}` by a path",
            reason="users have no such folder, so they could not install the package",
            remedy="require a version, or write `workspace:^` if the client is pnpm, Yarn or Bun",
            file=document.file,
            line=document.line(*demand.key),
            package=package.name,
        )


def _unpublished(package: Package, document: Document, demand: NpmRequirement) -> Problem:
    return Problem(
        code="requires-unpublished",
        message=f"`{package.name}` requires `{demand.name}`, which is not published",
        reason=f"{PRIVATE}, so `{package.name}` could not be installed",
        remedy="publish it, bundle it, or move the requirement to `devDependencies`",
        file=document.file,
        line=document.line(*demand.key),
        package=package.name,
    )


def _duplicate(document: Document, name: str, first: Package) -> Problem:
    return Problem(
        code="duplicate-name",
        message=f"two packages are named `{name}`",
        reason=f"the other one is in `{first.manifest}`",
        remedy=f'rename one, or exclude this one: `exclude = ["{document.folder}"]` in `[release]`',
        file=document.file,
        line=document.line("name"),
        package=name,
    )
