"""Files that a project includes by name and git does not track are reported; what a build makes is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from castoff.ecosystems.python.includes import uncommitted_includes
from castoff.io.process import Processes
from castoff.model.workspace import Package

PACKAGE = Package(
    name="zz-a",
    ecosystem="python",
    path="p",
    manifest="p/pyproject.toml",
    version="1.0.0",
    version_file="p/pyproject.toml",
)


def found(folder: Path, tool: str, *, manifest_in: str = "", committed: bool = False) -> list[str]:
    """Report on a project with an ignored file `data.bin` at its root and one in its module."""
    files = {
        ".gitignore": "*.bin\n",
        "p/pyproject.toml": f'[project]\nname = "zz-a"\nversion = "1.0.0"\n{tool}\n',
        "p/MANIFEST.in": manifest_in,
        "p/data.bin": "x",
        "p/src/zz_a/data.bin": "x",
        "p/kept.txt": "x",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["add", *(["--force"] if committed else []), "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    problems = uncommitted_includes(Processes(os.environ), folder, [PACKAGE])
    assert all((one.code, one.severity) == ("include-not-committed", "warning") for one in problems)
    return [one.message.rpartition(": ")[2] for one in problems]


@pytest.mark.parametrize(
    ("tool", "manifest_in", "paths"),
    [
        pytest.param('[tool.hatch.build]\ninclude = ["data.bin"]', "", ["`p/data.bin`"], id="hatch"),
        pytest.param(
            '[tool.hatch.build.targets.wheel.force-include]\n"data.bin" = "x"',
            "",
            ["`p/data.bin`"],
            id="forced",
        ),
        pytest.param(
            '[tool.hatch.build.targets.sdist]\ninclude = ["/data.bin"]', "", ["`p/data.bin`"], id="slash"
        ),
        pytest.param('[tool.hatch.build]\nartifacts = ["data.bin"]', "", [], id="made by the build"),
        pytest.param('[tool.hatch.build]\ninclude = ["*.bin"]', "", [], id="a pattern"),
        pytest.param(
            '[tool.hatch.build]\ninclude = ["kept.txt", "gone.bin"]', "", [], id="tracked, or not there"
        ),
        pytest.param('[tool.uv.build-backend]\nsource-include = ["data.bin"]', "", ["`p/data.bin`"], id="uv"),
        pytest.param('[tool.poetry]\ninclude = [{path = "data.bin"}]', "", ["`p/data.bin`"], id="poetry"),
        pytest.param('[tool.pdm.build]\nincludes = ["data.bin"]', "", ["`p/data.bin`"], id="pdm"),
        pytest.param('[tool.flit.sdist]\ninclude = ["data.bin"]', "", ["`p/data.bin`"], id="flit"),
        pytest.param('[tool.maturin]\ninclude = ["data.bin"]', "", ["`p/data.bin`"], id="maturin"),
        pytest.param(
            '[tool.setuptools.package-data]\nzz_a = ["data.bin"]',
            "",
            ["`p/src/zz_a/data.bin`"],
            id="setuptools",
        ),
        pytest.param("", "# x\ninclude kept.txt data.bin\nprune y\n", ["`p/data.bin`"], id="MANIFEST.in"),
        pytest.param('[tool]\nhatch = 3\n[tool.poetry]\ninclude = "x"', "", [], id="other types"),
        pytest.param('[tool.hatch.build]\ninclude = ["../data.bin"]', "", [], id="out of the project"),
    ],
)
def test_what_is_included_by_name_and_not_committed_is_reported(
    tmp_path: Path, tool: str, manifest_in: str, paths: list[str]
) -> None:
    assert found(tmp_path, tool, manifest_in=manifest_in) == paths


def test_what_is_committed_although_it_is_ignored_is_not_reported(tmp_path: Path) -> None:
    assert found(tmp_path, '[tool.hatch.build]\ninclude = ["data.bin"]', committed=True) == []
