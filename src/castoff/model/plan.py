"""What will a release do? A plan is a value: it can be shown, compared and sent, and it does nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.model.acts import Act
from castoff.model.estimate import Estimate
from castoff.model.graph import Order
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import ArtifactKind, Edit, Member, Package

_RUNS = re.compile(r"[-_.]+")  # one underscore in file names (packaging.python.org, "Name normalization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One package in the plan: from which version to which, in which wave, and what is uploaded of it."""

    package: Package
    to: str
    wave: int
    new: bool
    needs: tuple[str, ...]
    artifacts: tuple[tuple[ArtifactKind, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan; ``resumes`` says that the version was begun before.

    ``claimed_by`` is the ref that claims the version; None where the release commit on the branch does. ``locks``
    are the lock files that follow the edits: what changes in them only their clients know. ``commands`` are those of
    ``version.run``, each with the patterns of the files that it may write.
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
    order: Order
    packages: tuple[Planned, ...]
    members: tuple[tuple[Member, str | None], ...]
    edits: tuple[Edit, ...]
    locks: tuple[str, ...]
    acts: tuple[Act, ...]
    estimate: Estimate
    problems: tuple[Problem, ...]
    commands: tuple[tuple[str, tuple[str, ...]], ...] = ()

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
    """Give the packages in the order of the waves."""
    by_id = {package.id: package for package in packages}
    return tuple(
        _planned(by_id[name], wave, order, version, new=name in new)
        for wave, names in enumerate(order.waves, start=1)
        for name in names
    )


def predicted_filename(package: Package, kind: ArtifactKind, version: str) -> str | None:
    """Give the file name that an artifact will have; None where the build decides (platform wheels)."""
    if kind == "crate":
        return f"{package.name}-{version}.crate"
    if kind == "sdist":
        return f"{_RUNS.sub('_', package.name).lower()}-{version}.tar.gz"
    if kind == "tarball":
        return f"{package.name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    return None


def _planned(package: Package, wave: int, order: Order, version: ReleaseVersion, *, new: bool) -> Planned:
    native = spell(version, package.ecosystem)
    return Planned(
        package=package,
        to=native,
        wave=wave,
        new=new,
        needs=tuple(sorted(order.needs[package.id])),
        artifacts=tuple((kind, predicted_filename(package, kind, native)) for kind in package.kinds),
    )
