"""How the end of a run is spelled: `--for DURATION` and `--until TIME`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from castoff.cli.main import command_again
from castoff.cli.options import duration, moment, seconds_left


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5h30m", 19800.0), ("90m", 5400.0), ("45s", 45.0), ("45", 45.0), ("1h5s", 3605.0), ("168h", 604800.0)],
)
def test_a_duration_counts_hours_minutes_and_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0h", "169h", "1d", "-5", "5m1h", "nan", "1.5h"])
def test_other_words_are_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration"):
        duration(text)


def test_a_moment_lies_within_the_next_week_and_has_a_zone() -> None:
    now = datetime.now(UTC)

    assert 3500 < moment((now + timedelta(hours=1)).isoformat()) <= 3600
    for text in (
        "soon",
        "2026-12-01T18:00:00",
        (now - timedelta(hours=1)).isoformat(),
        "2099-01-01T00:00:00Z",
    ):
        with pytest.raises(click.BadParameter):
            moment(text)


def test_a_run_has_one_end_and_only_when_it_acts() -> None:
    assert seconds_left(None, None, execute=True) is None
    assert seconds_left(5.0, None, execute=True) == 5.0
    assert seconds_left(None, 7.0, execute=True) == 7.0
    for until, lasting, execute in ((5.0, 7.0, True), (5.0, None, False), (None, 7.0, False)):
        with pytest.raises(click.UsageError):
            seconds_left(until, lasting, execute=execute)


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (("release", "minor", "--execute"), "castoff release minor --execute"),
        (("approve", "1.0.0", "--otp", "123456", "--execute"), "castoff approve 1.0.0 --otp CODE --execute"),
        (("approve", "1.0.0", "--otp=123456"), "castoff approve 1.0.0 --otp=CODE"),
        (("plan", "-C", "a b"), "castoff plan -C 'a b'"),
    ],
)
def test_the_command_that_goes_on_holds_no_one_time_password(arguments: tuple[str, ...], again: str) -> None:
    assert command_again(arguments) == again
