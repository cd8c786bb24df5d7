"""Folders of runs that were killed are removed by a later one; nothing else is."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from castoff.io.scratch import scratch_prefix


def made(folder: Path, name: str, *, days: int) -> Path:
    path = folder / name
    path.mkdir()
    (path / "file").write_text("x", encoding="utf-8")
    when = path.stat().st_mtime - days * 86_400 - 60
    os.utime(path, (when, when))
    return path


def test_only_old_folders_of_processes_that_are_gone_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = [made(tmp_path, f"castoff-{kind}{ended.pid}-abcd_123", days=2) for kind in ("", "trial-")]
    kept = [
        made(tmp_path, f"castoff-{ended.pid}-abcd_124", days=0),
        made(tmp_path, f"castoff-{os.getpid()}-abcd_125", days=2),
        made(tmp_path, "castoff-demo", days=9),
        made(tmp_path, f"other-{ended.pid}-abcd_126", days=9),
    ]
    link = tmp_path / f"castoff-{ended.pid}-abcd_127"
    link.symlink_to(kept[0])

    prefix = scratch_prefix("crate")

    assert prefix == f"castoff-crate-{os.getpid()}-"
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in (*kept, link))
