"""Versions of maturin projects, which `Cargo.toml` holds if `version` is dynamic.

Source of the rules: maturin's guide ("Project Layout", "Python Project Metadata") and its `project_layout.rs`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.requirements import version_of
from castoff.ecosystems.python.manifest.version_place import Read, VersionSpot, not_found
from castoff.errors import WorkspaceError
from castoff.text.toml import Path

_CARGO = "Cargo.toml"


def is_maturin(document: PythonDocument) -> bool:
    """Check whether maturin builds a project, by itself or wrapped in a back end of the project's own."""
    if document.get("build-system", "build-backend") == "maturin":
        return True
    wrapped = document.get("build-system", "backend-path") is not None
    return wrapped and document.get("tool", "maturin") is not None


def maturin_version(document: PythonDocument, read: Read) -> VersionSpot:
    """Find the version of the crate that a project is built from, in the crate's manifest or its workspace's.

    Errors: ``version-not-found``, ``version-missing``, ``toml-invalid``.
    """
    crate = crate_manifest(document, read)
    value = crate.get("package", "version")
    if isinstance(value, str):
        return _spot(crate, ("package", "version"), value)
    if isinstance(value, dict) and value.get("workspace") is True:
        for root in _workspaces(crate, read):
            shared = root.get("workspace", "package", "version")
            if isinstance(shared, str):
                return _spot(root, ("workspace", "package", "version"), shared)
            break
    raise WorkspaceError.of(
        "version-missing",
        f"`{crate.file}` has no version for `{document.file}`",
        reason="maturin reads a `dynamic` version from the crate",
        remedy="set `package.version` there, or `project.version` in `pyproject.toml`",
        file=crate.file,
        line=crate.line("package", "version"),
    )


def crate_manifest(document: PythonDocument, read: Read) -> PythonDocument:
    """Open the Cargo manifest that maturin builds a project from. Errors: ``version-not-found``, ``toml-invalid``."""
    key: Path = ("tool", "maturin", "manifest-path")
    named = document.string("tool", "maturin", "manifest-path")
    if named is None:
        key = ("project", "dynamic") if "project" in document.data else ("build-system", "build-backend")
        named = f"rust/{_CARGO}" if _is_python_first(document, read) else _CARGO
    file = document.at(named)
    text = read(file) if file is not None else None
    if file is None or text is None:
        raise not_found(document, f"the manifest `{named}` does not exist", key)
    return PythonDocument.of(file, text)


def _is_python_first(document: PythonDocument, read: Read) -> bool:
    """Check for maturin's src layout: Python in `src`, Rust in `rust`; it wins over a `Cargo.toml` beside."""
    if read(document.at(f"rust/{_CARGO}") or "") is None:
        return False
    if document.string("tool", "maturin", "python-source") is not None:
        return True
    name = document.string("project", "name")
    packages = [*document.strings("tool", "maturin", "python-packages")]
    modules = [name.replace("-", "_"), *packages] if name is not None else []
    return any(read(document.at(f"src/{one}/__init__.py") or "") is not None for one in modules)


def _workspaces(crate: PythonDocument, read: Read) -> Iterator[PythonDocument]:
    """Find the root that a crate inherits from, as cargo does: `package.workspace`, or the nearest one above."""
    pointer = crate.get("package", "workspace")
    if isinstance(pointer, str):
        folders = [crate.at(pointer)]
    else:
        folders = [crate.folder]
        while folders[-1] not in (".", None):
            folders.append(posixpath.dirname(folders[-1] or "") or ".")
    for folder in folders:
        file = _CARGO if folder == "." else f"{folder}/{_CARGO}"
        text = read(file) if folder is not None else None
        root = PythonDocument.of(file, text) if text is not None else None
        if root is not None and "workspace" in root.data and not _is_excluded(root, crate):
            yield root


def _is_excluded(root: PythonDocument, crate: PythonDocument) -> bool:
    """Check whether a workspace excludes a crate; a member that is named without a glob is in all the same."""

    def holds(field: str) -> bool:
        listed = root.get("workspace", field)
        paths = [root.at(one) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        return any(crate.folder == one or crate.folder.startswith(f"{one}/") for one in paths)

    return crate.folder != root.folder and holds("exclude") and not holds("members")


def _spot(document: PythonDocument, key: tuple[str, ...], written: str) -> VersionSpot:
    version = version_of(written)
    return VersionSpot(
        str(version) if version is not None else written,
        document.file,
        document.line(*key),
        key,
        semver=written,
    )
