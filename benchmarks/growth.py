#!/usr/bin/env python3
"""Time, memory and requests of plan, release, status and verify as the number of packages grows, with exponents.

benchmarks/growth.py [COUNT ...] (default: 10 100 500)

A Python workspace whose files were built before is released on an embedded world. Each command runs in a process of
its own. The exponent is that of the last two counts: 1.0 is twice the work for twice the packages.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphs import layered
from workspaces import ALONE, build_by_hand, commit_history, write_uv

from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World

NEXT = "1.5.0"
LONGEST = 3600
HERE = Path(__file__).resolve().parent
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan", NEXT, "--json"),
    "release": ("release", NEXT, "--execute", "--yes"),
    "status": ("status", NEXT, "--json"),
    "verify": ("verify", NEXT, "--json"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one command: seconds (of castoff itself, of its clients, of the clock), megabytes and requests."""

    own: float
    children: float
    wall: float
    megabytes: float
    requests: int


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("counts", type=int, nargs="*", default=[10, 100, 500])
    counts = parser.parse_args().counts
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        "| command | packages | own s | clients s | wall s | MB | requests |\n|---|---|---|---|---|---|---|"
    )
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory(prefix="castoff-bench-") as made:
        for count in counts:
            for name, cost in measured(Path(made) / str(count), count).items():
                costs[name].append(cost)
                row = f"{cost.own:.2f} | {cost.children:.1f} | {cost.wall:.1f} | {cost.megabytes:.0f}"
                print(f"| {name} | {count} | {row} | {cost.requests} |", flush=True)
    if len(counts) > 1:
        print(
            f"\n| exponent, {counts[-2]} to {counts[-1]} | own | clients | MB | requests |\n|---|---|---|---|---|"
        )
        for name, (*_, before, last) in costs.items():
            pairs = [
                (getattr(before, key), getattr(last, key))
                for key in ("own", "children", "megabytes", "requests")
            ]
            print(f"| {name} | {' | '.join(exponent(counts[-2:], pair) for pair in pairs)} |")
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    return 0


def measured(folder: Path, count: int) -> dict[str, Cost]:
    """Release a workspace of so many packages; gives the cost of each command."""
    packages = layered(count)
    folder.mkdir()
    build_by_hand(folder / "dist", packages, NEXT)
    # PyPI takes 20 new names an hour, so that it knows them all.
    known = tuple(Seed(name=one.name, version="0.1.0") for one in packages)
    with World(folder / "world", seed=WorldSeed(slug="acme/bench", python=known), outside=False) as world:
        root = write_uv(folder / "checkout", packages)
        settings = f'[python]\nartifacts = "{folder / "dist"}"\n\n[release]\nsign = "none"\n'
        (root / "castoff.toml").write_text(settings, encoding="utf-8")
        commit_history(root, folder / "remote.git", commits=4)
        environment = {**os.environ, **world.child_environment(), **ALONE, "CI": "1"}
        for words in (
            ("push", "--quiet", "--set-upstream", world.repository.url, "main", "--tags"),
            ("remote", "set-url", "origin", world.repository.url),
            ("fetch", "--quiet", "origin"),
        ):
            subprocess.run(["git", *words], cwd=root, env=environment, check=True)
        return {name: cost_of(words, root, environment, world) for name, words in COMMANDS.items()}


def cost_of(words: Sequence[str], root: Path, environment: Mapping[str, str], world: World) -> Cost:
    """Run one command."""
    before = len(world.journal.entries())
    done = subprocess.run(
        [sys.executable, HERE / "own_time.py", *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
        stdin=subprocess.DEVNULL,
    )
    # The files were not built from the tree, as `verify` reports of each.
    if done.returncode != 0 and words[0] != "verify":
        sys.exit(
            f"castoff {' '.join(words)}: code {done.returncode}\n{done.stderr[-3000:]}{done.stdout[-3000:]}"
        )
    *_, last = done.stderr.splitlines()
    took = json.loads(last)
    return Cost(**took, requests=len(world.journal.entries()) - before)


def exponent(counts: Sequence[int], values: tuple[float, float]) -> str:
    """Return how a value grows: 1.0 is linear."""
    first, last = values
    return "-" if not first or not last else f"{math.log(last / first) / math.log(counts[1] / counts[0]):.2f}"


if __name__ == "__main__":
    sys.exit(main())
