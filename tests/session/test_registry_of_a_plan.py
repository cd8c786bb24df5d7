"""What registries show about a version that is planned or rehearsed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.errors import CastoffError, NotYet, Refusal
from castoff.model.observations import Unknown
from castoff.ports import Listing
from castoff.release.plan import plan_release
from castoff.release.rehearsal import rehearse
from castoff.session.registry_versions import Listed
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services
from castoff.values import replace
from session.versioned import Versioned, members

DOWN = Unknown(reason="503")
TWO = ("zz-ink", "zz-nib")


def services(folder: Path, answers: dict[str, Listed], *, branch: str = "", later: str = "1.2.0") -> Services:
    """Open a workspace of two packages with registries that answer so; ``branch`` leaves before the tag ``later``."""
    made = Versioned.begin(folder, members(*TWO), "1.0.0")
    if branch:
        made.git("branch", branch)
        made.commit({}, *filter(None, [later]))
        made.git("checkout", "--quiet", branch)
    opened = made.setting()
    branches = (*opened.configuration.release.branches, "1.0.x", "1.x")
    release = replace(opened.configuration.release, branches=branches)
    registry: Any = SimpleNamespace(
        ecosystem="python",
        versions=lambda package: answers.get(package.name, ()),
        look=lambda package, version: Listing(),
        url=lambda package, version: None,
    )
    return replace(
        opened,
        configuration=replace(opened.configuration, release=release),
        registry=lambda ecosystem: registry,
        registries_within=lambda seconds: lambda ecosystem: registry,
    )


BURNT = "the registry already has 1.1.0 of "
LOWER = "1.1.0 is lower than a released version: "
SHOWN = [
    pytest.param({"zz-ink": ("1.0.0",)}, [], id="free"),
    pytest.param({"zz-ink": ("1.0.0", "1.2.0rc1", "1.1.0-rc.2", "0.9")}, [], id="others-are-there"),
    pytest.param(
        {"zz-ink": ("1.1.0",)}, [("version-burnt", "error", f"{BURNT}1 of 2 packages: `zz-ink`")], id="taken"
    ),
    pytest.param(
        {"zz-ink": ("1.1",), "zz-nib": ("1.1.0",)},
        [("version-burnt", "error", f"{BURNT}2 of 2 packages: `zz-ink`, `zz-nib`")],
        id="taken-in-another-spelling",
    ),
    pytest.param(
        {"zz-ink": ("1.0.0", "1.2.0"), "zz-nib": ("1.0.0",)},
        [("version-below-released", "error", f"{LOWER}1.2.0 (`zz-ink` on its registry)")],
        id="below-a-later-version",
    ),
    pytest.param(
        {"zz-ink": ("1.0.0", "1.1.1.dev0", "1.1.0.post1")},
        [("version-below-released", "error", f"{LOWER}1.1.0.post1 (`zz-ink` on its registry)")],
        id="below-one-that-castoff-cannot-hold",
    ),
    pytest.param({"zz-ink": ("0.1.0", "9.0.0")}, [], id="a-name-that-nobody-here-released"),
    pytest.param(
        {"zz-ink": DOWN},
        [("registry-unknown", "warning", "the registry did not answer for 1 of 2 packages: `zz-ink`")],
        id="no-answer-for-one",
    ),
    pytest.param(
        {"zz-ink": DOWN, "zz-nib": ("1.1.0",)},
        [
            ("version-burnt", "error", f"{BURNT}1 of 2 packages: `zz-nib`"),
            ("registry-unknown", "warning", "the registry did not answer for 1 of 2 packages: `zz-ink`"),
        ],
        id="taken-and-no-answer",
    ),
]


@pytest.mark.parametrize(("answers", "found"), SHOWN)
def test_a_plan_reports_what_registries_show(
    tmp_path: Path, answers: dict[str, Listed], found: list[tuple[str, str, str]]
) -> None:
    problems = plan_release(services(tmp_path, answers), ReleaseRequest(level="minor")).problems

    assert [(one.code, one.severity, one.message) for one in problems] == found


@pytest.mark.parametrize(
    ("listed", "free"),
    [
        pytest.param(("1.1.0", "1.1.2"), "1.1.3", id="the-next-patch"),
        pytest.param(("1.1.0", "1.1.1-alpha.9"), "1.1.1", id="no-pre-release-instead-of-a-stable-version"),
        pytest.param(("1.1.0", "1.2.0", "1.4.2"), "1.4.3", id="above-all-that-are-out"),
    ],
)
def test_the_remedy_of_a_used_version_plans_one_without_problems(
    tmp_path: Path, listed: tuple[str, ...], free: str
) -> None:
    opened = services(tmp_path, {"zz-ink": ("1.0.0", *listed)})

    remedies = {one.code: one.remedy for one in plan_release(opened, ReleaseRequest(level="1.1.0")).problems}
    again = {one.code for one in plan_release(opened, ReleaseRequest(level=free)).problems}

    assert remedies["version-burnt"] == f"plan the next one with `castoff plan {free}`"
    assert not again & {"version-burnt", "version-below-released"}


@pytest.mark.parametrize(
    ("level", "branch", "later", "listed", "found"),
    [
        pytest.param(
            "1.1.0", "", "", "1.2.0", [("version-below-released", "warning")], id="an-exact-version"
        ),
        pytest.param("patch", "1.0.x", "1.2.0", "1.2.0", [], id="a-later-line-beside-a-maintenance-branch"),
        pytest.param("patch", "1.0.x", "", "1.1.0", [], id="an-abandoned-later-line-without-a-tag"),
        pytest.param(
            "minor", "1.x", "", "1.2.0", [("version-below-released", "error")], id="its-own-major-line"
        ),
        pytest.param(
            "patch", "1.0.x", "1.2.0", "1.0.7", [("version-below-released", "error")], id="its-own-line"
        ),
    ],
)
def test_a_plan_compares_with_the_versions_that_bind_its_branch(
    tmp_path: Path, level: str, branch: str, later: str, listed: str, found: list[tuple[str, str]]
) -> None:
    opened = services(tmp_path, {"zz-ink": ("1.0.0", listed)}, branch=branch, later=later)

    problems = plan_release(opened, ReleaseRequest(level=level)).problems

    assert [(one.code, one.severity) for one in problems] == found


@pytest.mark.parametrize(
    ("answers", "error", "code"),
    [
        pytest.param({"zz-ink": ("1.1.0",)}, Refusal, "version-burnt", id="taken"),
        pytest.param({"zz-ink": ("1.0.0", "1.2.0")}, Refusal, "version-below-released", id="below"),
        pytest.param({"zz-ink": DOWN}, NotYet, "registry-unknown", id="no-answer"),
    ],
)
def test_a_rehearsal_stops_for_what_registries_show_and_for_no_answer(
    tmp_path: Path, answers: dict[str, Listed], error: type[CastoffError], code: str
) -> None:
    opened = services(tmp_path, answers)

    with pytest.raises(error) as stopped:
        rehearse(opened, ReleaseRequest(level="minor"), lambda *_: pytest.fail("nothing is opened"))

    assert [(one.code, one.severity) for one in stopped.value.problems] == [(code, "error")]


class Opened(Exception):
    """A rehearsal began."""


def begins(*_: object) -> Any:
    raise Opened


@pytest.mark.parametrize(
    ("level", "answers"),
    [
        pytest.param("minor", {"zz-ink": ("1.0.0",)}, id="free"),
        pytest.param("1.1.0", {"zz-ink": ("1.0.0", "1.2.0")}, id="an-exact-version-below"),
    ],
)
def test_a_rehearsal_begins_where_a_release_would(
    tmp_path: Path, level: str, answers: dict[str, Listed]
) -> None:
    with pytest.raises(Opened):
        rehearse(services(tmp_path, answers), ReleaseRequest(level=level), begins)
