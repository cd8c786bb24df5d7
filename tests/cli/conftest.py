"""What the tests of the command line share: the source that every case clones, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.small import write_small
from proofs.worlds import make_key, make_source


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a throw-away key, and a repository at 1.0.0 with one commit after it."""
    folder = tmp_path_factory.mktemp("source")
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small(folder / "sample"))
