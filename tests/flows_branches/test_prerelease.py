"""C11: from a stable version to a release candidate, the next one, and the release; in each spelling."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from branches_bench import Bench, Kind, bench

pytestmark = pytest.mark.real

KINDS = [
    pytest.param("python", ("1.1.0rc1", "1.1.0rc2"), id="python"),
    pytest.param(
        "cargo",
        ("1.1.0-rc.1", "1.1.0-rc.2"),
        id="cargo",
        marks=pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not here"),
    ),
]


def asked(made: Bench, tag: str) -> Any:
    return made.ask("GET", f"releases/tags/{tag}")


@pytest.mark.parametrize(("kind", "tags"), KINDS)
def test_candidates_lead_to_the_release_and_are_never_the_latest(
    kind: Kind, tags: tuple[str, str], tmp_path: Path
) -> None:
    with bench(tmp_path, kind) as made:
        made.ask("POST", "releases", {"tag_name": "1.0.0", "name": "1.0.0"})
        made.change("Add a mast", "changelog-add")
        made.run("release", "minor", "--pre", "rc", "--execute", "--yes")
        made.change("Mend the mast", "changelog-fix")
        made.run("release", "rc", "--execute", "--yes")

        assert set(made.releases()) == {"1.0.0", *tags}
        assert [asked(made, tag)["prerelease"] for tag in tags] == [True, True]
        assert made.latest() == "1.0.0"
        second = asked(made, tags[1])["body"]
        assert "Mend the mast" in second
        assert "Add a mast" not in second
        assert f"/compare/{tags[0]}...{tags[1]}" in second
        assert any(tags[0] in name for name in made.uploads(kind))

        made.git("pull", "--quiet", "--tags")
        made.run("release", "release", "--execute", "--yes")

        assert asked(made, "1.1.0")["prerelease"] is False
        assert made.latest() == "1.1.0"
        assert made.uploads(kind)[-1].replace("_", "-").startswith(("proof-1.1.0", "beacon-1.1.0"))


def test_the_release_after_candidates_tells_of_everything_since_the_last_stable_one(tmp_path: Path) -> None:
    with bench(tmp_path, "python") as made:
        made.change("Add a mast", "changelog-add")
        made.run("release", "minor", "--pre", "rc", "--execute", "--yes")
        made.change("Mend the mast", "changelog-fix")
        made.git("pull", "--quiet", "--tags")
        made.run("release", "release", "--execute", "--yes")

        body = asked(made, "1.1.0")["body"]
        assert "Add a mast" in body
        assert "Mend the mast" in body
        assert "/compare/1.0.0...1.1.0" in body
        assert 'version = "1.1.0"' in made.text("packages/proof/pyproject.toml")
        assert '"proof-core==1.1.0"' in made.text("packages/proof/pyproject.toml")


def test_the_changelog_has_a_section_of_each_and_none_is_lost(tmp_path: Path) -> None:
    with bench(tmp_path, "python") as made:
        made.change("Add a mast", "changelog-add")
        made.run("release", "minor", "--pre", "rc", "--execute", "--yes")
        made.run("release", "release", "--execute", "--yes")

        titles = [line for line in made.text("CHANGELOG.md").splitlines() if line.startswith("## ")]
        assert [title.split("]")[0] for title in titles] == ["## [Unreleased", "## [1.1.0", "## [1.1.0rc1"]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("minor", "--pre", "rc"), "1.0.0 -> 1.1.0rc1"),
        (("major", "--pre", "alpha"), "1.0.0 -> 2.0.0a1"),
        (("1.1.0-beta.3",), "1.0.0 -> 1.1.0b3"),
    ],
    ids=" ".join,
)
def test_a_plan_of_a_candidate_spells_it_as_its_ecosystem_does(
    words: tuple[str, ...], first: str, tmp_path: Path
) -> None:
    with bench(tmp_path, "python") as made:
        assert made.run("plan", *words).splitlines()[0] == first


def test_a_candidate_after_a_stable_version_asks_where_it_leads(tmp_path: Path) -> None:
    with bench(tmp_path, "python") as made:
        code, output = made.fails("plan", "rc")

        assert code == 2
        assert "minor --pre rc" in output


def test_the_milestone_stays_open_until_the_release_itself(tmp_path: Path) -> None:
    with bench(tmp_path, "python", forge={"milestones": [{"title": "1.1.0"}]}) as made:
        item = made.ask("POST", "issues", {"title": "Sails", "milestone": 1})["number"]

        made.run("release", "minor", "--pre", "rc", "--execute", "--yes")

        assert [(one["title"], one["state"]) for one in made.ask("GET", "milestones?state=all")] == [
            ("1.1.0", "open")
        ]
        assert made.ask("GET", f"issues/{item}")["milestone"]["title"] == "1.1.0"

        made.run("release", "release", "--execute", "--yes")

        assert made.ask("GET", f"issues/{item}")["milestone"]["title"] == "1.2.0"
