"""Releases of 500 packages that take longer than a job and its tokens, in simulated time.

The registries have the buckets of crates-io and the window of PyPI; jobs end after six hours and tokens after half an
hour, as on GitHub and at crates-io. Clients, files and network are simulated; the reconciler, its parts and the
estimate of `plan` are the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from world_of_fakes import FakeClock, Quiet

from castoff.errors import NotYet, Problem
from castoff.model.acts import Outcome, Succeeded, Throttled, Unclear
from castoff.model.observations import Present, Sameness, Unknown
from castoff.model.plan import EstimatedUpload
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, ArtifactKind, Package
from castoff.ports import Listing
from castoff.reconcile import Patience
from castoff.reconcile.observer import observe
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler
from castoff.release.plan_contents import estimate, intervals_of, windows_of
from castoff.release.publish import PackagePart, created_before
from castoff.values import replace

JOB = 6 * 3600.0 - 600.0
"""Seconds until which a job begins uploads: `--for 5h50m`."""

TOKEN = 1800.0
INDEX = 5.0
"""Seconds until the index shows an upload."""

FILES: Mapping[Ecosystem, Mapping[ArtifactKind, str]] = {
    "cargo": {"crate": ".crate"},
    "python": {"sdist": ".tar.gz", "wheel": "-py3-none-any.whl"},
}

MIDNIGHT = FakeClock().now()


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
    """An index that takes so many new projects within an hour, as PyPI does, and tells a client only that it failed.

    The client exchanges a token for each file, so that none is old.
    """

    ecosystem: Ecosystem = "python"
    is_pypi: bool = True
    made: dict[str, float] = field(default_factory=dict)
    files: dict[str, dict[str, float]] = field(default_factory=dict)
    """When each file came, by its project."""

    def look(self, package: Package, version: str) -> Listing:
        shown = self._shown(package.name)
        created = MIDNIGHT + timedelta(seconds=self.made[package.name]) if shown else None
        files = {name: Present(digest=name) for name in shown}
        return Listing(files=files, new_name=not shown, created=created)

    def has_known_rules(self, package: Package) -> bool:
        return self.is_pypi

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        now = self.clock.monotonic()
        self.exchanges += 1
        within = sum(one > now - self.every for one in self.made.values())
        if self.is_pypi and artifact.name not in self.made and within >= self.burst:
            self.refusals += 1
            return Unclear(reason="429", problem=Problem(code="upload-failed", message="429"))
        self.made.setdefault(artifact.name, now)
        self.uploads.append(artifact.filename)
        self.files.setdefault(artifact.name, {}).setdefault(artifact.filename, now)
        return Succeeded()

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        return all(self._shown(one) for one in requirements)

    def _shown(self, name: str) -> list[str]:
        now = self.clock.monotonic()
        return [file for file, since in self.files.get(name, {}).items() if now >= since + INDEX]


def workspace(count: int) -> dict[str, tuple[int, frozenset[str]]]:
    """Return packages by name, each with its wave and what it needs: waves of 50, each over the one before."""
    names = [f"crate-{number:03d}" for number in range(count)]
    return {
        name: (number // 50 + 1, frozenset(names[max(0, number // 50 - 1) * 50 : number // 50 * 50][:4]))
        for number, name in enumerate(names)
    }


def parts(registry: Registry, crates: dict[str, tuple[int, frozenset[str]]]) -> tuple[PackagePart, ...]:
    """Return the parts of a job: each job knows only what the registry shows."""
    made = []
    ecosystem = registry.ecosystem
    kinds = FILES[ecosystem]
    for name, (_, needs) in crates.items():
        manifest = f"{name}/Cargo.toml"
        package = Package(
            name=name,
            ecosystem=ecosystem,
            path=name,
            manifest=manifest,
            version="1.0.0",
            version_file=manifest,
            kinds=tuple(kinds),
        )
        artifacts = []
        for kind, ending in kinds.items():
            file = f"{name}-1.1.0{ending}"
            digest = name if ecosystem == "cargo" else file
            artifacts.append(
                Artifact(
                    package=package.id,
                    ecosystem=ecosystem,
                    kind=kind,
                    filename=file,
                    path=file,
                    digest=digest,
                )
            )
        made.append(PackagePart(package, "1.1.0", artifacts, registry, Path(), needs=needs))
    return tuple(made)


def schedule(
    ecosystem: Ecosystem, crates: dict[str, tuple[int, frozenset[str]]], new: bool
) -> list[EstimatedUpload]:
    """Return the uploads as `plan` estimates them: the first file of a new package makes its project."""
    return [
        EstimatedUpload(id=name + ending, package=name, ecosystem=ecosystem, wave=wave, new=new and not at)
        for name, (wave, _) in crates.items()
        for at, ending in enumerate(FILES[ecosystem].values())
    ]


def run_jobs(
    clock: FakeClock, most: int, registry: Registry, crates: dict[str, tuple[int, frozenset[str]]]
) -> tuple[int, int]:
    """Run job after job until all is up; return how many packages are, and how many jobs there were."""
    for number in range(1, most + 1):
        intervals, windows = intervals_of(()), windows_of(())
        patience = Patience(until=clock.monotonic() + JOB, intervals=intervals, windows=windows)
        stage = Stage("publish", parts(registry, crates))
        (seen,) = observe([stage], lanes=1)
        stage = replace(stage, created=created_before(seen))
        try:
            state = Reconciler(clock, Quiet(), patience, lanes=1).run(stage)
        except NotYet as error:
            assert [one.code for one in error.problems] == ["time-is-up"]
        else:
            return len(state.parts), number
    return 0, most


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
    planned = estimate(schedule("cargo", crates, new), (), grace=0.0).seconds

    assert run_jobs(clock, jobs, registry, crates) == (count, jobs)
    assert sorted(registry.uploads) == sorted(crates)
    assert clock.monotonic() == pytest.approx(planned, rel=0.02)
    # One in a row tells how long to wait, the next ones that the bucket is empty: each job learns it once.
    assert registry.refusals <= 6
    assert registry.exchanges >= clock.monotonic() / TOKEN / 2


def test_500_new_python_projects_keep_to_the_window_of_pypi_over_five_jobs() -> None:
    projects = workspace(500)
    clock = FakeClock()
    index = Index(clock, 20, 3600.0)
    planned = estimate(schedule("python", projects, True), (), grace=0.0).seconds

    assert run_jobs(clock, 5, index, projects) == (500, 5)
    assert len(index.uploads) == len(set(index.uploads)) == index.exchanges == 1000
    assert clock.monotonic() == pytest.approx(planned, rel=0.02)
    # PyPI says of no refusal that the window is full: what the job before made counts from its first look.
    assert index.refusals == 0


def test_another_index_has_no_window() -> None:
    projects = workspace(200)
    clock = FakeClock()
    index = Index(clock, 20, 3600.0, is_pypi=False)

    assert run_jobs(clock, 1, index, projects) == (200, 1)
    assert len(index.uploads) == len(set(index.uploads)) == 400
    assert clock.monotonic() < 3600.0
