"""Members of a uv workspace as uv lists them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from castoff.config.values import PythonSettings
from castoff.ecosystems.python.builder import PythonBuilder
from castoff.io.process import Processes
from castoff.model.observations import Unknown

PROJECT = '[project]\nname = "{name}"\nversion = "1.0.0"\n'


def members(folder: Path, root: str) -> frozenset[str] | Unknown | None:
    for name, text in {
        "pyproject.toml": root,
        "packages/a/pyproject.toml": PROJECT.format(name="zz-a"),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return PythonBuilder(Processes(os.environ), PythonSettings(), 0).members(folder)


@pytest.mark.real
@pytest.mark.parametrize(
    ("root", "listed"),
    [
        pytest.param(
            '[tool.uv.workspace]\nmembers = ["packages/*"]\n', {"zz-a"}, id="without a package at its root"
        ),
        pytest.param(
            PROJECT.format(name="zz") + '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            {"zz", "zz-a"},
            id="with one",
        ),
    ],
)
def test_uv_lists_the_members(tmp_path: Path, root: str, listed: set[str]) -> None:
    assert members(tmp_path, root) == listed


@pytest.mark.real
def test_a_workspace_that_uv_cannot_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "pyproject.toml").write_text("[project\n", encoding="utf-8")

    assert isinstance(members(tmp_path, '[tool.uv.workspace]\nmembers = ["broken"]\n'), Unknown)


def test_a_project_without_a_workspace_has_no_members(tmp_path: Path) -> None:
    assert members(tmp_path, PROJECT.format(name="zz")) is None
