"""`castoff check`: every group finds what it is there for, and says it in JSON and by its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notes_ground import PYPROJECT, Ground, History, castoff, ground

Run = Callable[..., tuple[int, dict[str, Any]]]

pytestmark = pytest.mark.real

DRAFTS = (
    "on:\n  push:\n    tags: ['*']\njobs:\n  release:\n    runs-on: x\n    steps:\n"
    "      - uses: softprops/action-gh-release@v2\n"
)
UPLOADS = (
    "on: {release: {types: [published]}}\njobs: {a: {steps: [{run: uv publish}, {run: cargo publish}]}}\n"
)


def nothing(made: History) -> None:
    """Leave it at the release."""


def given_up(made: History) -> None:
    """Begin a version and take it back."""
    made.commit("release 1.1.0", {"pyproject.toml": PYPROJECT.format(version="1.1.0")})
    made.git("revert", "--no-edit", "HEAD")


def looked(
    made: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, dict[str, Any]]:
    """Run the check; gives the exit code and the findings' codes by check."""
    code, out, err = castoff(made, "check", *arguments, "--json", monkeypatch=monkeypatch, capsys=capsys)
    value = json.loads(out)
    assert value["schema"] in ("castoff/check", "castoff/error"), err
    checks = value.get("checks", [])
    return code, {one["id"]: (one["result"], [f["code"] for f in one["findings"]]) for one in checks}


CASES: dict[str, tuple[Callable[[History], object], str, dict[str, Any], str, str, tuple[str, list[str]]]] = {
    "one label": (
        lambda h: h.squash(1, "A", labels=["changelog-add"]), "", {}, "labels", "labels", ("pass", [])
    ),
    "no label": (lambda h: h.squash(1, "A"), "", {}, "labels", "labels", ("warn", ["change-kind-missing"])),
    "no label, strict": (
        lambda h: h.squash(1, "A"), "[notes]\nstrict = true\n", {}, "labels", "labels",
        ("fail", ["change-kind-missing"]),
    ),
    "two labels": (
        lambda h: h.squash(1, "A", labels=["changelog-add", "changelog-fix"]), "", {}, "labels", "labels",
        ("fail", ["change-kinds-several"]),
    ),
    "an unknown label": (
        lambda h: h.squash(1, "A", labels=["changelog-fxi"]), "", {}, "labels", "labels",
        ("fail", ["change-kind-unknown"]),
    ),
    "excluded on purpose": (
        lambda h: h.squash(1, "A", labels=["changelog-exclude"]), "", {}, "labels", "labels", ("pass", [])
    ),
    "an author who needs none": (
        lambda h: h.squash(1, "A", author="renovate[bot]"),
        '[notes.optional-for]\nauthors = ["renovate[bot]"]\n', {}, "labels", "labels", ("pass", []),
    ),
    "paths that need none": (
        lambda h: (
            h.squash(1, "A", files={"docs/a.md": "x"}), h.merge(2, "B", ("empty",)), h.squash(3, "C", files={"x": "x"})
        ),
        '[notes.optional-for]\npaths = ["docs/*"]\n', {}, "labels", "labels",
        ("warn", ["change-kind-missing", "change-kind-missing"]),
    ),
    "kinds of one's own": (
        lambda h: h.squash(1, "A", labels=["bug"]), '[notes]\nkinds = { bug = "fixed" }\n', {}, "labels", "labels",
        ("pass", []),
    ),
    "a commit without a pull request": (
        lambda h: h.commit("direct"), "", {}, "labels", "commits", ("warn", ["commit-without-change"])
    ),
    "a commit that only keeps the changelog": (
        lambda h: h.commit("port the notes", {"CHANGELOG.md": "# Changelog\n"}), "", {}, "labels", "commits",
        ("pass", []),
    ),
    "a release that was given up": (given_up, "", {}, "labels", "commits", ("pass", [])),
    "a label that the forge has not": (
        nothing, "", {"labels": ["changelog-add", "changelog-fix"]}, "labels", "notes-configuration",
        ("warn", ["notes-label-unknown"]),
    ),
    "a configuration that the forge refuses": (
        lambda h: h.commit("break it", {".github/release.yml": "changelog:\n  categories:\n    - title: A\n"}),
        "", {}, "labels", "notes-configuration", ("fail", ["notes-configuration-refused"]),
    ),
    "outside of the milestone": (
        lambda h: h.squash(1, "A", labels=["changelog-add"]), "", {"milestones": [{"title": "1.1.0"}]},
        "milestone", "milestone", ("warn", ["change-milestone-missing"]),
    ),
    "in another milestone": (
        lambda h: h.squash(1, "A", milestone="later"), "",
        {"milestones": [{"title": "1.1.0"}, {"title": "later"}]},
        "milestone", "milestone", ("warn", ["change-milestone-other"]),
    ),
    "in the milestone": (
        lambda h: h.squash(1, "A", milestone="1.1.0"), "", {"milestones": [{"title": "1.1.0"}]},
        "milestone", "milestone", ("pass", []),
    ),
    "no milestone of a version": (
        lambda h: h.squash(1, "A"), "", {"milestones": [{"title": "some day"}]}, "milestone", "milestone", ("off", [])
    ),
    "milestones are off": (
        lambda h: h.squash(1, "A"), '[milestone]\nmode = "off"\n', {"milestones": [{"title": "1.1.0"}]},
        "milestone", "milestone", ("off", []),
    ),
    "a workflow that drafts as well": (
        lambda h: h.commit("ci", {".github/workflows/release.yml": DRAFTS}), "", {}, "preflight", "draft-writer",
        ("fail", ["draft-second-writer"]),
    ),
    "a workflow that drafts instead": (
        lambda h: h.commit("ci", {".github/workflows/release.yml": DRAFTS}), '[draft]\nby = "ci"\n', {},
        "preflight", "draft-writer", ("pass", []),
    ),
    "a workflow that uploads as well": (
        lambda h: h.commit("ci", {".github/workflows/up.yml": UPLOADS}), "", {}, "preflight", "writers",
        ("fail", ["second-writer"]),
    ),
    "nobody drafts": (
        nothing, '[draft]\nby = "ci"\n', {}, "preflight", "draft-writer", ("warn", ["draft-no-writer"])
    ),
    "highlights of another version": (
        nothing, "", {"releases": [{"tag": "3.0.0", "draft": True}]}, "preflight", "forge",
        ("warn", ["highlights-elsewhere"]),
    ),
    "a rule on a text that holds": (
        lambda h: h.commit("say it", {"README.md": "needs harbour 1.0.0\n"}),
        "[[check]]\nname = 'readme'\nfile = 'README.md'\npattern = 'harbour (\\S+)'\nequals = '{previous}'\n",
        {}, "user", "readme", ("pass", []),
    ),
    "a rule on a text that does not": (
        lambda h: h.commit("say it", {"README.md": "needs harbour 0.9.0\n"}),
        "[[check]]\nname = 'readme'\nfile = 'README.md'\npattern = 'harbour (\\S+)'\nequals = '{previous}'\n",
        {}, "user", "readme", ("fail", ["check-failed"]),
    ),
    "a command that ends well": (
        nothing, "[[check]]\nname = 'tidy'\ncommand = ['test', '-f', 'pyproject.toml']\n", {}, "user", "tidy",
        ("pass", []),
    ),
    "a command that does not": (
        nothing, "[[check]]\nname = 'tidy'\ncommand = ['test', '{version}', '=', '9']\nmessage = 'tidy up'\n", {},
        "user", "tidy", ("fail", ["check-command-failed"]),
    ),
    "a command that is not there": (
        nothing, "[[check]]\nname = 'tidy'\ncommand = 'no-such-program-here'\n", {}, "user", "tidy",
        ("fail", ["program-missing"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_check_finds_what_it_is_there_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build, configuration, seed, group, check, expected = CASES[name]
    with ground(tmp_path, build, configuration=configuration, **seed) as made:
        code, found = looked(made, monkeypatch, capsys, "--only", group)

        assert found[check] == expected
        assert code == (4 if any(result == "fail" for result, _ in found.values()) else 0)
        assert made.writes() == []


def test_an_open_item_blocks_where_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed: dict[str, Any] = {
        "milestones": [{"title": "1.1.0"}],
        "issues": [{"number": 5, "title": "Left", "milestone": "1.1.0"}],
    }
    with ground(tmp_path, nothing, configuration='[milestone]\nmode = "block"\n', **seed) as made:
        code, found = looked(made, monkeypatch, capsys, "--only", "milestone", "--version", "minor")

    assert (code, found["milestone"]) == (4, ("fail", ["milestone-open-items"]))


def test_warnings_only_count_with_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ground(tmp_path, lambda h: h.squash(1, "A")) as made:
        assert looked(made, monkeypatch, capsys, "--only", "labels")[0] == 0
        assert looked(made, monkeypatch, capsys, "--only", "labels", "--strict")[0] == 4


def test_a_forge_that_cannot_be_asked_is_unknown_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ground(tmp_path, lambda h: h.squash(1, "A"), default_permission="bad") as made:
        code, found = looked(made, monkeypatch, capsys, "--only", "labels", "--only", "milestone")

    assert found["labels"] == ("unknown", ["cannot-be-known"])
    assert found["milestone"] == ("unknown", ["cannot-be-known"])
    assert code == 0


@pytest.mark.parametrize(
    ("number", "code", "codes"),
    [
        ("1", 0, []),
        ("2", 4, ["change-kind-missing"]),
        ("3", 4, ["change-kinds-several"]),
        ("4", 0, []),
        ("5", 2, None),
        ("6", 2, None),
    ],
    ids=["labelled", "unlabelled", "twice", "open and labelled", "an issue", "nothing"],
)
def test_a_pull_request_needs_exactly_one_label_of_a_kind(
    number: str,
    code: int,
    codes: list[str] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(made: History) -> None:
        made.squash(1, "A", labels=["changelog-add"])
        made.squash(2, "B", labels=["docs"])
        made.squash(3, "C", labels=["changelog-add", "changelog-fix"])

    waiting = {"number": 4, "title": "D", "labels": ["changelog-fix"], "head": "d"}
    issue = {"number": 5, "title": "E"}
    with ground(tmp_path, build, pull_requests=[waiting], issues=[issue]) as made:
        found, checks = looked(made, monkeypatch, capsys, "--pull-request", number)

    assert found == code
    if codes is not None:
        assert checks["labels"][1] == codes


CRATE = '[package]\nname = "{name}"\nversion = "4.0.0"\ndescription = "x"\nlicense = "MIT"\n'
TRAP = {
    "Cargo.toml": '[workspace]\nmembers = ["*"]\nresolver = "2"\n',
    "core/Cargo.toml": CRATE.format(name="core"),
    "client/Cargo.toml": CRATE.format(name="client")
    + '[dependencies]\ncore = { path = "../core", version = "=4.0.0" }\n'
    + '[dev-dependencies]\nface = { path = "../face", version = "<5, >=4.0.0" }\n',
    "face/Cargo.toml": CRATE.format(name="face")
    + '[dependencies]\ncore = { path = "../core", version = "=4.0.0" }\n'
    + 'client = { path = "../client", version = "=4.0.0" }\n',
}
PIN = {"name": "core", "requirement": "=4.0.0", "kind": "normal"}
RECORD = {
    "packages": {
        "core": {"4.0.0": {"yanked": False, "requirements": [], "features": []}},
        "client": {"4.0.0": {"yanked": False, "requirements": [PIN], "features": []}},
        "face": {"4.0.0": {"yanked": False, "requirements": [PIN], "features": []}},
    }
}


@pytest.mark.parametrize("repository", [False, True], ids=["a folder", "a repository"])
def test_foresight_works_on_files_and_a_record_alone(
    repository: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trap that broke a real release: a dev-dependency on the facade that only the last release could meet."""
    from castoff.cli.main import run

    for name, text in TRAP.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    if repository:
        History(tmp_path).git("init", "--quiet")
    record = tmp_path / "record.json"
    record.write_text(json.dumps(RECORD), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    code = run(
        ["check", "--only", "foresight", "--version", "4.1.0", "--registry-record", str(record), "--json"]
    )

    value = json.loads(capsys.readouterr().out)
    (check,) = value["checks"]
    assert code == 4
    assert check["result"] == "fail"
    assert check["findings"][0]["file"] == "client/Cargo.toml"
    assert check["findings"][0]["line"] == 9


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "a record without a version": (("--only", "foresight", "--registry-record", "r.json"), "version-needed"),
    "a level where a version is needed": (
        ("--only", "foresight", "--registry-record", "r.json", "--version", "minor"), "version-needed"
    ),
    "a record that is not there": (("--registry-record", "nowhere.json"), "file-unreadable"),
    "a record that is no JSON": (("--registry-record", "pyproject.toml"), "record-invalid"),
    "an unknown version": (("--version", "nonsense"), "unknown-level"),
    "a version that was left behind": (("--version", "0.9.0"), "version-not-higher"),
    "a label that is none of a kind": (("--fix", "--execute", "--label", "1=docs"), "label-not-a-kind"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_check_that_cannot_be_made_has_its_code(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, problem = BAD[name]
    with ground(tmp_path, lambda h: h.squash(1, "A")) as made:
        (made.checkout / "r.json").write_text('{"packages": {}}', encoding="utf-8")

        code, out, err = castoff(made, "check", *arguments, monkeypatch=monkeypatch, capsys=capsys)

    assert (code, f"[{problem}]" in err) == (2, True), (out, err)


def test_fixes_are_judged_before_any_is_made_and_what_was_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(made: History) -> None:
        made.squash(1, "A")
        made.squash(2, "B")
        made.squash(3, "C", labels=["changelog-fix"])

    with ground(tmp_path, build, milestones=[{"title": "1.1.0"}]) as made:
        wrong = ("check", "--fix", "--execute", "--label", "1=changelog-fix", "--label", "2=changelog-fixy")
        code, _, err = castoff(made, *wrong, monkeypatch=monkeypatch, capsys=capsys)
        assert (code, "[label-not-a-kind]" in err) == (2, True), err
        assert made.writes() == []

        right = ("check", "--fix", "--execute", "--label", "2=changelog-fix", "--label", "3=changelog-add")
        code, _, err = castoff(made, *right, monkeypatch=monkeypatch, capsys=capsys)
        assert (code, "#2 has the label `changelog-fix` now" in err) == (0, True), err
        assert "label  #3 needs no label and is left unchanged" in err
        labels = {one["number"]: one["labels"] for one in made.api("GET", "/issues?state=all")}
        assert [one["name"] for one in labels[2]] == ["changelog-fix"]
        assert [one["name"] for one in labels[3]] == ["changelog-fix"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--only", "nonsense"),
        ("--pull-request", "0"),
        ("--pull-request", "x"),
        ("--fix", "--label", "x=y"),
        ("--fix", "--label", "1="),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_are_refused(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ground(tmp_path, nothing) as made:
        code, _, err = castoff(made, "check", *arguments, monkeypatch=monkeypatch, capsys=capsys)

    assert code == 2
    assert "Error" in err or "Usage" in err
    assert made.asked() == []
