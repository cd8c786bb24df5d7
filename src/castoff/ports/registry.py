"""Registries: what they hold, and what is written to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Outcome
from castoff.model.attestations import Origin
from castoff.model.observations import Answer, Sameness, Unknown
from castoff.model.trusted_publishing import Exchange
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package


class Listing(Struct, frozen=True, kw_only=True):
    """What a registry holds of one version of one package, file by file.

    ``files`` maps file names to answers (Present with SHA-256 digest, Withdrawn). Where nobody could tell, ``unknown``
    says why and ``retry_after`` when to ask again. ``closed`` says why a version takes no more files. ``created`` is
    when the name's first file was uploaded, None where the registry does not give it.
    """

    files: Mapping[str, Answer] = {}
    unknown: str | None = None
    retry_after: float | None = None
    new_name: bool | None = None
    closed: str = ""
    created: datetime | None = None


class Registry(Protocol):
    """One registry, looked at and written to through the real clients of its ecosystem."""

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        ...

    def look(self, package: Package, version: str) -> Listing:
        """Return what is there of one version; ``version`` in the native spelling."""
        ...

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """List all versions that were ever released, withdrawn ones included; none for a name that is not there."""
        ...

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Fetch the registry's file of that artifact, whose digest is ``listed``, and compare contents."""
        ...

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Ask the resolver that users run whether all requirements can be met now; None where unknown."""
        ...

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one artifact through the real client; ``root`` is its workspace's folder in the tree it is from."""
        ...

    def yank(self, package: Package, version: str) -> Outcome:
        """Take a version back, as far as the registry lets it."""
        ...

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version, as :meth:`resolvable` takes it."""
        ...

    def url(self, package: Package, version: str) -> str | None:
        """Return the page of a version for people, None where none is known."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A registry that can say of whole packages what it holds."""

    def record(self, packages: Iterable[Package]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the record of packages (as ``castoff check --registry-record`` has it), and what was not read."""
        ...


@runtime_checkable
class ListsMembers(Protocol):
    """A builder whose client can list the members of a workspace."""

    def members(self, root: Path) -> frozenset[str] | Unknown | None:
        """List the names of the members of the workspace in a folder, as the client finds them; None if it has none."""
        ...

    def uncommitted_includes(self, home: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report files of the user's checkout that a manifest includes and that no clean checkout has."""
        ...


@runtime_checkable
class ListsFiles(Protocol):
    """A builder whose client can list what it would pack, without packing it."""

    def packed_files(self, root: Path, package: Package) -> frozenset[str] | Unknown:
        """List the paths inside the archive of a package whose workspace is checked out in ``root``."""
        ...

    def packed_lists(self, root: Path) -> frozenset[frozenset[str]]:
        """List the same of each member of the workspace in a folder, in one call; none if that fails."""
        ...


class LatestTag(Struct, frozen=True):
    """What users get who name no version, and the highest stable version beside the one that is taken back."""

    names: str | None
    before: str | None


@runtime_checkable
class Tagged(Protocol):
    """A registry that gives users the version that a tag names."""

    def latest(self, package: Package, version: str) -> LatestTag | Unknown:
        """Return what the tag names, and what it may go back to without a version."""
        ...

    def move_latest(self, package: Package, version: str, to: str) -> Outcome:
        """Let the tag name another version than a withdrawn one."""
        ...


@runtime_checkable
class Stages(Protocol):
    """A registry that can hold a version back until a person approves it."""

    def will_stage(self, package: Package) -> bool | Unknown:
        """Return whether a package is staged before it is published: by the settings, the client and the registry."""
        ...

    def stage(self, artifact: Artifact) -> Outcome:
        """Upload one artifact that nobody but its owners sees."""
        ...

    def approve(self, package: Package, version: str) -> Outcome:
        """Publish what was staged, with the one-time password of the environment."""
        ...

    def reject(self, package: Package, version: str) -> Outcome:
        """Remove what was staged, with the one-time password of the environment."""
        ...


@runtime_checkable
class Fetches(Protocol):
    """A registry whose files can be fetched."""

    def fetch(self, package: Package, filename: str) -> bytes | Unknown:
        """Return the bytes of one file of a package."""
        ...


@runtime_checkable
class ShowsOrigin(Protocol):
    """A registry that may show where a file comes from: its publisher, or attestations of it."""

    def origin(self, package: Package, version: str, filename: str) -> Origin:
        """Return what is shown of one file; ``version`` in the native spelling."""
        ...


@runtime_checkable
class Ruled(Protocol):
    """A registry that may be a public one, whose rules castoff knows (`registry_rules`)."""

    def has_known_rules(self, package: Package) -> bool:
        """Return whether a package goes to the public registry."""
        ...


@runtime_checkable
class Exchanges(Protocol):
    """A registry that may exchange identity tokens (trusted publishing)."""

    def exchange(self, package: Package) -> tuple[Exchange, str]:
        """Probe whether this CI job gets a token for a package; also return the identity token, for messages."""
        ...


@runtime_checkable
class Owned(Protocol):
    """A registry that can say who may publish a package."""

    def owners(self, package: Package) -> tuple[str, ...] | None:
        """List the owners by the registry's names; None where that is not known."""
        ...


class Trial(Protocol):
    """Uses what was released as its users do."""

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:
        """Depend on exactly this version in a fresh project: resolve it and build it with the real client.

        ``manifest`` is the text of the package's, as it was released.
        """
        ...
