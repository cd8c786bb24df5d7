"""Draft, announcement, milestones, status and workflows on their own, from the command line or as flows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from notes_ground import NOW, Ground, History, castoff, ground, release

from castoff.notes.milestones import NoMilestone, UseMilestone
from castoff.ports import ForgeRelease
from castoff.release.announce_command import announce
from castoff.release.draft_command import make_draft, preview_draft
from castoff.release.milestone_command import plan_rollover, roll_over
from castoff.release.status import look
from castoff_needs import FROM, offer_what_castoff_needs

pytestmark = pytest.mark.real


def released(made: History) -> None:
    made.squash(1, "Moor ships", labels=["changelog-add"])
    made.squash(2, "Fix tides", labels=["changelog-fix"], author="grace")
    release(made, "1.1.0")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, released, milestones=[{"title": "1.1.0"}]) as made:
        yield made


def body(made: Ground) -> str:
    (one,) = made.forge()["releases"]
    return str(one["body"])


def rewrite(made: Ground, text: str) -> None:
    (one,) = made.api("GET", "/releases")
    made.api("PATCH", f"/releases/{one['id']}", {"body": text})


def test_a_draft_is_the_forges_own_text_and_a_second_run_writes_nothing(here: Ground) -> None:
    theirs = here.api("POST", "/releases/generate-notes", {"tag_name": "1.1.0", "previous_tag_name": "1.0.0"})

    make_draft(here.setting(), "1.1.0")

    assert body(here) == theirs["body"]
    writes = here.writes()
    make_draft(here.setting(), "1.1.0")
    assert here.writes() == writes


def test_missing_lines_come_back_and_hand_written_ones_stay(here: Ground) -> None:
    make_draft(here.setting(), "1.1.0")
    whole = body(here)
    by_hand = whole.replace("* Moor ships by", "* **Moor ships** at last, by").replace("\n", "\r\n")
    lines = [line for line in by_hand.split("\r\n") if "Fix tides" not in line]
    rewrite(here, "Hello.\r\n\r\n" + "\r\n".join(lines) + "\r\n\r\nThanks.")

    shown = preview_draft(here.setting(), "1.1.0")
    assert [act.id for act in shown.state.acts] == ["draft:update"]
    make_draft(here.setting(), "1.1.0")

    assert body(here) == shown.text
    assert "* Fix tides by @grace" in body(here)
    for kept in ("Hello.", "**Moor ships** at last", "Thanks."):
        assert kept in body(here)


def test_the_tag_names_the_release_too_from_a_detached_checkout(
    here: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the job does that a tag's push starts."""
    here.setting().repository.git.must("checkout", "--quiet", "--detach", "1.1.0")

    code, _, err = castoff(
        here, "draft", "--execute", "--no-input", "--", "1.1.0", monkeypatch=monkeypatch, capsys=capsys
    )

    assert code == 0, err
    assert "Moor ships" in body(here)


def test_an_announcement_names_the_generated_lines_that_are_gone(
    here: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_draft(here.setting(), "1.1.0")
    rewrite(here, "\n".join(line for line in body(here).splitlines() if "pull/2" not in line))

    words = ("announce", "1.1.0", "--execute", "--yes")
    code, _, err = castoff(here, *words, monkeypatch=monkeypatch, capsys=capsys)
    assert code == 4
    assert "the line of change #2 is missing from the draft" in err
    assert "the line is: * Fix tides by @grace" in err
    assert here.forge()["releases"][0]["draft"]

    assert castoff(here, *words, "--accept-missing", monkeypatch=monkeypatch, capsys=capsys)[0] == 0
    assert not here.forge()["releases"][0]["draft"]


def test_a_persons_no_leaves_the_draft_alone(here: Ground) -> None:
    make_draft(here.setting(), "1.1.0")
    asked: list[ForgeRelease] = []

    def refuses(draft: ForgeRelease, problems: object) -> bool:
        asked.append(draft)
        return False

    _, state = announce(here.setting(), "1.1.0", refuses)

    assert state is None
    assert asked[0].body == body(here)
    assert here.forge()["releases"][0]["draft"]


@pytest.mark.parametrize(
    ("version", "configuration", "latest"),
    [
        ("1.1.0", "", True),
        ("1.0.1", "", False),
        ("1.2.0rc1", "", False),
        ("1.1.0", '[draft]\nlatest = "never"\n', False),
    ],
    ids=["the highest", "a hotfix below it", "a pre-release", "never, as configured"],
)
def test_only_the_highest_stable_version_is_the_latest(
    version: str, configuration: str, latest: bool, tmp_path: Path
) -> None:
    def build(made: History) -> None:
        if version == "1.0.1":
            made.git("checkout", "--quiet", "-b", "1.0.x")
            release(made, "1.0.1")
            made.git("checkout", "--quiet", "main")
        release(made, "1.1.0")
        if version == "1.2.0rc1":
            made.commit("rc", {"pyproject.toml": "[project]\nname = 'harbour'\nversion = '1.2.0rc1'\n"})
            made.tag("1.2.0rc1")

    before = "1.1.0" if version == "1.0.1" else "1.0.0"
    seed: dict[str, Any] = {"releases": [{"tag": before, "latest": True}]}
    with ground(tmp_path, build, configuration=configuration, **seed) as made:
        if version == "1.0.1":
            made.setting().repository.git.must("checkout", "--quiet", "1.0.x")
        make_draft(made.setting(), version)
        announce(made.setting(), version, lambda draft, problems: True)
        (one,) = [one for one in made.forge()["releases"] if one["tag"] == version]

    assert one["latest"] is latest
    assert one["prerelease"] is (version == "1.2.0rc1")


SEEDS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "roll over": (
        {"milestones": [{"title": "1.1.0"}], "issues": [{"number": 9, "title": "x", "milestone": 1}]},
        ["milestone:create", "milestone:move:9", "milestone:close"],
        "",
    ),
    "the next one is there": (
        {
            "milestones": [{"title": "1.1.0"}, {"title": "2.0.0"}],
            "issues": [{"number": 9, "title": "x", "milestone": 1}],
        },
        ["milestone:move:9", "milestone:close"],
        "",
    ),
    "done": ({"milestones": [{"title": "1.1.0", "state": "closed"}, {"title": "1.2.0"}]}, [], ""),
    "no versions": ({"milestones": [{"title": "some day"}]}, [], ""),
    "planned otherwise": ({"milestones": [{"title": "2.0.0"}]}, [], "milestone-planned-otherwise"),
}


@pytest.mark.parametrize("name", SEEDS)
def test_milestones_are_planned_as_they_are_done(name: str, tmp_path: Path) -> None:
    seed, acts, question = SEEDS[name]
    with ground(tmp_path, released, **seed) as made:
        planned = plan_rollover(made.setting(), "1.1.0", None)
        assert [act.id for act in planned.acts] == acts
        assert (planned.question.code if planned.question else "") == question
        assert made.writes() == []

        roll_over(made.setting(), "1.1.0", None)
        assert len(made.writes()) == len(acts)
        assert plan_rollover(made.setting(), "1.1.0", None).acts == ()


def test_a_milestone_planned_under_another_number_is_asked_about_and_never_renamed_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ground(tmp_path, released, milestones=[{"title": "2.0.0"}]) as made:
        code, _, err = castoff(
            made, "milestone", "1.1.0", "--execute", monkeypatch=monkeypatch, capsys=capsys
        )
        assert code == 4
        assert "[milestone-planned-otherwise]" in err
        assert made.writes() == []

        assert plan_rollover(made.setting(), "1.1.0", NoMilestone()).acts == ()
        roll_over(made.setting(), "1.1.0", UseMilestone(1, rename=True))
        titles = [(one["title"], one["state"]) for one in made.forge()["milestones"]]

    assert titles == [("1.1.0", "closed"), ("1.2.0", "open")]


@pytest.mark.parametrize(
    ("labels", "days", "due", "reasons"),
    [
        ([], 30, True, 1),
        ([], 100, False, 0),
        (["security"], 100, True, 1),
        (["changelog-exclude", "security"], 100, False, 0),
    ],
    ids=["old", "young", "important", "excluded"],
)
def test_status_says_whether_a_release_is_due_and_why(
    labels: list[str],
    days: int,
    due: bool,
    reasons: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(made: History) -> None:
        made.squash(1, "Moor ships", labels=["changelog-add"])
        made.squash(2, "Fix tides", labels=["changelog-fix", *labels], author="grace")
        made.squash(3, "Bump", author="renovate[bot]")

    seed: dict[str, Any] = {
        "releases": [{"tag": "1.0.0"}],
        "known_contributors": ["ada"],
    }
    with ground(tmp_path, build, configuration=f"[due]\ndays = {days}\n", **seed) as made:
        made.world.python_index.seed([_published()])
        _, out, _ = castoff(made, "status", "--json", monkeypatch=monkeypatch, capsys=capsys)
        code, text, _ = castoff(made, "status", "--exit-code", monkeypatch=monkeypatch, capsys=capsys)

    told = json.loads(out)
    assert told["due"]["due"] is due
    assert len(told["due"]["reasons"]) == reasons
    assert told["due"]["days"] == 59
    counted = 2 if "changelog-exclude" in labels else 3
    assert sum(told["due"]["changes"].values()) == counted
    people = [(one["login"], one["new"], one["bot"]) for one in told["contributors"]]
    assert people == [("ada", False, False), ("grace", True, False), ("renovate[bot]", True, True)]
    assert ("a release is due" in text) is due
    assert code == (5 if due else 0), "1.0.0 was released by other means: nothing of it is open"


def _published() -> Any:
    from castoff.world.python_index.minimal import Seed

    return Seed(name="harbour", version="1.0.0")


@pytest.mark.parametrize(
    ("now", "waits"),
    [("2026-01-01T04:00:00+00:00", False), ("2026-01-01T04:59:00+00:00", False), (NOW, True)],
)
def test_status_warns_of_a_draft_past_the_hour(now: str, waits: bool, here: Ground) -> None:
    """Counted from the tag: an early draft, or one edited just now, was not out before."""
    make_draft(here.setting(), "1.1.0")

    status = look(here.setting(CASTOFF_NOW=now), "1.1.0")

    assert ("draft-waits" in [problem.code for problem in status.problems]) is waits
    told = status.draft_json()
    assert told is not None
    assert isinstance(told["age_seconds"], int)


def test_status_stands_without_the_forge(tmp_path: Path) -> None:
    def build(made: History) -> None:
        released(made)
        made.squash(3, "Draw buoys")

    with ground(tmp_path, build) as made:
        status = look(made.setting(GITHUB_API_URL="http://127.0.0.1:9"), None)

    assert "forge-unreachable" in [problem.code for problem in status.problems]
    assert status.due_json()["due"] is False
    assert status.due_json()["days"] is not None


def test_workflows_are_printed_then_written_and_nothing_of_a_persons_is_overwritten(
    here: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ci(*arguments: str) -> tuple[int, str, str]:
        return castoff(here, "ci", *arguments, monkeypatch=monkeypatch, capsys=capsys)

    offer_what_castoff_needs(here.world)
    (here.checkout / "castoff.toml").write_text(FROM, encoding="utf-8")
    folder = here.checkout / ".github" / "workflows"
    assert 'castoff" check --only labels --pull-request' in ci("-v")[1]
    assert not folder.exists()

    assert ci("--write", ".")[1].splitlines()[0] == "written: .github/workflows/castoff-labels.yml"
    assert "castoff-draft.yml" not in [path.name for path in folder.iterdir()]
    assert ci("--write", ".")[1].splitlines()[0] == "unchanged: .github/workflows/castoff-labels.yml"

    (here.checkout / "castoff.toml").write_text(f'{FROM}[draft]\nby = "ci"\n', encoding="utf-8")
    assert "written: .github/workflows/castoff-draft.yml" in ci("--write", ".")[1]
    (here.checkout / "castoff.toml").write_text(FROM, encoding="utf-8")
    assert "taken away: .github/workflows/castoff-draft.yml" in ci("--write", ".")[1]

    mine = folder / "castoff-reminder.yml"
    mine.write_text("name: mine\n", encoding="utf-8")
    code, _, err = ci("--write", ".")
    assert (code, "[workflow-not-ours]" in err) == (2, True)
    assert mine.read_text("utf-8") == "name: mine\n"


DRAFTS = (
    "on:\n  push:\n    tags: ['*']\njobs:\n  release:\n    runs-on: x\n    steps:\n"
    "      - uses: softprops/action-gh-release@v2\n"
)


@pytest.mark.parametrize(("by", "problems"), [("castoff", ["draft-second-writer"]), ("ci", [])])
def test_a_repository_that_drafts_already_gets_no_second_writer(
    by: str,
    problems: list[str],
    here: Ground,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = here.checkout / ".github" / "workflows" / "release.yml"
    path.parent.mkdir(parents=True)
    path.write_text(DRAFTS, encoding="utf-8")
    (here.checkout / "castoff.toml").write_text(f'{FROM}[draft]\nby = "{by}"\n', encoding="utf-8")
    offer_what_castoff_needs(here.world)

    _, out, _ = castoff(here, "ci", "--json", monkeypatch=monkeypatch, capsys=capsys)

    told = json.loads(out)
    schema = Path(__file__).parents[2] / "src" / "castoff" / "schemas" / "ci.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(told)
    assert [one["code"] for one in told["problems"]] == problems
    assert all("castoff-draft" not in file["path"] for file in told["files"])


def test_a_check_in_a_pull_requests_job_stands_on_a_detached_commit(
    here: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.setting().repository.git.must("checkout", "--quiet", "--detach", "HEAD~2")

    words = ("check", "--only", "labels", "--pull-request", "2", "--json")
    code, out, err = castoff(here, *words, monkeypatch=monkeypatch, capsys=capsys)

    assert code == 0, (out, err)
    assert json.loads(out)["checks"][0]["result"] == "pass"


BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a draft of nothing": (("draft", "9.9.9"), 2, "unknown-version"),
    "a draft of words": (("draft", "nonsense"), 2, "unknown-version"),
    "an announcement without a draft": (("announce", "1.1.0"), 4, "no-draft"),
    "an announcement of nothing": (("announce", "9.9.9"), 2, "unknown-version"),
    "a milestone that is not there": (
        ("milestone", "1.1.0", "--milestone", "77", "--execute"),
        4,
        "milestone-not-found",
    ),
    "notes from nowhere": (("notes", "--from", "nowhere"), 2, "unknown-tag"),
    "notes to nowhere": (("notes", "--to", "nowhere"), 2, "unknown-ref"),
    "the status of nothing": (("status", "9.9.9"), 2, "unknown-version"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_told_has_its_code(
    name: str, here: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, code, problem = BAD[name]

    found, out, err = castoff(here, *arguments, monkeypatch=monkeypatch, capsys=capsys)

    assert (found, f"[{problem}]" in err) == (code, True), (out, err)
    assert here.writes() == []


def test_a_draft_before_its_tag_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def claimed(made: History) -> None:
        made.squash(1, "Moor ships", labels=["changelog-add"])
        made.commit(
            "release 1.1.0",
            {"pyproject.toml": (made.path / "pyproject.toml").read_text().replace("1.0.0", "1.1.0")},
        )

    with ground(tmp_path, claimed) as made:
        code, _, err = castoff(made, "draft", "--execute", monkeypatch=monkeypatch, capsys=capsys)

    assert (code, "[not-tagged-yet]" in err) == (4, True), err
