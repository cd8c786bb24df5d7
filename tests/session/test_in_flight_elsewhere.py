"""`status` lists what is in flight on other release branches; it holds nothing up here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from castoff.errors import UsageError
from castoff.model.intent import Begin, meant
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion
from castoff.ports import ForgeRelease
from castoff.preflight.checks import preflight_checks
from castoff.preflight.stage import Found
from castoff.release.status import look
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from session.in_flight import LISTED, InFlight, page
from session.versioned import python

Pages = tuple[ForgeRelease, ...] | Unknown


Made = Callable[[str | None, str], InFlight]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make one repository for each tag and branch; only the forge's answers differ between tests."""

    @cache
    def make(tag: str | None, branch: str) -> InFlight:
        there = InFlight.begin(tmp_path_factory.mktemp("elsewhere"), tag=tag)
        there.made.git("branch", branch)
        there.made.git("reset", "--quiet", "--hard", "1.0.0")
        there.made.commit({"fix.txt": "fix"})
        return there

    return make


@pytest.mark.parametrize(
    ("tag", "pages", "branch", "is_listed"),
    [
        pytest.param(None, (), "1.1.x", True, id="claimed, not tagged"),
        pytest.param(LISTED, (), "1.1.x", True, id="tagged, no page on the forge"),
        pytest.param(LISTED, (page(draft=True),), "1.1.x", True, id="tagged, a draft that waits"),
        pytest.param(LISTED, (page(draft=False),), "1.1.x", False, id="announced"),
        pytest.param(LISTED, Unknown(reason="silent"), "1.1.x", False, id="the forge is silent"),
        pytest.param(None, (), "topic", False, id="not a release branch"),
    ],
)
def test_a_release_in_flight_on_another_branch_is_listed_and_holds_up_nothing(
    made: Made, tag: str | None, pages: Pages, branch: str, is_listed: bool
) -> None:
    there = made(tag, branch)
    there.pages = pages
    services = there.setting()

    status = look(services, None)

    assert (status.version, status.phase) == ("1.0.0", "other")
    found = [(one.version, one.commit, one.branch) for one in status.others]
    assert found == ([("1.1.0", there.commit, branch)] if is_listed else [])
    with open_session(services) as session:
        assert isinstance(meant(session.snapshot.history, "patch"), Begin)


def test_without_the_remote_it_is_unknown_what_is_in_flight(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("reset", "--quiet", "--hard", "1.0.0")
    services = there.setting()
    there.made.git("remote", "set-url", "origin", str(tmp_path / "nowhere.git"))

    status = look(services, None)

    assert (status.version, status.phase) == ("1.0.0", "unknown")
    assert "remote-unreachable" in [one.code for one in status.problems]


def test_branches_without_a_commit_of_their_own_and_those_that_cannot_be_read_list_nothing(
    tmp_path: Path,
) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("branch", "0.9.x", "1.0.0")
    there.made.git("switch", "--quiet", "--create", "0.8.x", "1.0.0")
    there.made.commit({"pyproject.toml": "[project\n"})
    there.made.git("switch", "--quiet", "main")
    there.made.commit({"pyproject.toml": python("zz-nib", "1.0.0")})

    assert look(there.setting(), "1.0.0").others == ()


def _objections(session: Session) -> Found:
    check = next(one for one in preflight_checks(session, ReleaseVersion(1, 1, 0)) if one.id == "tag-free")
    return check.ask()


def _copied(there: InFlight, how: str) -> None:
    """Bring the release commit of `main` to `1.0.x`, with a commit of that branch below it."""
    git = there.made.git
    git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
    there.made.commit({"fix.txt": "fix"})
    match how:
        case "merge":
            git("merge", "--quiet", "-X", "theirs", "-m", "Merge main", "main")
        case "squash":
            git("merge", "--quiet", "--squash", "-X", "theirs", "main")
            git("commit", "--quiet", "-m", "release 1.1.0")
        case _:
            git("cherry-pick", "-X", "theirs", "main")


@pytest.mark.parametrize("how", ["merge", "squash", "cherry-pick"])
def test_a_copy_of_the_release_commit_of_another_branch_claims_nothing(how: str, tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.environment["GIT_COMMITTER_DATE"] = "2098-01-01T00:00:00Z"
    _copied(there, how)
    services = there.setting()

    status = look(services, None)

    assert (status.version, status.phase) == ("1.0.0", "other")
    assert [(one.version, one.commit, one.branch) for one in status.others] == [
        ("1.1.0", there.commit, "main")
    ]
    with open_session(services) as session:
        assert session.snapshot.history.unfinished == ()
        found = _objections(session)
        assert isinstance(found, tuple)
        (problem,) = found
    assert (problem.code, problem.commit) == ("claim-taken", there.commit)

    there.made.git("switch", "--quiet", "main")
    assert (look(services, None).version, look(services, None).phase) == ("1.1.0", "in-flight")


def test_a_version_that_its_branch_gave_up_is_not_in_flight_where_it_was_merged(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    _copied(there, "merge")
    there.made.git("switch", "--quiet", "main")
    there.made.git("revert", "--no-edit", "HEAD")
    there.made.git("switch", "--quiet", "1.0.x")

    status = look(there.setting(), None)

    assert (status.version, status.phase, status.others) == ("1.0.0", "other", ())


@pytest.mark.parametrize("ask", [lambda services: look(services, "1.1.0"), lambda services: resume(services)])
def test_a_version_that_is_named_is_pointed_to_on_its_branch(
    ask: Callable[[Services], object], tmp_path: Path
) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
    services = there.setting()

    with pytest.raises(UsageError) as caught:
        ask(services)

    (problem,) = caught.value.problems
    assert (problem.code, "`main`" in problem.reason) == ("unknown-version", True)
    assert "git switch main" in problem.remedy
    there.made.git("switch", "--quiet", "main")
    ask(services)


def resume(services: Services) -> object:
    with open_session(services) as session:
        return intent_of(session, ReleaseRequest(level=None, version="1.1.0"))


def test_a_branch_of_the_release_commit_has_it_in_flight_as_well(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("switch", "--quiet", "--create", "1.1.x")
    there.made.commit({"fix.txt": "fix"})
    there.made.git("switch", "--quiet", "main")
    there.made.commit({"next.txt": "next"})

    assert (look(there.setting(), None).version, look(there.setting(), None).phase) == ("1.1.0", "in-flight")


def test_a_version_given_up_on_one_branch_can_be_begun_on_another(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("revert", "--no-edit", "HEAD")
    there.made.git("switch", "--quiet", "--create", "1.1.x", "1.0.0")
    there.made.commit({"pyproject.toml": python("zz-nib", "1.1.0")})

    with open_session(there.setting()) as session:
        assert [str(one.version) for one in session.snapshot.history.unfinished] == ["1.1.0"]
        assert _objections(session) == ()


@pytest.mark.parametrize(("is_merged", "waits"), [(True, False), (False, True)])
def test_the_branch_of_a_proposal_that_was_merged_elsewhere_waits_for_nothing(
    is_merged: bool, waits: bool, tmp_path: Path
) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.made.git("branch", "castoff/release-1.1.0", "1.0.0")  # left over after a squash
    if not is_merged:
        there.made.git("reset", "--quiet", "--hard", "1.0.0")
    there.made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")

    status = look(there.setting(), None)

    assert ("proposal-waits" in [one.code for one in status.problems]) == waits
