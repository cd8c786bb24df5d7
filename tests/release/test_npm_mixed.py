"""A release of crates, a Python package and npm packages with a binary that was packed on another machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_release_of_several_workspaces import write

from castoff.world.npm_registry.accounts import OTP
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from proofs.worlds import SLUG, Stage, make_key, make_source

pytestmark = [
    pytest.mark.real,
    pytest.mark.whole,
    pytest.mark.needs("npm"),
    pytest.mark.needs("cargo"),
]
NATIVE = {
    "name": "@quay/linux-x64",
    "version": "1.0.0",
    "main": "quay.node",
    "files": ["quay.node"],
    "os": ["linux"],
    "cpu": ["x64"],
}
MAIN = {
    "name": "quay",
    "version": "1.0.0",
    "main": "index.js",
    "files": ["index.js"],
    "optionalDependencies": {"@quay/linux-x64": "1.0.0"},
}
SETTINGS = """[release]
workspaces = ["core", "bind", "py", "js"]

[npm]
staged = true
artifacts = "prebuilt"
access = "public"
"""


def write_mixed(folder: Path) -> Path:
    """Add an npm workspace, whose binary is in no commit, to crates and a Python package."""
    write(folder)
    root = {"name": "quays", "private": True, "workspaces": ["quay", "linux-x64"]}
    for path, manifest in (("", root), ("quay", MAIN), ("linux-x64", NATIVE)):
        (folder / "js" / path).mkdir(parents=True, exist_ok=True)
        (folder / "js" / path / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    (folder / "js/quay/index.js").write_text("exports.quay = 1\n", "utf-8")
    (folder / "castoff.toml").write_text(SETTINGS, "utf-8")
    (folder / ".gitignore").write_text("target/\nCargo.lock\nprebuilt/\nnode_modules/\n", "utf-8")
    return folder


def checkout(stage: Stage) -> Path:
    """Clone, and pack the binary beside the commit, as the machine of its platform does."""
    clone = stage.checkout()
    other = clone.parent / f"{clone.name}-elsewhere"
    for folder in (clone / "prebuilt", other):
        folder.mkdir()
    text = (clone / "js/linux-x64/package.json").read_text("utf-8").replace('"1.0.0"', '"1.1.0"')
    (other / "package.json").write_text(text, "utf-8")
    (other / "quay.node").write_bytes(b"binary")
    pack = ["npm", "pack", "--pack-destination", str(clone / "prebuilt")]
    subprocess.run(pack, cwd=other, env=stage.environment, check=True, capture_output=True)
    return clone


def test_npm_is_staged_first_then_the_others_are_uploaded_and_npm_is_approved_last(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_mixed(tmp_path / "sample"))
    need = {"name": "quay-core", "requirement": "=1.0.0", "kind": "normal"}
    packages = {"quay-core": {"1.0.0": {}}, "quay": {"1.0.0": {"requirements": [need]}}}
    seed = WorldSeed(
        slug=SLUG,
        repository=source,
        cargo={"packages": packages, "outside": "none"},
        python=(Seed(name="quay", version="1.0.0"),),
        npm={"packages": [{**NATIVE}, {**MAIN}]},
    )
    with World(tmp_path / "world", seed=seed, outside=False, tls=True) as world:
        stage = Stage(tmp_path, world, key)
        code, output = stage.run(checkout(stage), "release", "minor", "--execute", "--yes")
        assert code == 0, output
        dumped: Any = world.dump()
        files = [one["filename"] for kind in ("cargo", "python") for one in dumped[kind]["uploads"]]
        assert sorted(files) == [
            "quay-1.1.0-py3-none-any.whl",
            "quay-1.1.0.crate",
            "quay-1.1.0.tar.gz",
            "quay-core-1.1.0.crate",
        ]
        assert dumped["npm"]["uploads"] == []
        writes = [entry for entry in world.journal.entries() if entry.write and entry.status < 300]
        services = [one.service for one in writes if one.service in ("npm", "cargo", "python")]
        assert services[:2] == ["npm", "npm"], "what can be taken back goes first"
        assert "npm" not in services[2:]

        code, output = stage.run(checkout(stage), "approve", "1.1.0", "--execute", "--yes", "--otp", OTP)
        assert code == 0, output
        uploads: Any = world.npm_registry.dump()["uploads"]
        assert [one["filename"] for one in uploads] == ["linux-x64-1.1.0.tgz", "quay-1.1.0.tgz"]
        clone = stage.checkout()
        tag = stage.git(clone, "cat-file", "-p", "1.1.0")
        assert [one["sha256"] for one in uploads if one["sha256"] not in tag] == []
        code, output = stage.run(checkout(stage), "resume", "1.1.0", "--execute", "--yes")
        assert code == 0, output
        code, output = stage.run(stage.checkout(), "verify", "1.1.0")
        assert code == 0, output
