"""Releases of 500 packages that take longer than a job and its tokens, in simulated time.

The registry has the buckets of crates-io; jobs end after six hours and tokens after half an hour, as on GitHub and at
crates-io. Clients, files and network are simulated; the reconciler, its parts and the estimate of `plan` are the real
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from world_of_fakes import FakeClock, Quiet

from castoff.errors import NotYet, Problem
from castoff.model.acts import Outcome, Succeeded, Throttled, Unclear
from castoff.model.observations import Present, Sameness, Unknown
from castoff.model.plan import EstimatedUpload
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Listing
from castoff.reconcile import Patience, Reconciler
from castoff.reconcile.part import Stage
from castoff.release.plan_contents import estimate, intervals_of, windows_of
from castoff.release.publish import PackagePart

JOB = 6 * 3600.0 - 600.0
"""Seconds until which a job begins uploads: `--for 5h50m`."""

TOKEN = 1800.0
INDEX = 5.0
"""Seconds until the index shows an upload."""


@dataclass(slots=True)
class Registry:
    """A registry with one bucket of tokens, and upload tokens that end."""

    clock: FakeClock
    burst: int
    every: float
    tokens: float = 0.0
    filled: float = 0.0
    uploads: list[str] = field(default_factory=list)
    stored: dict[str, float] = field(default_factory=dict)
    refusals: int = 0
    exchanges: int = 0
    token_ends: float = -1.0
    ecosystem: Ecosystem = "cargo"

    def __post_init__(self) -> None:
        self.tokens = float(self.burst)

    def look(self, package: Package, version: str) -> Listing:
        since = self.stored.get(package.name)
        if since is None or self.clock.monotonic() < since + INDEX:
            return Listing()
        return Listing(files={f"{package.name}-{version}.crate": Present(digest=package.name)})

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        now = self.clock.monotonic()
        if now >= self.token_ends:
            self.exchanges += 1
            self.token_ends = now + TOKEN
        self.tokens = min(float(self.burst), self.tokens + (now - self.filled) / self.every)
        self.filled = now
        if self.tokens < 1.0:
            self.refusals += 1
            # Whole seconds, rounded up: crates-io answers with a date.
            wait = float(int((1.0 - self.tokens) * self.every) + 1)
            return Throttled(retry_after=wait, reason="the registry limits the rate")
        self.tokens -= 1.0
        self.uploads.append(artifact.name)
        self.stored.setdefault(artifact.name, now)
        return Succeeded()

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        return "bytes" if artifact.digest == listed else "no"

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        return all(self.clock.monotonic() >= self.stored.get(one, 1e12) + INDEX for one in requirements)

    def requirement(self, package: Package, version: str) -> str:
        return package.name

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        raise NotImplementedError

    def yank(self, package: Package, version: str) -> Outcome:
        raise NotImplementedError

    def url(self, package: Package, version: str) -> str | None:
        return None


@dataclass(slots=True)
class Index(Registry):
    """An index that takes so many new projects within an hour, as PyPI does, and tells a client only that it failed."""

    ecosystem: Ecosystem = "python"
    is_pypi: bool = True
    made: list[float] = field(default_factory=list)

    def look(self, package: Package, version: str) -> Listing:
        found = Registry.look(self, package, version)
        return found if found.files else Listing(new_name=package.name not in self.stored)

    def has_known_rules(self, package: Package) -> bool:
        return self.is_pypi

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        now = self.clock.monotonic()
        if self.is_pypi and sum(one > now - self.every for one in self.made) >= self.burst:
            self.refusals += 1
            return Unclear(reason="429", problem=Problem(code="upload-failed", message="429"))
        self.made.append(now)
        self.uploads.append(artifact.name)
        self.stored.setdefault(artifact.name, now)
        return Succeeded()


def workspace(count: int) -> dict[str, tuple[int, frozenset[str]]]:
    """Return crates by name, each with its wave and what it needs: waves of 50, each over the one before."""
    names = [f"crate-{number:03d}" for number in range(count)]
    return {
        name: (number // 50 + 1, frozenset(names[max(0, number // 50 - 1) * 50 : number // 50 * 50][:4]))
        for number, name in enumerate(names)
    }


def parts(registry: Registry, crates: dict[str, tuple[int, frozenset[str]]]) -> tuple[PackagePart, ...]:
    """Return the parts of a job: each job knows only what the registry shows."""
    made = []
    ecosystem = registry.ecosystem
    for name, (_, needs) in crates.items():
        manifest = f"{name}/Cargo.toml"
        package = Package(
            name=name,
            ecosystem=ecosystem,
            path=name,
            manifest=manifest,
            version="1.0.0",
            version_file=manifest,
            kinds=("crate",),
        )
        file = f"{name}-1.1.0.crate"
        artifact = Artifact(
            package=name, ecosystem=ecosystem, kind="crate", filename=file, path=file, digest=name
        )
        made.append(
            PackagePart(
                package,
                "1.1.0",
                (artifact,),
                registry,
                Path(),
                needs=needs,
            )
        )
    return tuple(made)


@pytest.mark.parametrize(
    ("count", "new", "burst", "every", "jobs"),
    [
        pytest.param(500, False, 30, 60.0, 2, id="500 versions, one a minute"),
        pytest.param(60, True, 5, 600.0, 2, id="60 new names, one in ten minutes"),
    ],
)
def test_a_release_outlives_jobs_and_tokens_and_ends_when_the_plan_says(
    count: int, new: bool, burst: int, every: float, jobs: int
) -> None:
    crates = workspace(count)
    clock = FakeClock()
    registry = Registry(clock, burst, every)
    uploads = [
        EstimatedUpload(id=name, package=name, ecosystem="cargo", wave=wave, new=new)
        for name, (wave, _) in crates.items()
    ]
    planned = estimate(uploads, (), grace=0.0).seconds

    ended = 0
    while not ended and jobs:
        jobs -= 1
        patience = Patience(until=clock.monotonic() + JOB, intervals=intervals_of(()))
        stage = Stage("publish", parts(registry, crates))
        try:
            state = Reconciler(clock, Quiet(), patience, lanes=1).run(stage)
        except NotYet as error:
            assert [one.code for one in error.problems] == ["time-is-up"]
        else:
            ended = len(state.parts)

    assert (ended, jobs) == (count, 0)
    assert sorted(registry.uploads) == sorted(crates)
    assert clock.monotonic() == pytest.approx(planned, rel=0.02)
    # One in a row tells how long to wait, the next ones that the bucket is empty: each job learns it once.
    assert registry.refusals <= 6
    assert registry.exchanges >= clock.monotonic() / TOKEN / 2


@pytest.mark.parametrize(("is_pypi", "hours"), [(True, 24), (False, 0)])
def test_new_projects_keep_to_the_window_of_pypi_and_to_none_elsewhere(is_pypi: bool, hours: int) -> None:
    projects = workspace(500)
    clock = FakeClock()
    index = Index(clock, 20, 3600.0, is_pypi=is_pypi)
    patience = Patience(intervals=intervals_of(()), windows=windows_of(()))

    state = Reconciler(clock, Quiet(), patience, lanes=1).run(Stage("publish", parts(index, projects)))

    assert len(state.parts) == 500
    assert sorted(index.uploads) == sorted(projects)
    assert index.refusals == 0
    if is_pypi:
        uploads = [
            EstimatedUpload(id=name, package=name, ecosystem="python", wave=wave, new=True)
            for name, (wave, _) in projects.items()
        ]
        assert clock.monotonic() == pytest.approx(estimate(uploads, (), grace=0.0).seconds, rel=0.02)
    assert clock.monotonic() // 3600 == hours
