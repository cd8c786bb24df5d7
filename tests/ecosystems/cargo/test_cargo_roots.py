"""Cargo workspaces below the repository's root, and several in one release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cargo_bench import Bench, commit, git, open_bench

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.builder import CargoBuilder, grouped_by_root
from castoff.ecosystems.cargo.locks import create_lock, update_locks
from castoff.ecosystems.cargo.registry import CargoRegistry
from castoff.ecosystems.cargo.trial import CargoTrial
from castoff.errors import WorkspaceError
from castoff.io.clock import SystemClock
from castoff.io.process import Processes
from castoff.model.acts import Succeeded
from castoff.model.observations import Present
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.redaction import Redactor
from castoff.values import replace

MANIFEST = """[package]
name = "{name}"
version = "1.2.0"
edition = "2021"
license = "MIT"
description = "A crate of a test"
repository = "https://github.com/acme/rocket"

[dependencies]
{needs}
"""
SIBLING = '{0} = {{ path = "{1}/{0}", version = "=1.2.0" }}'


def crate(name: str, root: str, path: str | None = None) -> Package:
    folder = path or f"{root}/{name}"
    manifest = f"{folder}/Cargo.toml"
    return Package(
        name=name,
        ecosystem="cargo",
        path=folder,
        manifest=manifest,
        version="1.2.0",
        version_file=manifest,
        kinds=("crate",),
        root=root,
    )


def write(tree: Path, package: Package, needs: str = "") -> None:
    source = tree / package.path / "src"
    source.mkdir(parents=True)
    (source / "lib.rs").write_text(f"//! {package.name}\n")
    (tree / package.manifest).write_text(MANIFEST.format(name=package.name, needs=needs))


def two_roots(tree: Path) -> tuple[Package, ...]:
    """Write the workspaces `core` and `bind`; tst-bind needs tst-core of the other one, tst-api needs tst-bind."""
    core, bind = crate("tst-core", "core"), crate("tst-bind", "bind")
    api = crate("tst-api", "bind")
    write(tree, core)
    write(tree, bind, SIBLING.format("tst-core", "../../core"))
    write(tree, api, SIBLING.format("tst-bind", ".."))
    for root, members in (("core", '"tst-core"'), ("bind", '"tst-bind", "tst-api"')):
        (tree / root / "Cargo.toml").write_text(f'[workspace]\nmembers = [{members}]\nresolver = "2"\n')
    (tree / ".gitignore").write_text("target/\nCargo.lock\n")
    git(tree, "init", "--quiet", "--initial-branch=main")
    commit(tree)
    return core, bind, api


def test_packages_are_grouped_by_root_in_the_order_given() -> None:
    one, other, third = crate("c", "rust"), crate("a", "."), crate("b", "rust")
    groups = grouped_by_root([one, other, third])
    assert list(groups.items()) == [("rust", [one, third]), (".", [other])]


@pytest.mark.real
def test_a_crate_that_needs_another_workspace_is_packed_and_uploaded(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    packages = two_roots(tree)
    with open_bench(tmp_path, {"tst-other": ""}) as bench:
        built = bench.builder.build(tree, packages, tmp_path / "made")
        assert built.failures == ()
        for artifact, package in zip(built.artifacts, packages, strict=True):
            assert artifact.package == package.id
            assert bench.registry.upload(artifact, tree / package.root) == Succeeded()
            assert bench.builder.verify(package, [artifact], tree) == ()
        same = [
            _same(bench, artifact, package)
            for artifact, package in zip(built.artifacts, packages, strict=True)
        ]
        assert same == ["bytes", "contents", "contents"]
        assert (tree / "core/Cargo.lock").exists()
        assert (tree / "bind/Cargo.lock").exists()
        assert not (tree / "Cargo.lock").exists()


def _same(bench: Bench, artifact: Artifact, package: Package) -> str:
    (answer,) = bench.registry.look(package, "1.2.0").files.values()
    assert isinstance(answer, Present)
    return bench.registry.compare(artifact, answer.digest)


@pytest.mark.real
def test_the_configuration_of_cargo_in_the_folder_of_a_workspace_applies(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    package = replace(crate("tst-core", "rust", "rust"), registries=("mine",))
    write(tree, package)
    (tree / "rust/.cargo").mkdir()
    with open_bench(tmp_path, {"tst-other": ""}) as bench:
        # Another spelling than the world's own: cargo takes no address for two registries.
        url = bench.world.cargo.url.replace("127.0.0.1", "localhost")
        index = f"sparse+{url}/index/"
        (tree / "rust/.cargo/config.toml").write_text(f'[registries.mine]\nindex = "{index}"\n')
        git(tree, "init", "--quiet", "--initial-branch=main")
        commit(tree)
        processes = bench.processes.with_environment({"CARGO_REGISTRIES_MINE_TOKEN": "x"})
        registry = CargoRegistry(processes, CargoSettings(), SystemClock(), checkout=tree)
        built = CargoBuilder(processes, CargoSettings()).build(tree, [package], tmp_path / "made")

        assert [one.problem.reason for one in built.failures] == []
        assert registry.look(package, "1.2.0").new_name
        assert registry.upload(built.artifacts[0], tree / "rust") == Succeeded()
        assert registry.resolvable([registry.requirement(package, "1.2.0")]) is True
        assert CargoTrial(processes, CargoSettings(), checkout=tree).use(package, "1.2.0") == ()


@pytest.mark.real
def test_each_workspace_has_its_lock_file(tmp_path: Path) -> None:
    processes = Processes(dict(os.environ), Redactor())
    packages = two_roots(tmp_path)
    for root in ("core", "bind"):
        assert create_lock(processes, tmp_path, root) is None
    core = tmp_path / packages[0].manifest
    core.write_text(core.read_text().replace('version = "1.2.0"', 'version = "1.2.9"', 1))
    bind = tmp_path / packages[1].manifest
    bind.write_text(bind.read_text().replace("=1.2.0", "=1.2.9"))
    workspace = Workspace(packages=packages, roots=("core", "bind"))
    assert update_locks(processes, tmp_path, workspace) == ("bind/Cargo.lock", "core/Cargo.lock")
    assert 'version = "1.2.9"' in (tmp_path / "bind/Cargo.lock").read_text()
    (tmp_path / "bind/Cargo.lock").write_text("[[package]]\nname = 3\n")
    with pytest.raises(WorkspaceError) as caught:
        update_locks(processes, tmp_path, workspace)
    assert (caught.value.problems[0].code, caught.value.problems[0].file) == (
        "lock-not-updated",
        "bind/Cargo.lock",
    )
