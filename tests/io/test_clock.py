from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from castoff.errors import UsageError
from castoff.io.clock import SystemClock, stated_now


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5-00:30", datetime(2026, 1, 31, 12, 30, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_the_stated_time_is_taken(text: str, expected: datetime) -> None:
    assert stated_now({"CASTOFF_NOW": text}) == expected


@pytest.mark.parametrize(
    "text", ["now", "2026-01-31", "2026-01-31T12:00:00", "1769860800", "0000-01-01T00:00:00Z", "\x1b[2J"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        stated_now({"CASTOFF_NOW": text})

    assert caught.value.problems[0].code == "bad-time"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_at_the_ends_of_all_days_is_refused_or_taken(text: str) -> None:
    with pytest.raises(UsageError):
        stated_now({"CASTOFF_NOW": text})


@pytest.mark.parametrize("environment", [{}, {"CASTOFF_NOW": ""}])
def test_without_a_stated_time_it_is_now(environment: dict[str, str]) -> None:
    assert abs(stated_now(environment) - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_machines_clock_goes_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(0.01)

    assert clock.monotonic() - before >= 0.01
    assert clock.now().tzinfo is UTC
