"""Layout of npm workspaces in a tree: roots, their clients, and the manifests of their members.

Sources: npm docs, "workspaces"; pnpm docs, "pnpm-workspace.yaml"; Yarn docs, "Workspaces" (members may have members);
Bun docs, "Workspaces".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from castoff.ecosystems.npm.manifest.catalogs import Catalogs, catalogs_in_manifest, catalogs_in_yaml
from castoff.ecosystems.npm.manifest.demands import NpmRequirement
from castoff.ecosystems.npm.manifest.document import MANIFEST, Document
from castoff.ecosystems.npm.manifest.overrides import overrides_in_manifest, overrides_in_yaml
from castoff.ecosystems.npm.manifest.patterns import matching_folders
from castoff.errors import CastoffError, Problem, WorkspaceError
from castoff.model.tree_links import links_of
from castoff.ports import Tree
from castoff.text import yaml
from castoff.values import replace

Client = Literal["npm", "pnpm", "yarn", "bun"]

_CLIENTS: tuple[Client, ...] = ("npm", "pnpm", "yarn", "bun")
PNPM_SETTINGS = "pnpm-workspace.yaml"
YARN_SETTINGS = ".yarnrc.yml"
LOCKS: Mapping[str, Client] = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
"""Lock files, each with the client that writes it."""

SETTINGS = frozenset({MANIFEST, PNPM_SETTINGS, YARN_SETTINGS})
"""Names of the files that discovery reads."""


class Layout(Struct, frozen=True, kw_only=True):
    """One workspace, or one package without any; ``members`` are manifests, the root's first."""

    folder: str
    client: Client
    members: tuple[str, ...]
    declared: bool
    catalogs: Catalogs = {}
    overrides: tuple[NpmRequirement, ...] = ()


class Layouts(Struct, frozen=True):
    """Everything found: layouts, the manifests that can be read, and the problems of those that cannot."""

    found: tuple[Layout, ...]
    documents: Mapping[str, Document]
    unreadable: Mapping[str, Problem]


def lay_out(tree: Tree, document: Callable[[str], Document]) -> Layouts:
    """Find the workspaces of a tree; what is in `node_modules` is nobody's source."""
    return _Reader(tree, document).layouts()


class _Reader:
    def __init__(self, tree: Tree, document: Callable[[str], Document]) -> None:
        paths = tree.paths()
        self._paths = frozenset(paths)
        self._read = tree.read
        self._documents: dict[str, Document] = {}
        self._unreadable: dict[str, Problem] = {}
        manifests = [one for one in paths if one == MANIFEST or one.endswith(f"/{MANIFEST}")]
        self._manifests = [one for one in manifests if "node_modules" not in one.split("/")]
        self._linked = links_of(tree).seen(one.rpartition("/")[0] or "." for one in self._manifests)
        for path in self._manifests:
            try:
                self._documents[path] = document(path)
            except CastoffError as error:
                self._unreadable[path] = error.problems[0]

    def layouts(self) -> Layouts:
        found: list[Layout] = []
        taken: set[str] = set()
        for folder in self._roots():
            if _join(folder, MANIFEST) in taken:
                continue  # a workspace within a member of another one: only Yarn knows that, which was followed there
            try:
                layout = self._workspace(folder)
            except CastoffError as error:
                self._unreadable[_join(folder, MANIFEST)] = error.problems[0]
                continue
            if layout is not None:
                found.append(layout)
                taken |= set(layout.members)
        found += (
            Layout(
                folder=document.folder,
                client=client_of(document.folder, self._paths, document),
                members=(path,),
                declared=False,
                catalogs=self._catalogs(document.folder, document),
                overrides=tuple(overrides_in_manifest(document)),
            )
            for path, document in self._documents.items()
            if path not in taken
        )
        return Layouts(tuple(found), self._documents, self._unreadable)

    def _roots(self) -> list[str]:
        """List the folders of possible roots, the outer ones first."""
        found = {path.rpartition("/")[0] for path in self._paths if path.rpartition("/")[2] == PNPM_SETTINGS}
        for path, document in self._documents.items():
            if "workspaces" in document.data:
                found.add(path.rpartition("/")[0])
        # Outer ones first, so that a workspace inside of a member's folder is not taken for one of its own.
        return sorted((one or "." for one in found), key=lambda one: (one != ".", one.count("/"), one))

    def _workspace(self, folder: str) -> Layout | None:
        root = self._documents.get(_join(folder, MANIFEST))
        client = client_of(folder, self._paths, root)
        patterns = self._patterns(folder, root, client)
        if patterns is None:
            return None
        members = self._members(folder, patterns, client)
        # Yarn alone has members with members of their own (Yarn docs, "Workspaces"); others refuse or ignore
        # them.
        if client == "yarn":
            members = self._with_nested(members)
        own = _join(folder, MANIFEST)
        rest = [one for one in members if one != own]
        first = [own] if own in self._manifests else []
        return Layout(
            folder=folder,
            client=client,
            members=(*first, *rest),
            declared=True,
            catalogs=self._catalogs(folder, root),
            overrides=tuple(self._overrides(folder, root)),
        )

    def _patterns(self, folder: str, root: Document | None, client: Client) -> Sequence[str] | None:
        if client == "pnpm":
            settings = self._settings(_join(folder, PNPM_SETTINGS))
            listed = settings.get("packages") if isinstance(settings, yaml.Mapping) else None
            if not isinstance(listed, yaml.Sequence):
                return None
            return [one.text for one in listed.items if isinstance(one, yaml.Scalar)]
        return root.workspaces if root is not None else None

    def _members(self, folder: str, patterns: Sequence[str], client: Client) -> list[str]:
        above = "" if folder == "." else f"{folder}/"
        inside = {
            (path.removeprefix(above).rpartition("/")[0] or "."): path
            for path in self._manifests
            if path.startswith(above)
        }
        linked = {
            name: _join(real, MANIFEST) for name, real in self._linked.items() if name.startswith(above)
        }
        inside |= {name.removeprefix(above): path for name, path in linked.items()}
        folders = matching_folders(patterns, sorted(inside), in_order=client == "npm")
        return list(dict.fromkeys(inside[one] for one in folders))

    def _with_nested(self, members: Sequence[str]) -> list[str]:
        found = list(members)
        # The list grows while it is walked: members of members are members too.
        for path in found:
            document = self._documents.get(path)
            patterns = document.workspaces if document is not None else None
            if document is not None and patterns is not None:
                nested = self._members(document.folder, patterns, "yarn")
                found += [one for one in nested if one not in found]
        return found

    def _catalogs(self, folder: str, root: Document | None) -> Catalogs:
        found = dict(catalogs_in_manifest(root)) if root is not None else {}
        for name in (PNPM_SETTINGS, YARN_SETTINGS):
            path = _join(folder, name)
            found |= catalogs_in_yaml(path, self._settings(path))
        return found

    def _overrides(self, folder: str, root: Document | None) -> Iterator[NpmRequirement]:
        if root is not None:
            yield from overrides_in_manifest(root)
        path = _join(folder, PNPM_SETTINGS)
        yield from overrides_in_yaml(path, self._settings(path))

    def _settings(self, path: str) -> yaml.Value | None:
        text = self._read(path) if path in self._paths else None
        try:
            return yaml.read_yaml(text, file=path) if text is not None else None
        except CastoffError as error:
            raise WorkspaceError(*(replace(one, code="manifest-invalid") for one in error.problems)) from None


def client_of(folder: str, paths: Collection[str], root: Document | None) -> Client:
    """Return the client of a root: the one that its manifest asks for, else the one that wrote its lock file."""
    named = root.package_manager if root is not None else None
    for client in _CLIENTS:
        if named == client:
            return client
    # Before lock files: a repository may keep the one of a client that it moved away from.
    if _join(folder, PNPM_SETTINGS) in paths:
        return "pnpm"
    return next((client for lock, client in LOCKS.items() if _join(folder, lock) in paths), "npm")


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
