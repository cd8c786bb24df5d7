from __future__ import annotations

import pytest

from castoff.cli.commands.status import exit_code_of
from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Person, Wait
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Stage

ACT = Act(id="tag:push", stage="tag", target="the tag", undo="never")
TODO, WAITING = Do((ACT,)), Wait(reason="late")
PERSON, BLOCKED = Person((ACT,), "a person"), Blocked(Problem(code="tag-elsewhere", message="m", remedy="r"))


def seen(decision: Decision, *, may_lag: bool = False) -> StageState:
    return StageState(Stage("tag", (), may_lag=may_lag), (PartState("tag", (), decision),))


@pytest.mark.parametrize(
    ("states", "due", "code"),
    [
        pytest.param([seen(Done())], False, 0, id="done"),
        pytest.param([seen(Done())], True, 5, id="due"),
        pytest.param([seen(PERSON)], False, 0, id="for a person"),
        pytest.param([seen(Done()), seen(TODO)], True, 3, id="unfinished, which comes before due"),
        pytest.param([seen(WAITING)], False, 3, id="waiting"),
        pytest.param([seen(WAITING, may_lag=True)], False, 0, id="a later stage lags"),
        pytest.param([seen(TODO), seen(BLOCKED, may_lag=True)], False, 4, id="blocked anywhere"),
    ],
)
def test_a_look_ends_for_scripts_by_what_is_left(states: list[StageState], due: bool, code: int) -> None:
    assert exit_code_of(states, due=due) == code


def test_an_error_of_the_workspace_ends_with_4() -> None:
    assert exit_code_of([seen(Done())], due=True, has_errors=True) == 4
    assert exit_code_of([seen(TODO)], due=False, is_unknown=True, has_errors=True) == 4
