"""Lines of the sparse index, and the paths of its files."""

from __future__ import annotations

import json
from datetime import datetime

from castoff.world.cargo_registry.published import Dependency, Published


def index_path(name: str) -> str:
    """Return the path of a crate's file in the index: ``1/a``, ``2/ab``, ``3/a/abc``, ``ab/cd/abcd``."""
    lower = name.lower()
    match len(lower):
        case 1 | 2:
            return f"{len(lower)}/{lower}"
        case 3:
            return f"3/{lower[0]}/{lower}"
        case _:
            return f"{lower[:2]}/{lower[2:4]}/{lower}"


def name_at(path: str) -> str | None:
    """Return the crate whose file would stand at a path of the index, or ``None``."""
    name = path.rstrip("/").rpartition("/")[2]
    if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        return None
    return name if path.strip("/") == index_path(name) else None


def index_line(version: Published, *, yanked: bool, at: datetime) -> str:
    """Write the line of one version; new kinds of features go apart, so that old cargos skip them."""
    plain: dict[str, list[str]] = {}
    new: dict[str, list[str]] = {}
    for feature, values in version.features:
        modern = any(value.startswith("dep:") or "?/" in value for value in values)
        (new if modern else plain)[feature] = list(values)
    line: dict[str, object] = {
        "name": version.name,
        "vers": version.version,
        "deps": [_dependency(dependency) for dependency in version.dependencies],
        "cksum": version.checksum,
        "features": plain,
        "yanked": yanked,
    }
    if version.links is not None:
        line["links"] = version.links
    if version.rust_version is not None:
        line["rust_version"] = version.rust_version
    line["pubtime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if new:
        line |= {"features2": new, "v": 2}
    return json.dumps(line, separators=(",", ":"))


def _dependency(dependency: Dependency) -> dict[str, object]:
    written: dict[str, object] = {
        "name": dependency.name,
        "req": dependency.requirement,
        "features": list(dependency.features),
        "optional": dependency.optional,
        "default_features": dependency.default_features,
        "target": dependency.target,
        "kind": dependency.kind,
    }
    if dependency.package is not None:
        written["package"] = dependency.package
    return written
