"""Which Cargo workspaces do the tests read? Trees in memory, and kube's own shapes as manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.model.versions import read
from castoff.model.workspace import Edited, Workspace
from whole_workspace import workspace_in

SHAPES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "kube_shapes.json").read_text())


class Files:
    """A tree of texts by path."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)


def package(name: str, rest: str = "", *, version: str = "version.workspace = true") -> str:
    """Write the manifest of one package."""
    return f'[package]\nname = "{name}"\n{version}\n{rest}'


def tree(root: str = "", **members: str) -> Files:
    """Write a virtual workspace at 1.2.0 whose members lie under ``crates``; ``root`` is added to its manifest."""
    head = '[workspace]\nmembers = ["crates/*"]\n\n[workspace.package]\nversion = "1.2.0"\n\n'
    return Files(
        {"Cargo.toml": head + root}
        | {f"crates/{key.replace('_', '-')}/Cargo.toml": text for key, text in members.items()}
    )


def discover(files: Files, *exclude: str) -> Workspace:
    """Read the workspace of a tree that has one."""
    return workspace_in(CargoManifests(), files, exclude)


def edited(files: Files, version: str, *exclude: str) -> Edited:
    """Edit a tree for a version."""
    wanted = read(version)
    assert wanted is not None
    manifests = CargoManifests()
    workspace = workspace_in(manifests, files, exclude)
    return manifests.edited(files, workspace, wanted)


def shape_tree(shape: Mapping[str, Any]) -> Files:
    """Write the manifests that a recorded shape of kube was read from, as far as the shape says."""
    members = [member["dir"] for member in shape["members"]]
    root = f"[workspace]\nmembers = {json.dumps(members)}\ndefault-members = {json.dumps(shape['default_members'])}\n"
    if shape["inherited"]:
        root += f'\n[workspace.package]\nversion = "{shape["version"]}"\n'
    texts = {"Cargo.toml": root}
    for member in shape["members"]:
        texts[f"{member['dir']}/Cargo.toml"] = _member(member)
    return Files(texts)


def _member(member: Mapping[str, Any]) -> str:
    version = (
        "version.workspace = true" if member["version_inherited"] else f'version = "{member["version"]}"'
    )
    lines = ["[package]", f'name = "{member["name"]}"', version]
    if not member["publishable"]:
        lines.append("publish = false")
    for kind, table in (
        ("normal", "dependencies"),
        ("build", "build-dependencies"),
        ("dev", "dev-dependencies"),
    ):
        entries = [one for one in member["internal_dependencies"] if one["kind"] == kind]
        if entries:
            lines += ["", f"[{table}]", *map(_entry, entries)]
    return "\n".join(lines) + "\n"


def _entry(entry: Mapping[str, Any]) -> str:
    parts = [f'path = "{entry["path"]}"'] if entry["path"] else []
    if entry["req"]:
        parts.append(f'version = "{entry["req"]}"')
    if entry["optional"]:
        parts.append("optional = true")
    if not entry["default_features"]:
        parts.append("default-features = false")
    if entry["features"]:
        parts.append(f"features = {json.dumps(entry['features'])}")
    return f"{entry['to']} = {{ {', '.join(parts)} }}"
