"""Which packages does a manifest depend on? Its dependency tables, with what they inherit resolved.

Source of the rules: the Cargo book, "Specifying dependencies" and "Inheriting a dependency from a workspace".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from castoff.manifests.cargo_document import Document, Notes, Table, is_name, shown
from castoff.manifests.cargo_values import Dependency, DependencyKind, Place
from castoff.manifests.toml import Path
from castoff.model.semver import read_requirement

_TABLES: tuple[tuple[str, DependencyKind], ...] = (
    ("dependencies", "normal"),
    ("build-dependencies", "build"),
    ("build_dependencies", "build"),
    ("dev-dependencies", "dev"),
    ("dev_dependencies", "dev"),
)


def read_dependencies(notes: Notes, document: Document) -> Iterator[Dependency]:
    """Read all dependency tables of a manifest, those of targets included."""
    yield from _tables(notes, document, document.table, (), None)
    targets = document.table.get("target", {})
    if not isinstance(targets, dict):
        notes.wrong_type(document, ("target",), "a table")
        return
    for target, tables in targets.items():
        if isinstance(tables, dict):
            yield from _tables(notes, document, tables, ("target", target), target)


def _tables(
    notes: Notes, document: Document, holder: Table, above: Path, target: str | None
) -> Iterator[Dependency]:
    for table, kind in _TABLES:
        entries = holder.get(table)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            notes.wrong_type(document, (*above, table), "a table")
            continue
        for key, value in entries.items():
            read = _dependency(notes, document, (*above, table, key), value, kind)
            if read is not None:
                yield read if target is None else _with_target(read, target)


def _dependency(
    notes: Notes, document: Document, path: Path, value: object, kind: DependencyKind
) -> Dependency | None:
    place = Place(file=document.file, path=path)
    key = str(path[-1])
    if isinstance(value, str):
        value = {"version": value}
        spot = place
    elif isinstance(value, dict):
        spot = Place(file=document.file, path=(*path, "version"))
    else:
        notes.wrong_type(document, path, "a version or a table")
        return None
    if "workspace" not in value:
        return _entry(notes, document, value, _Entry(key, kind, place, spot, document.folder))
    return _inherited(notes, document, path, value, kind)


def _inherited(
    notes: Notes, document: Document, path: Path, value: Table, kind: DependencyKind
) -> Dependency | None:
    key = str(path[-1])
    if value.get("workspace") is not True:
        notes.wrong_type(document, (*path, "workspace"), "`true`")
        return None
    shared = notes.shared("dependencies")
    if shared is None or key not in shared:
        notes.report(
            document,
            path,
            code="not-inheritable",
            message=f"`{key}` is inherited, but `{notes.root.file}` has no such workspace dependency",
            remedy=f"add `{key}` to `[workspace.dependencies]`, or write the requirement in the member",
        )
        return None
    above: Path = ("workspace", "dependencies", key)
    source = shared[key]
    spot = Place(file=notes.root.file, path=above if isinstance(source, str) else (*above, "version"))
    if isinstance(source, str):
        source = {"version": source}
    if not isinstance(source, dict):
        notes.wrong_type(notes.root, above, "a version or a table")
        return None
    place = Place(file=document.file, path=path)
    merged = {**source, "optional": value.get("optional", False)}
    merged["features"] = [*_texts(source.get("features")), *_texts(value.get("features"))]
    if value.get("default-features") is True:
        merged["default-features"] = True
    return _entry(
        notes, notes.root, merged, _Entry(key, kind, place, spot, notes.root.folder, inherited=True)
    )


def _entry(notes: Notes, document: Document, value: Table, entry: _Entry) -> Dependency | None:
    requirement = value.get("version")
    if requirement is not None and (
        not isinstance(requirement, str) or read_requirement(requirement) is None
    ):
        notes.report(
            document,
            entry.spot.path,
            code="requirement-invalid",
            message=f"the requirement on `{entry.key}` is no version requirement: `{shown(requirement)}`",
            reason="Cargo reads `1.2`, `=1.2.0`, `~1.2`, `>=1, <3`, `1.*` and the like",
            remedy="correct it at that line",
        )
        return None
    name = value.get("package", entry.key)
    if not isinstance(name, str) or not is_name(name):
        notes.bad_name(document, entry.spot.path, name)
        return None
    path = value.get("path", value.get("base-path"))
    folder = posixpath.normpath(posixpath.join(entry.folder, path)) if isinstance(path, str) else None
    registry = value.get("registry")
    default = value.get("default-features", value.get("default_features", True))
    return Dependency(
        name=name,
        key=entry.key,
        kind=entry.kind,
        place=entry.place,
        requirement=requirement,
        requirement_place=entry.spot if requirement is not None else None,
        optional=value.get("optional") is True,
        folder=folder,
        git="git" in value,
        registry=registry if isinstance(registry, str) else None,
        features=_texts(value.get("features")),
        default_features=default is not False,
        inherited=entry.inherited,
    )


def dependency_folders(
    table: Table, folder: str, inherited: Callable[[str], str | None] = lambda _key: None
) -> Iterator[str]:
    """List the folders, from the root, that the ``path`` of any dependency in a manifest points at."""
    holders = [table, *(one for one in _values(table.get("target")) if isinstance(one, dict))]
    for holder in holders:
        for name, _kind in _TABLES:
            entries = holder.get(name)
            if not isinstance(entries, dict):
                continue
            for key, value in entries.items():
                if not isinstance(value, dict):
                    continue
                path = value.get("path")
                if isinstance(path, str):
                    yield posixpath.normpath(posixpath.join(folder, path))
                elif value.get("workspace") is True and (found := inherited(key)) is not None:
                    yield found


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    kind: DependencyKind
    place: Place
    spot: Place
    folder: str
    inherited: bool = False


def _values(table: object) -> list[object]:
    return list(table.values()) if isinstance(table, dict) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _with_target(dependency: Dependency, target: str) -> Dependency:
    return replace(dependency, target=target)
