"""C10: a release from a maintenance branch, after a later one came out of the default branch."""

from __future__ import annotations

from pathlib import Path

import pytest
from branches_bench import NAMES, Bench, Kind, bench

pytestmark = pytest.mark.real


def hotfix(made: Bench) -> tuple[int, int]:
    """Release 1.1.0 from main, then 1.0.1 from `1.0.x` with one of main's changes picked and one of its own."""
    picked, commit = made.change("Fix the leak", "changelog-fix")
    made.change("Add a mast", "changelog-add")
    made.run("release", "minor", "--execute", "--yes")
    made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
    made.git("cherry-pick", "-x", commit)
    made.git("push", "--quiet", "--set-upstream", "origin", "1.0.x")
    own, _ = made.change("Fix the old rudder", "changelog-fix", base="1.0.x")
    made.run("release", "patch", "--execute", "--yes")
    return picked, own


def is_finished(made: Bench, kind: Kind, picked: int, own: int) -> None:
    assert set(made.releases()) == {"1.1.0", "1.0.1"}
    assert made.latest() == "1.1.0"
    body = made.releases()["1.0.1"]["body"]
    assert f"/pull/{picked}" in body
    assert f"/pull/{own}" in body
    assert "Add a mast" not in body
    assert "/compare/1.0.0...1.0.1" in body

    uploads = made.uploads(kind)
    later = [name for name in uploads if "1.0.1" in name]
    assert later[0].replace("_", "-").startswith(NAMES[kind][0])
    assert later[-1].replace("_", "-").startswith(f"{NAMES[kind][-1]}-1.0.1")

    assert made.subjects("1.0.x")[:2] == ["changelog: notes of 1.0.1", "release 1.0.1"]
    assert made.subjects("main")[0] == "changelog: notes of 1.0.1"
    assert "release 1.0.1" not in made.subjects("main")


def headings(text: str) -> list[str]:
    return [line.split("]")[0].removeprefix("## [") for line in text.splitlines() if line.startswith("## [")]


@pytest.mark.whole
@pytest.mark.needs("cargo")
def test_a_hotfix_of_crates_leaves_the_latest_release_where_it_is(tmp_path: Path) -> None:
    with bench(tmp_path, "cargo") as made:
        is_finished(made, "cargo", *hotfix(made))


@pytest.mark.whole
def test_a_hotfix_leaves_the_latest_release_where_it_is_and_each_branch_counts_for_itself(
    tmp_path: Path,
) -> None:
    """One hotfix serves all of it: making it takes two whole releases."""
    with bench(tmp_path, "python") as made:
        is_finished(made, "python", *hotfix(made))

        assert headings(made.text("CHANGELOG.md", "1.0.x")) == ["Unreleased", "1.0.1"]
        assert headings(made.text("CHANGELOG.md", "main")) == ["Unreleased", "1.1.0", "1.0.1"]

        before = made.stage.dump()
        output = made.run("resume", "1.0.1", "--execute", "--yes")
        assert made.stage.dump() == before, "a finished release gets no writes"
        assert "nothing to upload" in output

        made.git("switch", "--quiet", "1.0.x")
        made.git("pull", "--quiet", "--tags")
        made.change("Fix another leak", "changelog-fix", base="1.0.x")
        assert made.run("plan", "patch").splitlines()[0] == "1.0.1 -> 1.0.2"
        assert "/compare/1.0.1...1.0.2" in made.run("notes"), "1.1.0 is out: a patch comes next here"
        code, output = made.fails("plan", "1.1.0")
        assert code in (2, 4)
        assert "1.1.0" in output

        made.git("switch", "--quiet", "main")
        made.git("pull", "--quiet", "--tags")
        made.change("Add a sail", "changelog-add")
        assert made.run("plan", "minor").splitlines()[0] == "1.1.0 -> 1.2.0"


@pytest.mark.parametrize(
    ("titles", "following"),
    [
        pytest.param(["1.0.1", "1.1.0", "1.2.0"], "1.2.0", id="the next one that is open"),
        pytest.param(["1.0.1"], "1.0.2", id="none is there: one of its own line", marks=pytest.mark.whole),
    ],
)
def test_what_is_open_in_the_milestone_of_a_hotfix_moves_on(
    titles: list[str], following: str, tmp_path: Path
) -> None:
    with bench(tmp_path, "python", forge={"milestones": [{"title": title} for title in titles]}) as made:
        item = made.ask("POST", "issues", {"title": "Leaks", "milestone": 1})["number"]
        made.git("tag", "--annotate", "-m", "1.1.0", "1.1.0")
        made.git("push", "--quiet", "origin", "1.1.0")
        made.ask("PATCH", "milestones/2", {"state": "closed"}) if len(titles) > 1 else None
        made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
        made.git("push", "--quiet", "--set-upstream", "origin", "1.0.x")
        made.change("Fix the old rudder", "changelog-fix", base="1.0.x")

        made.run("release", "patch", "--execute", "--yes")

        states = {one["title"]: one["state"] for one in made.ask("GET", "milestones?state=all")}
        assert states["1.0.1"] == "closed"
        assert set(states) == {*titles, following}
        assert made.ask("GET", f"issues/{item}")["milestone"]["title"] == following
