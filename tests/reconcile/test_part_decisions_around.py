"""What parts decide that stand for another part, or for its missing answer, one row per condition."""

from __future__ import annotations

from typing import Any

import pytest
from decided import decision_of

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.postrelease.stages import UnhurriedPart
from castoff.reconcile.part import AnsweredPart, Seen, UnansweredPart

PUSH = Act(id="changelog:push", stage="changelog", target="the changelog", undo="free")
DOWN, LATER_DOWN = Unknown(reason="503", retry_after=7.0), Unknown(reason="503", retry_after=9.0)


class Other:
    """A part that decides whatever it is given to look at."""

    name, gate, needs = "other", "git", frozenset({"first"})

    def look(self) -> Decision:
        return Done()

    def decide(self, seen: Decision) -> Decision:
        return seen

    def describe(self, seen: Decision) -> Seen:
        return (Observation(id="other", answer=Present()),)

    def act(self, act: Act) -> Any:
        return act


@pytest.mark.parametrize(
    ("unknown", "expected"), [(Unknown(reason="503"), "wait"), (DOWN, "wait 7")], ids=["no hint", "a hint"]
)
def test_part_without_an_answer(unknown: Unknown, expected: str) -> None:
    part = UnansweredPart("other", unknown)

    assert part.look() is unknown
    assert decision_of(part, part.look()) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), "done"),
        ((Absent(),), "done"),
        ((Present(), Absent()), "done"),
        ((Present(), DOWN), "wait 7"),
        ((LATER_DOWN, DOWN), "wait 9"),
    ],
    ids=["nothing asked", "absent", "mixed", "one unknown", "the first unknown counts"],
)
def test_part_that_is_answered(answers: tuple[Any, ...], expected: str) -> None:
    part = AnsweredPart(Other())
    look = tuple(Observation(id=str(number), answer=answer) for number, answer in enumerate(answers))

    assert (decision_of(part, look) if look else "done") == expected


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (Do((PUSH,)), "do changelog:push"),
        (Done("x"), "done x"),
        (Wait(reason="builds", seconds=60.0), "done"),
        (Wait(reason="503"), "wait"),
        (Blocked(Problem(code="tag-unfit", message="m")), "blocked tag-unfit"),
    ],
    ids=["acts", "done", "known to be running", "an answer that failed", "blocked"],
)
def test_part_that_is_not_waited_for(decision: Decision, expected: str) -> None:
    assert decision_of(UnhurriedPart(Other()), decision) == expected


def test_a_part_around_another_is_named_and_paced_as_it_and_waits_for_no_other() -> None:
    for part in (AnsweredPart(Other()), UnhurriedPart(Other())):
        assert (part.name, part.gate, part.needs) == ("other", "git", frozenset())
