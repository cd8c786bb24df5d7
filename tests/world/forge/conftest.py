from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from forge_bench import Client, Work

from castoff.world.forge import Forge


@pytest.fixture
def work(tmp_path: Path) -> Work:
    path = tmp_path / "kit.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    made = Work(path)
    made.commit("main", {"README.md": "# kit\n", "src/a.txt": "one\n"}, "first commit")
    return made


@pytest.fixture
def grow(work: Work) -> Callable[..., Client]:
    """Make a forge over ``work`` with a seed; its clock stands still unless told otherwise."""

    def make(clock: Callable[[], datetime] | None = None, **seed: object) -> Client:
        now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        return Client(Forge("acme/kit", work.path, seed=seed, clock=clock or (lambda: now)))

    return make


@pytest.fixture
def client(grow: Callable[..., Client]) -> Client:
    return grow()
