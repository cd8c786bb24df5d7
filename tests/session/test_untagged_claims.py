"""What counts as begun where no tag marks a release: the message that castoff gives, if no script writes such ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from castoff.errors import CastoffError, NothingToDo
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.session import open_session
from session.versioned import Versioned, python

_MERGE = "Merge pull request #12 from acme/castoff/release-1.2.0"
_SQUASHED = "Ship it (#7)\n\n* release 1.2.0\n\n* Say it better"
_CRATES = 'message = "release: crates, {version}"'


def made(folder: Path, commits: Sequence[str], settings: str = "") -> Versioned:
    """Commit messages on a branch; one with a version before a bar changes the manifest to it."""
    version, _, first = commits[0].partition("|")
    files: dict[str, str] = {"castoff.toml": f"[release]\n{settings}\n"} if settings else {}
    found = Versioned.begin(folder, {"pyproject.toml": python("zz-nib", version), **files})
    if first:
        found.git("commit", "--quiet", "--amend", "-m", first)
    for one in commits[1:]:
        version, bar, message = one.partition("|")
        files = {"pyproject.toml": python("zz-nib", version)} if bar else {}
        found.commit(files, message=message or version)
    return found


@pytest.mark.parametrize(
    ("commits", "settings", "begun", "unclear"),
    [
        pytest.param(["1.1.0|", "1.2.0|release 1.2.0", "later"], "", "1.2.0", None, id="castoff's message"),
        pytest.param(["1.1.0|", "1.2.0|release 1.2.0 (#7)"], "", "1.2.0", None, id="squashed"),
        pytest.param(["1.1.0|", f"1.2.0|{_SQUASHED}"], "", "1.2.0", None, id="in the body of a squash"),
        pytest.param(["1.1.0|", f"1.2.0|{_MERGE}"], "", "1.2.0", None, id="the merge of a proposal"),
        pytest.param(
            ["1.1.0|", "1.2.0|Merge branch 'castoff/release-v1.2.0' into 'main'"],
            "",
            "1.2.0",
            None,
            id="the merge of another forge",
        ),
        pytest.param(["1.1.0|", f"1.2.0|{_MERGE}-rc.1"], "", None, None, id="the merge of another version"),
        pytest.param(["1.1.0|", "1.2.0|release: crates, 1.2.0"], "", None, None, id="a script's message"),
        pytest.param(["1.1.0|", "1.2.0|release: crates, 1.2.0"], _CRATES, "1.2.0", None, id="as configured"),
        pytest.param(["1.1.0|", "1.2.0|release 1.2.0"], _CRATES, None, None, id="another one is configured"),
        pytest.param(["1.1.0|", "1.2.0|Prepare 1.2.0", "later"], "", None, None, id="prepared by hand"),
        pytest.param(
            ["1.0.0|", "1.1.0|release 1.1.0", "1.2.0|release 1.2.0"],
            "",
            None,
            "1.2.0",
            id="the second one of a script",
        ),
        pytest.param(
            ["1.0.0|", "1.1.0|release 1.1.0", '1.0.0|Revert "release 1.1.0"', "1.2.0|release 1.2.0"],
            "",
            "1.2.0",
            None,
            id="after one that was given up",
        ),
        pytest.param(["1.2.0|Begin", "release 1.2.0"], "", "1.2.0", None, id="the version all along"),
        pytest.param(["1.2.0|Begin", _MERGE], "", "1.2.0", None, id="all along, merged"),
        pytest.param(
            ["1.2.0|Begin", "release 1.2.0", 'Revert "release 1.2.0" (#8)'],
            "",
            None,
            None,
            id="all along, reverted",
        ),
        pytest.param(["1.2.0|Begin", "release: crates, 1.2.0"], "", None, None, id="all along, a script's"),
    ],
)
def test_without_a_tag_only_castoffs_message_begins_a_release(
    commits: Sequence[str], settings: str, begun: str | None, unclear: str | None, tmp_path: Path
) -> None:
    with open_session(made(tmp_path, commits, settings).setting()) as session:
        history = session.snapshot.history

    assert [str(one.version) for one in history.unfinished] == ([begun] if begun else [])
    assert [str(one.version) for one in history.unclear] == ([unclear] if unclear else [])


@pytest.mark.parametrize(("message", "told"), [("Ship it", False), ("release 1.2.0 (#7)", True)])
def test_after_a_tag_each_change_of_the_version_begins_a_release(
    message: str, told: bool, tmp_path: Path
) -> None:
    ground = made(tmp_path, ["1.1.0|", f"1.2.0|{message}"])
    ground.git("tag", "1.1.0", "HEAD~1")

    with open_session(ground.setting()) as session:
        (claim,) = session.snapshot.history.unfinished
        assert (str(claim.version), claim.told) == ("1.2.0", told)


def test_an_exact_version_passes_over_a_version_of_development(tmp_path: Path) -> None:
    """hickory-dns is at an alpha from one release to the next, and never releases it."""
    ground = made(tmp_path, ["1.1.0|", "1.2.0a1|Begin 1.2"])
    ground.git("tag", "1.1.0", "HEAD~1")
    ground.git("push", "--quiet", "origin", "main", "1.1.0")

    with pytest.raises(CastoffError) as caught:
        ground.plan("minor")
    passed = [one for one in ground.plan("1.2.0").problems if one.code == "release-in-flight"]

    assert "pass the exact version of the next one" in caught.value.problems[0].remedy
    assert [(one.severity, one.message.split(" ")[0]) for one in passed] == [("warning", "1.2.0a1")]


@pytest.mark.parametrize(
    ("message", "tagged", "unfinished"),
    [
        pytest.param("Renumber", "1.3.0", [], id="the branch went on to what is tagged beside it"),
        pytest.param("release 1.2.0", "1.3.0", ["1.2.0"], id="castoff began it"),
        pytest.param("Renumber", "1.4.0", ["1.3.0", "1.2.0"], id="a version that the branch never had"),
        pytest.param("Renumber", None, ["1.3.0", "1.2.0"], id="nothing is tagged"),
    ],
)
def test_a_version_that_a_branch_left_for_a_tagged_one_is_not_begun(
    message: str, tagged: str | None, unfinished: list[str], tmp_path: Path
) -> None:
    """lancedb tags commits beside its branch, and renumbered a version there."""
    ground = made(tmp_path, ["1.1.0|", f"1.2.0|{message}", "1.3.0|Ship it"])
    ground.git("tag", "1.1.0", "HEAD~2")
    if tagged:
        ground.git("checkout", "--quiet", "--detach")
        ground.git("commit", "--quiet", "--allow-empty", "-m", "Beside the branch")
        ground.git("tag", tagged)
        ground.git("checkout", "--quiet", "main")

    with open_session(ground.setting()) as session:
        found = sorted((str(one.version) for one in session.snapshot.history.unfinished), reverse=True)
        assert found == unfinished


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        pytest.param("1.3.0", {"resumes": False, "base": "HEAD"}, id="the next one begins"),
        pytest.param("1.2.0", {"resumes": True, "base": "HEAD~1"}, id="its own version goes on with it"),
        pytest.param("minor", {"error": "version-below-manifests"}, id="a level has nothing to count from"),
    ],
)
def test_what_a_script_may_have_begun_goes_on_only_by_its_version(
    level: str, expected: Mapping[str, object], tmp_path: Path
) -> None:
    ground = made(tmp_path, ["1.0.0|", "1.1.0|release 1.1.0", "1.2.0|release 1.2.0", "later"])

    try:
        plan = ground.plan(level)
    except CastoffError as error:
        assert error.problems[0].code == expected.get("error")
        return
    if "error" in expected:
        assert expected["error"] in [one.code for one in plan.errors]
    else:
        assert plan.resumes is expected["resumes"]
        assert plan.base_commit == ground.git("rev-parse", str(expected["base"]))


def test_what_a_script_may_have_begun_is_named_where_nothing_else_can_be_resumed(tmp_path: Path) -> None:
    ground = made(tmp_path, ["1.0.0|", "1.1.0|release 1.1.0", "1.2.0|release 1.2.0"])

    with open_session(ground.setting()) as session, pytest.raises(NothingToDo) as caught:
        intent_of(session, ReleaseRequest(level=None))

    assert "1.2.0 may have been released by other means" in str(caught.value.problems[0])
