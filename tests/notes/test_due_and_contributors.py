"""Is a release due, and who made it?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from notes_cases import START, change

from castoff.model.changes import Change
from castoff.notes.contributors import contributors, thanks
from castoff.notes.due import DuePolicy, release_due
from castoff.notes.labels import DEFAULT_KINDS

FIX = change(1, "A fix", labels=("changelog-fix",))
HIDDEN = change(2, "Hidden", labels=("changelog-exclude", "important"))
SECURITY = change(3, "A hole", labels=("changelog-security",))
IMPORTANT = change(4, "A crash", labels=("important",))

CASES = [
    ("nothing merged", [], 400, ()),
    ("only excluded changes", [HIDDEN], 400, ()),
    ("too early", [FIX], 29, ()),
    ("after its days", [FIX], 30, ("30 days since `1.0.0`, with 1 change",)),
    ("a security fix", [FIX, SECURITY], 0, ("change #3 is important: `A hole`",)),
    ("an important label", [IMPORTANT], 0, ("change #4 is important: `A crash`",)),
    (
        "both",
        [FIX, IMPORTANT],
        31,
        ("change #4 is important: `A crash`", "31 days since `1.0.0`, with 2 changes"),
    ),
]


@pytest.mark.parametrize(("changes", "days", "reasons"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_release_is_due_for_a_reason(changes: list[Change], days: int, reasons: tuple[str, ...]) -> None:
    due = release_due(
        changes, DEFAULT_KINDS, DuePolicy(), now=START + timedelta(days=days), last=("1.0.0", START)
    )

    assert (due.due, due.reasons, due.days) == (bool(reasons), reasons, days)


def test_changes_are_counted_by_kind() -> None:
    due = release_due([FIX, SECURITY, IMPORTANT, HIDDEN], DEFAULT_KINDS, DuePolicy(), now=START, last=None)

    assert dict(due.changes) == {
        "added": 0,
        "changed": 0,
        "deprecated": 0,
        "removed": 0,
        "fixed": 1,
        "security": 1,
        "other": 1,
    }
    assert due.important == (3, 4)
    assert due.days is None
    assert due.reasons[-1] == "there is no release yet, with 3 changes"


def test_no_number_of_days_is_never() -> None:
    policy = DuePolicy(days=0)

    due = release_due([FIX], DEFAULT_KINDS, policy, now=START + timedelta(days=999), last=("1", START))

    assert not due.due


def test_contributors_stand_in_the_order_of_their_first_change_with_bots_last() -> None:
    changes = [
        change(3, author="ada"),
        change(1, author="renovate[bot]"),
        change(2, author="grace"),
        change(4, author="Ada"),
        change(5, author=None),
        change(6, author="sync", is_bot=True),
        change(7, author="linus", agent="Copilot"),
    ]

    people = contributors(changes, frozenset({"ada"}))

    assert [(p.login, p.changes, p.is_new, p.is_bot) for p in people] == [
        ("grace", (2,), True, False),
        ("ada", (3, 4), False, False),
        ("linus", (7,), True, False),
        ("renovate[bot]", (1,), True, True),
        ("sync", (6,), True, True),
    ]


THANKS = [
    ("nobody", [], ""),
    ("only bots", [change(1, author="a[bot]")], ""),
    ("one known", [change(1)], "Thanks to @ada."),
    ("one new", [change(1, author="grace")], "Welcome to @grace, with a first contribution."),
    (
        "several",
        [change(1), change(2, author="b"), change(3, author="c"), change(4, author="d")],
        "Thanks to @ada. Welcome to @b, @c and @d, with their first contributions.",
    ),
]


@pytest.mark.parametrize(("changes", "text"), [c[1:] for c in THANKS], ids=[c[0] for c in THANKS])
def test_people_are_thanked(changes: list[Change], text: str) -> None:
    assert thanks(contributors(changes, frozenset({"ada"}))) == text
