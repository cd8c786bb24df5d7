"""The pass alone: what is waited for, what is repeated, what ends a run."""

from __future__ import annotations

import itertools
import threading

import pytest
from scripted import (
    DO,
    REFUSED,
    UNCLEAR,
    Scripted,
    Thing,
    a_problem,
    an_act,
    ended,
    reconcile,
    wait_for,
)
from world_of_fakes import FakeClock, Quiet

from castoff.errors import NotYet, Refusal
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Off,
    Outcome,
    Person,
    Refused,
    Succeeded,
    Throttled,
    Unclear,
    Wait,
)
from castoff.reconcile import Patience
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Done(), "done"), (Off(), "off"), (Person((an_act(),), "asks"), "person")],
    ids=["done", "off", "person"],
)
def test_what_needs_no_act_gets_none(decision: Decision, state: str) -> None:
    clock = FakeClock()
    part = Scripted(clock, [decision])

    assert reconcile(clock, part).state == state
    assert part.log == [(0.0, "look")]


def test_a_stage_that_is_off_is_not_looked_at() -> None:
    clock = FakeClock()
    part = Scripted(clock)

    state = Reconciler(clock, Quiet(), Patience()).run(Stage("draft", (part,), off="no forge"))

    assert state.state == "off"
    assert part.log == []


def test_after_an_act_the_world_is_looked_at_again() -> None:
    clock = FakeClock()
    part = Scripted(clock, [DO, Done()])

    reconcile(clock, part)

    assert [what for _, what in part.log] == ["look", "publish:a", "look"]


def test_a_write_that_is_not_visible_yet_is_waited_for_and_never_repeated() -> None:
    clock = FakeClock()
    thing = Thing(clock, lag=600.0)

    reconcile(clock, thing)

    assert thing.attempts == [0.0]
    assert 600.0 <= clock.monotonic() <= 606.0
    pauses = [later - earlier for earlier, later in itertools.pairwise(thing.looks)]
    assert max(pauses) == pytest.approx(5.0)
    assert len(thing.looks) < 150


def test_the_pauses_after_a_write_begin_anew() -> None:
    clock, first = FakeClock(), Patience().first_pause
    part = Scripted(clock, [*[Wait(reason="503")] * 3, DO, DO, Done()])

    reconcile(clock, part)

    (wrote,) = part.acted_at()
    assert wrote > 3 * first
    assert [when - wrote for when, _ in part.log[-2:]] == pytest.approx([0.0, first])


def test_patience_that_ends_with_a_look_is_over() -> None:
    clock, first = FakeClock(), Patience().first_pause
    part = Scripted(clock, [Wait(reason="503")])

    assert ended(clock, part, patience=Patience(unknown=first)) == (NotYet, ["still-waiting"])
    assert [when for when, _ in part.log] == [0.0, first]


def test_a_stage_is_reported_with_its_parts() -> None:
    told: list[tuple[str, int]] = []
    reporter = Quiet()
    reporter.stage = lambda name, total: told.append((name, total))  # type: ignore[method-assign]
    clock = FakeClock()

    reconcile(clock, Scripted(clock, name="a"), Scripted(clock, name="b"), reporter=reporter)

    assert told == [("publish", 2)]


def test_patience_with_a_write_that_never_shows_ends_with_not_yet() -> None:
    clock = FakeClock()
    thing = Thing(clock, lag=1e9)

    assert ended(clock, thing) == (NotYet, ["not-visible-yet"])
    assert thing.attempts == [0.0]
    assert 900.0 <= clock.monotonic() <= 906.0


def test_an_unclear_write_is_followed_by_looks_before_it_is_done_again() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR, UNCLEAR])

    reconcile(clock, thing)

    first, second, third = thing.attempts
    assert 2.0 <= second - first <= 4.0
    assert 8.0 <= third - second <= 12.0
    assert sum(first < look < second for look in thing.looks) >= 3
    assert sum(second < look < third for look in thing.looks) >= 3


def test_an_unclear_write_that_did_happen_is_not_done_again() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR], lag=1.0)
    thing.made_at = 0.0

    reconcile(clock, thing)

    assert len(thing.attempts) == 1


def test_a_write_that_stays_unclear_is_given_up_after_three_attempts() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR] * 9)

    assert ended(clock, thing) == (NotYet, ["write-unclear"])
    assert len(thing.attempts) == 3
    assert clock.monotonic() < 60.0


def test_while_nobody_can_say_an_unclear_write_is_not_done_again() -> None:
    clock = FakeClock()
    blind = Wait(reason="the index does not answer")
    part = Scripted(clock, [DO, *[blind] * 8, Done()], [UNCLEAR])

    reconcile(clock, part)

    assert len(part.acted_at()) == 1


def test_a_client_that_fails_every_time_ends_the_run_with_what_a_person_must_read() -> None:
    clock = FakeClock()
    thing = Thing(clock, [Unclear(reason="no token", problem=a_problem("upload-failed"))] * 3)

    assert ended(clock, thing) == (Refusal, ["upload-failed"])
    assert len(thing.attempts) == 3


def test_a_client_that_failed_once_is_forgiven() -> None:
    clock = FakeClock()
    thing = Thing(clock, [Unclear(reason="no token", problem=a_problem("upload-failed")), Succeeded()])

    reconcile(clock, thing)

    assert len(thing.attempts) == 2


@pytest.mark.parametrize(
    "code", ["permission-denied", "unauthorized", "push-denied", "push-rejected", "verify-failed"]
)
def test_a_plain_refusal_ends_the_run_at_once(code: str) -> None:
    clock = FakeClock()
    part = Scripted(clock, [DO], [Refused(a_problem(code))])

    assert ended(clock, part) == (Refusal, [code])
    assert [what for _, what in part.log] == ["look", "publish:a"]


def test_a_name_that_is_refused_although_it_looked_free_ends_the_run_after_a_while() -> None:
    clock = FakeClock()
    thing = Thing(clock, [REFUSED])

    assert ended(clock, thing) == (Refusal, ["upload-refused"])
    assert len(thing.attempts) == 1
    assert 20.0 <= clock.monotonic() <= 26.0


def test_a_refused_write_that_turns_out_to_be_there_is_fine() -> None:
    clock = FakeClock()
    thing = Thing(clock, [REFUSED], lag=10.0)
    thing.made_at = 0.0

    reconcile(clock, thing)

    assert len(thing.attempts) == 1


def test_a_refusal_after_an_unclear_attempt_may_mean_that_the_first_one_landed() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR, REFUSED], lag=90.0)
    thing.made_at = 0.0

    reconcile(clock, thing)

    assert len(thing.attempts) == 2
    assert clock.monotonic() >= 90.0


def test_a_refusal_after_an_unclear_attempt_ends_the_run_when_it_never_shows() -> None:
    clock = FakeClock()
    thing = Thing(clock, [UNCLEAR, REFUSED])

    assert ended(clock, thing) == (Refusal, ["upload-refused"])
    assert 900.0 <= clock.monotonic() <= 920.0


def test_what_an_earlier_run_uploaded_is_waited_for_however_late_the_index_is() -> None:
    clock = FakeClock()
    thing = Thing(clock, [REFUSED], lag=90.0)
    thing.made_at = 0.0

    reconcile(clock, thing, patience=Patience(begun_before=True))

    assert len(thing.attempts) == 1
    assert clock.monotonic() >= 90.0


def test_a_resumed_run_that_is_refused_ends_for_good_after_a_quarter_of_an_hour() -> None:
    clock = FakeClock()
    thing = Thing(clock, [REFUSED])

    assert ended(clock, thing, patience=Patience(begun_before=True)) == (Refusal, ["upload-refused"])
    assert len(thing.attempts) == 1
    assert 900.0 <= clock.monotonic() <= 906.0


@pytest.mark.parametrize("outcomes", [[REFUSED], [UNCLEAR, REFUSED]], ids=["resumed", "unclear-before"])
def test_who_waits_less_cannot_tell_a_burnt_name_from_a_late_index(outcomes: list[Outcome]) -> None:
    clock = FakeClock()
    thing = Thing(clock, outcomes)
    patience = Patience(visible=60.0, begun_before=len(outcomes) == 1)

    assert ended(clock, thing, patience=patience) == (NotYet, ["refused-or-late"])


def test_a_block_ends_the_run_with_its_problem() -> None:
    clock = FakeClock()

    assert ended(clock, Scripted(clock, [Blocked(a_problem("tag-elsewhere"))])) == (
        Refusal,
        ["tag-elsewhere"],
    )


def test_retry_after_is_obeyed() -> None:
    clock = FakeClock()
    thing = Thing(clock, [Throttled(retry_after=61.0, reason="429")])
    reporter = Quiet()

    reconcile(clock, thing, reporter=reporter)

    assert thing.attempts == [0.0, 61.0]
    assert ("thing", "429; waiting 2 h at most", 61.0) in reporter.waits


def test_retry_after_closes_the_gate_for_all_parts_of_the_service_and_for_no_other() -> None:
    clock = FakeClock()
    throttled = Thing(clock, [Throttled(retry_after=50.0, reason="429")], name="throttled")
    same = Thing(clock, name="same")
    other = Thing(clock, name="other", gate="elsewhere")
    held = Scripted(clock, [DO, Done()], name="held", needs=frozenset({"other"}))

    reconcile(clock, throttled, other, same, held)

    assert throttled.attempts == [0.0, 50.0]
    assert same.attempts[0] >= 50.0
    assert held.acted_at()[0] >= 50.0


def test_a_closed_gate_holds_parts_that_run_meanwhile() -> None:
    clock = FakeClock()
    closed = threading.Event()
    outcomes: list[Outcome] = [Throttled(retry_after=40.0, reason="429"), Succeeded()]
    first = Scripted(clock, [DO, DO, Done()], outcomes, name="first")
    second = Scripted(clock, [DO, Done()], name="second", on_look=lambda: wait_for(closed))

    reconcile(clock, _Telling(first, closed), second, lanes=2)

    assert second.acted_at()[0] >= 40.0


class _Telling:
    """A part that tells when it was throttled and its gate is closed."""

    def __init__(self, inner: Scripted, told: threading.Event) -> None:
        self._inner = inner
        self._told = told
        self._acted = False
        self.name, self.needs, self.gate = inner.name, inner.needs, inner.gate

    def look(self) -> tuple[()]:
        if self._acted:
            self._told.set()
        self._inner.look()
        return ()

    def decide(self, seen: object) -> Decision:
        return self._inner.decide(())

    def describe(self, seen: object) -> tuple[()]:
        return ()

    def act(self, act: Act) -> Outcome:
        self._acted = True
        return self._inner.act(act)


@pytest.mark.parametrize("asked", [0.0, 0.001, -5.0])
def test_a_service_that_says_not_now_without_a_time_is_not_hammered(asked: float) -> None:
    clock = FakeClock()
    thing = Thing(clock, [Throttled(retry_after=asked, reason="429")] * 30)

    reconcile(clock, thing)

    assert clock.monotonic() >= 30.0


def test_a_limit_longer_than_the_patience_ends_with_not_yet_at_once() -> None:
    clock = FakeClock()
    thing = Thing(clock, [Throttled(retry_after=86_400.0, reason="429")])

    assert ended(clock, thing) == (NotYet, ["rate-limited"])
    assert clock.monotonic() == 0.0


def test_a_limit_that_never_ends_is_given_up() -> None:
    clock = FakeClock()
    thing = Thing(clock, [Throttled(retry_after=600.0, reason="429")] * 99)

    assert ended(clock, thing) == (NotYet, ["rate-limited"])
    assert 6000.0 <= clock.monotonic() <= 7200.0


def test_a_world_that_cannot_be_seen_is_given_up_after_a_while_and_not_written_to() -> None:
    clock = FakeClock()
    part = Scripted(clock, [Wait(reason="the index does not answer")])

    with pytest.raises(NotYet) as late:
        reconcile(clock, part)
    (problem,) = late.value.problems
    assert problem.code == "still-waiting"
    assert problem.message.endswith("is not ready yet: the index does not answer")
    assert problem.remedy == "run the same command again later: completed steps are not repeated"
    assert part.acted_at() == []
    assert 120.0 <= clock.monotonic() <= 126.0


@pytest.mark.parametrize("asked", [None, 0.0, 0.001])
def test_looks_at_a_world_that_cannot_be_seen_grow_rare(asked: float | None) -> None:
    clock = FakeClock()
    part = Scripted(clock, [Wait(reason="busy", seconds=asked)])

    ended(clock, part)

    pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(part.log)]
    assert pauses[:20] == sorted(pauses[:20])
    assert pauses[-1] == 5.0


def test_a_look_that_is_asked_to_wait_waits_so_long() -> None:
    clock = FakeClock()
    part = Scripted(clock, [Wait(reason="429", seconds=300.0), Done()])

    reconcile(clock, part)

    assert part.log == [(0.0, "look"), (300.0, "look")]


def test_a_look_that_is_asked_to_wait_beyond_patience_is_given_up_at_once() -> None:
    clock = FakeClock()
    part = Scripted(clock, [Wait(reason="429", seconds=90.0)])

    assert ended(clock, part, patience=Patience(throttle=60.0)) == (NotYet, ["still-waiting"])
    assert clock.monotonic() == 0.0


def test_answers_in_between_renew_the_patience_with_those_that_fail() -> None:
    clock = FakeClock()
    blind = Wait(reason="503")
    flapping = list(itertools.chain.from_iterable([[DO] * 30 + [blind]] * 4))
    part = Scripted(clock, [*flapping, Done()])

    reconcile(clock, part)

    assert clock.monotonic() > 300.0


def test_after_an_upload_the_resolver_has_as_long_as_an_index() -> None:
    clock = FakeClock()
    behind = Wait(reason="uploaded, but not visible to the resolver yet")
    part = Scripted(clock, [DO, *[behind] * 60, Done()])

    reconcile(clock, part)

    assert clock.monotonic() > 200.0


def test_uploads_keep_a_least_pause_and_other_writes_do_not() -> None:
    clock = FakeClock()
    uploads = [Thing(clock, name=f"u{number}") for number in range(3)]
    move = Do((an_act("x", "milestone"),))
    moves = [Scripted(clock, [move, Done()], name=f"m{number}") for number in range(3)]

    reconcile(clock, *uploads, *moves, patience=Patience(grace=20.0))

    assert [thing.attempts for thing in uploads] == [[0.0], [20.0], [40.0]]
    assert {part.acted_at()[0] for part in moves} == {40.0}


def test_a_least_pause_holds_between_the_files_of_one_package_too() -> None:
    clock = FakeClock()
    both = Do((an_act("sdist"), an_act("wheel")))
    part = Scripted(clock, [both, Done()], [Succeeded(), Succeeded()])

    reconcile(clock, part, patience=Patience(grace=20.0))

    assert part.acted_at() == [0.0, 20.0]
