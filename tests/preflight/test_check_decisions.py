"""What checks and their fixes decide by their look alone, one row per condition."""

from __future__ import annotations

from typing import Any

import pytest
from decided import decision_of

from castoff.errors import Problem
from castoff.model.observations import Unknown
from castoff.preflight.label_fixes import MembershipPart
from castoff.preflight.stage import Cannot, Check, Checked, CheckPart, Found, Skipped

NOBODY: Any = None
WARNING = Problem(code="name-new", message="m", severity="warning")
ERROR = Problem(code="name-invalid", message="m")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Unknown(reason="503", retry_after=7.0), "wait 7"),
        (True, "done"),
        (False, "do milestone:move:5"),
    ],
    ids=["no answer", "in it", "outside of it"],
)
def test_change_in_its_milestone(seen: bool | Unknown, expected: str) -> None:
    assert decision_of(MembershipPart(5, 1, NOBODY, NOBODY, "#5"), seen) == expected


@pytest.mark.parametrize(
    ("found", "result", "expected"),
    [
        ((), "pass", "done"),
        ((WARNING,), "warn", "done"),
        ((WARNING, ERROR), "fail", "done"),
        (Skipped("no forge"), "off", "done"),
        (Cannot("the registry did not answer"), "unknown", "wait"),
    ],
    ids=["passes", "a warning", "an error is an answer", "does not apply", "no answer"],
)
def test_check(found: Found, result: str, expected: str) -> None:
    part = CheckPart(Check("names", "preflight", lambda: found, vital=True))
    look: Checked = part.look()

    assert look.result == result
    assert decision_of(part, look) == expected
