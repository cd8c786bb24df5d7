"""The command that builds npm packages of which git holds the sources alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from posixpath import join, normpath

from castoff.ecosystems.npm.manifest.document import Document
from castoff.ecosystems.npm.manifest.layout import Client, client_of
from castoff.ecosystems.npm.packed_rules import entry_files
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.release_tools.reading import SettingsEntry

_SCRIPT = "build"
_IN_ALL: Mapping[Client, tuple[str, ...]] = {
    "npm": ("npm", "run", _SCRIPT, "--workspaces", "--if-present"),
    "pnpm": ("pnpm", "--recursive", "run", _SCRIPT),
    "yarn": ("yarn", "workspaces", "foreach", "--all", "--topological-dev", "run", _SCRIPT),
    "bun": ("bun", "run", "--filter", "*", _SCRIPT),
}
"""Runs the script of each member that has it, siblings first; npm alone takes the order of the list of members."""


def build_entries(tree: Tree, packages: Sequence[Package]) -> Iterator[SettingsEntry]:
    """Propose the command that builds where a package names an entry file that git does not hold.

    It is the root's `build` script, else those of the members if all that lack a file have one. Packages of several
    roots get none: a command for several would be a guess.
    """
    paths = frozenset(tree.paths())
    unbuilt = [one for one in packages if one.ecosystem == "npm" and _missing(tree, paths, one)]
    roots = {one.root for one in packages if one.ecosystem == "npm"}
    if not unbuilt or len(roots) != 1:
        return
    folder = roots.pop()
    file = normpath(join(folder, "package.json"))
    root = Document.of(file, tree.read(file) or "{}") if file in paths else None
    client = client_of(folder, paths, root)
    first = unbuilt[0]
    missing = f"`{_missing(tree, paths, first)}` of {first.manifest}"
    if root is not None and _builds(root):
        reason = f"{missing} is not in git: the script in {file} builds it"
        yield SettingsEntry(table="npm", settings={"build": [client, "run", _SCRIPT]}, reason=reason)
    elif all(_builds(Document.of(one.manifest, tree.read(one.manifest) or "{}")) for one in unbuilt):
        reason = f"{missing} is not in git: the scripts of the packages build it"
        yield SettingsEntry(table="npm", settings={"build": list(_IN_ALL[client])}, reason=reason)


def _builds(document: Document) -> bool:
    return isinstance(document.table("scripts").get(_SCRIPT), str)


def _missing(tree: Tree, paths: frozenset[str], package: Package) -> str | None:
    """Return the first entry file that is not in git; endings that node adds are left out, so as not to guess."""
    document = Document.of(package.manifest, tree.read(package.manifest) or "")
    for entry in entry_files(document.data):
        path = normpath(join(package.path or ".", entry))
        if PurePosixPath(path).suffix and path not in paths:
            return entry
    return None
