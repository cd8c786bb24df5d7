"""Warnings and early drafts: what is repeated, what is summed up, what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from castoff.errors import Problem, Severity
from castoff.model.refs import Refs, TagName, TagRef
from castoff.ports import ForgeRelease
from castoff.preflight.early_drafts import early_drafts, waiting_elsewhere
from castoff.preflight.stage import Checked, warnings_of


def checked(*codes: str, severity: Severity = "warning", remedy: str | None = None) -> Checked:
    found = tuple(Problem(code=code, message=code, severity=severity, remedy=remedy) for code in codes)
    return Checked("a", "shape", "warn", found)


@pytest.mark.parametrize(
    ("answers", "messages"),
    [
        ([checked("x", "x", "x")], ["x", "x", "x"]),
        ([checked("x", "x"), checked("x", "x")], ["x (and 3 similar)"]),
        ([checked("x", "x", "y"), checked("x", "y")], ["x", "x", "x", "y", "y"]),
        ([checked(*["cannot-be-known"] * 4)], ["cannot-be-known"] * 4),
        ([checked("x", severity="error")], []),
        ([checked("tolerated", "x")], ["x"]),
        ([], []),
    ],
    ids=["three", "four", "two kinds", "unknown", "an error", "tolerated", "none"],
)
def test_more_than_three_warnings_of_a_kind_become_one(
    answers: Sequence[Checked], messages: list[str]
) -> None:
    assert [one.message for one in warnings_of(answers, {"tolerated"})] == messages


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [("fix it", "fix it; `castoff check` lists all"), (None, "see `castoff check`")],
    ids=["with a remedy", "without"],
)
def test_one_warning_that_represents_many_names_where_all_are_listed(remedy: str | None, shown: str) -> None:
    (only,) = warnings_of([checked(*["x"] * 4, remedy=remedy)])

    assert only.remedy == shown


def release(tag: str, **changes: Any) -> ForgeRelease:
    fields = {"id": 7, "tag": tag, "name": tag, "body": "", "draft": True, "prerelease": False, "url": "u"}
    return ForgeRelease(**{**fields, **changes})


@dataclass
class Tagged:
    """A snapshot as far as early drafts need it: 1.0.0 is tagged."""

    refs: Refs = field(default_factory=lambda: Refs(tags={"1.0.0": TagRef(object="o", peeled="c")}))
    tag_name: TagName = field(default_factory=lambda: TagName("{version}"))


@pytest.mark.parametrize(
    ("releases", "early"),
    [
        ([release("1.1.0")], ["1.1.0"]),
        ([release("1.0.0")], []),
        ([release("1.1.0", draft=False)], []),
        ([release("nightly")], []),
        ([release("1.2.0"), release("1.10.0"), release("1.9.0")], ["1.10.0", "1.9.0", "1.2.0"]),
    ],
    ids=["early", "tagged", "published", "not a version", "several"],
)
def test_drafts_of_versions_without_a_tag_are_early(
    releases: Sequence[ForgeRelease], early: list[str]
) -> None:
    assert [one.tag for one in early_drafts(Tagged(), releases)] == early  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("releases", "codes"),
    [
        ([release("1.1.0")], ["highlights-elsewhere"]),
        ([release("1.1.0"), release("2.0.0")], []),
        ([release("1.1.0"), release("2.0.0", draft=False)], []),
        ([release("1.0.0")], []),
    ],
    ids=["another version", "its own draft", "published", "tagged"],
)
def test_highlights_wait_elsewhere_only_if_this_version_has_no_release(
    releases: Sequence[ForgeRelease], codes: list[str]
) -> None:
    found = waiting_elsewhere(Tagged(), releases, "2.0.0")  # type: ignore[arg-type]

    assert [one.code for one in found] == codes
