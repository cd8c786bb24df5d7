#!/usr/bin/env python3
"""How long does publishing many crates take, beside `cargo publish --workspace`, in one run on one machine?

benchmarks/publish_crates.py [--count 100] [--latency 0.05] [--lag 2] [--json FILE]

The registry takes L seconds for an upload, and its index shows what was uploaded D seconds later. No tool can be
faster than the packing and, for the longest chain of crates, L + D for each; ratios are to that. What castoff does
before (checks, packing, the rehearsal) and after is not counted, except that its cargo packs each crate again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from crates import write_cargo
from graphs import Made, layered, levels
from workspaces import ALONE, commit_history

from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World

NEXT = "1.5.0"


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one run, and what could not be undercut."""

    who: str
    seconds: float
    least: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.least


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--lag", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=["cargo", "castoff"])
    asked = parser.parse_args()
    packages = layered(asked.count)
    depth = len(levels(packages))
    with tempfile.TemporaryDirectory(prefix="castoff-bench-") as made:
        folder = Path(made)
        packing = pack_only(folder / "packing", packages)
        least = depth * (asked.latency + asked.lag) + packing
        print(
            f"{asked.count} crates, chain of {depth}: least {least:.1f} s, of which packing {packing:.1f} s"
        )
        rows = []
        for who, run in (("cargo publish --workspace", cargo), ("castoff", castoff)):
            if asked.only is None or who.startswith(asked.only + " ") or who == asked.only:
                slow = rules(asked.latency, asked.lag)
                rows.append(Measured(who, run(folder / who.split()[0], packages, slow), least))
                print(f"{who:28} {rows[-1].seconds:7.1f} s  {rows[-1].ratio:5.2f}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([{**asdict(one), "ratio": one.ratio} for one in rows], indent=1))
    return 0


def rules(latency: float, lag: float) -> str:
    upload = {"service": "cargo", "method": "PUT"}
    effects = ({"delay": latency}, {"late": {"seconds": lag}})
    return json.dumps({"rules": [{**upload, "effect": effect} for effect in effects]})


@contextmanager
def ground(folder: Path, packages: tuple[Made, ...]) -> Iterator[tuple[Path, World, Mapping[str, str]]]:
    """Give a checkout whose remote is in an embedded world, the world, and the environment to run in."""
    folder.mkdir()
    seed = WorldSeed(slug="acme/bench", docs={"automatic": [{"state": "built"}]})
    with World(folder / "world", seed=seed, outside=False, tls=True) as world:
        root = write_cargo(folder / "checkout", packages, verify=False)
        commit_history(root, folder / "remote.git")
        environment = {**world.child_environment(), **ALONE}
        push = ["git", "push", "--quiet", "--set-upstream", world.repository.url, "main", "--tags"]
        subprocess.run(push, cwd=root, env=environment, check=True)
        subprocess.run(["git", "remote", "set-url", "origin", world.repository.url], cwd=root, check=True)
        subprocess.run(["git", "fetch", "--quiet", "origin"], cwd=root, env=environment, check=True)
        yield root, world, environment


def pack_only(folder: Path, packages: tuple[Made, ...]) -> float:
    with ground(folder, packages) as (root, _, environment):
        return timed(["cargo", "package", "--workspace", "--no-verify", "--quiet"], root, environment)


def cargo(folder: Path, packages: tuple[Made, ...], slow: str) -> float:
    with ground(folder, packages) as (root, world, environment):
        world.gate.replace(parse_faults(slow))
        return timed(["cargo", "publish", "--workspace", "--no-verify", "--quiet"], root, environment)


def castoff(folder: Path, packages: tuple[Made, ...], slow: str) -> float:
    """Release; gives the seconds from the start of the publish stage to the start of the next one."""
    with ground(folder, packages) as (root, world, environment):
        world.gate.replace(parse_faults(slow))
        events = folder / "events.ndjson"
        command = [
            sys.executable,
            "-m",
            "castoff",
            "release",
            NEXT,
            "--execute",
            "--yes",
            "--events",
            str(events),
        ]
        timed(command, root, environment)
        stages = [one for one in map(json.loads, events.read_text().splitlines()) if one["type"] == "stage"]
        if keep := os.environ.get("KEEP_EVENTS"):
            Path(keep).write_text(events.read_text())
        begins = {one["detail"].split()[0]: datetime.fromisoformat(one["at"]) for one in stages}
        return (begins["tag"] - begins["publish"]).total_seconds()


def timed(command: list[str], root: Path, environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{command[:3]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
