"""Does every command of the tutorials do what the page shows?"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from tutorial_pages import Command, plain, played, rewritten, steps

from proofs.worlds import chosen_toolchain

PAGES = sorted((Path(__file__).parents[2] / "docs" / "tutorial").glob("*.md"))
REWRITE = "CASTOFF_REWRITE_TUTORIALS"
"""Where this is set, the outputs in the pages are written anew instead of compared."""


def reader(folder: Path) -> dict[str, str]:
    """Give the environment of somebody who has just installed castoff and git."""
    home = folder / "home"
    home.mkdir()
    kept = {**chosen_toolchain(), "LANG": os.environ.get("LANG", "C.UTF-8")}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**kept, "PATH": path, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(folder)}


@pytest.mark.real
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    if "cargo" in page.stem and shutil.which("cargo") is None:
        pytest.skip("cargo is not here")
    desk = tmp_path / "desk"
    desk.mkdir()

    results = played(text, desk, reader(tmp_path))

    typed = [step for step in steps(text) if isinstance(step, Command)]
    assert [command.line for command, _ in results] == [command.line for command in typed]
    if os.environ.get(REWRITE):
        page.write_text(rewritten(text, results), "utf-8")
        return
    for command, output in results:
        assert plain(output) == plain(command.shown), command.line
