"""A clone with its remote for each test, copied from one that is made once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from git_ground import Ground
from newcomer_bench import Shore


@pytest.fixture(scope="session")
def first_shore(tmp_path_factory: pytest.TempPathFactory) -> Shore:
    """Two Python packages at 1.2.0, tagged and pushed, with one commit after it."""
    return Shore.made(tmp_path_factory.mktemp("shore"), {})


@pytest.fixture
def shore(first_shore: Shore, tmp_path: Path) -> Shore:
    """Return a copy of the first one, for this test alone."""
    source = first_shore.clone.parent
    folder = tmp_path / "shore"
    shutil.copytree(source, folder, symlinks=True)
    config = folder / "clone" / ".git" / "config"
    config.write_text(config.read_text("utf-8").replace(str(source), str(folder)), "utf-8")
    return Shore(Ground(folder, first_shore.ground.extra), folder / "clone")


@pytest.fixture(scope="session")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a throw-away key for signatures; gives the private half."""
    path = tmp_path_factory.mktemp("ssh") / "key"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", str(path)]
    subprocess.run(words, check=True)
    return path
