from __future__ import annotations

import pytest

from castoff.errors import CastoffError
from castoff.model.version_rules import (
    ExistingVersion,
    above,
    is_below_others,
    is_newest_line,
    leaves_branch,
    looks_like_version,
)
from castoff.model.versions import (
    Fault,
    ReleaseVersion,
    carries,
    next_version,
    read,
    unsupported_problem,
    version_fault,
)


def version(text: str) -> ReleaseVersion:
    found = read(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "instead", "reason"),
    [
        ("2026.04.1", "2026.4.1", "castoff supports two or three numbers without leading zeros"),
        ("24.04", "24.4", "castoff supports two or three numbers without leading zeros"),
        ("01.2.3", "1.2.3", "castoff supports two or three numbers without leading zeros"),
        ("2026.04.1rc1", "2026.4.1rc1", "castoff supports two or three numbers without leading zeros"),
        ("2026.04.0.dev0", "2026.4.0.dev0", "castoff supports two or three numbers without leading zeros"),
        ("5", "5.0.0", "castoff supports two or three numbers"),
        ("1.2.3.4", "1.2.3", "castoff supports two or three numbers"),
        ("1!2.0.0", "2.0.0", "castoff does not support versions with an epoch"),
        ("1.2.0.post1", "1.2.1", "castoff does not support post-releases"),
        ("1.2-1", "1.2.1", "castoff does not support post-releases"),
        ("1.2.0+local", "1.2.0", "castoff does not support versions with a local part or build metadata"),
        ("1.0.0-canary.5", "1.0.0-rc.1", "pre-releases are `alpha`, `beta` or `rc` with a number"),
        ("1.0.0-rc1.2", "1.0.0-rc.1", "pre-releases are `alpha`, `beta` or `rc` with a number"),
        (
            "one",
            "",
            "castoff supports two or three numbers, with an optional pre-release such as `rc.1` or `b2`",
        ),
    ],
)
def test_a_version_that_is_not_released_has_something_to_write_instead(
    text: str, instead: str, reason: str
) -> None:
    assert version_fault(text) == Fault(reason, instead)
    assert not instead or version_fault(instead) is None


@pytest.mark.parametrize(
    "text",
    ["1.2.3", "1.2", "2026.4", "1.3.0-rc.1", "1.3.0b2", "1.8.0-dev", "1.8.0.dev0", "1.8.0-dev.3", "1.8.0a1.dev2",
     "1.8.0-SNAPSHOT", "0.0.0-development", "1.8.0.dev3+gabc123", "1.0.0-nightly.20260101"],
)  # fmt: skip
def test_release_versions_and_what_is_between_releases_pass(text: str) -> None:
    assert version_fault(text) is None


@pytest.mark.parametrize(
    ("level", "code"),
    [("2026.05.1", "version-unsupported"), ("1.2.3.4", "version-unsupported"), ("1!2.0", "version-unsupported"),
     ("5", "version-unsupported"), ("1.3.0.dev1", "version-unsupported"), ("1.3.0-dev", "version-unsupported"),
     ("mini", "unknown-level"), ("9" * 200 + ".1", "unknown-level")],
)  # fmt: skip
def test_an_exact_version_of_another_form_is_told_apart_from_a_misspelled_level(
    level: str, code: str
) -> None:
    with pytest.raises(CastoffError) as caught:
        next_version(version("1.0.0"), level)

    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    ("text", "tag", "answer"),
    [
        ("1.7.0", "1.7.0", "holds"),
        ("1.7.0rc1", "1.7.0-rc.1", "holds"),
        ("1.7.0-dev", "1.7.0", "near"),
        ("1.7.0", "1.7.0-rc.1", "near"),
        ("1.7.1-dev.0", "1.7.0", "near"),
        ("1.8.0.dev0", "1.7.3", "near"),
        ("1.7.1", "1.7.0", "differs"),
        ("1.9.0-dev", "1.7.0", "differs"),
        ("one", "1.7.0", "differs"),
    ],
)
def test_a_manifest_carries_the_version_of_a_tag(text: str, tag: str, answer: str) -> None:
    assert carries(text, version(tag)) == answer


@pytest.mark.parametrize(
    ("known", "newest", "blocks"),
    [
        pytest.param("1.2.4", False, True, id="higher in the same line"),
        pytest.param("1.2.2", True, False, id="lower"),
        pytest.param("1.2.3", True, False, id="the same: reported as taken"),
        pytest.param("1.2.4-rc.1", False, True, id="a candidate in the same line"),
        pytest.param("1.3.0", True, True, id="a later line, on the newest"),
        pytest.param("1.3.0", False, False, id="a later line, on a maintenance branch"),
        pytest.param("1.3.0-rc.1", True, False, id="a candidate of a later line"),
        pytest.param("2.0.0", False, False, id="a later major"),
        pytest.param("1.2.3.post1", False, True, id="a post-release of the same"),
        pytest.param("1.2.2.post1", True, False, id="a post-release of a lower one"),
        pytest.param("1.2.4.dev1", True, False, id="a development release"),
        pytest.param("1.3.0.1", True, True, id="four numbers above, on the newest line"),
        pytest.param("1.3.0.1", False, False, id="four numbers above, on a maintenance branch"),
        pytest.param("1!0.1", True, True, id="an epoch"),
        pytest.param("1!1.2.9", False, False, id="an epoch, on a maintenance branch"),
        pytest.param("nightly", True, False, id="no number"),
    ],
)
def test_the_next_version_must_be_above_its_line(known: str, newest: bool, blocks: bool) -> None:
    found = above(version("1.2.3"), [ExistingVersion(known, "a tag", read(known))], is_newest_line=newest)

    assert bool(found) is blocks


def test_what_the_next_version_is_not_above_is_listed_by_its_numbers_and_not_by_its_letters() -> None:
    known = [ExistingVersion(text, "a tag", read(text)) for text in ("1.9.0", "1!0.1", "1.10.0", "1.2.4")]

    found = above(version("1.2.3"), known, is_newest_line=True)

    assert [one.text for one in found] == ["1!0.1", "1.10.0", "1.9.0", "1.2.4"]


@pytest.mark.parametrize(
    ("previous", "tagged", "newest"),
    [("2.0.0", ["1.9.0"], True), ("1.9.0", ["2.0.0"], False), ("1.9.0", ["2.0.0-rc.1"], True),
     (None, ["1.0.0"], False), (None, [], True), ("1.0.0", ["1.0.0"], True)],
)  # fmt: skip
def test_a_branch_is_of_the_newest_line_if_it_reaches_the_highest_stable_tag(
    previous: str | None, tagged: list[str], newest: bool
) -> None:
    last = version(previous) if previous else None

    assert is_newest_line(last, map(version, tagged)) is newest


@pytest.mark.parametrize(
    ("branch", "planned", "previous", "line"),
    [
        ("1.0.x", "1.0.1", "1.0.0", None),
        ("1.0.x", "1.1.0", "1.0.0", "1.0"),
        ("1.x", "1.1.0", "1.0.0", None),
        ("1.x", "2.0.0", "1.0.0", "1"),
        ("v1", "2.0.0", "1.0.0", "1"),
        ("v1", "2.0.0", None, "1"),
        ("V1", "2.0.0", None, "1"),
        ("1.x", "2.0.0", None, "1"),
        ("release-1.0", "1.1.0", "1.0.0", "1.0"),
        ("release/v1.1", "1.1.0", "1.0.0", None),
        ("stable/4", "5.0.0", "4.1.0", "4"),
        ("sprint-42", "1.1.0", "1.0.0", None),
        ("sprint-42", "1.0.0", None, None),
        ("main", "1.1.0", "1.0.0", None),
        ("python3.12", "1.1.0", "1.0.0", None),
        ("1.0.*", "1.1.0", "1.0.0", "1.0"),
    ],
)
def test_a_branch_named_after_a_line_keeps_to_it(
    branch: str, planned: str, previous: str | None, line: str | None
) -> None:
    assert leaves_branch(branch, version(planned), version(previous) if previous else None) == line


@pytest.mark.parametrize(
    ("branch", "known", "below"),
    [
        ("1.3.x", ["1.4.0"], True), ("1.3.x", ["2.0.0"], True), ("1.3.x", ["1.3.9", "1.2.0"], False),
        ("1.3.x", ["1.4.0-rc.1"], False), ("1.x", ["1.4.0"], False), ("1.x", ["2.0.0"], True),
        ("release-1", ["2.0.0"], True), ("main", ["1.4.0"], False), ("1.3.x", [], False),
    ],
)  # fmt: skip
def test_a_branch_of_a_line_is_below_stable_versions_of_later_ones(
    branch: str, known: list[str], below: bool
) -> None:
    assert is_below_others(branch, version("1.3.0"), map(version, known)) is below


@pytest.mark.parametrize(
    ("tag", "looks"),
    [
        ("v1.0.0.1", True), ("1.0.0.1", True), ("v2026.04.1", True), ("v5", True), ("7", True), ("v1.2.0.post1", True),
        ("v1.0.0-canary.1", True), ("v1_2_3", True), ("release-1.2.3.4", True), ("v1.0.0", False), ("1.0.0", False),
        ("nightly", False), ("2019-01-01", False), ("20190101", False), ("docs-1.0.0.1", False), ("v1.3.0.dev0", False),
        ("v1.3.0-dev", False), ("latest", False),
    ],
)  # fmt: skip
def test_a_tag_that_cannot_be_read_looks_like_a_version_or_not(tag: str, looks: bool) -> None:
    assert looks_like_version(tag, "v{version}") is looks


def test_a_tag_looks_like_a_version_in_the_form_of_the_releases() -> None:
    assert looks_like_version("x-core@1.0.0.1", "x-core@{version}")
    assert not looks_like_version("y-core@1.0.0.1", "x-core@{version}")
    assert looks_like_version("x-7@y", "x-{version}@y")


@pytest.mark.parametrize(
    ("instead", "remedy"), [("1.2.0", "write 1.2.0"), ("", "write a version such as 1.2.0 or 1.2.0-rc.1")]
)
def test_an_unsupported_version_says_where_it_stands_and_what_to_write(instead: str, remedy: str) -> None:
    found = unsupported_problem("no", Fault("why", instead), file="Cargo.toml", line=3)

    assert (found.reason, found.remedy, found.file, found.line) == ("why", remedy, "Cargo.toml", 3)
