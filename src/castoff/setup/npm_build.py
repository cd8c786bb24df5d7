"""The command that builds npm packages of which git holds the sources alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from posixpath import join, normpath

from castoff.ecosystems.npm.manifest.document import Document
from castoff.ecosystems.npm.manifest.layout import client_of
from castoff.ecosystems.npm.packed_rules import entry_files
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.release_tools.reading import SettingsEntry

_SCRIPT = "build"


def build_entries(tree: Tree, packages: Sequence[Package]) -> Iterator[SettingsEntry]:
    """Propose the root's `build` script where a package names an entry file that git does not hold.

    The script is looked for in the one root of the packages: a command for several would be a guess.
    """
    paths = frozenset(tree.paths())
    unbuilt = [one for one in packages if one.ecosystem == "npm" and _missing(tree, paths, one)]
    roots = {one.root for one in packages if one.ecosystem == "npm"}
    if not unbuilt or len(roots) != 1:
        return
    folder = roots.pop()
    file = normpath(join(folder, "package.json"))
    if file not in paths:
        return
    root = Document.of(file, tree.read(file) or "")
    if not isinstance(root.table("scripts").get(_SCRIPT), str):
        return
    first = unbuilt[0]
    missing = f"`{_missing(tree, paths, first)}` of {first.manifest}"
    reason = f"{missing} is not in git: the script in {file} builds it"
    command = [client_of(folder, paths, root), "run", _SCRIPT]
    yield SettingsEntry(table="npm", settings={"build": command}, reason=reason)


def _missing(tree: Tree, paths: frozenset[str], package: Package) -> str | None:
    """Return the first entry file that is not in git; endings that node adds are left out, so as not to guess."""
    document = Document.of(package.manifest, tree.read(package.manifest) or "")
    for entry in entry_files(document.data):
        path = normpath(join(package.path or ".", entry))
        if PurePosixPath(path).suffix and path not in paths:
            return entry
    return None
