"""One release of several workspaces, none of them at the repository's root, through the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from proofs.worlds import SLUG, Stage, make_key, make_source

pytestmark = [pytest.mark.real, pytest.mark.needs("cargo")]

CRATE = """[package]
name = "{name}"
version = "1.0.0"
edition = "2021"
license = "MIT"
description = "A crate of a test"

[dependencies]
{needs}
"""
NEED = 'quay-core = { path = "../../core/quay-core", version = "=1.0.0" }'
PYTHON = """[project]
name = "quay"
version = "1.0.0"

[build-system]
requires = []
build-backend = "back"
backend-path = ["."]
"""
BACK = """import os, tarfile, zipfile
META = "Metadata-Version: 2.1\\nName: quay\\nVersion: 1.1.0\\n"


def build_sdist(folder, settings=None):
    os.makedirs("../quay-1.1.0", exist_ok=True)
    with open("../quay-1.1.0/PKG-INFO", "w") as file:
        file.write(META)
    with tarfile.open(folder + "/quay-1.1.0.tar.gz", "w:gz") as archive:
        archive.add("../quay-1.1.0/PKG-INFO", "quay-1.1.0/PKG-INFO")
        for name in ("pyproject.toml", "back.py", "quay.py"):
            archive.add(name, "quay-1.1.0/" + name)
    return "quay-1.1.0.tar.gz"


def build_wheel(folder, settings=None, metadata=None):
    name = "quay-1.1.0-py3-none-any.whl"
    info = "quay-1.1.0.dist-info/"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("quay.py")
        wheel.writestr(info + "METADATA", META)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "quay.py,,\\n")
    return name
"""


def write(folder: Path) -> Path:
    """Write `core` and `bind`, two Cargo workspaces of which the second needs the first, and a Python package."""
    for path, name, needs in (("core/quay-core", "quay-core", ""), ("bind/quay", "quay", NEED)):
        (folder / path / "src").mkdir(parents=True)
        (folder / path / "src/lib.rs").write_text(f"//! {name}\n", encoding="utf-8")
        (folder / path / "Cargo.toml").write_text(CRATE.format(name=name, needs=needs), encoding="utf-8")
        root = f'[workspace]\nresolver = "2"\nmembers = ["{name}"]\n'
        (folder / path).parent.joinpath("Cargo.toml").write_text(root, encoding="utf-8")
    (folder / "py").mkdir()
    for name, text in (("pyproject.toml", PYTHON), ("back.py", BACK), ("quay.py", "x = 1\n")):
        (folder / "py" / name).write_text(text, encoding="utf-8")
    joined = '[release]\nworkspaces = ["core", "bind", "py"]\n'
    (folder / "castoff.toml").write_text(joined, encoding="utf-8")
    (folder / ".gitignore").write_text("target/\nCargo.lock\n", encoding="utf-8")
    return folder


@pytest.mark.whole
def test_crates_of_two_workspaces_and_a_python_package_of_the_same_name(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write(tmp_path / "sample"))
    need = {"name": "quay-core", "requirement": "=1.0.0", "kind": "normal"}
    packages = {"quay-core": {"1.0.0": {}}, "quay": {"1.0.0": {"requirements": [need]}}}
    seed = WorldSeed(
        slug=SLUG,
        repository=source,
        cargo={"packages": packages, "outside": "none"},
        python=(Seed(name="quay", version="1.0.0"),),
    )
    with World(tmp_path / "world", seed=seed, outside=False, tls=True) as world:
        stage = Stage(tmp_path, world, key)
        clone = stage.checkout()
        code, output = stage.run(clone / "bind", "release", "minor", "--execute", "--yes")
        assert code == 0, output
        assert "rebuilt" not in output
        dumped: Any = world.dump()
        uploads = [*dumped["cargo"]["uploads"], *dumped["python"]["uploads"]]
        names = [one["filename"] for one in uploads]
        assert names[:2] == ["quay-core-1.1.0.crate", "quay-1.1.0.crate"]
        assert sorted(names[2:]) == ["quay-1.1.0-py3-none-any.whl", "quay-1.1.0.tar.gz"]
        stage.git(clone, "fetch", "--quiet", "--tags")
        tag = stage.git(clone, "cat-file", "-p", "1.1.0")
        assert [one["filename"] for one in uploads if f"{one['sha256']}  {one['filename']}" not in tag] == []
        code, output = stage.run(clone, "verify", "1.1.0")
        assert code == 0, output
        assert "trial:cargo:quay" in output
        assert "trial:python:quay" in output
