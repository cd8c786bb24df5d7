"""Which files of a folder count where there is no commit to read them from?"""

from __future__ import annotations

from pathlib import Path

from castoff.git import FolderTree


def test_what_only_caches_and_environments_hold_is_not_listed(tmp_path: Path) -> None:
    for path in (
        "pyproject.toml",
        "packages/a/pyproject.toml",
        ".git/config",
        "packages/a/.git",
        ".venv/pyvenv.cfg",
        ".venv/lib/x/pyproject.toml",
        "target/CACHEDIR.TAG",
        "target/package/a/Cargo.toml",
        "web/node_modules/x/package.json",
        "web/package.json",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")

    assert FolderTree(tmp_path).paths() == [
        "packages/a/pyproject.toml",
        "pyproject.toml",
        "web/package.json",
    ]
