from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import Refusal
from castoff.release.plan import plan_release
from castoff.release.run import run_release
from castoff.release.status import look
from castoff.session.release_request import ReleaseRequest
from postrelease.after_bench import yard


def test_nothing_is_uploaded_for_a_tag_whose_commit_says_another_version(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        here.tag("3.0.0")
        here.push("--tags")

        with pytest.raises(Refusal) as caught:
            run_release(here.setting(), ReleaseRequest(level=None, version="3.0.0"))

        uploads = here.world.dump()["cargo"]["uploads"]  # type: ignore[index]
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == ("tag-of-another-version", "kit/Cargo.toml")
    assert uploads == []


def test_status_shows_such_a_tag_as_blocked_and_advises_no_resume_that_would_upload(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        here.tag("3.0.0")
        here.push("--tags")

        unnamed = look(here.setting(), None)
        seen = look(here.setting(), "3.0.0")

    assert (unnamed.version, unnamed.states, unnamed.recovery_options) == ("3.0.0", (), ()), (
        "made by other means"
    )
    assert seen.version == "3.0.0"
    assert next(state.state for state in seen.states if state.stage.name == "version") == "blocked"
    assert "tag-of-another-version" in [problem.code for problem in seen.problems]
    assert seen.recovery_options == ()


def test_no_level_counts_from_such_a_tag_and_an_exact_version_goes_past_it(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        here.commit({"NEWS.txt": "news"}, "News")
        here.tag("3.0.0")
        here.commit({"NEWS.txt": "more news"}, "More news")
        here.push("main", "--tags")

        with pytest.raises(Refusal) as caught:
            run_release(here.setting(), ReleaseRequest(level="minor"))
        plan = plan_release(here.setting(), ReleaseRequest(level="minor"))
        exact = plan_release(here.setting(), ReleaseRequest(level="3.1.0"))

    assert [one.code for one in caught.value.problems] == ["tag-of-another-version"]
    assert [one.severity for one in plan.problems if one.code == "tag-of-another-version"] == ["error"]
    assert [one.severity for one in exact.problems if one.code == "tag-of-another-version"] == ["warning"]
