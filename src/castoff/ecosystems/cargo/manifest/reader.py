"""Reading of one Cargo manifest: TOML in, values out, inherited parts taken from the workspace's root.

Source of the rules: the Cargo book, "The manifest format" and "Workspaces".

Dependency tables of a manifest, with inherited values resolved.
Source of the rules: the Cargo book, "Specifying dependencies" and "Inheriting a dependency from a workspace".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from msgspec import Struct

from castoff.ecosystems.cargo.manifest.document import (
    CargoDocument,
    Crate,
    Dependency,
    DependencyKind,
    ProblemCollector,
    StringPosition,
    Table,
    is_name,
    shown,
)
from castoff.errors import Problem
from castoff.model.semver import read_requirement, read_version
from castoff.text.toml import Path
from castoff.values import replace

# Cargo still reads the names with `_` in editions before 2024, and warns of them.
_TABLES: tuple[tuple[str, DependencyKind], ...] = (
    ("dependencies", "normal"),
    ("build-dependencies", "build"),
    ("build_dependencies", "build"),
    ("dev-dependencies", "dev"),
    ("dev_dependencies", "dev"),
)


def read_dependencies(notes: ProblemCollector, document: CargoDocument) -> Iterator[Dependency]:
    """Read all dependency tables of a manifest, those of targets included."""
    yield from _tables(notes, document, document.table)
    targets = document.table.get("target", {})
    if not isinstance(targets, dict):
        notes.wrong_type(document, ("target",), "a table")
        return
    for target, tables in targets.items():
        if isinstance(tables, dict):
            found = _tables(notes, document, tables, ("target", target))
            yield from (replace(one, target=target) for one in found)


def shared_dependencies(root: CargoDocument) -> Iterator[Dependency]:
    """Read what stands in ``[workspace.dependencies]`` of a root manifest, inherited or not."""
    workspace = root.table.get("workspace")
    shared = workspace.get("dependencies") if isinstance(workspace, dict) else None
    if not isinstance(shared, dict):
        return
    # Read as if it were the root's own table, which has the same form; the paths are put right below.
    alone = replace(root, table={"dependencies": shared})
    for dependency in read_dependencies(ProblemCollector(alone), alone):
        spot = dependency.requirement_place
        if spot is not None:
            spot = StringPosition(file=root.file, path=("workspace", *spot.path))
        place = StringPosition(file=root.file, path=("workspace", *dependency.place.path))
        yield replace(dependency, place=place, requirement_place=spot)


def _tables(
    notes: ProblemCollector, document: CargoDocument, holder: Table, above: Path = ()
) -> Iterator[Dependency]:
    for table, kind in _TABLES:
        entries = holder.get(table)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            notes.wrong_type(document, (*above, table), "a table")
            continue
        for key, value in entries.items():
            read = _dependency(notes, document, (*above, table, key), value)
            if read is not None:
                yield replace(read, kind=kind)


def _dependency(
    notes: ProblemCollector, document: CargoDocument, path: Path, value: object
) -> Dependency | None:
    """Read one entry; its kind is that of its table."""
    place = StringPosition(file=document.file, path=path)
    key = str(path[-1])
    # The short form, `name = "1.2"`, has its requirement where the long one has its table.
    if isinstance(value, str):
        value = {"version": value}
        spot = place
    elif isinstance(value, dict):
        spot = StringPosition(file=document.file, path=(*path, "version"))
    else:
        notes.wrong_type(document, path, "a version or a table")
        return None
    if "workspace" not in value:
        return _entry(notes, document, value, _Entry(key, place, spot, document.folder))
    return _inherited(notes, document, path, value)


def _inherited(
    notes: ProblemCollector, document: CargoDocument, path: Path, value: Table
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
            Problem(
                code="not-inheritable",
                message=f"`{key}` is inherited, but `{notes.root.file}` has no such workspace dependency",
                remedy=f"add `{key}` to `[workspace.dependencies]`, or write the requirement in the member",
            ),
        )
        return None
    above: Path = ("workspace", "dependencies", key)
    source = shared[key]
    spot = StringPosition(
        file=notes.root.file, path=above if isinstance(source, str) else (*above, "version")
    )
    if isinstance(source, str):
        source = {"version": source}
    if not isinstance(source, dict):
        notes.wrong_type(notes.root, above, "a version or a table")
        return None
    place = StringPosition(file=document.file, path=path)
    # A workspace dependency cannot be optional; only the member says so.
    merged = {**source, "optional": value.get("optional", False)}
    # A member adds features to those of the workspace, and may turn default features on, never off (the Cargo
    # book, "Inheriting a dependency from a workspace").
    merged["features"] = [*_texts(source.get("features")), *_texts(value.get("features"))]
    if value.get("default-features") is True:
        merged["default-features"] = True
    return _entry(notes, notes.root, merged, _Entry(key, place, spot, notes.root.folder, inherited=True))


def _entry(
    notes: ProblemCollector, document: CargoDocument, value: Table, entry: _Entry
) -> Dependency | None:
    requirement = value.get("version")
    if requirement is not None and (
        not isinstance(requirement, str) or read_requirement(requirement) is None
    ):
        notes.report(
            document,
            entry.spot.path,
            Problem(
                code="requirement-invalid",
                message=f"the requirement on `{entry.key}` is not a version requirement: `{shown(requirement)}`",
                reason="Cargo reads `1.2`, `=1.2.0`, `~1.2`, `>=1, <3`, `1.*` and the like",
                remedy="correct that line",
            ),
        )
        return None
    # A renamed dependency: the key is the name in code, `package` that on the registry.
    name = value.get("package", entry.key)
    if not isinstance(name, str) or not is_name(name):
        notes.bad_name(document, entry.spot.path, name)
        return None
    path = value.get("path", value.get("base-path"))
    folder = posixpath.normpath(posixpath.join(entry.folder, path)) if isinstance(path, str) else None
    registry = value.get("registry")
    # The spelling with an underscore is deprecated, and still read before edition 2024.
    default = value.get("default-features", value.get("default_features", True))
    return Dependency(
        name=name,
        key=entry.key,
        kind="normal",
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


class _Entry(Struct, frozen=True):
    key: str
    place: StringPosition
    spot: StringPosition
    folder: str
    inherited: bool = False


def _values(table: object) -> list[object]:
    return list(table.values()) if isinstance(table, dict) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


_JUDGED = (
    "description",
    "license",
    "license-file",
    "readme",
    "homepage",
    "documentation",
    "repository",
    "keywords",
    "categories",
    "rust-version",
    "edition",
    "links",
)


def read_crate(notes: ProblemCollector, document: CargoDocument) -> Crate | None:
    """Read one package; None where it has no ``[package]`` or no usable name.

    Problems: ``manifest-invalid``, ``name-invalid``, ``version-missing``, ``version-invalid``,
    ``not-inheritable``, and those of its dependencies.
    """
    # `[project]` is the name from before Cargo 1.0; editions before 2024 still take it.
    package = document.table.get("package", document.table.get("project"))
    if package is None:
        return None
    if not isinstance(package, dict):
        notes.wrong_type(document, ("package",), "a table")
        return None
    name = package.get("name")
    if not isinstance(name, str) or not is_name(name):
        notes.bad_name(document, ("package", "name"), name)
        return None
    registries = _registries(notes, document, package)
    version, place = _version(
        # Since Cargo 1.75 a package without a version is private unless it says otherwise.
        notes,
        document,
        package,
        published=package.get("publish") not in (None, False, []),
    )
    return Crate(
        name=name,
        folder=document.folder or ".",
        root=notes.root.folder or ".",
        manifest=document.file,
        version=version,
        version_place=place,
        registries=registries,
        dependencies=tuple(read_dependencies(notes, document)),
        features=_features(notes, document),
        metadata=_metadata(notes, package),
    )


def _version(
    notes: ProblemCollector, document: CargoDocument, package: Table, *, published: bool
) -> tuple[str | None, StringPosition | None]:
    value = package.get("version")
    place = StringPosition(file=document.file, path=("package", "version"))
    if isinstance(value, dict):
        value = _inherited_value(notes, document, ("package", "version"), value)
        # The edit goes where the text stands: once, in the root, for all members that inherit it.
        place = StringPosition(file=notes.root.file, path=("workspace", "package", "version"))
        if value is None:
            return None, None
    if value is None:
        if published:
            _version_missing(notes, document)
        return None, None
    if not isinstance(value, str):
        notes.wrong_type(document, ("package", "version"), "a text")
        return None, None
    if read_version(value) is None:
        notes.report(
            document,
            ("package", "version"),
            Problem(
                code="version-invalid",
                message=f"`{shown(value)}` is not a version",
                reason="Cargo requires three numbers, such as `1.2.0`, and optionally a pre-release, such as `-rc.1`",
                remedy="correct `version` in that manifest",
            ),
        )
        return None, None
    return value.strip(), place


def _version_missing(notes: ProblemCollector, document: CargoDocument) -> None:
    notes.report(
        document,
        ("package",),
        Problem(
            code="version-missing",
            message=f"`{document.file}` has no version, but `publish` allows publishing",
            reason="without `version` cargo refuses the manifest",
            remedy="set `version.workspace = true`, or `publish = false`",
        ),
    )


def _inherited_value(
    notes: ProblemCollector, document: CargoDocument, path: Path, value: Table
) -> object | None:
    """Follow ``KEY.workspace = true``; None (and a problem) where the root has nothing to inherit."""
    if value.get("workspace") is not True:
        notes.wrong_type(document, path, "a value or `workspace = true`")
        return None
    shared = notes.shared("package")
    key = str(path[-1])
    if shared is None or key not in shared:
        notes.report(
            document,
            path,
            Problem(
                code="not-inheritable",
                message=f"`{key}` is inherited, but `{notes.root.file}` has no `workspace.package.{key}`",
                remedy=f"add `{key}` to `[workspace.package]`, or write it in the member",
            ),
        )
        return None
    found: object = shared[key]
    return found


def _registries(notes: ProblemCollector, document: CargoDocument, package: Table) -> tuple[str, ...] | None:
    value = package.get("publish", True)
    if isinstance(value, dict):
        value = _inherited_value(notes, document, ("package", "publish"), value)
    if value is True or value is None:
        return None
    if value is False:
        return ()
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    notes.wrong_type(document, ("package", "publish"), "true, false or a list of registries")
    return ()


def _metadata(notes: ProblemCollector, package: Table) -> dict[str, object]:
    shared = notes.shared("package")
    found: dict[str, object] = {}
    for key in _JUDGED:
        value = package.get(key)
        if isinstance(value, dict) and value.get("workspace") is True and shared is not None:
            value = shared.get(key)
        if isinstance(value, list):
            found[key] = tuple(str(one) for one in value)
        elif isinstance(value, (str, bool)):
            found[key] = value
    return found


def _features(notes: ProblemCollector, document: CargoDocument) -> dict[str, tuple[str, ...]]:
    table = document.table.get("features", {})
    if not isinstance(table, dict):
        notes.wrong_type(document, ("features",), "a table")
        return {}
    return {
        name: tuple(one for one in parts if isinstance(one, str))
        for name, parts in table.items()
        if isinstance(parts, list)
    }
