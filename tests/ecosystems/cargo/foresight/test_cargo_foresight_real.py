"""Does foresight say what the real cargo says of each package at its turn? Workspaces dealt at random."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from cargo_bench import commit, git, open_bench
from foresight_shapes import Deal

from castoff.ecosystems.cargo.foresight.packing import foresee
from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.ecosystems.cargo.uploader import CrateWrite, Writer
from castoff.ecosystems.record import record_of
from castoff.git import FolderTree
from castoff.io.clock import SystemClock
from castoff.io.process import Processes
from castoff.model.acts import Succeeded
from castoff.model.graph import Order, order_of
from castoff.model.versions import read
from castoff.redaction import Redactor
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from whole_workspace import workspace_in

pytestmark = pytest.mark.real

NAMES = ("tst-a", "tst-b", "tst")
NEEDS = {"tst-a": (), "tst-b": ("tst-a",), "tst": ("tst-a", "tst-b")}
DEV = (("tst-a", "tst-b"), ("tst-a", "tst"), ("tst-b", "tst"), ("tst", "tst-a"), ("tst-b", "tst-b"))
REQUIREMENTS = (None, None, ">=1", "1.1", "=1.2.0", ">=1.1", "^1.0", ">=0.9", "~1.1", ">=0.9, <1.1")
SEEDS = range(int(os.environ.get("CASTOFF_FORESIGHT_SEEDS", "3")))


def deal(seed: int) -> tuple[dict[str, str], dict[str, Any]]:
    """Deal dependency tables of a workspace at 1.2.0, and what was published of it before."""
    dice = random.Random(seed)
    crates: dict[str, str] = {}
    for name in NAMES:
        lines = [f'{need} = {{ path = "../{need}", version = "=1.2.0" }}' for need in NEEDS[name]]
        tables = "[features]\nx = []\n\n[dependencies]\n" + "\n".join(lines) + "\n[dev-dependencies]\n"
        for target in (target for origin, target in DEV if origin == name):
            requirement = dice.choice(REQUIREMENTS)
            version = f', version = "{requirement}"' if requirement else ""
            features = ', features = ["x"]' if dice.random() < 0.3 else ""
            tables += f'{target} = {{ path = "../{target}"{version}{features} }}\n'
        crates[name] = tables
    record: dict[str, Any] = {}
    for version in dice.sample(("0.9.0", "1.0.0", "1.1.0", "1.1.5"), dice.randint(0, 3)):
        for name in NAMES:
            if dice.random() < 0.9:
                record.setdefault(name, {})[version] = _published(dice, name, version)
    return crates, record


def _published(dice: random.Random, name: str, version: str) -> dict[str, Any]:
    requirement = dice.choice((f"={version}", f"={version}", f"^{version}"))
    needs = [{"name": need, "requirement": requirement, "kind": "normal"} for need in NEEDS[name]]
    features = ["x"] if dice.random() < 0.6 else []
    return {"yanked": dice.random() < 0.15, "requirements": needs, "features": features}


@pytest.mark.parametrize("seed", SEEDS)
def test_foresight_and_cargo_agree(tmp_path: Path, seed: int) -> None:
    crates, record = deal(seed)
    with open_bench(tmp_path, crates, cargo=record) as bench:
        problems = foresee(
            FolderTree(bench.root), bench.workspace, "1.2.0", record_of({"packages": record}, "record")
        )
        foreseen = {one.package for one in problems if one.code != "version-withdrawn"}
        order = order_of(bench.workspace)
        wanted = read("1.2.0")
        assert wanted is not None
        for path, text in (
            CargoManifests().edited(FolderTree(bench.root), bench.workspace, wanted).texts.items()
        ):
            (bench.root / path).write_text(text)
        (bench.root / "edited").touch()
        commit(bench.root)

        failed, reasons = first_refused(bench.processes, bench.root, order)

        assert bool(foreseen) is bool(failed), (crates, record, problems, reasons)
        assert failed <= foreseen, (problems, reasons)


@pytest.mark.parametrize("seed", SEEDS)
def test_foresight_and_cargo_agree_on_every_shape(tmp_path: Path, seed: int) -> None:
    dealt = Deal(seed)
    root = tmp_path / "workspace"
    for path, text in dealt.texts().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / ".gitignore").write_text("target/\nCargo.lock\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    tree, record, wanted = FolderTree(root), dealt.record(), read(dealt.new)
    workspace = workspace_in(CargoManifests(), tree)
    assert wanted is not None
    problems = foresee(tree, workspace, dealt.new, record_of({"packages": record}, "record"))
    foreseen = {one.package for one in problems if one.severity == "error"}
    for path, text in CargoManifests().edited(tree, workspace, wanted).texts.items():
        (root / path).write_text(text)
    commit(root)

    seed_of_world = WorldSeed(cargo={"packages": record} if record else {})
    with World(tmp_path / "world", seed=seed_of_world, outside=False) as world:
        processes = Processes(world.child_environment(), Redactor())
        failed, reasons = first_refused(processes, root, order_of(workspace))

    assert bool(foreseen) is bool(failed), (seed, problems, reasons)
    assert failed <= foreseen, (seed, problems, reasons)


def first_refused(processes: Processes, root: Path, order: Order) -> tuple[set[str], list[object]]:
    """Upload with the real cargo, in order, until something that the next ones need is refused."""
    writer = Writer(processes, SystemClock())
    failed: set[str] = set()
    reasons: list[object] = []
    for name in (name for wave in order.waves for name in wave):
        if order.needs[name] & failed:
            break
        outcome = writer.publish(CrateWrite(name, "1.0.0", "upload"), root, root.parent / "target", [])
        if outcome != Succeeded():
            failed.add(name)
            reasons.append(outcome)
    return failed, reasons
