"""Shards by an executor, with the real clients: processes, threads, and a Dask cluster whose workers are killed."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real


@contextmanager
def claimed(folder: Path, settings: str = "") -> Iterator[tuple[Stage, Path]]:
    """Claim a version; nothing is built or uploaded of it yet."""
    sample = write_small(folder / "sample")
    (sample / "castoff.toml").write_text(settings)
    key = make_key(folder)
    with stage_of(folder / "stage", key, make_source(folder / "source", key, sample)) as made:
        checkout = made.checkout()
        for manifest in sorted(checkout.glob("packages/*/pyproject.toml")):
            manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        made.git(checkout, "commit", "--all", "--message", "Make it 1.1.0")
        made.git(checkout, "push", "--quiet", "origin", "main")
        yield made, checkout


def build(made: Stage, checkout: Path, into: Path, *words: str) -> tuple[int, str]:
    return made.run(checkout, "build", "1.1.0", "--to", str(into), *words)


def digests(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir()}


def test_processes_of_this_machine_build_what_one_build_gives(tmp_path: Path) -> None:
    with claimed(tmp_path) as (made, checkout):
        assert build(made, checkout, tmp_path / "whole")[0] == 0
        code, output = build(made, checkout, tmp_path / "shards", "--shards", "2", "--json")

        assert (code, '"verified": [\n    "proof",\n    "proof-core"\n  ]' in output) == (0, True), output
        assert digests(tmp_path / "shards") == digests(tmp_path / "whole")


@pytest.mark.whole
def test_threads_do_as_well_and_a_package_that_fails_is_named(tmp_path: Path) -> None:
    with claimed(tmp_path, '[build]\nexecutor = "threads"\n') as (made, checkout):
        code, output = build(made, checkout, tmp_path / "shards", "--shards", "2")
        assert code == 0, output
        assert len(digests(tmp_path / "shards")) == 4
        broken = checkout / "packages" / "proof" / "src" / "proof" / "__init__.py"
        broken.write_text("raise RuntimeError('broken')\n")
        made.git(checkout, "commit", "--all", "--amend", "--no-edit")
        made.git(checkout, "push", "--quiet", "--force", "origin", "main")

        code, output = build(made, checkout, tmp_path / "broken", "--shards", "2")

        assert (code, "[verify-failed]" in output) == (4, True), output
        assert not (tmp_path / "broken").exists()


class Cluster:
    """A scheduler and workers, each a process of its own, in the environment of a world."""

    def __init__(self, folder: Path, made: Stage) -> None:
        self._folder = folder
        self._environment = made.environment
        self.children: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        self.address = self._told(self._scheduler, r"(tcp://[0-9.]+:[0-9]+)")

    def _start(self, *words: str) -> Path:
        log = self._folder / f"dask-{len(self.children)}.log"
        with log.open("wb") as sink:
            child = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0], "--host", "127.0.0.1", *words[1:]],
                cwd=self._folder,
                env={**self._environment, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"},
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self.children.append(child)
        return log

    @staticmethod
    def _told(log: Path, pattern: str) -> str:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if (found := re.search(pattern, log.read_text())) is not None:
                return found[1]
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    def add_worker(self) -> subprocess.Popen[bytes]:
        words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", self.address)
        log = self._start("worker", *words)
        self._told(log, r"(Registered to)")
        return self.children[-1]

    def close(self) -> None:
        for child in reversed(self.children):
            child.kill()
            child.wait()


def children_of(process: int) -> str:
    """Return the commands that a process runs, from Linux's list."""
    listed = subprocess.run(
        ["ps", "--ppid", str(process), "-o", "args="], capture_output=True, text=True, check=False
    )
    return listed.stdout


@pytest.mark.whole
@pytest.mark.skipif(sys.platform != "linux", reason="it asks Linux for the children of a process")
def test_a_dask_cluster_whose_workers_are_killed_gives_what_one_machine_gives(tmp_path: Path) -> None:
    settings = '[build]\nexecutor = "dask"\naddress = "tcp://127.0.0.1:1"\n'
    with claimed(tmp_path, settings) as (made, checkout):
        assert build(made, checkout, tmp_path / "whole")[0] == 0
        cluster = Cluster(tmp_path, made)
        try:
            config = tmp_path / "cluster.toml"
            config.write_text(settings.replace("tcp://127.0.0.1:1", cluster.address))
            workers = [cluster.add_worker() for _ in range(2)]
            running = made.start(
                checkout,
                *("build", "1.1.0", "--to", str(tmp_path / "shards"), "--shards", "3"),
                *("--config", str(config)),
            )
            # Kill a worker while a client of it runs, twice; another one comes in its place.
            killed = []
            for _ in range(2):
                busy = ""
                while running.poll() is None and not (busy := children_of(workers[0].pid).strip()):
                    time.sleep(0.02)
                os.killpg(workers[0].pid, signal.SIGKILL)
                workers[0].wait()
                killed.append(busy)
                workers = [workers[1], cluster.add_worker()]
            output = running.communicate(timeout=300)[0].decode()

            assert running.returncode == 0, output
            assert killed[0], "it was at work"
            assert digests(tmp_path / "shards") == digests(tmp_path / "whole")
        finally:
            cluster.close()

        made.machine = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "2s"}
        code, output = build(made, checkout, tmp_path / "nobody", "--shards", "2")
        assert (code, "[workers-lost]" in output) == (3, True), output
