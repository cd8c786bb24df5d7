"""Overrides: versions that the root of a workspace lays down for all that its packages need.

npm and Bun read `overrides`, Yarn and Bun `resolutions`, pnpm both, `pnpm.overrides`, and those of its own settings.
They never leave the repository. npm refuses an install where an override and a requirement of the root on the same
package differ (npm docs, "overrides"; code `EOVERRIDE`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from castoff.ecosystems.npm.manifest.catalogs import CatalogEntry
from castoff.ecosystems.npm.manifest.demands import FIELDS, NpmRequirement, read_demand
from castoff.ecosystems.npm.manifest.document import Document
from castoff.model.workspace import EdgeKind
from castoff.regexes import regex
from castoff.text import yaml
from castoff.text.json import Path
from castoff.values import replace

_PLACES: tuple[Path, ...] = (("overrides",), ("resolutions",), ("pnpm", "overrides"))
_TARGET = regex(r"(?:^|[/>])(?P<name>(?:@[^/@>]+/)?[^/@>*]+)(?:@[^>]*)?$")
"""The last package of a key: `name@range` (npm), `parent>name` (pnpm), `**/name` and `parent/name` (Yarn)."""


def overrides_in_manifest(root: Document) -> Iterator[NpmRequirement]:
    """Read the overrides of a root's manifest; values that name no version (`$name`, `-`) are left out."""
    for place in _PLACES:
        table: Any = root.data
        for key in place:
            table = table.get(key) if isinstance(table, dict) else None
        yield from _nested(root, place, table) if isinstance(table, dict) else ()


def overrides_in_yaml(file: str, value: yaml.Value | None) -> Iterator[NpmRequirement]:
    """Read the overrides of pnpm's settings."""
    table = value.get("overrides") if isinstance(value, yaml.Mapping) else None
    for one in table.entries if isinstance(table, yaml.Mapping) else ():
        if isinstance(one.value, yaml.Scalar) and (name := _target(one.key)) is not None:
            demand = read_demand((one.key, name), "dev", one.value.text, {})
            if demand.protocol == "":
                entry = CatalogEntry(file, one.key, one.value.text, one.value.line)
                yield replace(demand, entry=entry)


def _nested(root: Document, above: Path, table: Mapping[str, Any]) -> Iterator[NpmRequirement]:
    for key, value in table.items():
        # npm: `.` is the package itself that the object around it is for.
        name = _target(str(above[-1]) if key == "." else key)
        if isinstance(value, dict):
            yield from _nested(root, (*above, key), value)
        elif isinstance(value, str) and name is not None:
            demand = read_demand((*above, key), _kind(root, name, value), value, {})
            yield demand if demand.protocol == "npm" else replace(demand, name=name)


def _target(key: str) -> str | None:
    match = _TARGET.search(key)
    return match["name"] if match else None


def _kind(root: Document, name: str, text: str) -> EdgeKind:
    """Return the kind of the root's own requirement of the same text, so that both move alike."""
    return next((kind for field, kind in FIELDS.items() if root.table(field).get(name) == text), "dev")
