"""Stages that could never come to their end, and their siblings that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from scripted import DO, REFUSED, UNCLEAR, Scripted, a_problem, an_act, ended, reconcile
from world_of_fakes import FakeClock, Quiet

from castoff.errors import CastoffError, Refusal
from castoff.model.acts import (
    Blocked,
    Decision,
    Do,
    Done,
    Off,
    Outcome,
    Person,
    Succeeded,
    Throttled,
    Wait,
)
from castoff.reconcile import Patience
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler
from castoff.values import replace
from recorded import assert_recorded, problems_as_text


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


def part(
    *decisions: Decision, outcomes: Sequence[Outcome] = (), **fields: Any
) -> Callable[[FakeClock], Scripted]:
    """Describe a part whose acts succeed once these outcomes are over."""
    return lambda clock: Scripted(clock, decisions, chain(outcomes, repeat(Succeeded())), **fields)


IN_DRAFT = Do((an_act(stage="draft"),))
DO_NEW, DO_OTHER = (Do((replace(an_act(), creates=one),)) for one in ("new", "other"))
BUSY = Throttled(retry_after=9000.0, reason="429")
ENDS: dict[str, tuple[list[Callable[[FakeClock], Scripted]], Patience]] = {
    "written, and not seen at an index": ([part(DO)], Patience()),
    "written, and not seen elsewhere": ([part(IN_DRAFT)], Patience()),
    "written, and waited for shortly": ([part(IN_DRAFT)], Patience(visible=5.0)),
    "without an answer": ([part(DO, outcomes=[UNCLEAR] * 3)], Patience()),
    "refused after no answer": ([part(DO, outcomes=[UNCLEAR, REFUSED])], Patience(visible=30.0)),
    "throttled": ([part(DO, outcomes=[BUSY])], Patience()),
    "no room for a new name": (
        [part(DO_NEW, Done()), part(DO_OTHER, name="b")],
        Patience(windows={"service": (1, 9000.0)}),
    ),
    "no answer": ([part(Wait(reason="503"))], Patience()),
    "no answer, and told for how long": ([part(Wait(reason="503", seconds=9000.0))], Patience()),
    "the time is over": ([part(Wait(reason="503", seconds=60.0))], Patience(until=10.0)),
    "no further act": ([part(Do(()))], Patience()),
    "one name twice": ([part(), part()], Patience()),
    "what is needed is missing": ([part(needs=frozenset({"y", "x"}))], Patience()),
    "needed by each other": (
        [part(name="a", needs=frozenset({"b"})), part(name="b", needs=frozenset({"a"}))],
        Patience(),
    ),
}


def test_each_end_of_a_run_reads_as_recorded() -> None:
    found = ""
    for name, (parts, patience) in ENDS.items():
        clock = FakeClock()
        with pytest.raises(CastoffError) as caught:
            reconcile(clock, *(made(clock) for made in parts), patience=patience)
        found += problems_as_text(f"{name}: {type(caught.value).__name__}", caught.value.problems)

    assert_recorded(Path(__file__).parent / "data" / "ends.txt", found)
