"""Pages that name modules: what they name is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "castoff"
PAGES = ROOT / "docs" / "explanation"
_STEP = re.compile(r"^\| \d+ \| `(?P<module>[^`]+)` \| `(?P<name>[^`]+)` \|", re.M)
_PATH = re.compile(r"`(?P<path>[a-z_]+(?:/[a-z_*]+)*(?:/|\.py))`")


def names_in(module: Path) -> set[str]:
    tree = ast.parse(module.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_each_step_of_a_walk_names_a_module_and_what_is_defined_in_it() -> None:
    steps = _STEP.findall((PAGES / "three-walks.md").read_text("utf-8"))

    assert len(steps) > 40
    assert [step for step in steps if not (SOURCE / step[0]).is_file()] == []
    assert [step for step in steps if step[1] not in names_in(SOURCE / step[0])] == []


@pytest.mark.parametrize("page", ["architecture.md", "where-do-i-change.md"])
def test_modules_and_folders_that_a_page_names_exist(page: str) -> None:
    text = (PAGES / page).read_text("utf-8")
    paths = [one for one in _PATH.findall(text) if not one.startswith(("tests/", "src/"))]
    folders = [SOURCE, ROOT, *(one for one in SOURCE.rglob("*") if one.is_dir())]

    assert paths
    assert [one for one in paths if not any(list(folder.glob(one.rstrip("/"))) for folder in folders)] == []
