"""Real worlds for proofs of Cargo: a registry that was released to before, reached as the real one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from castoff.git import FolderTree
from castoff.model.scope import Scope
from castoff.model.workspace import Package, Workspace
from castoff.session.workspaces import read_workspace
from castoff.wiring.adapters import manifests
from castoff.world.seed import WorldSeed
from proofs.cargo_small import OUTSIDE
from proofs.killing import Point, points, push_points, read_points, with_children
from proofs.worlds import Stage, make_source, stage_of

_READS = 6
"""So often at least the index is read for each crate in one release: checks, rehearsal, uploads."""


@contextmanager
def cargo_stage(
    folder: Path, key: Path, sample: Path, *, trim: Callable[[Path], None] | None = None
) -> Iterator[Stage]:
    """Open a world with a sample of crates at 1.0.0, tagged and published, and one commit after it."""
    folder.mkdir(parents=True, exist_ok=True)
    source = make_source(folder / "source", key, sample, trim=trim)
    with cargo_stage_of(folder, key, source) as made:
        yield made


@contextmanager
def cargo_stage_of(folder: Path, key: Path, source: Path) -> Iterator[Stage]:
    """Open a world for a source that was made before; nothing is read outside of it."""
    workspace = read_workspace(FolderTree(source), manifests(), Scope())
    packages = {**published_before(workspace), OUTSIDE: {"1.0.0": {}}}
    built = {
        "automatic": [{"state": "built"}]
    }  # at once, so that worlds do not differ by how often one looked
    seed = WorldSeed(cargo={"packages": packages, "outside": "none"}, docs=built)
    with stage_of(folder, key, source, seed=seed, tls=True) as made:
        yield made


def published_before(workspace: Workspace) -> dict[str, Any]:
    """Say as a registry record what the packages were when their version was released."""
    return {
        one.name: {one.version: {"requirements": [*_requirements(one, workspace)]}}
        for one in workspace.packages
    }


def _requirements(package: Package, workspace: Workspace) -> Iterator[Mapping[str, str]]:
    for edge in workspace.edges:
        if edge.origin == package.id and edge.kind in ("normal", "build") and edge.requirement:
            name = workspace.package(edge.target).name
            yield {"name": name, "requirement": edge.requirement, "kind": edge.kind}


def cargo_points(names: list[str]) -> Iterator[Point]:
    """Name every moment of a release of crates; ``names`` are the events of an undisturbed one."""
    acts = [name for name in names if name.startswith("act-end:publish:cargo:")]
    crates = sorted(name.split(":")[3] for name in acts)
    known = list(points(names, [f"{one}@1.1.0" for one in crates], service="cargo", method="PUT"))
    yield from known
    yield from push_points()
    yield from with_children(one for one in known if "publish:" in one.name or one.name.startswith("upload"))
    yield from with_children(push_points())
    for crate in crates:
        yield from read_points("cargo", f"*{crate}", _READS)
