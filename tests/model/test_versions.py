from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import versions
from packaging.version import Version as Pep440

from castoff.errors import CastoffError, UsageError
from castoff.model.semver import read_version
from castoff.model.versions import (
    LEVELS,
    Ecosystem,
    ReleaseVersion,
    next_free_version,
    next_version,
    read,
    spell,
)
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "level_problems.txt"


def v(text: str) -> ReleaseVersion:
    found = read(text)
    assert found is not None
    return found


def codes(error: UsageError) -> list[str]:
    return [problem.code for problem in error.problems]


@pytest.mark.parametrize(
    ("text", "cargo", "python"),
    [
        ("1.2.3", "1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3", "1.2.3"),
        (" 1.2.3\n", "1.2.3", "1.2.3"),
        ("0.0.0", "0.0.0", "0.0.0"),
        ("24.10", "24.10.0", "24.10"),
        ("24.10rc1", "24.10.0-rc.1", "24.10rc1"),
        ("1.3.0-rc.1", "1.3.0-rc.1", "1.3.0rc1"),
        ("1.3.0rc1", "1.3.0-rc.1", "1.3.0rc1"),
        ("1.3.0-rc1", "1.3.0-rc.1", "1.3.0rc1"),
        ("1.3.0.rc.1", "1.3.0-rc.1", "1.3.0rc1"),
        ("1.3.0-alpha.12", "1.3.0-alpha.12", "1.3.0a12"),
        ("1.3.0a12", "1.3.0-alpha.12", "1.3.0a12"),
        ("1.3.0b2", "1.3.0-beta.2", "1.3.0b2"),
        ("1.3.0c2", "1.3.0-rc.2", "1.3.0rc2"),
        ("1.3.0-preview-2", "1.3.0-rc.2", "1.3.0rc2"),
        ("1.3.0-beta", "1.3.0-beta.0", "1.3.0b0"),
    ],
    ids=str.strip,
)
def test_a_version_is_read_in_any_spelling_and_spelled_for_each_ecosystem(
    text: str, cargo: str, python: str
) -> None:
    assert spell(v(text), "cargo") == cargo
    assert spell(v(text), "npm") == cargo
    assert spell(v(text), "python") == python


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2.3.4",
        "1.2.x",
        "01.2.3",
        "1.2.3.dev0",
        "1.2.3.post1",
        "1.2.3+local",
        "1!1.2.3",
        "1.2.3-",
        "1.2.3-nightly.1",
        "1.2.3-rc.1.2",
        "1.2.3\n4",
        "-1.2.3",
        "1.2.3rc1rc2",
        "1.2.٣",
        "1." + "9" * 50 + ".0",
        "minor",
    ],
    ids=lambda text: ascii(text).replace("\\", "/"),  # mutmut cannot name tests with backslashes
)
def test_what_not_every_ecosystem_can_spell_is_no_release_version(text: str) -> None:
    assert read(text) is None


@given(versions(), st.sampled_from(("cargo", "python", "npm")))
def test_what_is_spelled_is_read_back(version: ReleaseVersion, ecosystem: Ecosystem) -> None:
    assert read(spell(version, ecosystem)) == version
    assert read(str(version)) == version


@given(versions(), versions())
def test_the_order_is_the_one_of_both_ecosystems(one: ReleaseVersion, other: ReleaseVersion) -> None:
    there = [read_version(spell(version, "cargo")) for version in (one, other)]
    assert there[0] is not None
    assert there[1] is not None
    python = [Pep440(spell(version, "python")) for version in (one, other)]

    assert (one < other) == (there[0] < there[1]) == (python[0] < python[1])
    assert (one == other) == (there[0] == there[1]) == (python[0] == python[1])


@given(st.lists(versions(), min_size=2, max_size=6))
def test_versions_have_one_order_and_equal_ones_one_hash(some: list[ReleaseVersion]) -> None:
    assert sorted(some) == sorted(some, reverse=True)[::-1]
    for one in some:
        for other in some:
            assert (one < other) + (one == other) + (one > other) == 1
            assert one != other or hash(one) == hash(other)


@given(st.text(max_size=40))
def test_reading_never_fails(text: str) -> None:
    assert read(text) is None or isinstance(read(text), ReleaseVersion)


@pytest.mark.parametrize(
    ("previous", "level", "pre", "expected"),
    [
        (None, "patch", None, "0.0.1"),
        (None, "minor", None, "0.1.0"),
        (None, "major", None, "1.0.0"),
        (None, "minor", "rc", "0.1.0-rc.1"),
        ("1.2.3", "patch", None, "1.2.4"),
        ("1.2.3", "minor", None, "1.3.0"),
        ("1.2.3", "major", None, "2.0.0"),
        ("1.2.3", "patch", "alpha", "1.2.4-alpha.1"),
        ("1.2.3", "minor", "rc", "1.3.0-rc.1"),
        ("1.2.3", "major", "beta", "2.0.0-beta.1"),
        ("1.3.0-rc.1", "rc", None, "1.3.0-rc.2"),
        ("1.3.0-rc.9", "rc", None, "1.3.0-rc.10"),
        ("1.3.0-alpha.2", "beta", None, "1.3.0-beta.1"),
        ("1.3.0-alpha.2", "rc", None, "1.3.0-rc.1"),
        ("1.3.0-rc.1", "release", None, "1.3.0"),
        ("1.3.0-rc.1", "patch", None, "1.3.0"),
        ("1.3.0-rc.1", "minor", None, "1.3.0"),
        ("1.3.0-rc.1", "major", None, "2.0.0"),
        ("2.0.0-rc.1", "major", None, "2.0.0"),
        ("2.0.0-rc.1", "minor", None, "2.0.0"),
        ("1.2.4-rc.1", "minor", None, "1.3.0"),
        ("1.2.4-rc.1", "patch", None, "1.2.4"),
        ("1.3.0-rc.1", "minor", "rc", "1.3.0-rc.2"),
        ("1.3.0-alpha.1", "minor", "rc", "1.3.0-rc.1"),
        ("1.3.0-rc.1", "major", "rc", "2.0.0-rc.1"),
        ("1.2.3", "7.0.1", None, "7.0.1"),
        ("1.2.3", "v1.4.0rc2", None, "1.4.0-rc.2"),
        ("24.9", "minor", None, "24.10"),
        ("24.9", "major", None, "25.0"),
        ("24.9", "patch", None, "24.9.1"),
        ("24.9.1", "minor", None, "24.10.0"),
    ],
)
def test_a_level_counts_from_the_last_released_version(
    previous: str | None, level: str, pre: str | None, expected: str
) -> None:
    found = next_version(v(previous) if previous else None, level, pre)

    assert found == v(expected)
    assert spell(found, "python") == spell(v(expected), "python")


UNFIT = [
    ("1.2.3", "rc", None, "level-needs-pre"),
    ("1.2.3", "alpha", None, "level-needs-pre"),
    (None, "rc", None, "level-needs-pre"),
    ("1.3.0-rc.1", "beta", None, "pre-goes-back"),
    ("1.3.0-beta.1", "alpha", None, "pre-goes-back"),
    ("1.3.0-rc.1", "minor", "beta", "pre-goes-back"),
    ("1.2.3", "release", None, "nothing-to-release"),
    (None, "release", None, "nothing-to-release"),
    ("1.2.3", "huge", None, "unknown-level"),
    ("1.2.3", "", None, "unknown-level"),
    ("1.2.3", "Minor", None, "unknown-level"),
    ("1.2.3", "minor", "nightly", "unknown-level"),
    ("1.2.3", "minor", "a", "unknown-level"),
    ("1.2.3", "1.4.0", "rc", "level-needs-bump"),
    ("1.3.0-rc.1", "release", "rc", "level-needs-bump"),
    ("1.3.0-rc.1", "rc", "rc", "level-needs-bump"),
    ("1.3.0-alpha.1", "beta", "rc", "level-needs-bump"),
    ("1.2.3", "mino", None, "unknown-level"),
]


def test_each_problem_of_a_level_reads_as_recorded() -> None:
    found = ""
    unsupported = [
        ("1.2.3", text, None, "")
        for text in ("1.2.3.post1", "1!1.2.3", "1.2.3.4", "1.2.3+local", "1.2.3.dev1")
    ]
    for previous, level, pre, _ in [*UNFIT, *unsupported]:
        with pytest.raises(CastoffError) as caught:
            next_version(v(previous) if previous else None, level, pre)
        found += problems_as_text(f"{previous} {level} {pre}", caught.value.problems)

    assert_recorded(RECORD, found)


@pytest.mark.parametrize(("previous", "level", "pre", "code"), UNFIT)
def test_a_level_that_cannot_be_is_refused(
    previous: str | None, level: str, pre: str | None, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        next_version(v(previous) if previous else None, level, pre)

    assert codes(caught.value) == [code]
    assert caught.value.problems[0].remedy


@given(versions(), st.sampled_from(LEVELS), st.sampled_from((None, "alpha", "beta", "rc")))
def test_the_next_version_is_always_higher(previous: ReleaseVersion, level: str, pre: str | None) -> None:
    try:
        following = next_version(previous, level, pre)
    except UsageError:
        return

    assert following > previous
    assert following.is_stable == (pre is None and level not in ("alpha", "beta", "rc"))


@pytest.mark.parametrize(
    ("used", "free"),
    [
        ([], "1.1.1"),
        (["1.0.9", "1.1.0"], "1.1.1"),
        (["1.1.1", "1.1.3"], "1.1.4"),
        (["1.2.0", "9.0.0"], "1.1.1"),
        (["1.1.1-alpha.9"], "1.1.1"),
    ],
    ids=["nothing", "older-ones", "a-gap", "another-line", "pre-releases"],
)
def test_the_next_free_version_is_above_all_of_its_line(used: list[str], free: str) -> None:
    assert next_free_version(v("1.1.0"), [None, *map(v, used)]) == v(free)


def test_the_next_free_version_after_a_pre_release_is_one_of_its_kind() -> None:
    assert next_free_version(v("1.1.0-rc.1"), [v("1.1.0-rc.2")]) == v("1.1.0-rc.3")
