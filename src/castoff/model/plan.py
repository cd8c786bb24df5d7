"""The plan of a release, a value: it can be shown, compared and sent, and it does nothing.

Duration of the uploads, and the earliest moment of each one.
Registries limit how often one may upload: with token buckets (a burst is free, then one more each interval), or with
moving windows (so many within an hour).
A wave is taken to need a few seconds until it is visible; that is a rough figure and is shown as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from castoff.errors import Problem
from castoff.model.acts import Act
from castoff.model.graph import Order
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import ArtifactKind, Edit, Member, Package, Workspace
from castoff.regexes import regex

SECONDS_A_WAVE: Mapping[str, float] = {"cargo": 15.0, "python": 10.0, "npm": 10.0}


class Bucket(Struct, frozen=True):
    """A token bucket: ``burst`` uploads at once, then one each ``every`` seconds; None means no limit."""

    burst: int
    every: float


class Window(Struct, frozen=True):
    """A moving window: ``burst`` uploads within any ``every`` seconds."""

    burst: int
    every: float


class EstimatedUpload(Struct, frozen=True, kw_only=True):
    """One package's uploads, as the estimate sees them."""

    id: str
    package: str
    ecosystem: str
    wave: int
    new: bool


class Estimate(Struct, frozen=True):
    """Seconds until the last package is up, and for each upload the earliest second at which it may start."""

    seconds: float
    schedule: tuple[tuple[str, float], ...] = ()


class _Fill(Struct):
    """A limit in use: ``full_at`` is when a bucket would be full again, ``starts`` are the uploads of a window."""

    bucket: Bucket | Window | None
    full_at: float = 0.0
    starts: list[float] = field(default_factory=list)

    def next(self, ready: float) -> float:
        """Take a token as early as the limit allows, not before ``ready``."""
        if self.bucket is None:
            return ready
        if isinstance(self.bucket, Window):
            earlier = self.starts[-self.bucket.burst :]
            is_full = len(earlier) == self.bucket.burst
            start = max(ready, earlier[0] + self.bucket.every) if is_full else ready
            self.starts.append(start)
            return start
        start = max(ready, self.full_at - (self.bucket.burst - 1) * self.bucket.every)
        self.full_at = max(start, self.full_at) + self.bucket.every
        return start


def estimated(
    uploads: Sequence[EstimatedUpload],
    limits: Mapping[tuple[str, bool], Bucket | Window],
    *,
    grace: float = 0.0,
) -> Estimate:
    """Simulate the uploads wave by wave; ``limits`` is keyed by (ecosystem, is new)."""
    fills = {key: _Fill(bucket) for key, bucket in limits.items()}
    schedule: list[tuple[str, float]] = []
    wave_ready, wave_end, wave = 0.0, 0.0, 0
    previous = -grace
    for upload in uploads:
        if upload.wave != wave:
            wave_ready, wave = wave_end, upload.wave
        fill = fills.get((upload.ecosystem, upload.new), _Fill(None))
        start = fill.next(max(wave_ready, previous + grace if grace else 0.0))
        previous = start
        schedule.append((upload.id, start))
        wave_end = max(wave_end, start + SECONDS_A_WAVE.get(upload.ecosystem, 10.0))
    return Estimate(wave_end, tuple(schedule))


_RUNS = regex(r"[-_.]+")  # one underscore in file names (packaging.python.org, "Name normalization")


class Planned(Struct, frozen=True, kw_only=True):
    """One package in the plan: from which version to which, in which wave, and what is uploaded of it."""

    package: Package
    to: str
    wave: int
    new: bool
    needs: tuple[str, ...]
    artifacts: tuple[tuple[ArtifactKind, str | None], ...]


class NotLookedAt(Struct, frozen=True):
    """What a release never holds: submodules, and manifests in the checkout that git does not track."""

    submodules: int = 0
    untracked: int = 0


class Plan(Struct, frozen=True, kw_only=True):
    """The whole plan; ``resumes`` says that the version was begun before.

    ``base_commit`` is the commit that the release is made from, or the release commit if it is resumed.
    ``claimed_by`` is the ref that claims the version; None where the release commit on the branch does. ``locks``
    are the lock files that follow the edits: what changes in them only their clients know. ``commands`` are those of
    ``version.run``, each with the patterns of the files that it may write. ``acts`` are all that a run may perform.
    """

    version: ReleaseVersion
    shown_version: str
    previous: str | None
    level: str
    tag: str
    branch: str
    remote: str | None
    base_commit: str
    resumes: bool
    claimed_by: str | None
    workspace: Workspace
    order: Order
    packages: tuple[Planned, ...]
    members: tuple[tuple[Member, str | None], ...]
    edits: tuple[Edit, ...]
    locks: tuple[str, ...]
    estimate: Estimate
    problems: tuple[Problem, ...]
    commands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    acts: tuple[Act, ...] = ()
    not_looked_at: NotLookedAt = NotLookedAt()
    signs_tag: bool = True

    @property
    def tag_tools(self) -> tuple[str, ...]:
        """Name the tools that make versions of packages from git tags."""
        found = {one.package.tags.tool for one in self.packages if one.package.tags is not None}
        return tuple(sorted(found))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """List the problems that stop a release."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def planned_packages(
    packages: Sequence[Package], order: Order, version: ReleaseVersion, new: frozenset[str]
) -> tuple[Planned, ...]:
    """Return the packages in the order of the waves."""
    by_id = {package.id: package for package in packages}
    found = []
    for wave, names in enumerate(order.waves, start=1):
        for package in (by_id[name] for name in names):
            native = spell(version, package.ecosystem)
            found.append(
                Planned(
                    package=package,
                    to=native,
                    wave=wave,
                    new=package.id in new,
                    needs=tuple(sorted(order.needs[package.id])),
                    artifacts=tuple(
                        (kind, predicted_filename(package, kind, native)) for kind in package.kinds
                    ),
                )
            )
    return tuple(found)


def predicted_filename(package: Package, kind: ArtifactKind, version: str) -> str | None:
    """Return the file name that an artifact will have; None where the build decides (platform wheels)."""
    if kind == "crate":
        return f"{package.name}-{version}.crate"
    # PyPA, "Source distribution format": the name is normalized, with `_` for every run of `-`, `_` and `.`.
    if kind == "sdist":
        return f"{_RUNS.sub('_', package.name).lower()}-{version}.tar.gz"
    # As `npm pack` names it: a file's name cannot hold the slash of a scope.
    if kind == "tarball":
        return f"{package.name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    return None
