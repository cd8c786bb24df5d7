"""Builders: how packages become artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports.run import Steps


class BuildFailure(Struct, frozen=True, kw_only=True):
    """A package that could not be built or verified: the client's last words, cut, without secrets."""

    package: str
    problem: Problem


class Built(Struct, frozen=True, kw_only=True):
    """What a build gave."""

    artifacts: tuple[Artifact, ...] = ()
    failures: tuple[BuildFailure, ...] = ()


class Builder(Protocol):
    """Makes artifacts from a tree on disk, through the real client."""

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring lock files that are committed up to date after the edits; returns the paths it changed."""
        ...

    def update_neighbour_locks(
        self, root: Path, locks: Sequence[str]
    ) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Update lock files beside the workspace, or leave them as they were; returns changed paths, and warnings."""
        ...

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = ...) -> Built:
        """Build all artifacts of these packages into a folder; reproducible from the same tree."""
        ...

    def judge(
        self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path
    ) -> Sequence[Problem]:
        """Judge built files by the rules that their registry applies when they arrive."""
        ...

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Use a package as its users will, with the registry that the environment points to, at its turn."""
        ...


@runtime_checkable
class Collects(Protocol):
    """A builder that may take files which were built elsewhere."""

    def stray_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report the files built elsewhere that are of none of these packages at its version."""
        ...

    def missing_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report the packages of which no file was built elsewhere, if castoff does not build them itself."""
        ...


@runtime_checkable
class Keeps(Protocol):
    """A builder whose files may be kept for another run on the same commit."""

    @property
    def inputs(self) -> str | None:
        """What decides the files besides the commit; None where files come from elsewhere, and may change there."""
        ...


@runtime_checkable
class Repeats(Protocol):
    """A builder that can name what a verification depends on, so that it need not be repeated."""

    def verification_digest(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> str | None:
        """Name it by content, None where that is impossible; ``artifacts`` are the package's, then those it needs."""
        ...
