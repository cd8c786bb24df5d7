from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.plan import SECONDS_A_WAVE, Bucket, EstimatedUpload, Window, estimated

Limits = Mapping[tuple[str, bool], Bucket | Window]
VISIBLE = SECONDS_A_WAVE["cargo"]


def uploads(*waves: int, new: bool = False) -> list[EstimatedUpload]:
    return [
        EstimatedUpload(id=f"w{wave}u{number}", package=f"p{number}", ecosystem="cargo", wave=wave, new=new)
        for wave, count in enumerate(waves, start=1)
        for number in range(count)
    ]


def starts(found: Sequence[EstimatedUpload], limits: Limits, grace: float = 0.0) -> list[float]:
    return [second for _, second in estimated(found, limits, grace=grace).schedule]


def test_without_uploads_there_is_nothing_to_wait_for() -> None:
    assert estimated([], {}).seconds == 0.0
    assert estimated([], {}).schedule == ()


@pytest.mark.parametrize(
    ("waves", "limits", "grace", "expected"),
    [
        pytest.param((3,), {}, 0.0, [0, 0, 0], id="no limit: all at once"),
        pytest.param((1, 2), {}, 0.0, [0, VISIBLE, VISIBLE], id="a wave waits for the one before"),
        pytest.param(
            (4,), {("cargo", False): Bucket(2, 60.0)}, 0.0, [0, 0, 60, 120], id="a burst, then in turn"
        ),
        pytest.param(
            (3,), {("cargo", True): Bucket(1, 60.0)}, 0.0, [0, 0, 0], id="the limit of new names only"
        ),
        pytest.param(
            (3,), {("python", False): Bucket(1, 60.0)}, 0.0, [0, 0, 0], id="the limit of another registry"
        ),
        pytest.param((3,), {}, 20.0, [0, 20, 40], id="a least pause"),
        pytest.param((3,), {("cargo", False): Bucket(1, 30.0)}, 20.0, [0, 30, 60], id="the longer of both"),
        pytest.param(
            (2, 4),
            {("cargo", False): Bucket(2, 5.0)},
            0.0,
            [0, 0, 15, 15, 20, 25],
            id="a bucket fills up, not over",
        ),
        pytest.param(
            (4,), {("cargo", False): Window(2, 60.0)}, 0.0, [0, 0, 60, 60], id="a window, and the next"
        ),
        pytest.param(
            (1, 3),
            {("cargo", False): Window(2, 60.0)},
            0.0,
            [0, 15, 60, 75],
            id="a window begins at each upload",
        ),
        pytest.param(
            (3,), {("cargo", True): Window(1, 60.0)}, 0.0, [0, 0, 0], id="a window of new names only"
        ),
    ],
)
def test_each_upload_starts_as_early_as_waves_limits_and_pause_allow(
    waves: tuple[int, ...], limits: Limits, grace: float, expected: list[float]
) -> None:
    found = uploads(*waves)

    assert starts(found, limits, grace) == expected
    assert estimated(found, limits, grace=grace).seconds == expected[-1] + VISIBLE


def test_new_names_and_new_versions_have_buckets_of_their_own() -> None:
    mixed = [*uploads(2), *(one for one in uploads(2, new=True))]
    limits = {("cargo", False): Bucket(1, 60.0), ("cargo", True): Bucket(1, 600.0)}

    assert starts(mixed, limits) == [0, 60, 0, 600]


@pytest.mark.parametrize(
    ("count", "hours"), [(1, 0.0), (5, 0.0), (6, 1 / 6), (100, 95 / 6), (1000, 995 / 6)], ids=str
)
def test_new_crates_by_the_documented_limit(count: int, hours: float) -> None:
    limits = {("cargo", True): Bucket(5, 600.0)}

    assert starts(uploads(count, new=True), limits)[-1] == pytest.approx(hours * 3600)


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=6),
    st.integers(1, 4),
    st.integers(1, 40),
    st.sampled_from((0.0, 3.0)),
)
def test_no_span_of_time_ever_holds_more_uploads_than_the_bucket_gives(
    waves: list[int], burst: int, every: int, grace: float
) -> None:
    times = starts(uploads(*waves), {("cargo", False): Bucket(burst, float(every))}, grace)

    assert times == sorted(times)
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + (times[last] - times[first]) / every + 1e-9
