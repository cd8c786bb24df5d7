"""G3: where the branch is protected, a pull request's merge claims the version, and `resume` does the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from branches_bench import Bench, bench

pytestmark = pytest.mark.real

PROTECTED = {"protected": ["main"]}
SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"
BRANCH = "castoff/release-1.1.0"
EXCLUDING = """\
changelog:
  exclude:
    labels: [ignore-for-release]
  categories:
    - title: Added
      labels: [changelog-add]
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bench]:
    files = {"castoff.toml": '[changelog]\nmode = "pull-request"\n', ".github/release.yml": EXCLUDING}
    with bench(tmp_path, "python", forge=PROTECTED, files=files) as opened:
        opened.change("Add a mast", "changelog-add")
        yield opened


def proposal(made: Bench) -> dict[str, object]:
    (pull,) = made.ask("GET", f"pulls?head=acme:{BRANCH}&state=all")
    found: dict[str, object] = pull
    return found


def write_on_branch(made: Bench, path: str, old: str, new: str) -> None:
    """Edit the proposal as a person would."""
    made.git("fetch", "--quiet", "origin")
    made.git("switch", "--quiet", "--force-create", "edit", f"origin/{BRANCH}")
    file = made.clone / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    made.git("commit", "--quiet", "--all", "-m", "Say it better")
    made.git("push", "--quiet", "origin", f"HEAD:{BRANCH}")
    made.git("switch", "--quiet", "main")


def merge(made: Bench, how: str, title: str | None = None) -> str:
    body: dict[str, object] = {"merge_method": how}
    if title:
        body["commit_title"] = title
    sha: str = made.ask("PUT", f"pulls/{proposal(made)['number']}/merge", body)["sha"]
    made.git("pull", "--quiet", "--tags")
    return sha


def test_a_release_to_a_protected_branch_is_refused_and_names_the_way(made: Bench) -> None:
    code, output = made.fails("release", "minor", "--execute", "--yes")

    assert code == 4
    assert "--pull-request" in output
    assert made.uploads("python") == []


def test_without_execute_the_proposal_is_only_shown(made: Bench) -> None:
    before = made.stage.dump()

    output = made.run("release", "minor", "--pull-request")

    assert made.stage.dump() == before
    assert "version:branch" in output
    assert "Add a mast" in output


def test_a_proposal_that_would_be_refused_ends_as_a_plan_with_errors_does(made: Bench) -> None:
    (made.clone / "castoff.toml").write_text('[release]\nsign = "none"\n')

    code, output = made.fails("release", "minor", "--pull-request")

    assert code == 4
    assert output.rstrip().endswith("nothing was done: correct the errors first")


@pytest.mark.parametrize(
    ("how", "title"),
    [
        pytest.param("squash", "Ship it, finally", id="squash with another message"),
        pytest.param("squash", None, id="squash", marks=pytest.mark.whole),
        pytest.param("merge", None, id="merge commit"),
        pytest.param("rebase", None, id="rebase", marks=pytest.mark.whole),
    ],
)
def test_after_the_merge_resume_finds_the_release_commit_and_does_the_rest(
    how: str, title: str | None, made: Bench
) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    pull = proposal(made)
    assert pull["title"] == "release 1.1.0"
    assert "Add a mast" in str(pull["body"])
    assert "opened by castoff" in made.run("check", "--only", "labels", "--pull-request", str(pull["number"]))
    assert made.uploads("python") == []

    sha = merge(made, how, title)
    elsewhere = Bench(made.stage, made.stage.checkout())
    elsewhere.run("resume", "--execute", "--yes")

    assert set(made.releases()) == {"1.1.0"}
    assert "release 1.1.0" not in str(made.releases()["1.1.0"]["body"])
    assert made.git("ls-remote", "origin", "refs/tags/1.1.0^{}").startswith(sha)
    assert len(made.uploads("python")) == 4


def test_a_proposal_is_one_object_with_json(made: Bench) -> None:
    schema = json.loads((SCHEMAS / "proposal.schema.json").read_text("utf-8"))

    answer = json.loads(made.run("release", "minor", "--pull-request", "--json"))

    jsonschema.Draft202012Validator(schema).validate(answer)
    assert (answer["release"], answer["state"]) == ("1.1.0", "todo")
    assert answer["next"] == ["version:branch", "version:pull-request"]


@pytest.mark.whole
def test_proposing_again_changes_nothing(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    before = made.stage.dump()

    made.run("release", "minor", "--pull-request", "--execute")

    assert made.stage.dump() == before


@pytest.mark.whole
def test_the_proposal_follows_its_branch_and_keeps_what_people_wrote(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    number = proposal(made)["number"]
    body = str(proposal(made)["body"])
    made.ask("PATCH", f"pulls/{number}", {"body": f"Mind the date!\n\n{body}\n\nSigned, a person"})
    write_on_branch(made, "CHANGELOG.md", "- News.", "- News, and good ones.")
    made.change("Add a sail", "changelog-add")
    edited = made.text("CHANGELOG.md", BRANCH)

    made.run("release", "minor", "--pull-request", "--execute")
    made.change("Add an oar", "changelog-add")
    made.run("release", "minor", "--pull-request", "--execute")

    pull = proposal(made)
    text = str(pull["body"])
    assert pull["number"] == number
    assert text.startswith("Mind the date!")
    assert text.endswith("Signed, a person")
    assert "Add a sail" in text
    assert made.text("CHANGELOG.md", BRANCH) == edited
    assert made.text("add-a-sail.txt", BRANCH) == "Add a sail\n"
    assert "Add an oar" in text
    assert made.subjects(BRANCH)[:4] == [
        "release 1.1.0: updated with main",
        "release 1.1.0: updated with main",
        "Say it better",
        "release 1.1.0",
    ]

    sha = merge(made, "squash")
    made.run("resume", "--execute", "--yes")
    assert "Add a sail" in made.releases()["1.1.0"]["body"]
    assert made.git("ls-remote", "origin", "refs/tags/1.1.0^{}").startswith(sha)
    assert "- News, and good ones." in made.text("CHANGELOG.md")


def test_an_edit_of_the_same_lines_stops_and_loses_nothing(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    write_on_branch(made, "packages/proof/pyproject.toml", "For proofs", "For boats")
    made.git("switch", "--quiet", "--create", "other")
    file = made.clone / "packages/proof/pyproject.toml"
    file.write_text(file.read_text("utf-8").replace("For proofs", "For ships"), "utf-8")
    made.git("commit", "--quiet", "--all", "-m", "Rename")
    made.git("push", "--quiet", "origin", "other")
    number = made.ask("POST", "pulls", {"title": "Rename", "head": "other", "base": "main"})["number"]
    made.ask("PUT", f"pulls/{number}/merge", {"merge_method": "squash"})
    made.git("switch", "--quiet", "main")
    made.git("pull", "--quiet")
    before = made.stage.dump()

    code, output = made.fails("release", "minor", "--pull-request", "--execute")

    assert code == 4
    assert "error[proposal-conflict]" in output
    assert "`packages/proof/pyproject.toml`" in output
    assert made.stage.dump() == before


LEVELS = '[version]\nlevels = { breaking = "major", changelog-add = "minor", "*" = "patch" }\n'


@pytest.mark.whole
def test_a_proposal_keeps_up_with_each_push_and_its_version_with_the_labels(tmp_path: Path) -> None:
    words = ("release", "--update", "auto", "--pull-request", "--execute")
    files = {"castoff.toml": LEVELS, ".github/release.yml": EXCLUDING}
    with bench(tmp_path, "python", forge=PROTECTED, files=files) as made:
        made.change("Mend a mast", "changelog-fix")
        made.run(*words)
        assert branches(made) == ["castoff/release-1.0.1"]

        # A higher level: nobody edited the first proposal, so it gives way.
        made.change("Add a sail", "changelog-add")
        output = made.run(*words)
        assert branches(made) == [BRANCH]
        assert "the branch `castoff/release-1.0.1`, whose version is outgrown" in output
        (closed,) = made.ask("GET", "pulls?head=acme:castoff/release-1.0.1&state=all")
        assert closed["state"] == "closed"

        # An edit of a person stays where the next push asks for the same version, and stops a higher one.
        write_on_branch(made, "CHANGELOG.md", "- News.", "- News, and good ones.")
        made.change("Add an oar", "changelog-add")
        made.run(*words)
        assert "good ones" in made.text("CHANGELOG.md", BRANCH)
        assert "Add an oar" in str(proposal(made)["body"])
        made.change("Drop the oars", "breaking")
        code, output = made.fails(*words)
        assert (code, "error[another-proposal]" in output) == (4, True)
        assert branches(made) == [BRANCH]

        # What a person proposes is more than the labels ask for, and stays.
        merge(made, "squash")
        assert "nothing to propose: 1.1.0 is in flight" in made.run(*words)
        made.run("resume", "--execute", "--yes")
        made.run("announce", "--execute", "--yes")
        made.git("pull", "--quiet", "--tags")
        assert "nothing to propose" in made.run(*words)
        made.change("Mend an oar", "changelog-fix")
        made.run("release", "major", "--pull-request", "--execute")
        made.change("Mend a sail", "changelog-fix")
        made.run(*words)
        assert branches(made) == ["castoff/release-2.0.0"]


def branches(made: Bench) -> list[str]:
    """List the branches of proposals that are open."""
    pulls = made.ask("GET", "pulls?state=open")
    return [ref for one in pulls if (ref := str(one["head"]["ref"])).startswith("castoff/release-")]


@pytest.mark.whole
def test_status_tells_of_a_proposal_that_waits(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")

    told = json.loads(made.run("status", "--json"))

    (waiting,) = [one for one in told["problems"] if one["code"] == "proposal-waits"]
    assert "castoff/release-1.1.0" in waiting["message"]


@pytest.mark.whole
def test_a_second_proposal_beside_the_first_is_refused(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")

    code, output = made.fails("release", "major", "--pull-request", "--execute")

    assert code == 4
    assert "error[another-proposal]" in output

    made.ask("PATCH", f"pulls/{proposal(made)['number']}", {"state": "closed"})
    assert "version:branch" in made.run("release", "major", "--pull-request")


@pytest.mark.whole
def test_after_the_merge_there_is_nothing_left_to_propose(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    merge(made, "squash")

    code, output = made.fails("release", "minor", "--pull-request", "--execute")

    assert code == 4
    assert "castoff resume 1.1.0 --execute" in output


@pytest.mark.whole
def test_a_proposal_that_was_closed_gets_a_new_pull_request(made: Bench) -> None:
    made.run("release", "minor", "--pull-request", "--execute")
    first = proposal(made)
    made.ask("PATCH", f"pulls/{first['number']}", {"state": "closed"})

    output = made.run("release", "minor", "--pull-request", "--execute")

    states = {one["html_url"]: one["state"] for one in made.ask("GET", f"pulls?head=acme:{BRANCH}&state=all")}
    assert sorted(states.values()) == ["closed", "open"]
    assert states[first["html_url"]] == "closed"
    assert next(url for url, state in states.items() if state == "open") in output


@pytest.mark.needs("cargo")
@pytest.mark.whole
def test_crates_are_proposed_and_released_in_the_same_way(tmp_path: Path) -> None:
    files = {"castoff.toml": '[changelog]\nmode = "pull-request"\n'}
    with bench(tmp_path, "cargo", forge=PROTECTED, files=files) as made:
        made.change("Add a mast", "changelog-add")
        made.run("release", "minor", "--pull-request", "--execute")
        merge(made, "squash", "Ship it")
        made.run("resume", "--execute", "--yes")

        assert set(made.releases()) == {"1.1.0"}
        assert made.uploads("cargo")[-1] == "beacon-1.1.0.crate"
