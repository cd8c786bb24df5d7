"""Reading and editing of Cargo workspaces: the manifests' side of the ecosystem, pure but for its tree.

Discovery reads the manifests themselves, so that it works on any commit without a checkout and writes nothing
(``cargo metadata`` would write a lock file).

Cargo packages beside the released workspace that reach a released crate by path: fuzz targets, examples, benches.
They are in no list of members, yet cargo resolves their path dependencies against the manifests of the tree. Without
an edit, a requirement that does not admit the new version, or a lock file with the old one, breaks them in the
release commit. Requirements that admit the new version stay as they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from castoff.ecosystems.cargo.manifest.document import CargoDocument, Crate, Dependency, ProblemCollector
from castoff.ecosystems.cargo.manifest.edits import edit_crates, moved
from castoff.ecosystems.cargo.manifest.layout import CargoLayout, CargoLayouts, read_layouts
from castoff.ecosystems.cargo.manifest.reader import read_dependencies, shared_dependencies
from castoff.ecosystems.cargo.manifest.workspace import CrateFiles, open_crates, workspace_of
from castoff.errors import CastoffError, WorkspaceError
from castoff.model.scope import is_excluded
from castoff.model.selection import Discovery
from castoff.model.semver import Version, read_requirement, read_version
from castoff.model.tree_links import links_of
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import Edit, Edited, NotReleased, Workspace
from castoff.ports import Tree
from castoff.regexes import regex
from castoff.text.toml import Path, parse, replace_strings
from castoff.text.tree_texts import text_or_nothing, unreadable_of
from castoff.values import replace

_MANIFEST = "Cargo.toml"
_LOCK = "Cargo.lock"
_WORD = regex(r"[A-Za-z0-9_-]+")


class _Crate(Struct, frozen=True):
    """A crate whose version changes; ``folder`` is its folder, "" for the repository's root."""

    name: str
    folder: str
    old: str
    new: Version


class _Manifests:
    """The Cargo manifests of a tree with some texts exchanged; what cannot be read is left out."""

    def __init__(self, tree: Tree, texts: Mapping[str, str]) -> None:
        self._tree = tree
        self._texts = texts
        self._documents: dict[str, CargoDocument | None] = {}
        self.paths = tree.paths()

    def text(self, path: str) -> str:
        found = self._texts.get(path)
        return found if found is not None else text_or_nothing(self._tree.read, path)

    def document(self, path: str) -> CargoDocument | None:
        if path not in self._documents:
            self._documents[path] = self._read(path)
        return self._documents[path]

    def named(self, name: str) -> Iterator[str]:
        return (path for path in self.paths if path == name or path.endswith(f"/{name}"))

    def root_above(self, folder: str) -> CargoDocument | None:
        """Find the nearest workspace root that a folder lies in, past roots that exclude it."""
        above = folder
        while True:
            document = self.document(posixpath.join(above, _MANIFEST))
            # As cargo: an excluded crate continues the search further up.
            if document is not None and "workspace" in document.table and not _excludes(document, folder):
                return document
            if not above:
                return None
            above = posixpath.dirname(above)

    def _read(self, path: str) -> CargoDocument | None:
        try:
            text = self.text(path)
            return CargoDocument(path, text, parse(text, path)) if text else None
        except CastoffError:
            return None


def cargo_neighbours(tree: Tree, texts: Mapping[str, str], workspace: Workspace) -> Edited:
    """Compute the edits beside the workspace, where ``texts`` are the new texts of the release in ``tree``.

    What released crates require of each other has moved already, but for two kinds: of crates that a maturin project
    moves, and by a name that ``[patch]`` points at a folder.

    ``Edited.locks`` lists every lock file that holds a crate of the tree with a version that it no longer has.
    """
    after = _Manifests(tree, texts)
    crates = {crate.folder: crate for crate in _moved_crates(_Manifests(tree, {}), after, texts)}
    if not crates:
        return Edited(texts={}, edits=())
    names = {crate.name for crate in crates.values()}
    released = {one.manifest for one in workspace.packages if one.ecosystem == "cargo"}
    moved_before = released | {one.manifest for one in workspace.members if one.follows}
    others = {
        one.name for one in crates.values() if posixpath.join(one.folder, _MANIFEST) not in moved_before
    }
    for root in workspace.roots:
        head = after.document(posixpath.normpath(posixpath.join(root, _MANIFEST)))
        others |= _patches(head, crates).keys() if head is not None else set()
    changed: dict[str, str] = {}
    edits: list[Edit] = []
    for path in after.named(_MANIFEST):
        # In a workspace of a thousand crates, a look for each name in each text would take seconds.
        sought = others if path in released else names
        if not sought or sought.isdisjoint(_WORD.findall(after.text(path))):
            continue
        document = after.document(path)
        if document is None:
            continue
        wanted = dict(_requirements(after, document, crates))
        if wanted:
            new = {place: text for place, (_, text) in wanted.items()}
            changed[path] = replace_strings(document.text, new, positions=document.positions)
            edits += [_edit(document, place, old, text) for place, (old, text) in wanted.items()]
    return Edited(texts=changed, edits=tuple(edits), locks=tuple(_stale_locks(after, crates, names)))


def _moved_crates(before: _Manifests, after: _Manifests, texts: Mapping[str, str]) -> Iterator[_Crate]:
    """Find the crates whose version the release changes, in their manifest or in the one that they inherit from."""
    inherited: dict[str, tuple[str, str]] = {}
    for path in sorted(texts):
        if path.rpartition("/")[2] != _MANIFEST:
            continue
        old, new = before.document(path), after.document(path)
        if old is None or new is None:
            continue
        if shared := _change(old, new, "workspace", "package"):
            inherited[path] = shared
        if own := _change(old, new, "package"):
            yield from _crate(new, *own)
    for path in after.named(_MANIFEST) if inherited else ():
        document = after.document(path)
        version = _table(document, "package").get("version")
        if document is None or not isinstance(version, dict):
            continue
        root = _root_of(after, document)
        if root is not None and root.file in inherited:
            yield from _crate(document, *inherited[root.file])


def _root_of(manifests: _Manifests, document: CargoDocument) -> CargoDocument | None:
    pointer = _table(document, "package").get("workspace")
    if isinstance(pointer, str):
        folder = posixpath.normpath(posixpath.join(document.folder, pointer))
        return manifests.document(_MANIFEST if folder == "." else f"{folder}/{_MANIFEST}")
    return manifests.root_above(document.folder)


def _excludes(root: CargoDocument, folder: str) -> bool:
    listed = _table(root, "workspace").get("exclude")
    paths = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    excluded = [posixpath.normpath(posixpath.join(root.folder, one)) for one in paths]
    return any(folder == one or folder.startswith(f"{one}/") for one in excluded)


def _crate(document: CargoDocument, old: str, new: str) -> Iterator[_Crate]:
    name, version = _table(document, "package").get("name"), read_version(new)
    if isinstance(name, str) and version is not None:
        yield _Crate(name, document.folder, old, version)


def _change(old: CargoDocument, new: CargoDocument, *path: str) -> tuple[str, str] | None:
    was, now = (_table(one, *path).get("version") for one in (old, new))
    return (was, now) if isinstance(was, str) and isinstance(now, str) and was != now else None


def _requirements(
    manifests: _Manifests, document: CargoDocument, crates: Mapping[str, _Crate]
) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Find the requirements of one manifest that shut the new version out: place, old text, new text."""
    root = _root_of(manifests, document) or document
    patched = _patches(root, crates)
    own = [one for one in read_dependencies(ProblemCollector(root), document) if not one.inherited]
    for dependency in (*own, *shared_dependencies(document)):
        crate = _target(dependency, crates, patched)
        place, text = dependency.requirement_place, dependency.requirement
        if crate is None or place is None or text is None:
            continue
        requirement = read_requirement(text)
        # Requirements that admit the new version stay, since neighbours are nobody's release.
        if requirement is not None and not requirement.admits(crate.new):
            yield place.path, (text, moved(text, read_version(crate.old), crate.new))


def _target(
    dependency: Dependency, crates: Mapping[str, _Crate], patched: Mapping[str, _Crate]
) -> _Crate | None:
    if dependency.folder is not None:
        crate = crates.get("" if dependency.folder == "." else dependency.folder)
        return crate if crate is not None and crate.name == dependency.name else None
    return None if dependency.git else patched.get(dependency.name)


def _patches(root: CargoDocument, crates: Mapping[str, _Crate]) -> dict[str, _Crate]:
    """Find the crates that `[patch]` of a workspace takes from folders; cargo reads it in the root alone."""
    found: dict[str, _Crate] = {}
    for source in _table(root, "patch").values():
        for key, entry in source.items() if isinstance(source, dict) else ():
            path = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(path, str):
                folder = posixpath.normpath(posixpath.join(root.folder, path))
                crate = crates.get("" if folder == "." else folder)
                if crate is not None and crate.name == entry.get("package", key):
                    found[crate.name] = crate
    return found


def _stale_locks(manifests: _Manifests, crates: Mapping[str, _Crate], names: set[str]) -> Iterator[str]:
    """List the lock files that hold one of the crates, as a path dependency, with another version than the new one."""
    new = {(crate.name, str(crate.new)) for crate in crates.values()}
    for path in manifests.named(_LOCK):
        if names.isdisjoint(_WORD.findall(manifests.text(path))):
            continue
        document = manifests.document(path)
        listed = document.table.get("package") if document is not None else None
        for entry in listed if isinstance(listed, list) else ():
            # Cargo writes `source` for what comes from a registry or git; a path dependency has none.
            if not isinstance(entry, dict) or "source" in entry or entry.get("name") not in names:
                continue
            if (entry["name"], entry.get("version")) not in new:
                yield path
                break


def _table(document: CargoDocument | None, *path: str) -> Mapping[str, object]:
    value: object = document.table if document is not None else {}
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _edit(document: CargoDocument, place: Path, old: str, new: str) -> Edit:
    return Edit(path=document.file, line=document.line(place) or 1, kind="requirement", old=old, new=new)


class CargoManifests:
    """Cargo's manifests; implements :class:`castoff.ports.Manifests`, and reads one text once."""

    ecosystem: ClassVar[Ecosystem] = "cargo"

    def __init__(self) -> None:
        self._documents: dict[str, CargoDocument] = {}
        self._discovered: tuple[Tree, CargoLayouts] | None = None

    def discover(self, tree: Tree, exclude: Sequence[str] = ()) -> Discovery:
        """Find every workspace of a tree, and every crate that is in none.

        Nothing is raised: what is wrong with single manifests is in ``Workspace.problems``, what belongs to no
        workspace in ``unreadable`` and ``outside``.
        """
        layouts = read_layouts(tree, self._document)
        self._discovered = tree, layouts
        links = links_of(tree)
        workspaces: list[Workspace] = []
        unreadable = list(layouts.unreadable)
        for one in layouts.found:
            workspace = workspace_of(CrateFiles((one,), _excluder(exclude), links))
            # Outside of workspaces a crate that cannot be read is no candidate, unless it is the nearest manifest.
            errors = [problem for problem in workspace.problems if problem.severity == "error"]
            if errors and not one.declared and not workspace.packages:
                unreadable.append((one.root.file, errors[0]))
            else:
                workspaces.append(replace(workspace, declared=one.declared, roots=(one.folder,)))
        stray = (
            NotReleased(name=_name(document), path=document.file, reason=reason)
            for document, reason in layouts.stray
        )
        return Discovery(
            workspaces=tuple(workspaces),
            unreadable=unreadable_of(unreadable, tree.read),
            outside=tuple(stray),
        )

    def join(self, tree: Tree, chosen: Sequence[Workspace], exclude: Sequence[str] = ()) -> Workspace:
        """Return discovered workspaces as one, with the edges among them."""
        if len(chosen) == 1:
            return chosen[0]
        folders = {root for one in chosen for root in one.roots}
        layouts: list[CargoLayout] = [one for one in self._layouts(tree).found if one.folder in folders]
        return workspace_of(CrateFiles(layouts, _excluder(exclude), links_of(tree)))

    def edited(
        self,
        tree: Tree,
        workspace: Workspace,
        version: ReleaseVersion,
        *,
        raised: Collection[str] | None = None,
    ) -> Edited:
        """Compute the texts of all manifests for the version; warnings report what was stale."""
        files = open_crates(tree, workspace, self._layouts(tree))
        if files is None:
            raise WorkspaceError.of(
                "no-manifest",
                "the tree has no `Cargo.toml` of this workspace",
                remedy="release a commit with the manifests",
            )
        edits = edit_crates(files, spell(version, "cargo"), raised)
        return Edited(texts=edits.texts, edits=tuple(edits.edits), problems=tuple(edits.problems))

    def neighbours(
        self, tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
    ) -> Edited:
        """Compute the edits of manifests beside the workspace, for every crate whose version changes."""
        del version  # the new version of each crate stands in the texts
        return cargo_neighbours(tree, texts, workspace)

    def _layouts(self, tree: Tree) -> CargoLayouts:
        # The tree that was discovered last is the one that is joined and edited next; any other one is read.
        known = self._discovered
        return known[1] if known is not None and known[0] is tree else read_layouts(tree, self._document)

    def _document(self, file: str, text: str) -> CargoDocument:
        known = self._documents.get(file)
        if known is None or known.text != text:
            known = self._documents[file] = CargoDocument(file, text, parse(text, file))
        return known


def _excluder(exclude: Sequence[str]) -> Callable[[Crate], bool]:
    return lambda crate: is_excluded(exclude, "cargo", crate.folder, crate.name)


def _name(document: CargoDocument) -> str | None:
    package = document.table.get("package")
    name = package.get("name") if isinstance(package, dict) else None
    return name if isinstance(name, str) else None
