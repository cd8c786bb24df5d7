#!/usr/bin/env python3
"""How long do plan and edits of many crates take, beside what cargo takes to read the same workspace?

benchmarks/plan_crates.py [--count 1000] [--runs 5] [--json FILE]

`castoff plan` computes each edit of manifests and documents, and shows them; it starts no cargo. Cargo is timed at
`cargo metadata` without dependencies (it reads the manifests) and at `cargo update --workspace` (it brings the lock
file up to date, which castoff leaves to it where the lock file is committed). Medians of whole processes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from crates import write_cargo
from graphs import layered
from workspaces import ALONE, commit_history

CASTOFF = [sys.executable, "-m", "castoff"]
CASES: Mapping[str, list[str]] = {
    "castoff plan": [*CASTOFF, "plan", "minor", "--offline", "--json"],
    "castoff --version": [*CASTOFF, "--version"],
    "cargo metadata --no-deps": ["cargo", "metadata", "--no-deps", "--format-version", "1", "--offline"],
    "cargo update --workspace": ["cargo", "update", "--workspace", "--offline"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="castoff-bench-") as made:
        root = write_cargo(Path(made) / "checkout", layered(asked.count))
        commit_history(root, Path(made) / "remote.git")
        edits = len(json.loads(run(CASES["castoff plan"], root)[1])["edits"])
        print(
            f"{asked.count} crates, {edits} edits, median of {asked.runs} runs, load {os.getloadavg()[0]:.1f}"
        )
        medians = {}
        for name, command in CASES.items():
            run(command, root)
            medians[name] = statistics.median(run(command, root)[0] for _ in range(asked.runs))
            print(f"{name:28} {medians[name]:7.2f} s", flush=True)
    if asked.json:
        asked.json.write_text(
            json.dumps({"count": asked.count, "edits": edits, "seconds": medians}, indent=1)
        )
    return 0


def run(command: list[str], root: Path) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **ALONE}, capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"{command[:4]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return took, done.stdout


if __name__ == "__main__":
    sys.exit(main())
