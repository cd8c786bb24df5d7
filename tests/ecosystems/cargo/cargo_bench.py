"""Where do the tests of Cargo's adapters work? A workspace in git, and the embedded world around it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.builder import CargoBuilder
from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.ecosystems.cargo.registry import CargoRegistry
from castoff.git import FolderTree
from castoff.io.clock import SystemClock
from castoff.io.process import Processes
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.redaction import Redactor
from castoff.world.faults import Rule
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from whole_workspace import workspace_in

SHARED = """[workspace]
members = ["crates/*"]
resolver = "2"

[workspace.package]
version = "1.2.0"
edition = "2021"
license = "MIT"
description = "A crate of a test"
repository = "https://github.com/acme/rocket"
"""
INHERITED = ("version", "edition", "license", "description", "repository")


@dataclass(frozen=True)
class Bench:
    """One workspace, one world, and the adapters between them."""

    root: Path
    folder: Path
    world: World
    processes: Processes
    workspace: Workspace
    builder: CargoBuilder
    registry: CargoRegistry

    def package(self, name: str) -> Package:
        return self.workspace.package(name)

    def build(self, *names: str) -> tuple[Artifact, ...]:
        packages = [self.package(name) for name in names or self.workspace.names]
        built = self.builder.build(self.root, packages, self.folder / "built")
        assert built.failures == (), built.failures
        return built.artifacts


def write_workspace(root: Path, crates: dict[str, str], *, ignore: str = "target/\nCargo.lock\n") -> None:
    """Write crates with their dependency tables, and commit them."""
    (root / "Cargo.toml").write_text(SHARED)
    (root / ".gitignore").write_text(ignore)
    for name, tables in crates.items():
        folder = root / "crates" / name / "src"
        folder.mkdir(parents=True)
        head = f'[package]\nname = "{name}"\n' + "".join(f"{key}.workspace = true\n" for key in INHERITED)
        (folder.parent / "Cargo.toml").write_text(head + tables)
        (folder / "lib.rs").write_text(f"//! {name}\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)


def commit(root: Path) -> str:
    git(root, "add", "--all")
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "--quiet", "--message=all")
    return git(root, "rev-parse", "HEAD").strip()


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


@contextmanager
def open_bench(
    folder: Path,
    crates: dict[str, str],
    *,
    cargo: dict[str, object] | None = None,
    trusted: dict[str, object] | None = None,
    job: dict[str, object] | None = None,
    faults: Sequence[Rule] = (),
    tls: bool = False,
    ignore: str = "target/\nCargo.lock\n",
) -> Iterator[Bench]:
    root = folder / "workspace"
    root.mkdir()
    write_workspace(root, crates, ignore=ignore)
    packages = {"packages": cargo} if cargo else {}
    seed = WorldSeed(cargo={**packages, "trusted": trusted or {}}, job=job or {})
    with World(folder / "world", seed=seed, faults=faults, outside=False, tls=tls) as world:
        environment = world.child_environment()
        processes = Processes(environment, Redactor.of_environment(dict(os.environ)))
        workspace = workspace_in(CargoManifests(), FolderTree(root))
        yield Bench(
            root=root,
            folder=folder,
            world=world,
            processes=processes,
            workspace=workspace,
            builder=CargoBuilder(processes, CargoSettings()),
            registry=CargoRegistry(processes, CargoSettings(), SystemClock()),
        )
