"""Requirements among siblings: exact pins and those of the facade move, other floors as configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from session.versioned import Versioned

PYTHON = """[project]
name = "{name}"
version = "1.2.0"
requires-python = ">=3.11"
dependencies = [{needs}]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
CRATE = """[package]
name = "{name}"
version = "1.2.0"
edition = "2021"
license = "MIT"
description = "A part"

[dependencies]
{needs}
"""
WORKSPACE = '[tool.uv.workspace]\nmembers = ["*"]\n'
PY = {
    "pyproject.toml": WORKSPACE,
    "a/pyproject.toml": PYTHON.format(name="zz-a", needs=""),
    "b/pyproject.toml": PYTHON.format(name="zz-b", needs='"zz-a>=1.2.0"'),
    "c/pyproject.toml": PYTHON.format(name="zz-c", needs='"zz-a==1.2.0"'),
    "d/pyproject.toml": PYTHON.format(name="zz-d", needs='"zz-b>=1.2.0", "zz-c>=1.2.0", "zz-a>=1.2.0"'),
    "e/pyproject.toml": PYTHON.format(name="zz-e", needs='"zz-a>=1.2"').replace(
        "[build-system]", 'classifiers = ["Private :: Do Not Upload"]\n\n[build-system]'
    ),
}
RS = {
    "Cargo.toml": '[workspace]\nmembers = ["a", "b", "c"]\nresolver = "2"\n',
    "a/Cargo.toml": CRATE.format(name="zz-a", needs=""),
    "b/Cargo.toml": CRATE.format(name="zz-b", needs='zz-a = { path = "../a", version = "1.2.0" }'),
    "c/Cargo.toml": CRATE.format(
        name="zz-c",
        needs='zz-b = { path = "../b", version = "1.2.0" }\nzz-a = { path = "../a", version = "1.2.0" }',
    ),
    **{f"{one}/src/lib.rs": "" for one in "abc"},
}


@pytest.mark.parametrize(
    ("files", "config", "expected"),
    [
        pytest.param(PY, "", ["c", "d", "d", "d"], id="python keeps"),
        pytest.param(
            PY, '[python]\nrequirements = "raise"\n', ["b", "c", "d", "d", "d", "e"], id="python raises"
        ),
        pytest.param(RS, "", ["b", "c", "c"], id="cargo raises"),
        pytest.param(RS, '[cargo]\nrequirements = "keep"\n', ["c", "c"], id="cargo keeps"),
    ],
)
def test_requirements_move_as_they_are_configured(
    tmp_path: Path, files: dict[str, str], config: str, expected: list[str]
) -> None:
    plan = Versioned.begin(tmp_path, {**files, "castoff.toml": config}, "1.2.0").plan("minor")

    moved = [one.path.partition("/")[0] for one in plan.edits if one.kind == "requirement"]
    assert moved == expected
    assert [one.code for one in plan.problems if one.file and one.file.startswith(("a", "b", "e"))] == []
