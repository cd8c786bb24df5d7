"""How long does publishing 100 packages take, beside uv and twine, and beside what could be at best?

An embedded world runs in a process of its own; each upload takes so long there. castoff runs its publish stage
on files that were built before; uv and twine get the same files in one command, in the order of their needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from graphs import Made, levels
from workspaces import ALONE, VERSION, build_by_hand, commit_history, raise_versions, write_uv

from castoff.model.intent import Claim
from castoff.model.versions import read
from castoff.model.workspace import Artifact
from castoff.release.stages import publish_stage
from castoff.session.release import release_of_claim
from castoff.session.reporters import Silence
from castoff.session.session import open_session
from castoff.session.snapshot import ordered
from castoff.values import replace
from castoff.wiring import Options, open_setting

TOOLS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Served:
    """A world in another process: its environment, its control door."""

    environment: Mapping[str, str]
    control: str
    remote: str

    def delay_uploads(self, seconds: float) -> None:
        """Let each upload take so long."""
        rule = {"service": "python", "method": "POST", "effect": {"delay": seconds}}
        requests.put(f"{self.control}/_faults", json={"rules": [rule]}, timeout=30).raise_for_status()

    def uploads(self) -> int:
        """Count the files that were uploaded."""
        world = requests.get(f"{self.control}/_world", timeout=30).json()
        return len(world["python"]["uploads"])


@contextmanager
def served(folder: Path, packages: Sequence[Made]) -> Iterator[Served]:
    """Serve a new world, until the end of the block; it knows the packages, since PyPI takes 20 new names an hour."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = folder / "seed.json"
    known = [{"name": one.name, "version": "0.1.0"} for one in packages]
    seed.write_text(json.dumps({"slug": "acme/bench", "python": known}), encoding="utf-8")
    home = {"HOME": str(folder)}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "castoff",
            "world",
            "serve",
            "--offline",
            "--dir",
            folder / "world",
            "--seed",
            seed,
        ],
        env={**os.environ, **home},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        yield Served(
            {**os.environ, **ALONE, **said["env"], **home},
            said["control"],
            said["remote"].removeprefix("file://"),
        )
    finally:
        process.terminate()
        process.wait(timeout=30)


def by_castoff(folder: Path, packages: Sequence[Made], delay: float, lanes: int) -> float:
    """Publish prebuilt files through castoff's publish stage; gives seconds."""
    checkout = write_uv(folder / "checkout", packages)
    commit_history(checkout, folder / "remote.git", commits=4)
    files = build_by_hand(folder / "dist", packages, VERSION)
    with served(folder, packages) as world:
        world.delay_uploads(delay)
        services = replace(
            open_setting(Options(directory=checkout), Silence(), world.environment), lanes=lanes
        )
        with open_session(services) as session:
            seen = session.snapshot
            version = read(VERSION)
            assert version is not None
            order = ordered(seen.workspace, services.configuration.release)
            claim = Claim(version=version, commit=seen.head)
            release = release_of_claim(seen, claim, seen.workspace, order)
            # A whole release has looked before this stage, in its preflight.
            services.registry("python").look(seen.workspace.packages[0], VERSION)
            began = time.monotonic()
            stage = publish_stage(session, release, _artifacts(files, packages))
            session.reconcile(stage)
            took = time.monotonic() - began
        assert world.uploads() == len(files)
        return took


def by_client(folder: Path, packages: Sequence[Made], delay: float, client: str) -> float:
    """Publish the same files with one command of a client; gives seconds."""
    files = build_by_hand(folder / "dist", packages, VERSION)
    words: dict[str, list[str | Path]] = {
        "uv": [TOOLS / "uv", "publish", "--no-progress", "--quiet"],
        "twine": [TOOLS / "twine", "upload", "--non-interactive", "--disable-progress-bar"],
    }
    with served(folder, packages) as world:
        world.delay_uploads(delay)
        began = time.monotonic()
        subprocess.run([*words[client], *files], env=world.environment, check=True, capture_output=True)
        took = time.monotonic() - began
        assert world.uploads() == len(files)
        return took


def resumed(folder: Path, packages: Sequence[Made], delay: float) -> dict[str, float]:
    """Resume a version that was claimed and no more, in a process of its own; gives seconds by stage."""
    checkout = write_uv(folder / "checkout", packages)
    events = folder / "events.ndjson"
    with served(folder, packages) as world:
        commit_history(checkout, Path(world.remote), commits=4)
        raise_versions(checkout, "1.5.0")
        world.delay_uploads(delay)
        began = time.monotonic()
        words = ["resume", "1.5.0", "--execute", "--yes", "--events", str(events)]
        subprocess.run(
            [sys.executable, "-m", "castoff", *words],
            cwd=checkout,
            env=world.environment,
            capture_output=True,
            check=True,
        )
        took = time.monotonic() - began
        assert world.uploads() == 2 * len(packages)
    return {**_by_stage(events), "in all": took}


def _by_stage(events: Path) -> dict[str, float]:
    """Read how long each stage took; everything is built after the milestone's stage began."""
    told = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    began = {
        one["detail"].split(" ")[0]: datetime.fromisoformat(one["at"])
        for one in told
        if one["type"] == "stage"
    }
    ends = [*list(began.values())[1:], datetime.fromisoformat(told[-1]["at"])]
    took = {
        name: (end - begin).total_seconds() for (name, begin), end in zip(began.items(), ends, strict=True)
    }
    return {f"{name} (and builds)" if name == "milestone" else name: each for name, each in took.items()}


def limit(packages: Sequence[Made], delay: float, lag: float = 0.0) -> float:
    """Give the least time that anybody could take: the longest chain, each link uploaded and then visible."""
    return len(levels(packages)) * (delay + lag)


def _artifacts(files: Sequence[Path], packages: Sequence[Made]) -> tuple[Artifact, ...]:
    names = [one.name for one in packages for _ in range(2)]
    return tuple(
        Artifact(
            package=name,
            ecosystem="python",
            kind="wheel" if file.suffix == ".whl" else "sdist",
            filename=file.name,
            path=str(file),
            digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for name, file in zip(names, files, strict=True)
    )
