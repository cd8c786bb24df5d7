"""Members that a workspace reaches through symbolic links: its client releases them, and so does castoff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from castoff.model.scope import Scope
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.wiring import manifests
from session.versioned import crate, python


@dataclass(frozen=True)
class Linked:
    """A tree of texts and links by path."""

    texts: Mapping[str, str]
    targets: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def links(self) -> Mapping[str, str]:
        return self.targets


def _npm(name: str) -> str:
    return json.dumps({"name": name, "version": "1.0.0"})


NPM = {"real/a/package.json": _npm("a"), "packages/b/package.json": _npm("b")}
TREES = {
    "cargo": {
        "Cargo.toml": '[workspace]\nmembers = ["packages/*"]\n',
        "real/a/Cargo.toml": crate("a", "1.0.0"),
        "packages/b/Cargo.toml": crate("b", "1.0.0"),
    },
    "uv": {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "real/a/pyproject.toml": python("a", "1.0.0"),
        "packages/b/pyproject.toml": python("b", "1.0.0"),
    },
    "npm": {"package.json": json.dumps({"private": True, "workspaces": ["packages/*"]}), **NPM},
    "pnpm": {
        "package.json": '{"private": true}',
        "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
        **NPM,
    },
}


@pytest.mark.parametrize("client", TREES)
def test_a_member_behind_a_link_is_released_from_its_own_folder(client: str) -> None:
    tree = Linked(TREES[client], {"packages/a": "../real/a"})

    release = read_workspace(tree, manifests(), Scope())

    assert {(one.name, one.path) for one in release.packages} == {("a", "real/a"), ("b", "packages/b")}
    assert release.problems == ()


@pytest.mark.parametrize("client", TREES)
def test_members_in_a_folder_that_is_a_link_are_released(client: str) -> None:
    moved = {path.replace("packages/b", "real/b"): text for path, text in TREES[client].items()}

    release = read_workspace(Linked(moved, {"packages": "real"}), manifests(), Scope())

    assert {(one.name, one.path) for one in release.packages} == {("a", "real/a"), ("b", "real/b")}
    assert release.problems == ()


@pytest.mark.parametrize("client", TREES)
def test_links_to_files_and_to_folders_above_them_change_nothing(client: str) -> None:
    plain = Linked(TREES[client], {})
    odd = {
        "packages/b/up": "../..",
        "packages/self": "self",
        "packages/c": "../../outside",
        "README": "docs/x",
    }

    found, expected = (
        read_workspace(tree, manifests(), Scope(exclude=("a",)))
        for tree in (replace(plain, targets=odd), plain)
    )

    assert found.packages == expected.packages


@pytest.mark.parametrize(
    ("link", "target", "listed"),
    [
        ("packages/a", "../../elsewhere/a", True),
        ("packages/a", "/srv/a", True),
        ("packages/a", "../real/a", False),
        ("docs/a", "../../elsewhere/a", False),
    ],
)
@pytest.mark.parametrize("client", ["cargo", "uv", "npm"])
def test_a_link_out_of_the_repository_beside_members_is_listed(
    client: str, link: str, target: str, listed: bool
) -> None:
    texts = {path: text for path, text in TREES[client].items() if not path.startswith("real")}

    found = read_workspace(Linked(texts, {link: target}), manifests(), Scope())

    assert [one.path for one in found.not_released if "outside of the repository" in one.reason] == (
        [link] if listed else []
    )
