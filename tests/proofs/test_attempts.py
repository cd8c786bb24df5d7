"""The runner of the proofs: it ends, tries what it can, and its table states what was tried."""

from __future__ import annotations

from pathlib import Path

from proofs.attempts import Broken, Outcome, Plan, attempts
from proofs.checkouts import Packed
from proofs.tables import CHECKOUTS


def _attempt(folder: Path, seed: int) -> Outcome:
    if seed == 2:
        raise TimeoutError("no event within 300 seconds")
    return Packed(seed=seed, has=("ident",), files=1, complaints=("differs",) if seed == 3 else ())


PLAN = Plan(points=(1, 2, 3), in_all=5, attempt=_attempt, shown=lambda seed: f"checkout {seed}")


def test_a_point_that_fails_unforeseen_is_a_bad_row_and_the_others_are_tried(tmp_path: Path) -> None:
    found = dict(attempts(PLAN, tmp_path, jobs=2, minutes=1.0))

    assert {number: bool(one.complaints) for number, one in found.items()} == {0: False, 1: True, 2: True}
    assert isinstance(found[1], Broken)
    assert "no event within 300 seconds" in found[1].complaints[0]


def test_no_point_begins_when_time_is_up(tmp_path: Path) -> None:
    assert [*attempts(PLAN, tmp_path, jobs=1, minutes=-1.0)] == []


def test_a_table_states_how_much_was_tried_and_what_was_not(tmp_path: Path) -> None:
    found = dict(attempts(PLAN, tmp_path, jobs=1, minutes=1.0))

    text = CHECKOUTS.render([found[0], found[1]], scope="", command="proof", seed=7, chosen=3, in_all=5)

    assert "2 of 5 workspaces (drawn by the seed), 1 files, 1 ended otherwise." in text
    assert "Time was up after 2 of the 3 chosen." in text
    assert "- not tried to its end: checkout 2" in text
    assert "| 1 | ident | 1 | yes |" in text
