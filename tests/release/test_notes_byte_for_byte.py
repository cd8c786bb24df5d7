"""castoff's notes, from git and GraphQL, against what the embedded forge generates over the same repository."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notes_ground import Ground, History, ground

from castoff.release.notes_command import notes_of_range

pytestmark = pytest.mark.real

RECORD = json.loads((Path(__file__).parents[1] / "notes" / "data" / "kube_cases.json").read_text("utf-8"))
LABELS = ("changelog-add", "changelog-fix", "changelog-exclude", "docs", "Fixed")
LOGINS = ("ada", "grace", "linus", "renovate[bot]", "dependabot[bot]")
TITLES = (
    "Moor ships at night",
    "  Two  spaces  ",
    "**Full Changelog**: x",
    "## What's Changed",
    "```",
    "<!-- hidden",
    "a tab\there",
    "שלום \u202egnp.exe",
    "@everyone look",
    "[link](https://example.invalid)",
)


def same(made: Ground, *, since: str | None = "1.0.0", until: str | None = None) -> str:
    """Compare with the forge; gives the text."""
    shown = notes_of_range(made.setting(), since, until, compare=True)
    assert shown.difference == ""
    return shown.written.body


def dealt(number: int) -> Callable[[History], None]:
    """Deal a history: squashed, merged, rebased and nested changes, cherry-picks, direct commits."""
    chance = random.Random(number)

    def fields() -> dict[str, Any]:
        return {
            "labels": chance.sample(LABELS, chance.randint(0, 2)),
            "author": chance.choice(LOGINS),
        }

    def step(made: History, pull: int) -> None:
        title = f"{chance.choice(TITLES)} {pull}" if chance.random() < 0.7 else chance.choice(TITLES)
        match chance.randrange(7):
            case 0 | 1 | 2:
                made.squash(pull, title, **fields())
            case 3:
                made.merge(pull, title, ("one", "two"), **fields())
            case 4:
                rebased = [made.commit(f"part {part} of {pull}") for part in range(chance.randint(1, 3))]
                made.merged(pull, title, rebased[-1], commits=rebased, **fields())
            case 5:
                nested(made, pull, fields)
            case _:
                made.commit(f"Pushed directly (#{chance.randint(1, 60)})")

    def build(made: History) -> None:
        for pull in chance.sample(range(1, 60), chance.randint(0, 10)):
            step(made, pull)

    return build


def nested(made: History, pull: int, fields: Callable[[], dict[str, Any]]) -> None:
    """Merge a change into the branch of another one, and that into main."""
    branch, inner = f"topic-{pull}", 100 + pull
    made.git("checkout", "--quiet", "-b", branch)
    sha = made.commit(f"Inner (#{inner})")
    made.merged(inner, f"Inner of {pull}", sha, base=branch, **fields())
    made.git("checkout", "--quiet", "main")
    made.at = made.at.replace(minute=30)
    made.git("merge", "--quiet", "--no-ff", "-m", f"Merge pull request #{pull} from x", branch)
    made.merged(pull, f"Outer {pull}", made.git("rev-parse", "HEAD"), **fields())


@pytest.mark.parametrize("number", range(16))
def test_random_histories_give_the_forges_text(number: int, tmp_path: Path) -> None:
    configured = number % 4 != 3
    with ground(tmp_path, dealt(number), known_contributors=["linus"]) as made:
        if not configured:
            made.api("DELETE", "/contents/.github/release.yml", _removal(made))

        body = same(made)

    assert ("release.yml at main" in body) is configured


def _removal(made: Ground) -> dict[str, str]:
    there = made.api("GET", "/contents/.github/release.yml")
    return {"message": "drop it", "sha": there["sha"], "branch": "main"}


@pytest.mark.parametrize("case", [RECORD["cases"][i] for i in (0, 5, 11)], ids=lambda case: case["id"])
def test_kubes_changes_give_the_forges_text(case: dict[str, Any], tmp_path: Path) -> None:
    document = case["document"]

    def build(made: History) -> None:
        made.commit("configure", {".github/release.yml": RECORD["configuration"]})
        for change in sorted(document["changes"], key=lambda change: change["merged_at"]):
            own = {k: v for k, v in change.items() if k not in ("number", "title", "merge_commit", "agent")}
            made.squash(change["number"], change["title"] or "not recorded", **own)

    with ground(tmp_path, build, known_contributors=document["known_contributors"]) as made:
        assert "## What's Changed" in same(made)


def test_a_first_release_has_all_changes_and_no_comparison(tmp_path: Path) -> None:
    def build(made: History) -> None:
        made.git("tag", "--delete", "1.0.0")
        made.squash(1, "Moor ships at night", labels=["changelog-add"])

    with ground(tmp_path, build) as made:
        body = same(made, since=None)

    assert body.endswith("/acme/harbour/commits/0.1.0") or "/commits/" in body


def test_a_renamed_repository_is_called_by_its_new_name(tmp_path: Path) -> None:
    def build(made: History) -> None:
        made.squash(1, "Moor ships at night", labels=["changelog-add"])

    with ground(tmp_path, build, renamed_from=["acme/haven"]) as made:
        moved = made.world.repository.url.replace("acme/harbour", "acme/haven")
        made_old = made.setting()
        assert moved != made.world.repository.url
        source = made_old.changes(moved)
        assert source is not None
        commits = made_old.repository.git.must("rev-list", "HEAD").split()
        found = source.of_commits(commits)

        assert isinstance(found, tuple)
        assert [change.number for change in found] == [1]
        assert source.repository == "acme/harbour"


def test_a_deleted_account_is_nobodys_first_time(tmp_path: Path) -> None:
    """Where castoff departs on purpose: nobody can know whether it was a first time."""

    def build(made: History) -> None:
        made.squash(1, "Moor ships at night", labels=["changelog-add"], author=None)

    with ground(tmp_path, build) as made:
        shown = notes_of_range(made.setting(), "1.0.0", None, compare=True)

    assert "by @ghost in" in shown.written.body
    assert "New Contributors" not in shown.written.body


def test_a_hotfix_branch_names_what_was_picked(tmp_path: Path) -> None:
    def build(made: History) -> None:
        fix = made.squash(7, "Fix tides", labels=["changelog-fix"], files={"tides.txt": "low\n"})
        made.git("checkout", "--quiet", "-b", "1.0.x", "1.0.0")
        made.git("cherry-pick", "-x", fix)
        made.git("checkout", "--quiet", "main")

    with ground(tmp_path, build) as made:
        picked = made.world.repository.path
        assert picked.is_dir()
        made.setting().repository.git.must("checkout", "--quiet", "1.0.x")
        shown = notes_of_range(made.setting(), "1.0.0", None, compare=True)

    assert "+* Fix tides by @" in shown.difference
    assert "cherry-picked" in shown.difference
    assert "* Fix tides by @" in shown.written.body
    assert shown.written.notes.left_out == ()
    assert [change.number for change in shown.written.range.with_cherry_picks()] == [7]
