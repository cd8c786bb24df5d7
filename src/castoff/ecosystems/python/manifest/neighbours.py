"""Python projects beside the released workspace that reach a released package by path: examples, benchmarks.

`tool.uv.sources` and Poetry's path dependencies resolve against the tree, so a pin on the old version breaks them in
the release commit. Requirements that admit the new version stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.edits import lock_warnings, pins
from castoff.ecosystems.python.manifest.project import demands
from castoff.ecosystems.python.manifest.requirements import admits, moved, version_of
from castoff.ecosystems.python.names import normalised
from castoff.errors import CastoffError
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Edit, Edited, Workspace
from castoff.ports import Tree
from castoff.text.toml import Path, replace_strings
from castoff.text.tree_texts import text_or_nothing

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")


class _Moving(Struct, frozen=True):
    """The packages whose version changes, by folder: normalised name and old version; and the new version."""

    by_folder: Mapping[str, tuple[str, str]]
    new: str


def python_neighbours(
    tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
) -> Edited:
    """Compute the edits beside the workspace, where ``texts`` are the new texts of the release in ``tree``.

    ``Edited.locks`` lists the lock files outside of the packages' folders that hold one of them with another version.
    """
    new = spell(version, "python")
    moving = {one.path: (one.name, one.version) for one in workspace.packages if one.tags is None}
    moving |= {one.path: (one.name, one.version) for one in workspace.members if one.follows and one.version}
    by_folder = {path: (normalised(name), old) for path, (name, old) in moving.items() if old != new}
    if not by_folder:
        return Edited(texts={}, edits=())
    known = {one.manifest for one in workspace.packages} | {one.manifest for one in workspace.members}
    changed: dict[str, str] = {}
    edits: list[Edit] = []
    for path in tree.paths():
        if path in known or path.rpartition("/")[2] != "pyproject.toml":
            continue
        document = _document(path, texts.get(path) or text_or_nothing(tree.read, path))
        wanted = dict(_requirements(document, _Moving(by_folder, new))) if document is not None else {}
        if document is not None and wanted:
            values = {key: text for key, (_, text) in wanted.items()}
            changed[path] = replace_strings(document.text, values, positions=document.positions)
            edits += [_edit(document, key, old, text) for key, (old, text) in wanted.items()]
    folders = {one.path for one in workspace.packages} | {one.path for one in workspace.members}
    locks = tuple(_stale_locks(tree, _Moving(by_folder, new), folders))
    warnings = lock_warnings(locks, [path.rpartition("/")[0] or "." for path in locks])
    return Edited(texts=changed, edits=tuple(edits), problems=tuple(warnings), locks=locks)


def _requirements(document: PythonDocument, moving: _Moving) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Find the requirements that shut the new version out: key, old text, new text."""
    reached = {
        name: moving.by_folder[folder][1]
        for name, folder in _paths(document)
        if folder in moving.by_folder and moving.by_folder[folder][0] == name
    }
    try:
        found = (*demands(document, reached), *pins(document, reached)) if reached else ()
    except CastoffError:
        return  # a manifest outside of the release that cannot be read holds nothing up
    for demand in found:
        if demand.spec and not admits(demand.spec, moving.new, demand.dialect):
            spec = moved(demand.spec, reached[demand.name], moving.new, demand.dialect).spec
            end = demand.start + len(demand.spec)
            yield demand.key, (demand.text, demand.text[: demand.start] + spec + demand.text[end:])


def _paths(document: PythonDocument) -> Iterator[tuple[str, str]]:
    """List the packages that a project takes from folders: normalised name, folder from the repository's root."""
    for table in (("tool", "uv", "sources"), ("tool", "poetry", "dependencies"), *_groups(document)):
        entries = document.get(*table)
        for name, value in entries.items() if isinstance(entries, dict) else ():
            for one in value if isinstance(value, list) else [value]:
                path = one.get("path") if isinstance(one, dict) else None
                if isinstance(path, str) and (folder := document.at(path)) is not None:
                    yield normalised(name), folder


def _groups(document: PythonDocument) -> Iterator[tuple[str, ...]]:
    groups = document.get("tool", "poetry", "group")
    for name in groups if isinstance(groups, dict) else ():
        yield "tool", "poetry", "group", name, "dependencies"


def _stale_locks(tree: Tree, moving: _Moving, folders: set[str]) -> Iterator[str]:
    """List the lock files beside the packages that hold one, taken from its folder, with another version."""
    for path in tree.paths():
        folder, _, name = path.rpartition("/")
        # The lock files above a package are those of the workspace itself.
        if name not in _LOCKS or any(
            not folder or one == folder or one.startswith(f"{folder}/") for one in folders
        ):
            continue
        document = _document(path, text_or_nothing(tree.read, path))
        listed = document.get("package") if document is not None else None
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if document is not None and any(_is_stale(document, one, moving) for one in entries):
            yield path


def _is_stale(document: PythonDocument, entry: Mapping[str, Any], moving: _Moving) -> bool:
    version = entry.get("version")
    source = entry.get("source")
    table = source if isinstance(source, dict) else {}
    # uv writes `source = { editable = PATH }`, Poetry `[package.source]` with `url`, PDM `path`.
    for path in (*(table.get(key) for key in ("editable", "directory", "virtual", "url")), entry.get("path")):
        folder = document.at(path) if isinstance(path, str) else None
        found = moving.by_folder.get(folder) if folder is not None else None
        if found is not None and found[0] == normalised(str(entry.get("name"))) and isinstance(version, str):
            return version_of(version) != version_of(moving.new)
    return False


def _document(path: str, text: str) -> PythonDocument | None:
    try:
        return PythonDocument.of(path, text)
    except CastoffError:
        return None


def _edit(document: PythonDocument, key: Path, old: str, new: str) -> Edit:
    return Edit(path=document.file, line=document.line(*key) or 1, kind="requirement", old=old, new=new)
