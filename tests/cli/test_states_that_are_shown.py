"""What stands beside the state of a stage."""

from __future__ import annotations

import pytest

from castoff.cli.render.text import show_states
from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Done, Person, Wait
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.reconcile import StageState
from castoff.reconcile.observer import PartState
from castoff.reconcile.part import Stage

ACT = Act(id="x", stage="x", target="x", undo="free")
OPEN = Blocked(Problem(code="milestone-open-items", message="2 items are open in `1.1.0`"))


def seen(name: str, *answers: Absent | Present | Unknown, decision: Decision) -> PartState:
    return PartState(name, tuple(Observation(id=name, answer=one) for one in answers), decision)


DOWN = Unknown(reason="`h` did not answer: connection refused")


@pytest.mark.parametrize(
    ("stage", "parts", "told"),
    [
        pytest.param(
            "milestone",
            [seen("milestone", Present(), decision=OPEN)],
            "blocked  2 items are open in `1.1.0`",
            id="what blocks is said",
        ),
        pytest.param(
            "publish",
            [seen(f"proof-{n}", DOWN, decision=Wait(reason=DOWN.reason)) for n in range(8)],
            "unknown  unknown: `h` did not answer: connection refused",
            id="a cause is said once",
        ),
        pytest.param(
            "withdraw",
            [
                seen("proof", Absent(), decision=Done()),
                seen(
                    "proof-core",
                    Present(),
                    decision=Person((ACT,), "proof-core 1.1.0 can only be yanked by a person"),
                ),
            ],
            "for you  proof-core 1.1.0 can only be yanked by a person",
            id="only what is left is named",
        ),
    ],
)
def test_a_state_is_shown_with_what_is_left_and_why(
    stage: str, parts: list[PartState], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    show_states([StageState(Stage(stage, ()), tuple(parts))])

    assert capfd.readouterr().out == f"{stage:>10}  {told}\n"
