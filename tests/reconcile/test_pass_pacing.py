"""C5 while it runs: after the first 429 a release keeps to the registry's bucket, and runs into few more."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from scripted import Thing, ended, reconcile
from world_of_fakes import FakeClock

from castoff.errors import NotYet
from castoff.model.acts import Outcome, Succeeded, Throttled
from castoff.reconcile import Patience
from castoff.reconcile.reconciler import Gate

CRATES_IO = {"service": (60.0, 600.0)}


@dataclass(slots=True)
class Server:
    """A registry's side: a token bucket, and what it let through and refused."""

    clock: FakeClock
    burst: int
    every: float
    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    tokens: float = field(init=False)
    at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.tokens = float(self.burst)

    def ask(self) -> Outcome:
        now = self.clock.monotonic()
        self.tokens = min(float(self.burst), self.tokens + (now - self.at) / self.every)
        self.at = now
        if self.tokens < 1.0 - 1e-9:
            self.refused.append(now)
            return Throttled(retry_after=(1.0 - self.tokens) * self.every, reason="429")
        self.tokens -= 1.0
        self.taken.append(now)
        return Succeeded()


class Asking(Thing):
    """A part whose writes a server judges."""

    server: Server

    def act(self, act: object) -> Outcome:
        self.outcomes = ()
        outcome = self.server.ask()
        if isinstance(outcome, Succeeded) and self.made_at is None:
            self.made_at = self.clock.monotonic()
        return outcome


def parts(clock: FakeClock, server: Server, count: int) -> list[Asking]:
    made = [Asking(clock, name=f"p{number}") for number in range(count)]
    for one in made:
        one.server = server
    return made


@pytest.mark.parametrize(
    ("packages", "burst", "every"),
    [
        pytest.param(1, 30, 60.0, id="1"),
        pytest.param(100, 30, 60.0, id="100"),
        pytest.param(1000, 30, 60.0, id="1,000"),
        pytest.param(100, 5, 600.0, id="100 new names"),
    ],
)
def test_all_go_up_at_the_pace_of_the_bucket(packages: int, burst: int, every: float) -> None:
    clock = FakeClock()
    server = Server(clock, burst, every)

    reconcile(clock, *parts(clock, server, packages), patience=Patience(throttle=1e9, intervals=CRATES_IO))

    assert len(server.taken) == packages
    assert len(server.refused) <= 2
    assert server.taken[-1] <= max(0, packages - burst + 1) * every
    assert all(b - a >= every - 1e-6 for a, b in itertools.pairwise(server.taken[burst:]))


def test_raised_limits_hold_nobody_up() -> None:
    clock = FakeClock()
    server = Server(clock, 1000, 1.0)

    reconcile(clock, *parts(clock, server, 200), patience=Patience(intervals=CRATES_IO))

    assert server.refused == []
    assert clock.monotonic() < 60.0


def test_a_window_that_no_bucket_explains_is_only_waited_for() -> None:
    clock = FakeClock()
    once = [Throttled(retry_after=3000.0, reason="429")]
    things = [Thing(clock, once if number == 0 else (), name=f"p{number}") for number in range(5)]

    reconcile(clock, *things, patience=Patience(throttle=1e9, intervals=CRATES_IO))

    assert clock.monotonic() < 3060.0


def test_a_429_that_passes_holds_the_others_up_no_longer_than_it_says() -> None:
    clock = FakeClock()
    once = [Throttled(retry_after=1.0, reason="429")]
    things = [Thing(clock, once if number == 0 else (), name=f"p{number}") for number in range(5)]

    reconcile(clock, *things, patience=Patience(throttle=5.0, intervals=CRATES_IO))

    assert clock.monotonic() < 5.0


def test_a_paced_gate_says_when_it_would_take_longer_than_one_waits() -> None:
    clock = FakeClock()
    gate = Gate(clock, clock.sleep, (60.0, 600.0))
    assert gate.pass_through(0.0, 3600.0) == 0.0

    gate.close_for(500.0)
    gate.close_for(500.0)

    assert gate.pass_through(0.0, 300.0) == 500.0
    assert clock.monotonic() == 0.0
    assert gate.pass_through(0.0, 3600.0) == 0.0
    assert clock.monotonic() == 500.0
    assert gate.pass_through(0.0, 3600.0) == 0.0
    assert clock.monotonic() == 1100.0


def test_a_run_ends_with_time_to_come_back_where_the_gate_takes_too_long() -> None:
    clock = FakeClock()
    server = Server(clock, 1, 600.0)
    patience = Patience(throttle=590.0, intervals=CRATES_IO)

    kind, codes = ended(clock, *parts(clock, server, 5), patience=patience)

    assert (kind, set(codes)) == (NotYet, {"rate-limited"})


def test_a_gate_that_lets_others_through_is_waited_for_without_an_end() -> None:
    clock = FakeClock()
    others = 0

    def sleep(seconds: float) -> None:
        nonlocal others
        clock.sleep(seconds)
        if others < 5:
            others += 1
            assert gate.pass_through(0.0, 1000.0) == 0.0

    gate = Gate(clock, sleep, (600.0,))
    gate.close_for(600.0)
    gate.close_for(600.0)

    assert gate.pass_through(0.0, 1000.0) == 0.0
    assert (others, clock.monotonic()) == (5, 6 * 600.0)


WINDOW = (3, 3600.0)


def windowed(clock: FakeClock) -> Gate:
    gate = Gate(clock, clock.sleep, (), WINDOW)
    for name in ("a", "b", "c"):
        clock.sleep(100.0)
        assert gate.pass_through(0.0, 3600.0, name) == 0.0
    return gate


@pytest.mark.parametrize(
    ("creates", "expected"),
    [
        pytest.param("d", 3701.0, id="a new one waits until the first one leaves the window"),
        pytest.param("a", 300.0, id="the second file of one that is there does not count"),
        pytest.param(None, 300.0, id="nothing new"),
    ],
)
def test_new_things_wait_for_room_in_the_window(creates: str | None, expected: float) -> None:
    clock = FakeClock()

    assert windowed(clock).pass_through(0.0, 3600.0, creates) == 0.0
    assert clock.monotonic() == expected


def test_the_window_moves_on() -> None:
    clock = FakeClock()
    gate = windowed(clock)
    clock.sleep(3450.0)  # a is out of it

    for name, expected in (("d", 3750.0), ("e", 3801.0), ("f", 3901.0), ("g", 3750.0 + 3601.0)):
        assert gate.pass_through(0.0, 3600.0, name) == 0.0
        assert clock.monotonic() == expected, name


def test_a_full_window_is_told_once() -> None:
    clock = FakeClock()
    gate = windowed(clock)

    assert [gate.full_for(one) for one in ("a", None, "d", "e")] == [0.0, 0.0, 3401.0, 0.0]
    assert gate.pass_through(0.0, 3600.0, "d") == 0.0
    assert gate.full_for("e") == 100.0


def test_a_new_thing_counts_from_the_end_of_its_write() -> None:
    clock = FakeClock()
    gate = windowed(clock)
    clock.sleep(50.0)
    gate.made("a")
    gate.made(None)

    for name, expected in (("d", 200.0 + 3601.0), ("e", 300.0 + 3601.0), ("f", 350.0 + 3601.0)):
        assert gate.pass_through(0.0, 3700.0, name) == 0.0
        assert clock.monotonic() == expected, name


def test_a_window_that_takes_longer_than_one_waits_is_named() -> None:
    clock = FakeClock()

    assert windowed(clock).pass_through(0.0, 600.0, "d") == 3401.0
    assert clock.monotonic() == 300.0
