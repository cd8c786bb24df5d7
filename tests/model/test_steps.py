from __future__ import annotations

import pytest

from castoff.model.steps import Interval, Pace, paces


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([(0, 2)], 2),
        ([(0, 2), (3, 5)], 4),
        ([(0, 4), (1, 2)], 4),
        ([(0, 4), (1, 6)], 6),
        ([(3, 5), (0, 2), (4, 6)], 5),
    ],
    ids=["one", "apart", "one within another", "one into another", "not in order"],
)
def test_steps_side_by_side_share_their_time(spans: list[tuple[float, float]], seconds: float) -> None:
    found = paces(Interval("build", began, ended) for began, ended in spans)

    assert found == {"build": Pace(len(spans), seconds)}
    assert found["build"].each == seconds / len(spans)


def test_each_kind_has_its_own_pace() -> None:
    found = paces([Interval("build", 0, 2), Interval("sign", 1, 4), Interval("build", 2, 6)])

    assert found == {"build": Pace(2, 6), "sign": Pace(1, 3)}
