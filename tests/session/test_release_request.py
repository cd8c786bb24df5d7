"""Commits that only this clone has, under a command that means the last release again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from castoff.errors import Problem
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion
from castoff.session.release_request import ReleaseRequest, unpushed


@dataclass
class Clone:
    """A snapshot as far as its state goes."""

    state: tuple[Problem, ...]


def problem(code: str) -> Problem:
    return Problem(code=code, message=code)


AHEAD = (problem("branch-ahead"), problem("tag-unpushed"))


@pytest.mark.parametrize(
    ("state", "tagged", "wish", "codes"),
    [
        (AHEAD, True, ReleaseRequest(level="minor"), ["branch-ahead"]),
        ((problem("branch-diverged"),), True, ReleaseRequest(level="minor"), ["branch-diverged"]),
        ((problem("branch-behind"),), True, ReleaseRequest(level="minor"), []),
        (AHEAD, False, ReleaseRequest(level="minor"), []),
        (AHEAD, True, ReleaseRequest(level=None, version="1.0.0"), []),
        ((), True, ReleaseRequest(level="minor"), []),
    ],
    ids=["ahead", "diverged", "behind", "not tagged", "resume", "in step"],
)
def test_a_level_stops_in_a_clone_with_commits_of_its_own_and_resume_does_not(
    state: tuple[Problem, ...], tagged: bool, wish: ReleaseRequest, codes: list[str]
) -> None:
    claim = Claim(version=ReleaseVersion(1, 0, 0), commit="c", tagged=tagged)

    found = [one.code for one in unpushed(Clone(state), claim, wish.level)]  # type: ignore[arg-type]

    assert found == codes
