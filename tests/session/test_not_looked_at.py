"""What is beside the commit: submodules and untracked manifests are counted, and what only caches hold is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.model.plan import NotLookedAt
from session.versioned import Versioned, python


@pytest.mark.parametrize(
    ("paths", "ignore", "untracked"),
    [
        pytest.param([], "", 0, id="nothing"),
        pytest.param(
            ["b/pyproject.toml", "c/Cargo.toml", "package.json", "d/setup.py"], "", 4, id="new ones"
        ),
        pytest.param(["b/pyproject.toml"], "b/pyproject.toml", 1, id="an ignored manifest"),
        pytest.param(["node_modules/x/package.json"], "node_modules/", 0, id="in an ignored folder"),
        pytest.param(["b/other.toml"], "", 0, id="no manifest"),
    ],
)
def test_untracked_manifests_are_counted(
    paths: list[str], ignore: str, untracked: int, tmp_path: Path
) -> None:
    ground = Versioned.begin(tmp_path, {"pyproject.toml": python("zz-a", "1.0.0"), ".gitignore": ignore})
    for path in paths:
        full = ground.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.touch()

    assert ground.plan("0.1.0").not_looked_at == NotLookedAt(untracked=untracked)


def test_submodules_are_counted(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Versioned.begin(tmp_path / "other", {"pyproject.toml": python("zz-b", "1.0.0")})
    ground = Versioned.begin(tmp_path, {"pyproject.toml": python("zz-a", "1.0.0")})
    ground.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.folder), "vendor/b"
    )
    ground.commit({})

    plan = ground.plan("0.1.0")

    assert plan.not_looked_at == NotLookedAt(submodules=1)
    assert [one.package.name for one in plan.packages] == ["zz-a"]
