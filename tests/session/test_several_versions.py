"""Plain projects with a version of their own each, as langgraph's: which one is released must be named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from castoff.errors import CastoffError, Refusal
from castoff.release.check import examine
from castoff.release.plan import plan_release
from castoff.release.rehearsal import rehearse
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services
from session.versioned import Versioned, members, python

GRAPH = python("zz-graph", "1.2.0").replace("\n\n", '\ndependencies = ["zz-store>=4"]\n\n', 1)
FILES = {
    "libs/graph/pyproject.toml": GRAPH,
    "libs/graph/example/pyproject.toml": python("zz-example", "0.0.1"),
    "libs/store/pyproject.toml": python("zz-store", "4.2.0"),
}
TAGS = ("1.2.0", "zz-store==4.2.0")


def _plan(opened: Services, level: str) -> object:
    return plan_release(opened, ReleaseRequest(level=level), offline=True)


def _check(opened: Services, level: str) -> object:
    return examine(opened, ["shape"], level)


def _rehearse(opened: Services, level: str) -> object:
    return rehearse(opened, ReleaseRequest(level=level), lambda *_: pytest.fail("nothing is opened"))


@pytest.mark.parametrize("command", [_plan, _check, _rehearse])
def test_several_versions_come_before_what_follows_from_them(
    tmp_path: Path, command: Callable[[Services, str], object]
) -> None:
    made = Versioned.begin(tmp_path, FILES, TAGS[0])
    made.commit({}, TAGS[1])  # the last tag is that of the store
    made.commit({})
    opened = made.setting()

    with pytest.raises(Refusal) as stopped:
        command(opened, "1.2.1")

    assert [one.code for one in stopped.value.problems] == ["several-versions", "version-not-higher"]


@pytest.mark.parametrize(
    ("folder", "version", "released"),
    [
        pytest.param("libs/graph", "1.2.1", ["zz-graph"], id="with an example below"),
        pytest.param("libs/store", "4.2.1", ["zz-store"], id="alone"),
    ],
)
def test_the_line_of_one_project_releases_it_alone(
    tmp_path: Path, folder: str, version: str, released: list[str]
) -> None:
    made = Versioned.begin(tmp_path, FILES, *TAGS)
    (problem,) = (one for one in made.plan("5.0.0").problems if one.severity == "error")
    (line,) = re.findall(rf'`(workspaces = \["{folder}"\])`', problem.remedy)
    made.commit({"castoff.toml": f"[release]\n{line}\n"})

    plan = made.plan(version)

    assert [one.package.name for one in plan.packages] == released
    assert [one.code for one in plan.problems if one.severity == "error"] == []


def test_a_project_that_the_configuration_names_is_not_left_out_for_its_version(tmp_path: Path) -> None:
    folders = ", ".join(f'"{path.rpartition("/")[0]}"' for path in FILES)
    extra = {f"libs/{name}/pyproject.toml": python(name, "1.2.0") for name in ("zz-a", "zz-b", "zz-c")}
    named = "".join(f', "libs/{name}"' for name in ("zz-a", "zz-b", "zz-c"))
    text = f"[release]\nworkspaces = [{folders}{named}]\n"
    made = Versioned.begin(tmp_path, {**FILES, **extra, "castoff.toml": text}, "1.2.0")

    problems = made.plan("minor").problems

    assert {one.package for one in problems if one.code == "stray-version"} == {"zz-store", "zz-example"}


def test_more_examples_than_packages_are_measured_by_the_last_release(tmp_path: Path) -> None:
    names = ("zz-a", "zz-b", "zz-c")
    files = {**members("zz-core", *names, version="0.1.0")}
    core = "packages/zz-core/pyproject.toml"
    made = Versioned.begin(tmp_path, {**files, core: python("zz-core", "1.2.0")}, "1.2.0")
    made.commit({core: python("zz-core", "1.3.0.dev0")})

    found = {one.package: one for one in made.plan("minor").problems if one.code == "stray-version"}

    assert set(found) == set(names)
    assert found["zz-a"].message == "`zz-a` has the version 0.1.0, the release 1.3.0.dev0"


def test_another_error_of_a_level_is_reported_alone(tmp_path: Path) -> None:
    opened = Versioned.begin(tmp_path, FILES, *TAGS).setting()

    with pytest.raises(CastoffError) as stopped:
        _plan(opened, "huge")

    assert [one.code for one in stopped.value.problems] == ["unknown-level"]
