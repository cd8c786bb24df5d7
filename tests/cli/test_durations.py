"""Durations in the text of plans and states."""

from __future__ import annotations

import pytest

from castoff.cli.render.words import duration


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (150, "2 min"),
        (3600, "60 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (36_000, "10.0 h"),
    ],
)
def test_a_duration_is_shown_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
