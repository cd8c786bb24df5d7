"""Does a success count, for how long, and what if the folder takes nothing?"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from castoff.io.clock import SystemClock
from castoff.io.verified import VerifiedBefore

DIGEST = "d" * 64


@pytest.mark.parametrize(("days", "counts"), [(29.9, True), (30.1, False)])
def test_a_success_counts_for_thirty_days(days: float, counts: bool, tmp_path: Path) -> None:
    memory = VerifiedBefore(tmp_path / "verified", SystemClock())
    memory.keep(DIGEST)
    assert memory.holds(DIGEST)
    assert not memory.holds("e" * 64)
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(tmp_path / "verified" / DIGEST, (then, then))

    assert memory.holds(DIGEST) is counts
    memory.drop_old()
    assert (tmp_path / "verified" / DIGEST).exists() is counts


@pytest.mark.parametrize("folder", [None, "file"], ids=["no folder", "a file in its place"])
def test_without_a_folder_nothing_is_kept(folder: str | None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = VerifiedBefore(tmp_path / folder if folder else None, SystemClock())

    memory.keep(DIGEST)
    memory.drop_old()

    assert not memory.holds(DIGEST)
