"""Writes that a service accepts or refuses for good, and after which nothing has changed: every run ends."""

from __future__ import annotations

from typing import get_args

import pytest
from releasing import new_world, run_once
from scripted import REFUSED, Scripted, an_act
from world_of_fakes import FakeClock, Mode, Quiet, Trouble

from castoff.errors import CastoffError, NotYet, Refusal
from castoff.model.acts import Do, Outcome, StageName, Succeeded, Throttled, Wait
from castoff.reconcile import Patience
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler

INDEXED = ("publish", "withdraw")
_WORLD = new_world()
WRITES = tuple(dict.fromkeys(run_once(_WORLD).writes))


def end_of(
    stage: StageName, outcome: Outcome, patience: Patience | None = None
) -> tuple[CastoffError, float]:
    """Run a stage whose only part never changes; return its error and the seconds that it took."""
    clock = FakeClock()
    part = Scripted(clock, [Do((an_act(stage=stage),))], [outcome] * 9)
    with pytest.raises(CastoffError) as caught:
        Reconciler(clock, Quiet(), patience or Patience(), lanes=1).run(Stage(stage, (part,)))
    assert part.acted_at() == [0.0]
    return caught.value, clock.monotonic()


@pytest.mark.parametrize("stage", get_args(StageName))
def test_what_is_accepted_and_never_shows_ends_the_run(stage: StageName) -> None:
    error, seconds = end_of(stage, Succeeded())

    code = "not-visible-yet" if stage in INDEXED else "write-without-effect"
    assert (type(error), error.problems[0].code) == (NotYet if stage in INDEXED else Refusal, code)
    assert seconds == pytest.approx(900.0 if stage in INDEXED else 20.0, abs=6.0)


@pytest.mark.parametrize(
    ("visible", "kind"), [(0.0, NotYet), (19.0, NotYet), (20.0, Refusal), (3600.0, Refusal)], ids=str
)
def test_who_waits_too_short_to_know_comes_again(visible: float, kind: type[CastoffError]) -> None:
    error, seconds = end_of("draft", Succeeded(), Patience(visible=visible))

    assert type(error) is kind
    assert seconds <= min(visible, 20.0) + 6.0


@pytest.mark.parametrize("stage", get_args(StageName))
def test_what_is_refused_for_good_ends_the_run(stage: StageName) -> None:
    error, seconds = end_of(stage, REFUSED)

    assert (type(error), error.problems[0].code) == (Refusal, "upload-refused")
    assert seconds < 27.0


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("mode", ["accepted", "refused"])
def test_no_part_waits_without_an_end_for_what_a_service_does_not_do(write: str, mode: Mode) -> None:
    world = new_world()
    trouble = Trouble(lambda number, name, writes: mode if writes and name == write else None)

    run = run_once(world, trouble)

    assert run.exit_code in (3, 4), run.end
    assert run.end != "still-waiting"
    assert (run.exit_code == 3) is (mode == "accepted" and write.startswith("upload")), run.end
    assert world.clock.monotonic() < 1000.0
    assert run.writes.count(write) == 1


@pytest.mark.parametrize(
    ("decision", "outcome", "length"),
    [
        (Do((an_act(),)), Succeeded(), "15 min"),
        (Do((an_act(stage="draft"),)), Succeeded(), "20 s"),
        (Do((an_act(),)), Throttled(retry_after=30.0, reason="429"), "2 h"),
        (Wait(reason="the index does not answer"), Succeeded(), "2 min"),
        (Wait(reason="busy", seconds=9.0), Succeeded(), "2 h"),
    ],
)
def test_every_wait_names_its_end(decision: Do | Wait, outcome: Outcome, length: str) -> None:
    clock, reporter = FakeClock(), Quiet()
    part = Scripted(clock, [decision], [outcome] * 999)
    with pytest.raises(CastoffError):
        Reconciler(clock, reporter, Patience(), lanes=1).run(Stage("publish", (part,)))

    assert reporter.waits
    assert all(reason.endswith(f"; waiting {length} at most") for _, reason, _ in reporter.waits)
