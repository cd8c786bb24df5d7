"""Catalogs: versions that the members of a workspace share by the protocol `catalog:`.

pnpm keeps them in `pnpm-workspace.yaml`, Yarn in `.yarnrc.yml`, Bun in the root's `package.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from castoff.ecosystems.npm.manifest.document import Document
from castoff.text import yaml
from castoff.text.json import Path

DEFAULT = "default"


class CatalogEntry(Struct, frozen=True):
    """The requirement of one package in a catalog; ``path`` is set in a JSON file, ``line`` in any."""

    file: str
    name: str
    text: str
    line: int
    path: Path | None = None


Catalogs = Mapping[tuple[str, str], CatalogEntry]
"""Entries by catalog and package; `default` is the catalog without a name."""


def catalogs_in_yaml(file: str, value: yaml.Value | None) -> Catalogs:
    """Read the catalogs of a settings file of pnpm or Yarn."""
    found: dict[tuple[str, str], CatalogEntry] = {}
    if not isinstance(value, yaml.Mapping):
        return found
    plain = value.get("catalog")
    named = value.get("catalogs")
    tables = [(DEFAULT, plain)]
    if isinstance(named, yaml.Mapping):
        tables += [(entry.key, entry.value) for entry in named.entries]
    for catalog, table in tables:
        for entry in table.entries if isinstance(table, yaml.Mapping) else ():
            if isinstance(entry.value, yaml.Scalar):
                found[catalog, entry.key] = CatalogEntry(file, entry.key, entry.value.text, entry.value.line)
    return found


def catalogs_in_manifest(document: Document) -> Catalogs:
    """Read the catalogs of Bun, at the top of the root's manifest or in its `workspaces`."""
    return dict(_of_bun(document))


def _of_bun(document: Document) -> Iterator[tuple[tuple[str, str], CatalogEntry]]:
    workspaces = document.data.get("workspaces")
    holders: list[tuple[Path, Any]] = [((), document.data)]
    if isinstance(workspaces, dict):
        holders.append((("workspaces",), workspaces))
    for above, holder in holders:
        named = holder.get("catalogs")
        tables: list[tuple[str, Path, Any]] = [(DEFAULT, (*above, "catalog"), holder.get("catalog"))]
        if isinstance(named, dict):
            tables += [(name, (*above, "catalogs", name), table) for name, table in named.items()]
        for catalog, path, table in tables:
            for name, text in table.items() if isinstance(table, dict) else ():
                if isinstance(text, str):
                    line = document.line(*path, name) or 1
                    yield (catalog, name), CatalogEntry(document.file, name, text, line, (*path, name))
