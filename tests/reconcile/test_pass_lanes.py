"""The pass alone: what runs side by side, what ends with a refusal or an interrupt, what a mere look tells."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from scripted import (
    DO,
    Scripted,
    Thing,
    a_problem,
    an_act,
    ended,
    meet,
    reconcile,
    wait_for,
)
from world_of_fakes import FakeClock, Killed

from castoff.errors import Refusal
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Off,
    Person,
    Refused,
    Succeeded,
    Throttled,
    Wait,
)
from castoff.reconcile import Patience, observe
from castoff.reconcile.part import Stage


@pytest.mark.parametrize("lanes", [1, 8])
def test_a_part_begins_when_what_it_needs_is_done(lanes: int) -> None:
    clock = FakeClock()
    order: list[str] = []

    def part(name: str, *needs: str) -> Scripted:
        return Scripted(
            clock, [DO, Done()], name=name, needs=frozenset(needs), on_look=lambda: order.append(name)
        )

    state = reconcile(clock, part("facade", "a", "b"), part("b", "a"), part("a"), lanes=lanes)

    assert list(dict.fromkeys(order)) == ["a", "b", "facade"]
    assert [one.name for one in state.parts] == ["facade", "b", "a"]


def test_parts_without_an_order_run_side_by_side() -> None:
    clock = FakeClock()
    together = threading.Barrier(5, timeout=10)
    parts = [
        Scripted(clock, [DO, Done()], name=f"p{number}", on_act=lambda act: meet(together))
        for number in range(5)
    ]

    reconcile(clock, *parts, lanes=5)


@pytest.mark.parametrize("lanes", [2, 3])
def test_a_part_that_waits_holds_no_lane(lanes: int) -> None:
    begun = threading.Event()

    class Held(FakeClock):
        def sleep(self, seconds: float) -> None:
            wait_for(begun)
            super().sleep(seconds)

    clock = Held()
    busy = [
        Scripted(clock, [Wait(reason="429", seconds=5.0), Done()], name=f"busy{number}")
        for number in range(lanes)
    ]
    last = Scripted(clock, [Done()], name="last", on_look=begun.set)

    state = reconcile(clock, *busy, last, lanes=lanes)

    assert [one.decision for one in state.parts] == [Done()] * (lanes + 1)


def test_acts_of_one_part_run_side_by_side() -> None:
    clock = FakeClock()
    together = threading.Barrier(2, timeout=10)
    both = Do((an_act("sdist"), an_act("wheel")))
    part = Scripted(clock, [both, Done()], [Succeeded(), Succeeded()], on_act=lambda act: meet(together))

    reconcile(clock, part, lanes=4)


def test_when_one_part_is_refused_those_under_way_end_and_no_other_begins() -> None:
    clock = FakeClock()
    refused, finished = threading.Event(), threading.Event()
    bad = Scripted(
        clock, [DO], [Refused(a_problem("permission-denied"))], name="bad", on_act=lambda act: refused.set()
    )
    good = Scripted(
        clock,
        [DO, Done()],
        name="good",
        on_look=lambda: wait_for(refused),
        on_act=lambda act: finished.set(),
    )
    later = [Scripted(clock, [DO, Done()], name=f"later{number}") for number in range(20)]
    needing = Scripted(clock, [DO, Done()], name="needing", needs=frozenset({"good"}))

    assert ended(clock, bad, good, *later, needing, lanes=2) == (Refusal, ["permission-denied"])
    assert finished.is_set()
    assert [part.log for part in (*later, needing)] == [[]] * 21


def test_a_refusal_outweighs_what_only_needs_time_and_all_refusals_are_told() -> None:
    clock = FakeClock()
    together = threading.Barrier(3, timeout=10)

    def part(name: str, decisions: Sequence[Decision]) -> Scripted:
        first = [True]

        def once() -> None:
            if first:
                first.clear()
                together.wait()

        return Scripted(clock, decisions, name=name, on_look=once)

    slow = part("slow", [Wait(reason="429", seconds=1e6)])
    one = part("one", [Blocked(a_problem("tag-elsewhere"))])
    two = part("two", [Blocked(a_problem("different-contents"))])

    kind, codes = ended(clock, slow, one, two, lanes=3)

    assert kind is Refusal
    assert sorted(codes) == ["different-contents", "tag-elsewhere"]


def test_the_same_problem_is_told_once() -> None:
    clock = FakeClock()
    together = threading.Barrier(2, timeout=10)
    parts = [
        Scripted(clock, [Blocked(a_problem("x"))], name=f"p{number}", on_look=lambda: meet(together))
        for number in range(2)
    ]

    assert ended(clock, *parts, lanes=2) == (Refusal, ["x"])


@pytest.mark.parametrize("error", [Killed, KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("lanes", [1, 4])
def test_an_interrupt_goes_through_ends_the_others_at_their_next_step_and_leaves_no_thread(
    error: type[BaseException], lanes: int
) -> None:
    clock = FakeClock()
    before = threading.active_count()
    begun = threading.Event()

    def die(act: Act) -> None:
        assert lanes == 1 or begun.wait(10)
        raise error

    dying = Scripted(clock, [DO], name="dying", on_act=die)
    forever = Scripted(clock, [Wait(reason="429", seconds=7000.0)], name="forever", on_look=begun.set)

    with pytest.raises(error):
        reconcile(clock, dying, forever, lanes=lanes, patience=Patience(throttle=1e12))

    assert threading.active_count() == before
    assert forever.acted_at() == []


def test_an_interrupt_does_not_wait_for_a_long_pause() -> None:
    slept: list[float] = []

    class Counting(FakeClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            super().sleep(seconds)

    clock = Counting()
    thing = Thing(clock, [Throttled(retry_after=3600.0, reason="429")])

    reconcile(clock, thing)

    assert max(slept) <= 1.0
    assert thing.attempts[-1] >= 3600.0


def test_looking_alone_writes_nothing_and_tells_all() -> None:
    clock = FakeClock()
    parts = (
        Scripted(clock, [Done()], name="done"),
        Scripted(clock, [DO], name="todo"),
        Scripted(clock, [Wait(reason="busy", seconds=5.0)], name="waiting"),
    )

    (state, off) = observe((Stage("publish", parts), Stage("draft", parts, off="no forge")))

    assert [one.name for one in state.parts] == ["done", "todo", "waiting"]
    assert state.state == "todo"
    assert [act.id for act in state.acts] == ["publish:a"]
    assert off.parts == ()
    assert all(part.acted_at() == [] for part in parts)


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ([Done(), Done()], "done"),
        ([Done(), Off()], "done"),
        ([Off(), Off()], "off"),
        ([Done(), DO], "todo"),
        ([DO, Wait(reason="w")], "unknown"),
        ([Wait(reason="w", seconds=3.0), Done()], "waiting"),
        ([Person((), "p"), Done()], "person"),
        ([DO, Blocked(a_problem("x"))], "blocked"),
        ([], "done"),
    ],
    ids=str,
)
def test_a_stage_is_summed_up_by_its_most_pressing_part(decisions: Sequence[Decision], state: str) -> None:
    clock = FakeClock()
    parts = tuple(Scripted(clock, [one], name=f"p{number}") for number, one in enumerate(decisions))

    (seen,) = observe((Stage("publish", parts),))

    assert seen.state == state
