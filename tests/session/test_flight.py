"""One definition of "in flight": which releases hold the next level up, and which do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from castoff.errors import CastoffError, NothingToDo
from castoff.model.intent import Begin, Resume, meant
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import read
from castoff.release.flight import explained, with_flights, with_known_flights
from castoff.release.run import run_release
from castoff.release.status import look
from castoff.release.tag_fitness import TagFitness
from castoff.rollback.withdrawal_notice import note_of
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.session import Session, open_session
from castoff.session.version_guards import version_problems
from session.in_flight import DIGEST, FILES, LISTED, UP, InFlight, page
from session.versioned import Versioned, members

Ground = tuple[InFlight, Session]


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str | None], Ground]]:
    """Make one repository for each tag; only the answers of forge and registry differ between tests."""
    with ExitStack() as stack:

        @cache
        def make(tag: str | None) -> Ground:
            there = InFlight.begin(tmp_path_factory.mktemp("flight"), tag=tag)
            there.made.commit({"merged.txt": "x"})
            return there, stack.enter_context(open_session(there.setting()))

        yield make


WITHDRAWN = {name: Withdrawn() for name in FILES}
PUBLISHED, DRAFT = (page(draft=False),), (page(draft=True),)


@pytest.mark.parametrize(
    ("tag", "answers", "phase"),
    [
        pytest.param(LISTED, {}, "in-flight", id="no page on the forge"),
        pytest.param(LISTED, {"pages": DRAFT}, "in-flight", id="a draft that waits"),
        pytest.param(LISTED, {"pages": PUBLISHED}, "complete", id="announced"),
        pytest.param(
            LISTED, {"pages": PUBLISHED, "files": {}}, "in-flight", id="announced, and nothing is up"
        ),
        pytest.param(
            LISTED,
            {"pages": PUBLISHED, "files": {**UP, FILES[0]: Withdrawn()}},
            "complete",
            id="a file was withdrawn after the announcement",
        ),
        pytest.param(
            LISTED, {"pages": DRAFT, "files": {**UP, FILES[0]: Withdrawn()}}, "in-flight", id="before it"
        ),
        pytest.param(LISTED, {"pages": PUBLISHED, "files": WITHDRAWN}, "abandoned", id="all were"),
        pytest.param(LISTED, {"pages": PUBLISHED, "silent": "the index"}, "unknown", id="a silent index"),
        pytest.param(LISTED, {"silent": "the index"}, "in-flight", id="a silent index, and no page"),
        pytest.param(LISTED, {"pages": Unknown(reason="503")}, "unknown", id="a silent forge"),
        pytest.param(None, {}, "in-flight", id="claimed, and not tagged"),
        pytest.param("", {}, "in-flight", id="a lightweight tag on what castoff began"),
    ],
)
def test_status_and_plan_agree_on_what_is_in_flight(
    grounds: Callable[[str | None], Ground], tag: str | None, answers: Mapping[str, Any], phase: str
) -> None:
    there, session = grounds(tag)
    for name, value in {"pages": (), "files": UP, "silent": None, **answers}.items():
        setattr(there, name, value)

    status = look(session.services, None)
    known, problems = with_known_flights(session)
    snapshot = known.snapshot

    assert (status.version, status.phase) == ("1.1.0", phase)
    begun = [str(claim.version) for claim in snapshot.history.unfinished]
    assert begun == (["1.1.0"] if phase == "in-flight" else [])
    assert [one.code for one in problems] == (["flight-unknown"] if phase == "unknown" else [])
    if phase == "in-flight":
        assert isinstance(meant(snapshot.history, "minor"), Resume)
        with pytest.raises(CastoffError, match="release-in-flight"):
            meant(snapshot.history, "patch")


def test_a_note_on_the_page_ends_a_release_in_every_ecosystem(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path)
    setting = there.setting()
    there.pages = (page(draft=False, body=note_of(setting.now.date(), "broken", None)),)

    assert look(setting, None).phase == "abandoned"


@pytest.mark.parametrize("subject", ["Prepare 1.1.0", "release 1.2.0"])
@pytest.mark.parametrize("tag", ["", "1.1.0 by hand"])
def test_a_release_of_other_making_holds_nothing_up_and_is_not_touched(
    tmp_path: Path, tag: str, subject: str
) -> None:
    there = InFlight.begin(tmp_path, subject=subject, tag=tag)
    setting = there.setting()

    status = look(setting, None)
    with open_session(setting) as opened:
        session = with_flights(opened)

        assert (status.phase, status.states, status.recovery_options) == ("other", (), ())
        assert look(setting, "1.1.0").phase == "other"
        assert isinstance(meant(session.snapshot.history, "patch"), Begin)
        with pytest.raises(NothingToDo) as caught:
            intent_of(session, ReleaseRequest(level=None))
        named = intent_of(session, ReleaseRequest(level=None, version="1.1.0"))
    assert caught.value.exit_code == 0
    assert isinstance(named, Resume)


def test_a_project_whose_own_scripts_write_that_subject_has_releases_of_other_making(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag="")
    there.made.git("commit", "--quiet", "--allow-empty", "-m", "release 1.2.0")
    there.made.git("tag", "1.2.0")

    assert look(there.setting(), None).phase == "other"


@pytest.mark.parametrize(
    ("up", "tag", "commands"),
    [
        (UP, LISTED, ["resume 1.1.0", "resume 1.1.0 --without draft"]),
        ({}, None, ["resume 1.1.0", "abandon 1.1.0"]),
        (UP, None, ["resume 1.1.0"]),
    ],
    ids=["uploaded and tagged", "nothing uploaded", "uploaded"],
)
def test_the_refusal_names_ways_out_that_withdraw_no_good_release(
    tmp_path: Path, up: Mapping[str, Any], tag: str | None, commands: list[str]
) -> None:
    there = InFlight.begin(tmp_path, tag=tag)
    there.files = up
    setting = there.setting()

    with open_session(setting) as opened:
        session = with_flights(opened)
        with pytest.raises(CastoffError) as caught:
            meant(session.snapshot.history, "patch")
        told = explained(session, caught.value)

    assert told.problems[0].remedy == "; or ".join(f"`castoff {one} --execute`" for one in commands)


@pytest.mark.parametrize(
    ("tag", "sign", "digest", "fault"),
    [
        pytest.param(LISTED, "none", DIGEST, None, id="castoff's own"),
        pytest.param("", "none", DIGEST, "lightweight", id="lightweight"),
        pytest.param("1.1.0", "none", DIGEST, "does not list", id="without digests"),
        pytest.param(LISTED, "tag", DIGEST, "no signature", id="unsigned, and a signature is wanted"),
        pytest.param(LISTED, "commit", DIGEST, None, id="unsigned, and only commits are signed"),
        pytest.param(LISTED, "none", "e" * 64, "another digest", id="of other files"),
    ],
)
def test_a_tag_counts_only_if_it_is_what_castoff_makes(
    tmp_path: Path, tag: str, sign: str, digest: str, fault: str | None
) -> None:
    there = InFlight.begin(tmp_path, tag=tag)
    there.files = {name: Present(digest=digest) for name in FILES}
    there.made.commit({"castoff.toml": f'[release]\nsign = "{sign}"\n'})
    setting = there.setting()

    with open_session(setting) as session:
        ref = session.snapshot.refs.tags["1.1.0"]
        fitness = TagFitness(session, there.target(session))
        found = fitness.fault(ref)
        there.pages = PUBLISHED
        later = fitness.fault(ref)

    assert later is None, "of an announced release, nothing is judged"
    assert not isinstance(found, Unknown)
    assert (found is None) == (fault is None)
    assert found is None or (fault or "") in found.reason


def test_tags_that_leave_the_last_release_open_make_the_state_unknown(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, members("zz-a", "zz-b"), "zz-a-1.0.0", "zz-b-1.0.0")

    status = look(made.setting(), None)

    assert (status.phase, [one.code for one in status.problems if one.severity == "error"]) == (
        "unknown",
        ["tags-per-package"],
    )


@pytest.mark.parametrize(
    ("subject", "is_begun"),
    [("release 1.1.0", True), ("release 1.1.0 (#7)", True), ("Bump the version after its tag", False)],
)
def test_a_tag_below_the_release_commit_stops_every_level_until_it_is_deleted(
    subject: str, is_begun: bool, tmp_path: Path
) -> None:
    there = InFlight.begin(tmp_path, subject=subject, tag=None)
    there.made.git("tag", "--annotate", "-m", "by hand", "1.1.0", "1.0.0^{commit}")
    services = there.setting()
    next_one = read("1.2.0")
    assert next_one is not None

    status = look(services, None)
    with open_session(services) as session:
        found = {
            level: [one.severity for one in version_problems(session, next_one, level)]
            for level in ("minor", "1.2.0")
        }

    assert [one.code for one in status.problems] == ["tag-elsewhere"] * is_begun
    assert found == {"minor": ["error"] * is_begun, "1.2.0": ["warning"] * is_begun}
    there.made.git("push", "--quiet", "origin", "--delete", "1.1.0")
    there.made.git("tag", "--delete", "1.1.0")
    assert (look(services, None).version, look(services, None).phase) == ("1.1.0", "in-flight")


def overtaken(folder: Path, where: str, subject: str = "release 1.1.0") -> InFlight:
    """Put a tag of 1.1.0 by hand below castoff's release commit, above it, or beside the branch."""
    there = InFlight.begin(folder, subject=subject, tag=None)
    git = there.made.git
    commit = "1.0.0^{commit}"
    if where == "above":
        commit = there.made.commit({"merged.txt": "x"})
    if where == "beside":
        git("checkout", "--quiet", "-b", "other", "1.0.0")
        commit = there.made.commit({"other.txt": "x"})
        git("checkout", "--quiet", "main")
    git("tag", "--annotate", "-m", "by hand", "1.1.0", commit)
    return there


@pytest.mark.parametrize(
    ("answers", "phase"),
    [
        pytest.param({"files": {}}, "in-flight", id="nothing uploaded"),
        pytest.param({}, "in-flight", id="uploaded, and no page"),
        pytest.param({"files": {}, "pages": PUBLISHED}, "in-flight", id="announced, and nothing is up"),
        pytest.param({"pages": PUBLISHED}, "complete", id="announced by hand"),
        pytest.param({"pages": Unknown(reason="503")}, "unknown", id="a silent forge"),
        pytest.param({"files": {}, "pages": Unknown(reason="503")}, "in-flight", id="silent, nothing is up"),
    ],
)
@pytest.mark.parametrize("where", ["below", "above", "beside"])
def test_a_tag_that_others_put_elsewhere_finishes_no_release(
    where: str, answers: Mapping[str, Any], phase: str, tmp_path: Path
) -> None:
    there = overtaken(tmp_path, where)
    for name, value in answers.items():
        setattr(there, name, value)
    services = there.setting()

    status = look(services, "1.1.0")
    with open_session(services) as session:
        known, problems = with_known_flights(session)
        history = known.snapshot.history

    commits = [one.commit for one in history.unfinished]
    assert commits == ([there.commit] if phase == "in-flight" else [])
    assert [one.code for one in problems] == ["flight-unknown"] * (phase == "unknown")
    assert status.phase == look(services, None).phase == ("other" if phase == "complete" else phase)
    if phase == "in-flight":
        assert status.commit == there.commit
        assert "tag-elsewhere" in [one.code for one in status.problems]
        assert isinstance(meant(history, "minor"), Resume)


@pytest.mark.parametrize("where", ["above", "beside"])
def test_a_tag_above_a_commit_of_the_projects_own_scripts_is_its_release(where: str, tmp_path: Path) -> None:
    there = overtaken(tmp_path, where, subject="Prepare 1.1.0")
    there.files = {}

    with open_session(there.setting()) as session:
        assert session.snapshot.history.overtaken is None
        assert with_flights(session).snapshot.history.unfinished == ()


@pytest.mark.parametrize("level", [None, "minor"])
@pytest.mark.parametrize("where", ["below", "above", "beside"])
def test_a_resume_stops_before_its_uploads_if_others_put_the_tag_elsewhere(
    where: str, level: str | None, tmp_path: Path
) -> None:
    there = overtaken(tmp_path, where)
    there.files = {}
    services = there.setting()

    for version in (None, "1.1.0") if level is None else (None,):
        with pytest.raises(CastoffError) as caught:
            run_release(services, ReleaseRequest(level=level, version=version))
        assert "tag-elsewhere" in [one.code for one in caught.value.problems]
