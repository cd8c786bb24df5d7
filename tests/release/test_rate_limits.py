"""C5: the schedule that is shown before is one that the registry's own bucket lets through, and no longer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from castoff.config.values import Limit, Rate
from castoff.model.plan import SECONDS_A_WAVE, EstimatedUpload
from castoff.release.plan_contents import estimate, windows_of
from castoff.values import replace


@dataclass(slots=True)
class Server:
    """The registry's side: a bucket that fills with time; refuses what comes too early."""

    burst: int
    every: float
    tokens: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = float(self.burst)

    def takes(self, moment: float) -> bool:
        self.tokens = min(float(self.burst), self.tokens + (moment - self.at) / self.every)
        self.at = moment
        if self.tokens < 1.0 - 1e-9:
            return False
        self.tokens -= 1.0
        return True


def workspace(packages: int, *, new: bool) -> list[EstimatedUpload]:
    """A workspace like the great ones: a third at the bottom, half in the middle, the rest, and the facade last."""
    waves = [1] * (packages // 3) + [2] * (packages // 2)
    waves += [3] * max(0, packages - 1 - len(waves)) + [4]
    return [
        EstimatedUpload(id=f"p{at}", package=f"p{at}", ecosystem="cargo", wave=wave, new=new)
        for at, wave in enumerate(waves[:packages] if packages > 1 else [1])
    ]


@pytest.mark.parametrize("new", [False, True], ids=["new versions", "new names"])
@pytest.mark.parametrize("packages", [1, 100, 1000])
def test_the_registry_lets_the_whole_schedule_through(packages: int, new: bool) -> None:
    uploads = workspace(packages, new=new)
    burst, every = (5, 600.0) if new else (30, 60.0)
    server = Server(burst, every)

    found = estimate(uploads, (), grace=0.0)

    times = [start for _, start in found.schedule]
    assert len(times) == packages
    assert times == sorted(times)
    assert all(server.takes(moment) for moment in times)
    tokens_alone = max(0, packages - burst) * every
    waves = len({one.wave for one in uploads})
    assert tokens_alone <= times[-1] <= tokens_alone + waves * SECONDS_A_WAVE["cargo"]
    assert found.seconds == pytest.approx(times[-1] + SECONDS_A_WAVE["cargo"])


@pytest.mark.parametrize(
    ("packages", "hours"),
    [pytest.param(100, 15.8, id="100 new names"), pytest.param(1000, 165.8, id="1,000 new names")],
)
def test_new_names_take_as_long_as_crates_io_documents(packages: int, hours: float) -> None:
    assert estimate(workspace(packages, new=True), (), grace=0.0).seconds / 3600 == pytest.approx(
        hours, abs=0.1
    )


def test_a_configured_limit_counts_instead() -> None:
    limits = (Limit(name="crates-io", new=Rate(burst=100, every=1.0)),)

    assert estimate(workspace(100, new=True), limits, grace=0.0).seconds < 120
    assert estimate(workspace(100, new=False), limits, grace=0.0).seconds > 70 * 60


@pytest.mark.parametrize("packages", [1, 100])
def test_a_least_pause_is_kept_between_all(packages: int) -> None:
    times = [start for _, start in estimate(workspace(packages, new=False), (), grace=20.0).schedule]

    assert all(later - earlier >= 20.0 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize(("packages", "hours"), [(1, 0), (20, 0), (21, 1), (40, 1), (41, 2)])
def test_new_projects_of_pypi_wait_for_the_hour_to_pass(packages: int, hours: int) -> None:
    uploads = [replace(one, ecosystem="python") for one in workspace(packages, new=True)]

    times = [start for _, start in estimate(uploads, (), grace=0.0).schedule]

    assert times[-1] // 3600 == hours
    assert all(late - early >= 3600.0 for early, late in zip(times, times[20:], strict=False))


def test_versions_of_projects_that_are_there_have_no_limit() -> None:
    uploads = [replace(one, ecosystem="python") for one in workspace(100, new=False)]

    assert estimate(uploads, (), grace=0.0).seconds < 120


def test_only_windows_are_kept_to_from_the_start() -> None:
    assert windows_of(()) == {"python": (20, 3600.0)}
    assert windows_of((Limit(name="PyPI", new=Rate(burst=100, every=1.0)),)) == {}


def test_a_configured_limit_of_pypi_counts_instead() -> None:
    limits = (Limit(name="PyPI", new=Rate(burst=100, every=1.0)),)
    uploads = [replace(one, ecosystem="python") for one in workspace(100, new=True)]

    assert estimate(uploads, limits, grace=0.0).seconds < 120
