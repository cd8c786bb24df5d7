"""Packing with the real npm: many members by one run, and what fails by its own name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.builder import NpmBuilder
from castoff.ecosystems.npm.tarballs import packed_in
from castoff.io.process import Processes
from castoff.ports import Built
from castoff.values import replace
from ecosystems.npm.npm_files import npm_package

NPM = shutil.which("npm")
pytestmark = pytest.mark.needs("npm")

FAILS = {"prepack": "exit 7"}
MARKS = {"prepack": "touch ../../marked"}


def build(place: Path, names: Sequence[str]) -> tuple[Built, int]:
    """Build members of the workspace; give what was built, and the number of runs of npm."""
    runs = place / "runs"
    (place / "bin").mkdir()
    counting = place / "bin" / "npm"
    counting.write_text(f'#!/bin/sh\necho run >>"{runs}"\nexec "{NPM}" "$@"\n', encoding="utf-8")
    counting.chmod(0o755)
    processes = Processes({**os.environ, "PATH": f"{counting.parent}{os.pathsep}{os.environ['PATH']}"})
    packages = [npm_package(name) for name in names]
    built = NpmBuilder(processes, NpmSettings(), 0).build(place, packages, place / "out")
    return built, len(runs.read_text("utf-8").splitlines())


def write(place: Path, folder: str, name: str, scripts: dict[str, str] | None = None) -> None:
    (place / folder).mkdir(parents=True, exist_ok=True)
    manifest = {"name": name, "version": "1.3.0", "scripts": scripts or {}}
    (place / folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("globs", "failing", "named_as_folder", "runs"),
    [
        pytest.param(["packages/*"], False, False, 1, id="all by one run"),
        pytest.param(["packages/*"], True, False, 4, id="each alone after a failure"),
        pytest.param(["packages/*", "b/*"], False, True, 2, id="the name of a folder is left out"),
        pytest.param(["packages/a"], False, False, 3, id="two are no members"),
    ],
)
def test_members_are_packed_together(
    globs: list[str], failing: bool, named_as_folder: bool, runs: int, tmp_path: Path
) -> None:
    root = {"name": "root", "private": True, "workspaces": globs}
    (tmp_path / "package.json").write_text(json.dumps(root), encoding="utf-8")
    write(tmp_path, "packages/a", "a")
    write(tmp_path, "packages/b", "b", FAILS if failing else None)
    write(tmp_path, "packages/c", "c")
    if named_as_folder:
        write(tmp_path, "b/inner", "inner", MARKS)

    built, counted = build(tmp_path, ["a", "b", "c"])

    assert [one.package for one in built.artifacts] == (["a", "c"] if failing else ["a", "b", "c"])
    assert [
        (one.package, one.problem.code) for one in built.failures if one.problem.code == "pack-failed"
    ] == ([("b", "pack-failed")] if failing else [])
    assert not (tmp_path / "marked").exists()
    assert counted == runs


@pytest.mark.parametrize(
    ("locked", "build_of_inner", "codes"),
    [
        pytest.param(False, None, [], id="inside of another one"),
        pytest.param(True, "true", [], id="with a lock file of its own"),
        pytest.param(True, None, ["build-failed"], id="with a lock file and no such script"),
    ],
)
def test_a_folder_inside_of_another_one_is_filled_by_its_build(
    locked: bool, build_of_inner: str | None, codes: list[str], tmp_path: Path
) -> None:
    """As napi-rs has it: the package of a platform lies below the one that uses it, and is uploaded before it."""
    write(tmp_path, ".", "outer", {"build": "cp package.json npm/inner/binary.node"})
    write(tmp_path, "npm/inner", "inner", {"build": build_of_inner} if build_of_inner else None)
    if locked:
        lock = {"name": "inner", "version": "1.3.0", "lockfileVersion": 3, "packages": {}}
        (tmp_path / "npm/inner/package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    inner = replace(
        npm_package("inner"), path="npm/inner", manifest="npm/inner/package.json", root="npm/inner"
    )
    outer = replace(npm_package("outer"), path=".", manifest="package.json")
    settings = NpmSettings(build=("npm", "run", "build"))

    built = NpmBuilder(Processes(os.environ), settings, 0).build(tmp_path, [inner, outer], tmp_path / "out")

    assert [one.problem.code for one in built.failures] == codes
    packed = {one.package: packed_in(Path(one.path)) for one in built.artifacts}
    assert packed.keys() == ({"outer"} if codes else {"inner", "outer"})
    if not codes:
        assert packed["inner"] is not None
        assert "binary.node" in packed["inner"].files
