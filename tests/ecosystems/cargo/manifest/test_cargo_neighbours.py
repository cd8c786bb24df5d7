"""Cargo packages beside the workspace follow a release where they reach a released crate by path."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from cargo_trees import Files, edited

from castoff.ecosystems.cargo.locks import update_neighbour_locks
from castoff.ecosystems.cargo.manifest.manifests import CargoManifests, cargo_neighbours
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.io.process import Processes
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edited, Workspace
from castoff.redaction import Redactor
from whole_workspace import workspace_in

ROOT = '[workspace]\nmembers = ["crates/*"]\nexclude = ["fuzz"]\n[workspace.package]\nversion = "1.2.0"\n'
CRATES = {
    "Cargo.toml": ROOT,
    "crates/a/Cargo.toml": '[package]\nname = "rk-a"\nversion.workspace = true\n',
    "crates/b/Cargo.toml": '[package]\nname = "rk"\nversion = "1.2.0"\n',
}
B = 'path = "../crates/b"'
HEAD = '[package]\nname = "fuzz"\nversion = "0.0.0"\npublish = false\n[workspace]\n'


def beside(texts: dict[str, str], version: str) -> Edited:
    files = Files({**CRATES, **texts})
    return cargo_neighbours(
        files, edited(files, version).texts, workspace_in(CargoManifests(), Files(CRATES))
    )


# What the manifest of `fuzz` says (`@B` is the path of the crate), the version released, and the change.
MOVED = {
    "caret": ('[dependencies]\nrk = { @B, version = "1.0" }', "2.0.0", ("1.0", "2.0")),
    "inherited version": ('[dependencies]\nrk-a = { path = "../crates/a", version = "1" }', "2.0.0", ('"1"', '"2"')),
    "pin": ('[dependencies]\nrk = { @B, version = "=1.2.0" }', "1.3.0", ("=1.2.0", "=1.3.0")),
    "tilde": ('[dependencies]\nrk = { @B, version = "~1.2" }', "1.3.0", ("~1.2", "~1.3")),
    "bound": ('[dependencies]\nrk = { @B, version = ">=1, <2" }', "2.0.0", (">=1, <2", ">=2, <3")),
    "pre-release": ('[dependencies]\nrk = { @B, version = "1.2" }', "1.3.0-rc.1", ('"1.2"', '"1.3.0-rc.1"')),
    "dev": ('[dev-dependencies]\nrk = { @B, version = "1" }', "2.0.0", ('"1"', '"2"')),
    "build": ('[build-dependencies]\nrk = { @B, version = "1" }', "2.0.0", ('"1"', '"2"')),
    "of a target": ('[target."cfg(unix)".dependencies]\nrk = { @B, version = "1" }', "2.0.0", ('"1"', '"2"')),
    "renamed": ('[dependencies]\nx = { package = "rk", @B, version = "1" }', "2.0.0", ('"1"', '"2"')),
    "optional": ('[dependencies]\nrk = { @B, version = "1", optional = true }', "2.0.0", ('"1"', '"2"')),
    "a table of its own": ('[dependencies.rk]\n@B\nversion = "1"', "2.0.0", ('"1"', '"2"')),
    "over lines": ('[dependencies]\nrk = {\n  @B,\n  version = "1",\n}', "2.0.0", ('"1"', '"2"')),
    "a path with dots": ('[dependencies]\nrk = { path = "../crates/a/../b/", version = "1" }', "2.0.0", ('"1"', '"2"')),
    "shared by its workspace": (
        '[dependencies]\nrk.workspace = true\n[workspace.dependencies]\nrk = { @B, version = "1" }',
        "2.0.0",
        ('"1"', '"2"'),
    ),
    "patched": ('[dependencies]\nrk = "1"\n[patch.crates-io]\nrk = { @B }', "2.0.0", ('"1"', '"2"')),
    "patched under another name": (
        '[dependencies]\nrk = "1"\n[patch.crates-io]\nx = { @B, package = "rk" }', "2.0.0", ('"1"', '"2"')),
}  # fmt: skip


@pytest.mark.parametrize(("body", "version", "change"), MOVED.values(), ids=MOVED.keys())
def test_a_requirement_that_shuts_the_new_version_out_moves(
    body: str, version: str, change: tuple[str, str]
) -> None:
    text = HEAD + body.replace("@B", B) + "\n"

    found = beside({"fuzz/Cargo.toml": text}, version)

    assert found.texts == {"fuzz/Cargo.toml": text.replace(*change)}
    (edit,) = found.edits
    assert (edit.path, edit.kind) == ("fuzz/Cargo.toml", "requirement")
    assert (edit.old, edit.new) == tuple(one.strip('"') for one in change)
    assert edit.old in text.splitlines()[edit.line - 1]


# None of these may be edited.
LEFT = {
    "it admits the new version": ('[dependencies]\nrk = { @B, version = "1.0" }', "1.3.0"),
    "it has no requirement": ('[dependencies]\nrk = { @B }', "2.0.0"),
    "it comes from the registry": ('[dependencies]\nrk = "1.2"', "2.0.0"),
    "it comes from git": (
        '[dependencies]\nrk = { git = "x:y", version = "1.2" }\n[patch.crates-io]\nrk = { @B }', "2.0.0"),
    "the path leads to another crate": ('[dependencies]\nrk = { path = "../crates/c", version = "=1.2.0" }', "2.0.0"),
    "the crate there has another name": ('[dependencies]\nother = { @B, version = "=1.2.0" }# rk', "2.0.0"),
    "the path leaves the tree": ('[dependencies]\nrk = { path = "../../../crates/b", version = "=1.2.0" }', "2.0.0"),
    "the requirement is broken": ('[dependencies]\nrk = { @B, version = "one" }', "2.0.0"),
    "the manifest is broken": ('[dependencies]\nrk = { @B, version = "1"\n', "2.0.0"),
    "it is a template": ('{% if rk %}\n[dependencies]\nrk = { @B, version = "1" }', "2.0.0"),
    "the patch is elsewhere": ('[dependencies]\nrk = "1"\n[patch.crates-io]\nrk = { path = "../other" }', "2.0.0"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "version"), LEFT.values(), ids=LEFT.keys())
def test_everything_else_stays(body: str, version: str) -> None:
    assert beside({"fuzz/Cargo.toml": HEAD + body.replace("@B", B) + "\n"}, version) == Edited(
        texts={}, edits=()
    )


def test_members_of_a_workspace_beside_follow_its_patch_and_its_shared_requirement() -> None:
    root = '[workspace]\nmembers = ["*"]\n[patch.crates-io]\nrk = { path = "../crates/b" }\n'
    member = '[package]\nname = "m"\n[dependencies]\nrk = "1"\n'

    found = beside({"examples/Cargo.toml": root, "examples/m/Cargo.toml": member}, "2.0.0")

    assert found.texts == {"examples/m/Cargo.toml": member.replace('"1"', '"2"')}


def test_a_patch_of_a_workspace_that_excludes_the_package_is_not_its_own() -> None:
    root = '[workspace]\nexclude = ["m"]\n[patch.crates-io]\nrk = { path = "../crates/b" }\n'
    member = '[package]\nname = "m"\n[dependencies]\nrk = "1"\n'

    assert not beside({"examples/Cargo.toml": root, "examples/m/Cargo.toml": member}, "2.0.0").edits


def test_nothing_is_looked_for_where_no_crate_moves() -> None:
    assert cargo_neighbours(Files(CRATES), {"README.md": "x"}, Workspace(packages=())) == Edited(
        texts={}, edits=()
    )


LOCK = 'version = 4\n\n[[package]]\nname = "fuzz"\nversion = "0.0.0"\n\n[[package]]\nname = "rk"\nversion = "1.2.0"\n'


@pytest.mark.parametrize(
    ("lock", "locks"),
    [
        pytest.param(LOCK, ("fuzz/Cargo.lock",), id="the old version"),
        pytest.param(LOCK.replace("1.2.0", "1.1.0"), ("fuzz/Cargo.lock",), id="an older version"),
        pytest.param(LOCK.replace("1.2.0", "1.3.0"), (), id="the new version"),
        pytest.param(LOCK + 'source = "registry+x"\n', (), id="from a registry"),
        pytest.param(LOCK.replace('"rk"', '"rk-other"'), (), id="another crate"),
        pytest.param("<<<<<<< rk", (), id="unreadable"),
    ],
)
def test_a_lock_file_that_holds_the_crate_by_path_is_listed(lock: str, locks: tuple[str, ...]) -> None:
    found = beside({"fuzz/Cargo.toml": HEAD, "fuzz/Cargo.lock": lock}, "1.3.0")

    assert (found.locks, found.texts) == (locks, {})


def crate(folder: Path, text: str) -> None:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").touch()
    (folder / "Cargo.toml").write_text(text)


@pytest.mark.real
def test_cargo_brings_the_lock_file_up_to_date_and_leaves_one_that_it_cannot(tmp_path: Path) -> None:
    crate(tmp_path / "b", '[package]\nname = "rk"\nversion = "1.2.0"\n')
    crate(tmp_path / "fuzz", HEAD + '[dependencies]\nrk = { path = "../b", version = "1" }\n')
    processes = Processes(os.environ, Redactor())
    subprocess.run(["cargo", "generate-lockfile", "--offline"], cwd=tmp_path / "fuzz", check=True)
    lock = tmp_path / "fuzz" / "Cargo.lock"
    manifest = tmp_path / "b" / "Cargo.toml"

    manifest.write_text(manifest.read_text().replace("1.2.0", "1.3.0"))
    assert update_neighbour_locks(processes, tmp_path, ["fuzz/Cargo.lock"]) == (["fuzz/Cargo.lock"], ())
    assert 'version = "1.3.0"' in lock.read_text()
    assert update_neighbour_locks(processes, tmp_path, ["fuzz/Cargo.lock"]) == ([], ())

    before = lock.read_bytes()
    manifest.write_text(manifest.read_text().replace("1.3.0", "2.0.0"))
    changed, (problem,) = update_neighbour_locks(processes, tmp_path, ["fuzz/Cargo.lock"])
    assert (changed, lock.read_bytes()) == ([], before)
    assert (problem.code, problem.severity, problem.file) == (
        "lock-not-updated",
        "warning",
        "fuzz/Cargo.lock",
    )
    assert "`fuzz`" in problem.remedy


def test_private_crates_follow_the_version_that_a_maturin_project_moves() -> None:
    """The wheel is released, no crate is: the Cargo half of the release edits nothing."""
    texts = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nversion = "1.2.0"\n'
        '[workspace.dependencies]\ncore = { path = "crates/core", version = "=1.2.0" }\n',
        "Cargo.lock": '[[package]]\nname = "core"\nversion = "1.2.0"\n',
        "crates/core/Cargo.toml": '[package]\nname = "core"\nversion.workspace = true\npublish = false\n',
        "crates/py/Cargo.toml": '[package]\nname = "py"\nversion.workspace = true\npublish = false\n'
        "[dependencies]\ncore.workspace = true\n",
        "crates/py/pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
        '[project]\nname = "zz-py"\ndynamic = ["version"]\n',
    }
    files, manifests = Files(texts), PythonManifests()
    workspace = workspace_in(manifests, files)
    version = ReleaseVersion(1, 3, 0, "rc", 1)

    wheel = manifests.edited(files, workspace, version)
    crates = cargo_neighbours(files, wheel.texts, workspace)

    assert wheel.texts == {"Cargo.toml": texts["Cargo.toml"].replace('"1.2.0"', '"1.3.0-rc.1"')}
    assert crates.texts == {"Cargo.toml": texts["Cargo.toml"].replace("1.2.0", "1.3.0-rc.1")}
    assert crates.locks == ("Cargo.lock",)


@pytest.mark.parametrize(
    ("requirement", "moved"), [("1.1", "2.0"), (">=1.0, <2", ">=1.0, <3"), ("*", "*")], ids=str
)
@pytest.mark.parametrize("folder", ["", "one/"], ids=["at the root", "in a folder"])
def test_a_released_crate_follows_a_sibling_that_a_patch_takes_from_its_folder(
    requirement: str, moved: str, folder: str
) -> None:
    needing = f'[package]\nname = "b"\nversion = "1.2.0"\n[dependencies]\na = "{requirement}"\n'
    files = Files(
        {
            f"{folder}Cargo.toml": '[workspace]\nmembers = ["*"]\n[patch.crates-io]\na = { path = "a" }\n',
            f"{folder}a/Cargo.toml": '[package]\nname = "a"\nversion = "1.2.0"\n',
            f"{folder}b/Cargo.toml": needing,
        }
    )
    manifests, version = CargoManifests(), ReleaseVersion(2, 0, 0)
    workspace = manifests.discover(files).workspaces[0]
    texts = manifests.edited(files, workspace, version).texts

    text = {**texts, **cargo_neighbours(files, texts, workspace).texts}[f"{folder}b/Cargo.toml"]

    assert text == needing.replace("1.2.0", "2.0.0").replace(f'"{requirement}"', f'"{moved}"')


def test_a_released_crate_follows_a_crate_that_a_maturin_project_moves() -> None:
    """Its requirements on released crates moved with them; this one did not, since no crate release moved it."""
    need = 'core = { path = "py/core", version = "=1.2.0" }\n'
    texts = {
        "Cargo.toml": f'[package]\nname = "rk"\nversion = "1.2.0"\n[workspace]\nexclude = ["py"]\n'
        f"[dependencies]\n{need}",
        "py/core/Cargo.toml": '[package]\nname = "core"\nversion = "1.2.0"\npublish = false\n[workspace]\n',
        "py/core/pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
        '[project]\nname = "zz-py"\ndynamic = ["version"]\n',
    }
    files, cargo = Files(texts), CargoManifests()
    version = ReleaseVersion(1, 3, 0)
    workspace = cargo.discover(files).workspaces[0]
    crate = cargo.edited(files, workspace, version)
    wheel = PythonManifests().edited(files, workspace_in(PythonManifests(), files), version)

    assert '"=1.2.0"' in crate.texts["Cargo.toml"]
    beside = cargo_neighbours(files, {**crate.texts, **wheel.texts}, workspace)

    assert beside.texts == {"Cargo.toml": crate.texts["Cargo.toml"].replace("=1.2.0", "=1.3.0")}


@pytest.mark.parametrize("version", [ReleaseVersion(1, 3, 0), ReleaseVersion(1, 3, 0, "rc", 1)], ids=str)
def test_a_crate_and_a_wheel_with_one_version_give_one_edit(version: ReleaseVersion) -> None:
    """The Cargo half of a release comes first; the Python half finds the new version in what it wrote."""
    build = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
    texts = {
        "Cargo.toml": '[package]\nname = "rk"\nversion = "1.2.0"\n',
        "pyproject.toml": f'{build}[project]\nname = "zz-rk"\ndynamic = ["version"]\n',
    }
    halves: list[Edited] = []
    for manifests in (CargoManifests(), PythonManifests()):
        workspace = workspace_in(manifests, Files(texts))
        overlay = Files({**texts, **{path: text for half in halves for path, text in half.texts.items()}})
        halves.append(manifests.edited(overlay, workspace, version))

    assert [(edit.path, edit.new) for half in halves for edit in half.edits] == [("Cargo.toml", str(version))]
    assert halves[1] == Edited(texts={}, edits=())
