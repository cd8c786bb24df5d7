"""Levels that lead to a wrong version stop in every command; what only looks odd passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from castoff.errors import CastoffError, Refusal
from castoff.model.plan import Plan
from castoff.release.rehearsal import rehearse
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from session.versioned import Versioned, crate, python


def at(version: str) -> dict[str, str]:
    return {"pyproject.toml": python("zz-nib", version)}


def _of(version: str, *tags: str) -> Callable[[Path], Versioned]:
    return lambda folder: Versioned.begin(folder, at(version), *tags)


def _after(version: str, tag: str, *later: str, manifest: str | None = None) -> Callable[[Path], Versioned]:
    """Release a version, then tag a later commit."""

    def make(folder: Path) -> Versioned:
        made = Versioned.begin(folder, at(version), tag)
        made.commit(at(manifest or version), *later)
        made.commit({})
        return made

    return make


def _maintenance(folder: Path) -> Versioned:
    """Release 1.0.0, 1.1.0 and 2.0.0 from main, a candidate of 2.1.0 too, and go back to `1.0.x`."""
    made = Versioned.begin(folder, at("1.0.0"), "1.0.0")
    for version in ("1.1.0", "2.0.0", "2.1.0rc1"):
        made.commit(at(version), version)
    made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
    made.commit({})
    return made


def _not_merged_back(folder: Path) -> Versioned:
    """Release 1.2.0 from a branch that is never merged; main is at 1.0.0."""
    made = Versioned.begin(folder, at("1.0.0"), "1.0.0")
    made.git("switch", "--quiet", "--create", "1.2.x")
    made.commit(at("1.2.0"), "1.2.0")
    made.git("switch", "--quiet", "main")
    return made


def _crate_after(manifest: str, *tags: str) -> Callable[[Path], Versioned]:
    """Release a crate at 1.0.0, and move its manifest on without a release of castoff's."""

    def make(folder: Path) -> Versioned:
        files = {"src/lib.rs": "", ".gitignore": "target\nCargo.lock\n"}
        made = Versioned.begin(folder, {"Cargo.toml": crate("rk", "1.0.0"), **files}, "v1.0.0")
        made.commit({"Cargo.toml": crate("rk", manifest)}, *tags)
        made.commit({})
        return made

    return make


ODD = _of("2026.04.1", "2026.04.1")
STOPS = [
    pytest.param(
        _of("2026.04.1", "2026.04.1"), "patch", ["version-unsupported", "tag-unsupported"], id="zero-padded"
    ),
    pytest.param(_of("24.04"), "minor", ["version-unsupported"], id="zero-padded, never tagged"),
    pytest.param(_of("1.0.0", "v1.0.0.1"), "minor", ["tag-unsupported"], id="no tag can be read"),
    pytest.param(
        _after("1.0.0", "v1.0.0", "v1.0.0.1"), "minor", ["tag-unsupported"], id="a newer tag cannot be read"
    ),
    pytest.param(
        _after("1.0.0", "1.0.0", manifest="3.0.0.dev0"), "minor", ["version-below-manifests"], id="manifests"
    ),
    pytest.param(_after("1.0.0", "1.0.0", "2.0.0"), "minor", ["tag-of-another-version"], id="a tag by hand"),
    pytest.param(_maintenance, "minor", ["version-off-branch"], id="out of the branch"),
    pytest.param(
        _crate_after("1.1.0-rc1", "v1.1.0-rc1"),
        "rc",
        ["version-below-manifests"],
        id="rc.2 is below rc1 for cargo",
    ),
    pytest.param(
        _not_merged_back, "patch", ["version-below-released"], id="below a tag beyond the default branch"
    ),
]


@pytest.mark.parametrize(("make", "level", "codes"), STOPS)
def test_a_level_that_may_lead_to_a_wrong_version_stops(
    tmp_path: Path, make: Callable[[Path], Versioned], level: str, codes: list[str]
) -> None:
    setting = make(tmp_path).setting()

    with pytest.raises(Refusal) as release:
        run_release(setting, ReleaseRequest(level=level))
    with pytest.raises(Refusal) as rehearsal:
        rehearse(setting, ReleaseRequest(level=level), lambda *_: pytest.fail("nothing is opened"))

    assert [one.code for one in release.value.problems] == codes
    assert [one.code for one in rehearsal.value.problems] == codes


@pytest.mark.parametrize(("make", "level", "codes"), STOPS)
def test_a_plan_has_the_same_errors(
    tmp_path: Path, make: Callable[[Path], Versioned], level: str, codes: list[str]
) -> None:
    problems = make(tmp_path).plan(level).problems

    errors = [one for one in problems if one.severity == "error" and one.code != "tag-taken"]
    assert [one.code for one in errors] == codes
    assert all(one.remedy for one in errors)


@pytest.mark.parametrize(
    ("make", "version", "codes"),
    [
        pytest.param(ODD, "2026.5.1", ["version-unsupported", "tag-unsupported"], id="zero-padded"),
        pytest.param(_after("1.0.0", "v1.0.0", "v1.0.0.1"), "1.1.0", ["tag-unsupported"], id="a newer tag"),
        pytest.param(_after("1.0.0", "1.0.0", manifest="3.0.0.dev0"), "1.1.0", ["version-below-manifests"], id="below"),
        pytest.param(_maintenance, "1.2.0", ["version-off-branch"], id="out of the branch"),
        pytest.param(_not_merged_back, "1.0.1", ["version-below-released"], id="below a tag"),
    ],
)  # fmt: skip
def test_an_exact_version_goes_past_with_a_warning(
    tmp_path: Path, make: Callable[[Path], Versioned], version: str, codes: list[str]
) -> None:
    plan = make(tmp_path).plan(version)

    assert [one for one in plan.problems if one.severity == "error"] == []
    assert set(codes) <= {one.code for one in plan.problems}


def _candidate(folder: Path) -> Versioned:
    """Release 1.0.0 and a candidate of 2.0.0 from main."""
    made = Versioned.begin(folder, at("1.0.0"), "1.0.0")
    made.commit(at("2.0.0rc1"), "2.0.0rc1")
    made.commit({})
    return made


def _candidate_elsewhere(folder: Path) -> Versioned:
    """Release a candidate of 2.0.0 from a branch, and stay on main."""
    made = Versioned.begin(folder, at("1.0.0"), "1.0.0")
    made.git("switch", "--quiet", "--create", "next")
    made.commit(at("2.0.0rc1"), "2.0.0rc1")
    made.git("switch", "--quiet", "main")
    return made


def _old_odd_tags(folder: Path) -> Versioned:
    made = Versioned.begin(folder, at("0.9.0"), "v0.9.0.1", "2019-01-01", "v0.8", "2019.01.01")
    made.commit(at("1.0.0"), "v1.0.0", "docs-1.0.0.1", "v1")
    made.commit({}, "nightly", "docs-9.0", "latest", "20260101", "v1.1.0.dev0")
    return made


@pytest.mark.parametrize(
    ("make", "level", "planned"),
    [
        pytest.param(_maintenance, "patch", ("1.0.0", "1.0.1"), id="a fix while main is further"),
        pytest.param(_candidate_elsewhere, "patch", ("1.0.0", "1.0.1"), id="beside a candidate of a later line"),
        pytest.param(_candidate, "1.0.1", ("2.0.0rc1", "1.0.1"), id="a named fix beside a candidate on the branch"),
        pytest.param(_candidate, "release", ("2.0.0rc1", "2.0.0"), id="the release after its candidate"),
        pytest.param(_old_odd_tags, "minor", ("1.0.0", "1.1.0"), id="old odd tags"),
        pytest.param(_of("0.1.0"), "0.1.0", (None, "0.1.0"), id="a first release"),
        pytest.param(_of("0.1.0", "docs-1.0"), "minor", (None, "0.1.0"), id="a first release beside other tags"),
        pytest.param(_after("1.7.0", "1.7.0", manifest="1.8.0.dev0"), "minor", ("1.7.0", "1.8.0"), id="dev manifests"),
        pytest.param(_crate_after("1.1.0-pre"), "minor", ("1.0.0", "1.1.0"), id="a mark of development"),
        pytest.param(_crate_after("1.1.0-rc1", "v1.1.0-rc1"), "release", ("1.1.0-rc.1", "1.1.0"), id="after rc1"),
        pytest.param(_crate_after("1.1.0-rc.1", "v1.1.0-rc.1"), "rc", ("1.1.0-rc.1", "1.1.0-rc.2"), id="after rc.1"),
    ],
)  # fmt: skip
def test_what_only_looks_odd_passes(
    tmp_path: Path, make: Callable[[Path], Versioned], level: str, planned: tuple[str | None, str]
) -> None:
    plan: Plan = make(tmp_path).plan(level)

    assert [one for one in plan.problems if one.severity == "error"] == []
    assert (plan.previous, plan.shown_version) == planned


def test_old_tags_that_cannot_be_read_are_counted_in_one_line(tmp_path: Path) -> None:
    (told,) = (one for one in _old_odd_tags(tmp_path).plan("minor").problems if one.code == "tag-unsupported")

    assert (told.severity, told.message.partition(":")[0]) == (
        "warning",
        "3 tags look like versions but cannot be parsed",
    )


def test_an_exact_version_of_an_unsupported_form_is_refused_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(CastoffError) as caught:
        Versioned.begin(tmp_path, at("2026.4.1"), "2026.4.1").plan("2026.05.1")

    (problem,) = caught.value.problems
    assert (problem.code, problem.remedy, type(caught.value)) == (
        "version-unsupported",
        "write 2026.5.1",
        Refusal,
    )


def test_a_crate_with_build_metadata_is_unsupported(tmp_path: Path) -> None:
    files = {"Cargo.toml": crate("rk", "1.0.0+sys"), "src/lib.rs": ""}
    plan = Versioned.begin(tmp_path, files).plan("minor")

    (problem,) = (one for one in plan.problems if one.code == "version-unsupported")
    assert (problem.severity, problem.file, problem.line, problem.remedy) == (
        "error",
        "Cargo.toml",
        3,
        "write 1.0.0",
    )


def test_a_shorter_version_is_not_accepted_without_a_word(tmp_path: Path) -> None:
    problems = Versioned.begin(tmp_path, at("1.0.0"), "1.0.0").plan("1.2").problems

    assert {"version-shorter", "version-skips-a-step"} <= {one.code for one in problems}


@pytest.mark.parametrize(
    ("manifest", "tag", "level", "warned"),
    [
        pytest.param("1.0.0", "1.0", "minor", True, id="the tag has fewer numbers than the manifest"),
        pytest.param("1.0", "1.0", "minor", False, id="both have two"),
        pytest.param("1.0", "1.0.0", "minor", False, id="the manifest has fewer"),
        pytest.param("1.0.0", "1.0", "patch", False, id="a fix has three anyway"),
        pytest.param("1.0.0", "1.0", "1.1.0", False, id="as the warning advises"),
    ],
)
def test_a_level_after_a_shorter_tag_is_not_counted_without_a_word(
    manifest: str, tag: str, level: str, warned: bool, tmp_path: Path
) -> None:
    problems = Versioned.begin(tmp_path, at(manifest), tag).plan(level).problems

    assert ("version-shorter" in {one.code for one in problems}) is warned
