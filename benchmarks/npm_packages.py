#!/usr/bin/env python3
"""How long do the next version and the publication of many npm packages take, beside lerna, pnpm and changesets?

benchmarks/npm_packages.py bump|publish --clients FOLDER [--count N] [--latency 0.2] [--only NAME]

`scripts/npm-clients FOLDER` installs the peers. `bump`: the edits of all manifests (castoff plans them all and writes
nothing; lerna writes them). `publish`: the registry of an embedded world takes L seconds for an upload. castoff's time
is that of its publish stage, since it packed and rehearsed before. Its limit is that of uploads by a client: the
longest chain times (L + one start of npm), or the processor time of all starts over the cores, whichever is more.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from graphs import Made, layered, levels
from workspaces import ALONE, VERSION, commit_history

from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World

NEXT = "1.5.0"
LONGEST = 3600


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=["bump", "publish"])
    parser.add_argument("--clients", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--only")
    asked = parser.parse_args()
    packages = layered(asked.count)
    binaries = asked.clients.resolve() / "node_modules" / ".bin"
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    print(f"{asked.count} packages, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    runs = BUMPS if asked.part == "bump" else PUBLISHERS
    with tempfile.TemporaryDirectory(prefix="castoff-bench-") as made:
        for who, run in runs.items():
            if asked.only in (None, who):
                seconds = run(Path(made) / who.split()[0], packages, asked.latency)
                print(f"{who:28} {seconds:7.2f} s  (load {os.getloadavg()[0]:.1f})", flush=True)
        if asked.part == "publish":
            start, cpu = npm_start(Path(made))
            depth = len(levels(packages))
            chain, work = depth * (asked.latency + start), asked.count * cpu / (os.cpu_count() or 1)
            print(f"chain of {depth}: {depth} x ({asked.latency} + {start:.2f}) = {chain:.1f} s")
            print(f"starts: {asked.count} x {cpu:.2f} / cores = {work:.1f} s; limit {max(chain, work):.1f} s")
    return 0


def write_npm(root: Path, packages: tuple[Made, ...]) -> Path:
    """Write an npm workspace in which siblings are pinned exactly, with the settings of all peers."""
    files = {
        "package.json": {
            "name": "root",
            "private": True,
            "workspaces": ["packages/*"],
            "packageManager": "npm@11.0.0",
        },
        "lerna.json": {"version": VERSION, "packages": ["packages/*"], "npmClient": "npm"},
        ".changeset/config.json": {"fixed": [["*"]], "access": "public", "baseBranch": "main"},
    }
    for one in packages:
        files[f"packages/{one.name}/package.json"] = {
            "name": one.name,
            "version": VERSION,
            "main": "index.js",
            "dependencies": dict.fromkeys(one.needs, VERSION),
        }
    for path, value in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    for one in packages:
        (root / "packages" / one.name / "index.js").write_text("module.exports = 1;\n", encoding="utf-8")
    (root / "pnpm-workspace.yaml").write_text(
        "packages:\n  - packages/*\nlinkWorkspacePackages: true\n", encoding="utf-8"
    )
    (root / "castoff.toml").write_text('[npm]\nverify = "none"\nstaged = false\n', encoding="utf-8")
    return root


def bump(folder: Path, packages: tuple[Made, ...], command: list[str]) -> float:
    root = write_npm(folder / "checkout", packages)
    commit_history(root, folder / "remote.git")
    return timed(command, root, ALONE)


@contextmanager
def ground(
    folder: Path, packages: tuple[Made, ...], latency: float
) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Give a checkout whose remote is in an embedded world, and the environment to run in."""
    folder.mkdir()
    with World(folder / "world", seed=WorldSeed(slug="acme/bench"), outside=False) as world:
        root = write_npm(folder / "checkout", packages)
        commit_history(root, folder / "remote.git", commits=4)
        environment = {**world.child_environment(), **ALONE, "CI": "1"}
        push = ["git", "push", "--quiet", "--set-upstream", world.repository.url, "main", "--tags"]
        subprocess.run(push, cwd=root, env=environment, check=True)
        subprocess.run(["git", "remote", "set-url", "origin", world.repository.url], cwd=root, check=True)
        subprocess.run(["git", "fetch", "--quiet", "origin"], cwd=root, env=environment, check=True)
        slow = {"service": "npm", "method": "PUT", "effect": {"delay": latency}}
        world.gate.replace(parse_faults(json.dumps({"rules": [slow]})))
        yield root, environment
        uploads = world.npm_registry.dump()["uploads"]
        if not isinstance(uploads, list) or len(uploads) != len(packages):
            sys.exit(f"not all packages were uploaded: {uploads}")


def by_castoff(folder: Path, packages: tuple[Made, ...], latency: float) -> float:
    """Release; gives the seconds from the start of the publish stage to the start of the next one."""
    with ground(folder, packages, latency) as (root, environment):
        events = folder / "events.ndjson"
        command = [sys.executable, "-m", "castoff", "release", NEXT, "--execute", "--yes"]
        timed([*command, "--events", str(events)], root, environment)
        stages = [one for one in map(json.loads, events.read_text().splitlines()) if one["type"] == "stage"]
        begins = {one["detail"].split()[0]: datetime.fromisoformat(one["at"]) for one in stages}
        return (begins["tag"] - begins["publish"]).total_seconds()


def by_peer(*command: str) -> Callable[[Path, tuple[Made, ...], float], float]:
    def run(folder: Path, packages: tuple[Made, ...], latency: float) -> float:
        with ground(folder, packages, latency) as (root, environment):
            if (
                command[0] != "lerna"
            ):  # pnpm refuses a workspace of another client, and lerna one with changes
                manifest = root / "package.json"
                text = manifest.read_text("utf-8")
                manifest.write_text(
                    text.replace('"packageManager": "npm@11.0.0"', '"type": "commonjs"'), "utf-8"
                )
            return timed(list(command), root, environment)

    return run


def npm_start(folder: Path) -> tuple[float, float]:
    """Give seconds and processor seconds of one `npm publish` of a small tarball that asks nobody."""
    package = folder / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "one-start", "version": "1.0.0"}', encoding="utf-8")
    subprocess.run(["npm", "pack"], cwd=package, capture_output=True, check=True)
    publish = ["npm", "publish", "one-start-1.0.0.tgz", "--dry-run", "--offline", "--json"]
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        subprocess.run(publish, cwd=package, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (time.monotonic() - began) / 5, cpu / 5


def timed(command: list[str], root: Path, environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        sys.exit(f"{command[:3]} ended with {done.returncode}: {(done.stderr + done.stdout)[-2000:]}")
    return time.monotonic() - began


CASTOFF = [sys.executable, "-m", "castoff"]
LERNA = ["lerna", "version", "minor", "--exact", "--yes", "--no-git-tag-version", "--force-publish"]
BUMPS: dict[str, Callable[[Path, tuple[Made, ...], float], float]] = {
    "castoff plan minor": lambda folder, packages, _: bump(
        folder, packages, [*CASTOFF, "plan", "minor", "--offline", "--json"]
    ),
    "lerna version": lambda folder, packages, _: bump(folder, packages, LERNA),
}
PUBLISHERS = {
    "castoff": by_castoff,
    "lerna publish": by_peer(
        "lerna", "publish", "from-package", "--yes", "--no-verify-access", "--concurrency", "32"
    ),
    "pnpm -r publish": by_peer("pnpm", "-r", "publish", "--no-git-checks"),
    "changeset publish": by_peer("changeset", "publish", "--no-git-tag"),
}


if __name__ == "__main__":
    sys.exit(main())
