"""Every command of a tutorial, and of each other page that is played, prints what the page shows."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from tutorial_pages import Command, is_played, is_shown, plain, played, rewritten, steps

from proofs.worlds import chosen_toolchain

DOCS = Path(__file__).parents[2] / "docs"
GROUND = Path(__file__).parent / "ground.sh"
"""Functions for the hidden lines of pages."""
PAGES = sorted((DOCS / "tutorial").glob("*.md"), key=lambda page: (page.stem != "first-release", page.stem))
"""The usual run plays the first one."""
OTHERS = sorted(page for page in (DOCS / "how-to").glob("*.md") if is_played(page.read_text("utf-8")))
REWRITE = "CASTOFF_REWRITE_TUTORIALS"
"""Where this is set, the outputs in the pages are written anew instead of compared."""


def reader(folder: Path) -> dict[str, str]:
    """Give the environment of somebody who has just installed castoff and git."""
    home = folder / "home"
    home.mkdir()
    kept = {**chosen_toolchain(), "LANG": os.environ.get("LANG", "C.UTF-8")}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    shared = {"GROUND": str(GROUND), "PYTHON": sys.executable}
    return {
        **kept,
        **shared,
        "PATH": path,
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TMPDIR": str(folder),
    }


@pytest.mark.real
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    if "cargo" in page.stem and shutil.which("cargo") is None:
        pytest.skip("cargo is not here")
    if "npm" in page.stem and shutil.which("npm") is None:
        pytest.skip("npm is not here")
    _play(page, tmp_path)


@pytest.mark.real
@pytest.mark.whole
@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_every_command_of_a_guide_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not here")
    _play(page, tmp_path)


def _play(page: Path, folder: Path) -> None:
    text = page.read_text("utf-8")
    desk = folder / "desk"
    desk.mkdir()

    results = played(text, desk, reader(folder), patience=600)

    typed = [step for step in steps(text) if isinstance(step, Command)]
    assert [command.line for command, _ in results] == [command.line for command in typed]
    if os.environ.get(REWRITE):
        page.write_text(rewritten(text, results), "utf-8")
        return
    for command, output in results:
        assert is_shown(command.shown, output), f"{command.line}\n{plain(output)}"


def test_lines_of_an_output_may_be_left_out_and_no_others() -> None:
    output = "a\nb\nc\n"

    assert all(is_shown(one, output) for one in ("a\nb\nc", "a\n…", "…\nc", "a\n…\nc", "…\nb\n…", "…"))
    assert not any(is_shown(one, output) for one in ("a\nc", "a\n…\nb", "…\nd", "b\n…"))
