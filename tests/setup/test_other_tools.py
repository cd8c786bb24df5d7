"""What `castoff init` makes of the configuration of each release tool, as files of `tools/`.

A file holds a repository, its tags, and what is expected: the text of `castoff.toml`, what is printed beside it, and
the changelog where pending news go into it. With ``CASTOFF_WRITE_CASES``, what is expected is written instead.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from castoff import release_tools
from castoff.changelog.waiting import EMPTY, with_waiting
from castoff.config.reader import parse_configuration
from castoff.model.scope import Scope
from castoff.release_tools import read_release_tools
from castoff.release_tools.reading import ToolProject, ini_mistake
from castoff.session.snapshot import common_version
from castoff.session.workspaces import read_workspace
from castoff.setup.configuration import ProposedConfiguration, draft_configuration
from castoff.setup.surroundings import Surroundings
from castoff.wiring.adapters import manifests
from setup.moving_in_trees import Texts

TOOLS = sorted((Path(__file__).parent / "tools").glob("*.txt"))
MARK = re.compile(r"^-- (\S+) --\n", re.M)
EXPECTED = ("castoff.toml", "printed", "news")


def parts(text: str) -> dict[str, str]:
    """Take a file apart: the text of each part by its name, the remark at the top under ''."""
    first, *rest = MARK.split(text)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def drafted(held: dict[str, str]) -> ProposedConfiguration:
    tree = Texts({path: text for path, text in held.items() if path not in ("", "tags", *EXPECTED)})
    workspace = read_workspace(tree, manifests(), Scope())
    version = common_version(workspace)
    tags = held.get("tags", "").split()
    plain = next((tag for tag in tags if re.fullmatch(r"v?[\d.]+", tag)), None)
    return draft_configuration(
        Surroundings(
            tree=tree,
            packages=workspace.packages,
            tag=re.sub(r"[\d.]+", "{version}", plain) if plain else None,
            tags=tags,
            branch="main",
            current=str(version) if version else None,
            problems=tuple(one for one in workspace.problems if one.severity == "error"),
        )
    )


@pytest.mark.parametrize("path", TOOLS, ids=lambda path: path.stem)
def test_what_a_tool_is_set_up_to_do_is_taken_over_or_named(path: Path) -> None:
    held = parts(path.read_text("utf-8"))
    draft = drafted(held)
    printed = [f"found: {one}" for one in draft.found]
    printed += [f"{one.need}: {one.where}: {one.what}\n  {one.reason}" for one in draft.left]
    changelog = held.get(draft.changelog) or EMPTY
    news = with_waiting(changelog, [(one.kind, one.text) for one in draft.news]) if draft.news else ""
    made = {"castoff.toml": draft.text, "printed": "\n".join(printed) + "\n", "news": news}

    if os.environ.get("CASTOFF_WRITE_CASES"):
        kept = {name: text for name, text in held.items() if name and name not in EXPECTED}
        texts = {**kept, **{name: text for name, text in made.items() if text}}
        body = "".join(f"-- {name} --\n{text}" for name, text in texts.items())
        path.write_text(held[""] + body, "utf-8")
        return
    parse_configuration(draft.text)
    assert {name: held.get(name, "") for name in EXPECTED} == made
    # Once more, nothing is added.
    assert not news or with_waiting(news, [(one.kind, one.text) for one in draft.news]) == news


def test_each_tool_has_a_repository_to_read() -> None:
    assert {name.replace(" ", "-") for name in release_tools.TOOLS} <= {path.stem for path in TOOLS}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("[bumpversion]\ntag = True\nmessage\n", 3, id="neither a key nor a section"),
        pytest.param("tag = True\n[bumpversion]\n", 1, id="before the first section"),
        pytest.param("[bumpversion]\ntag = True\n  and more\n\n[bumpversion]\n", None, id="no mistake"),
    ],
)
def test_a_mistake_in_an_ini_file_has_a_line(text: str, line: int | None) -> None:
    mistake = ini_mistake(text)

    assert (mistake[0] if mistake else None) == line


def test_a_broken_file_of_other_tools_is_not_bumpversions() -> None:
    tree = Texts({"setup.cfg": "[metadata]\nname\n"})

    assert read_release_tools(ToolProject(tree=tree)) == ()
