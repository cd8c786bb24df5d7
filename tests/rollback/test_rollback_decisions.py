"""What the parts that take a version back decide by their look alone, one row per condition."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from decided import decision_of

from castoff.model.observations import Absent, Present, Unknown, Withdrawn
from castoff.model.refs import Refs
from castoff.model.versions import read
from castoff.model.workspace import Package
from castoff.ports import ForgePull, ForgeRelease, Listing
from castoff.rollback.claim_revert import RevertLook, RevertPart
from castoff.rollback.withdrawal_notice import (
    LatestLook,
    LatestPart,
    NoDraftPart,
    NoticePart,
    heir_of,
    note_of,
)
from castoff.rollback.withdrawn_package import WithdrawPart
from castoff.values import replace

NOBODY: Any = None
SOMEBODY: Any = object()
DOWN = Unknown(reason="503", retry_after=7.0)
PAGE = ForgeRelease(id=7, tag="1.1.0", name="", body="", draft=False, prerelease=False, url="https://forge/7")
MARKED = replace(PAGE, id=8, body=note_of(date(2026, 1, 1), "broken", None))
NOTES = (
    "## What's Changed\n* One by @ada in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: 1.0.0...1.1.0"
)
DRAFT = replace(PAGE, id=9, draft=True, body=NOTES)


@pytest.mark.parametrize(
    ("look", "ecosystem", "expected"),
    [
        (Listing(unknown="503", retry_after=7.0), "cargo", "wait 7"),
        (Listing(), "cargo", "done"),
        (Listing(files={"a": DOWN, "b": Present()}), "cargo", "wait 7"),
        (Listing(files={"a": Withdrawn()}), "cargo", "done"),
        (Listing(files={"a": Withdrawn(), "b": Present()}), "cargo", "do yank:cargo:core"),
        (Listing(files={"a": Present()}), "python", "person yank:python:core"),
    ],
)
def test_withdraw(look: Listing, ecosystem: Any, expected: str) -> None:
    package = Package(
        name="core", ecosystem=ecosystem, path="", manifest="m", version="1.1.0", version_file="m"
    )

    assert decision_of(WithdrawPart(package=package, version="1.1.0", registry=NOBODY), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        ((), "done"),
        ((MARKED,), "done"),
        ((MARKED, PAGE), "do notice:write:7"),
    ],
)
def test_notice(look: tuple[ForgeRelease, ...] | Unknown, expected: str) -> None:
    assert decision_of(NoticePart(tag="1.1.0", forge=NOBODY, note="x"), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        (LatestLook(None), "done"),
        (LatestLook("2.0.0", PAGE), "done"),
        (LatestLook("1.1.0"), "done there is no other stable release"),
        (LatestLook("1.1.0", PAGE), "do notice:latest"),
    ],
)
def test_latest(look: LatestLook | Unknown, expected: str) -> None:
    assert decision_of(LatestPart(tag="1.1.0", forge=NOBODY, version_of=NOBODY), look) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (DOWN, "wait 7"),
        ((), "done"),
        ((DRAFT,), "do draft:delete:9"),
        ((replace(DRAFT, body="Hello!\n\n" + DRAFT.body),), "done"),
    ],
)
def test_draft_that_is_given_up(look: tuple[ForgeRelease, ...] | Unknown, expected: str) -> None:
    part = NoDraftPart(tag="1.1.0", forge=NOBODY)

    assert decision_of(part, look) == expected


def test_a_draft_that_stays_is_shown_as_kept() -> None:
    shown = NoDraftPart(tag="1.1.0", forge=NOBODY).describe((DRAFT, replace(DRAFT, id=5, body="Hello!")))

    assert [(one.id, one.state) for one in shown] == [("draft:9", None), ("draft:5", "kept")]
    assert NoDraftPart(tag="1.1.0", forge=NOBODY).describe(())[0].answer == Absent()


STANDS = RevertLook(Refs(heads={"main": "h"}), "h", stands=True)
OPEN = ForgePull(number=3, base="main", state="open", url="https://forge/3")


@pytest.mark.parametrize(
    ("look", "issue_tracker", "expected"),
    [
        (DOWN, True, "wait 7"),
        (replace(STANDS, stands=False), True, "done"),
        (replace(STANDS, stands=False, pull=OPEN), True, "done"),
        (replace(STANDS, pull=OPEN), True, "person"),
        (STANDS, True, "do version:revert later version:revert-pull-request"),
        (STANDS, False, "do version:revert"),
        (replace(STANDS, denied=True), True, "do version:revert-pull-request"),
    ],
)
def test_revert(look: RevertLook | Unknown, issue_tracker: bool, expected: str) -> None:
    part = RevertPart(
        title="1.1.0",
        branch="main",
        commit="R",
        subject="Release 1.1.0",
        remote_url="u",
        clone=NOBODY,
        stands=NOBODY,
        make=NOBODY,
        issue_tracker=SOMEBODY if issue_tracker else None,
    )

    assert decision_of(part, look) == expected


NEXT, OLDER = replace(PAGE, id=10, tag="1.2.0"), replace(PAGE, id=11, tag="1.0.0")


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ((), None),
        ((PAGE,), None),
        ((replace(NEXT, draft=True),), None),
        ((replace(NEXT, prerelease=True),), None),
        ((replace(NEXT, body=MARKED.body),), None),
        ((replace(NEXT, tag="nightly"),), None),
        ((replace(NEXT, tag="1.2.0-rc.1"),), None),
        ((OLDER, PAGE, NEXT), "1.2.0"),
        ((NEXT, OLDER), "1.2.0"),
    ],
    ids=[
        "none",
        "the withdrawn one",
        "a draft",
        "a pre-release of the forge",
        "withdrawn as well",
        "no version",
        "a pre-release by its version",
        "the highest",
        "whatever their order",
    ],
)
def test_the_release_that_becomes_the_latest(
    releases: tuple[ForgeRelease, ...], expected: str | None
) -> None:
    heir = heir_of("1.1.0", releases, read)

    assert (heir.tag if heir else None) == expected
