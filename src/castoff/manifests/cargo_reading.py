"""What does one Cargo manifest say? TOML in, values out, inherited parts taken from the workspace's root.

Source of the rules: the Cargo book, "The manifest format" and "Workspaces".
"""

from __future__ import annotations

from castoff.manifests.cargo_dependencies import read_dependencies
from castoff.manifests.cargo_document import Document, Notes, Table, is_name, shown
from castoff.manifests.cargo_values import Crate, Place
from castoff.manifests.toml import Path
from castoff.model.semver import read_version

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


def read_crate(notes: Notes, document: Document) -> Crate | None:
    """Read one package; None where it has no ``[package]`` or no usable name.

    Problems: ``manifest-invalid``, ``name-invalid``, ``version-missing``, ``version-invalid``,
    ``not-inheritable``, and those of its dependencies.
    """
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
    version, place = _version(notes, document, package, published=registries != ())
    return Crate(
        name=name,
        folder=document.folder or ".",
        manifest=document.file,
        version=version,
        version_place=place,
        registries=registries,
        dependencies=tuple(read_dependencies(notes, document)),
        features=_features(notes, document),
        metadata=_metadata(notes, package),
    )


def _version(
    notes: Notes, document: Document, package: Table, *, published: bool
) -> tuple[str | None, Place | None]:
    value = package.get("version")
    place = Place(file=document.file, path=("package", "version"))
    if isinstance(value, dict):
        value = _inherited_value(notes, document, ("package", "version"), value)
        place = Place(file=notes.root.file, path=("workspace", "package", "version"))
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
            code="version-invalid",
            message=f"`{shown(value)}` is no version",
            reason="Cargo wants three numbers, such as `1.2.0`, and perhaps a pre-release, such as `-rc.1`",
            remedy="correct `version` in that manifest",
        )
        return None, None
    return value.strip(), place


def _version_missing(notes: Notes, document: Document) -> None:
    notes.report(
        document,
        ("package",),
        code="version-missing",
        message=f"`{document.file}` has no version, but may be published",
        reason="without `version` Cargo publishes nothing",
        remedy="set `version.workspace = true`, or `publish = false`",
    )


def _inherited_value(notes: Notes, document: Document, path: Path, value: Table) -> object | None:
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
            code="not-inheritable",
            message=f"`{key}` is inherited, but `{notes.root.file}` has no `workspace.package.{key}`",
            remedy=f"add `{key}` to `[workspace.package]`, or write it in the member",
        )
        return None
    found: object = shared[key]
    return found


def _registries(notes: Notes, document: Document, package: Table) -> tuple[str, ...] | None:
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


def _metadata(notes: Notes, package: Table) -> dict[str, object]:
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


def _features(notes: Notes, document: Document) -> dict[str, tuple[str, ...]]:
    table = document.table.get("features", {})
    if not isinstance(table, dict):
        notes.wrong_type(document, ("features",), "a table")
        return {}
    return {
        name: tuple(one for one in parts if isinstance(one, str))
        for name, parts in table.items()
        if isinstance(parts, list)
    }
