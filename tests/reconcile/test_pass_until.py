"""The pass alone: a run with an end stops before its next act, and names the moment of it."""

from __future__ import annotations

import pytest
from scripted import DO, Scripted, Thing, reconcile
from world_of_fakes import FakeClock

from castoff.errors import NotYet
from castoff.model.acts import Done, Succeeded, Throttled, Wait
from castoff.reconcile import Patience


def stopped(clock: FakeClock, *parts: Scripted | Thing, until: float) -> str:
    with pytest.raises(NotYet) as caught:
        reconcile(clock, *parts, patience=Patience(until=clock.monotonic() + until))
    (problem,) = caught.value.problems
    assert problem.code == "time-is-up"
    return problem.reason


def test_no_act_begins_after_the_end() -> None:
    clock = FakeClock()
    part = Scripted(clock, [DO])

    stopped(clock, part, until=0.0)

    assert part.acted_at() == []


def test_what_would_wait_beyond_the_end_is_not_waited_for() -> None:
    clock = FakeClock()
    began = clock.monotonic()
    part = Scripted(clock, [Wait(reason="late", seconds=600.0), Done()])

    reason = stopped(clock, part, until=300.0)

    assert clock.monotonic() - began < 300.0
    assert reason.startswith("the next act is possible at ")


def test_a_limit_of_the_service_gives_the_next_moment() -> None:
    clock = FakeClock()
    part = Scripted(clock, [DO, DO, Done()], [Throttled(retry_after=3600.0, reason="limit"), Succeeded()])

    stopped(clock, part, until=1800.0)

    assert len(part.acted_at()) == 1


def test_a_run_that_ends_before_is_not_stopped() -> None:
    clock = FakeClock()
    part = Scripted(clock, [DO, Done()])

    assert reconcile(clock, part, patience=Patience(until=clock.monotonic() + 60.0)).state == "done"
