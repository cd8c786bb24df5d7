"""Stages that could never come to their end, and their siblings that do."""

from __future__ import annotations

import pytest
from scripted import DO, Scripted, a_problem, an_act, ended, reconcile
from world_of_fakes import FakeClock, Quiet

from castoff.errors import Refusal
from castoff.model.acts import Blocked, Do, Done, Off, Person
from castoff.reconcile import Patience, Reconciler
from castoff.reconcile.part import Stage


def parts_of(clock: FakeClock, *described: str) -> list[Scripted]:
    """Make parts from `name: need need`."""
    split = [one.partition(":") for one in described]
    return [
        Scripted(clock, [DO, Done()], name=name, needs=frozenset(needs.split())) for name, _, needs in split
    ]


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize(
    "described",
    [
        pytest.param(["a: a"], id="a-part-that-needs-itself"),
        pytest.param(["a: b", "b: a"], id="two-that-need-each-other"),
        pytest.param(["free:", "a: c", "b: a", "c: b"], id="a-longer-circle-beside-a-free-part"),
        pytest.param(["free:", "a: gone"], id="a-need-that-does-not-exist"),
        pytest.param(["a:", "a:"], id="one-name-twice"),
    ],
)
def test_a_stage_that_could_never_end_is_refused_before_the_first_look(
    described: list[str], lanes: int
) -> None:
    clock = FakeClock()
    parts = parts_of(clock, *described)

    assert ended(clock, *parts, lanes=lanes) == (Refusal, ["stage-stuck"])
    assert [part.log for part in parts] == [[]] * len(parts)


@pytest.mark.parametrize(
    "described",
    [
        pytest.param([], id="no-part"),
        pytest.param(["a:"], id="one-part"),
        pytest.param(["a: b c", "b: d", "c: d", "d:"], id="two-ways-to-one-part"),
        pytest.param(["c: b", "b: a", "a:"], id="the-last-comes-first"),
    ],
)
@pytest.mark.parametrize("lanes", [1, 4])
def test_a_stage_whose_parts_can_begin_ends(described: list[str], lanes: int) -> None:
    clock = FakeClock()

    assert reconcile(clock, *parts_of(clock, *described), lanes=lanes).state == "done"


@pytest.mark.parametrize(
    "decision", [Done(), Off(), Person((an_act(),), "asks")], ids=["done", "off", "person"]
)
def test_a_part_waits_for_no_more_than_the_end_of_what_it_needs(decision: Done | Off | Person) -> None:
    clock = FakeClock()
    last = Scripted(clock, [Done()], name="last", needs=frozenset({"first"}))

    reconcile(clock, Scripted(clock, [decision], name="first"), last)

    assert len(last.log) == 1


def test_a_part_that_is_not_done_and_has_no_act_left_is_an_error() -> None:
    clock = FakeClock()

    assert ended(clock, Scripted(clock, [Do(())])) == (Refusal, ["stage-stuck"])
    assert clock.monotonic() == 0.0


def test_what_needs_a_refused_part_does_not_begin_and_the_refusal_is_what_is_reported() -> None:
    clock = FakeClock()
    last = Scripted(clock, [DO, Done()], name="last", needs=frozenset({"first"}))
    first = Scripted(clock, [Blocked(a_problem("different-contents"))], name="first")

    assert ended(clock, first, last, lanes=4) == (Refusal, ["different-contents"])
    assert last.log == []


def test_a_stage_that_is_off_may_hold_anything() -> None:
    clock = FakeClock()
    stage = Stage("draft", tuple(parts_of(clock, "a: a")), off="no forge")

    assert Reconciler(clock, Quiet(), Patience()).run(stage).state == "off"
