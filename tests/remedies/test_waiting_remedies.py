"""Remedies for what is late: the same command is run again, over a clock that does not wait."""

from __future__ import annotations

from collections.abc import Callable

from castoff.model.acts import Do, Done, Throttled, Wait
from castoff.reconcile import Patience
from reconcile.scripted import REFUSED, UNCLEAR, Scripted, Thing, an_act, reconcile
from reconcile.world_of_fakes import FakeClock
from remedies.following import follow, follows

LATER = "run the same command again later"


def again(code: str, told: str, thing: Thing | Scripted, clock: FakeClock, **patience: float | bool) -> None:
    """Run a stage until it ends with a code, let time pass, and run it again with the usual patience."""

    def run(how: Patience) -> Callable[[], object]:
        return lambda: reconcile(clock, thing, patience=how)

    follow(
        code,
        run(Patience(**patience)),  # type: ignore[arg-type]
        told=told,
        do=lambda: clock.sleep(3600.0),
        then=run(Patience(begun_before=True)),
    )


@follows("not-visible-yet")
def test_what_was_written_is_seen_later_and_not_written_again() -> None:
    clock = FakeClock()
    thing = Thing(clock, lag=1000.0)

    again("not-visible-yet", LATER, thing, clock, visible=60.0)

    assert len(thing.attempts) == 1


@follows("write-unclear")
def test_a_write_without_an_answer_is_tried_again() -> None:
    clock = FakeClock()

    again("write-unclear", LATER, Thing(clock, [UNCLEAR] * 3), clock)


@follows("rate-limited")
def test_a_limit_passes() -> None:
    clock = FakeClock()
    limited = Thing(clock, [Throttled(retry_after=3000.0, reason="429")])

    again("rate-limited", "run the same command again after that time", limited, clock, throttle=60.0)


@follows("still-waiting")
def test_what_was_not_ready_is_ready_later() -> None:
    clock = FakeClock()

    again(
        "still-waiting",
        LATER,
        Scripted(clock, [Wait(reason="429", seconds=90.0), Done()]),
        clock,
        throttle=60.0,
    )


@follows("refused-or-late")
def test_a_late_index_shows_the_file_later() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR, REFUSED], lag=1000.0, made_at=0.0)

    again("refused-or-late", "run the same command again, without `--wait`", thing, clock, visible=60.0)


@follows("write-without-effect")
def test_what_prevents_a_write_is_corrected() -> None:
    clock = FakeClock()
    part = Scripted(clock, [Do((an_act(stage="draft"),))])

    follow(
        "write-without-effect",
        lambda: reconcile(clock, part),
        told="make the change on the service's own page",
        do=lambda: setattr(part, "_decisions", iter([Done()])),
    )
