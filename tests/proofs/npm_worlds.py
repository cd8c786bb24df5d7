"""Real worlds for proofs of npm: a registry that was released to before, which holds nothing else but one package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from castoff.git import FolderTree
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion
from castoff.session.workspaces import read_workspace
from castoff.wiring.adapters import manifests
from castoff.wiring.embedded_world import fill_npm
from castoff.world.seed import WorldSeed
from proofs.killing import Point, hold, points, push_points, read_points, with_children
from proofs.npm_small import NAMES, OUTSIDE
from proofs.worlds import Stage, make_source, stage_of

_READS = 4
"""So often at least a package is read in one release: checks, rehearsal, uploads."""


@contextmanager
def npm_stage(
    folder: Path, key: Path, sample: Path, *, trim: Callable[[Path], None] | None = None
) -> Iterator[Stage]:
    """Open a world with a sample of packages at 1.0.0, tagged and published, and one commit after it."""
    folder.mkdir(parents=True, exist_ok=True)
    with npm_stage_of(folder, key, make_source(folder / "source", key, sample, trim=trim)) as made:
        yield made


@contextmanager
def npm_stage_of(
    folder: Path, key: Path, source: Path, *, settings: Mapping[str, Any] | None = None
) -> Iterator[Stage]:
    """Open a world for a source that was made before; nothing is read outside of it.

    ``settings`` are users and tokens of its npm registry.
    """
    npm = {"packages": [{"name": OUTSIDE, "version": "1.0.0"}], **(settings or {})}
    with stage_of(folder, key, source, seed=WorldSeed(npm=npm), tls=True) as made:
        workspace = read_workspace(FolderTree(source), manifests(), Scope())
        fill_npm(made.world, workspace.at(ReleaseVersion(1, 0, 0)))
        yield made


def npm_points(names: list[str]) -> Iterator[Point]:
    """Name every moment of a release of packages; ``names`` are the events of an undisturbed one."""
    acts = [name for name in names if name.startswith("act-end:publish:npm:")]
    packages = sorted(name.split(":")[3] for name in acts)
    known = list(points(names, [f"{one}@1.1.0" for one in packages], service="npm", method="PUT"))
    yield from known
    yield from push_points()
    yield from with_children(one for one in known if "publish:" in one.name or one.name.startswith("upload"))
    yield from with_children(push_points())
    for name in packages:
        yield from read_points("npm", f"*/{name}", _READS)


def staged_points(names: list[str], approval: list[str]) -> Iterator[Point]:
    """Name every moment of a release that stages its packages, and of the run that approves them."""
    for number, name in enumerate(names, start=1):
        yield Point(f"staged: event {number} {name}", event=number, staged=True)
    for number, name in enumerate(approval, start=1):
        yield Point(f"approval: event {number} {name}", event=number, staged=True, approval=True)
    for when in ("before", "after"):
        for package in NAMES:
            held = hold("npm", when, method="POST", subject=f"{package}@1.1.0")
            yield Point(f"staging {when} {package}", rule=held, staged=True)
        for number in range(len(NAMES)):
            held = {**hold("npm", when, method="POST", path="*/approve"), "after": number}
            yield Point(f"approval {number + 1} {when}", rule=held, staged=True, approval=True)
