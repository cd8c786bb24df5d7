from __future__ import annotations

import json
from typing import Any

import pytest

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.model.scope import Scope
from castoff.session.workspaces import read_workspace
from castoff.setup.npm_build import build_entries
from config.configuration_files import Files

SCRIPT = {"scripts": {"build": "tsc"}}


def proposed(files: dict[str, Any]) -> list[Any]:
    tree = Files({path: one if isinstance(one, str) else json.dumps(one) for path, one in files.items()})
    packages = read_workspace(tree, [NpmManifests()], Scope()).packages
    return [one.settings["build"] for one in build_entries(tree, packages)]


def workspace(root: dict[str, Any], *members: dict[str, Any]) -> dict[str, Any]:
    named = {
        f"packages/{name}/package.json": {"name": name, "version": "1.2.0", **member}
        for name, member in zip("abc", members, strict=False)
    }
    return {"package.json": {"private": True, "workspaces": ["packages/*"], **root}, **named}


UNBUILT = {"main": "dist/index.js"}


@pytest.mark.parametrize(
    ("client", "everywhere"),
    [
        ("npm", ["npm", "run", "build", "--workspaces", "--if-present"]),
        ("pnpm", ["pnpm", "--recursive", "run", "build"]),
        ("yarn", ["yarn", "workspaces", "foreach", "--all", "--topological-dev", "run", "build"]),
        ("bun", ["bun", "run", "--filter", "*", "build"]),
    ],
)
def test_the_script_of_the_root_builds_else_those_of_the_members(client: str, everywhere: list[str]) -> None:
    manager = {"packageManager": f"{client}@9.0.0"}
    settings = {"pnpm-workspace.yaml": "packages:\n  - packages/*\n"}

    assert proposed({**workspace(manager | SCRIPT, UNBUILT | SCRIPT), **settings}) == [
        [client, "run", "build"]
    ]
    assert proposed({**workspace(manager, UNBUILT | SCRIPT, {}), **settings}) == [everywhere]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(workspace({}, UNBUILT | SCRIPT, UNBUILT), id="one of two has no script"),
        pytest.param(workspace({}, UNBUILT), id="no script at all"),
        pytest.param({**workspace(SCRIPT, UNBUILT), "packages/a/dist/index.js": ""}, id="the file is in git"),
        pytest.param(workspace(SCRIPT, {"main": "dist/index"}), id="an ending that node adds"),
        pytest.param(workspace({"scripts": {"build": 1}}, UNBUILT), id="no text"),
    ],
)
def test_nothing_is_proposed_that_would_be_a_guess(files: dict[str, Any]) -> None:
    assert proposed(files) == []
