"""C11: from a stable version to a release candidate, the next one, and the release; in each spelling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from branches_bench import Bench, Kind, bench

pytestmark = pytest.mark.real


def asked(made: Bench, tag: str) -> Any:
    return made.ask("GET", f"releases/tags/{tag}")


def candidates(made: Bench, kind: Kind, tags: tuple[str, str]) -> None:
    made.ask("POST", "releases", {"tag_name": "1.0.0", "name": "1.0.0"})
    made.change("Add a mast", "changelog-add")
    made.run("release", "minor", "--pre", "rc", "--execute", "--yes")
    made.change("Fix the mast", "changelog-fix")
    made.run("release", "rc", "--execute", "--yes")

    assert set(made.releases()) == {"1.0.0", *tags}
    assert [asked(made, tag)["prerelease"] for tag in tags] == [True, True]
    assert made.latest() == "1.0.0"
    second = asked(made, tags[1])["body"]
    assert "Fix the mast" in second
    assert "Add a mast" not in second
    assert f"/compare/{tags[0]}...{tags[1]}" in second
    assert any(tags[0] in name for name in made.uploads(kind))


def stable(made: Bench, kind: Kind) -> None:
    made.git("pull", "--quiet", "--tags")
    made.run("release", "release", "--execute", "--yes")

    assert asked(made, "1.1.0")["prerelease"] is False
    assert made.latest() == "1.1.0"
    assert made.uploads(kind)[-1].replace("_", "-").startswith(("proof-1.1.0", "beacon-1.1.0"))
    body = asked(made, "1.1.0")["body"]
    assert "Add a mast" in body
    assert "Fix the mast" in body
    assert "/compare/1.0.0...1.1.0" in body


@pytest.mark.whole
@pytest.mark.needs("cargo")
def test_candidates_of_crates_lead_to_the_release(tmp_path: Path) -> None:
    with bench(tmp_path, "cargo") as made:
        candidates(made, "cargo", ("1.1.0-rc.1", "1.1.0-rc.2"))
        stable(made, "cargo")


@pytest.mark.whole
def test_candidates_lead_to_the_release_and_are_never_the_latest(tmp_path: Path) -> None:
    """One world serves all that holds of candidates: making it takes three whole releases."""
    with bench(tmp_path, "python", forge={"milestones": [{"title": "1.1.0"}]}) as made:
        item = made.ask("POST", "issues", {"title": "Sails", "milestone": 1})["number"]
        candidates(made, "python", ("1.1.0rc1", "1.1.0rc2"))

        milestones = [(one["title"], one["state"]) for one in made.ask("GET", "milestones?state=all")]
        assert milestones == [("1.1.0", "open")]
        assert made.ask("GET", f"issues/{item}")["milestone"]["title"] == "1.1.0"

        stable(made, "python")

        assert made.ask("GET", f"issues/{item}")["milestone"]["title"] == "1.2.0"
        assert 'version = "1.1.0"' in made.text("packages/proof/pyproject.toml")
        assert '"proof-core==1.1.0"' in made.text("packages/proof/pyproject.toml")
        titles = [line for line in made.text("CHANGELOG.md").splitlines() if line.startswith("## ")]
        names = [title.split("]")[0].removeprefix("## [") for title in titles]
        assert names == ["Unreleased", "1.1.0", "1.1.0rc2", "1.1.0rc1"]


def test_a_plan_of_a_candidate_spells_it_as_its_ecosystem_does(tmp_path: Path) -> None:
    with bench(tmp_path, "python") as made:
        for words, first in (
            ("minor --pre rc", "1.0.0 -> 1.1.0rc1"),
            ("major --pre alpha", "1.0.0 -> 2.0.0a1"),
            ("1.1.0-beta.3", "1.0.0 -> 1.1.0b3"),
        ):
            assert made.run("plan", *words.split()).splitlines()[0] == first

        code, output = made.fails("plan", "rc")
        assert code == 2
        assert "minor --pre rc" in output, "a candidate after a stable version asks where it leads"
