"""What does the Python index hold? Files in the order of their arrival, and who may see them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from packaging.utils import canonicalize_name
from packaging.version import Version

from castoff.world.clock import WorldClock
from castoff.world.messages import Late
from castoff.world.python_index.artifact import Artifact, UploadRefused
from castoff.world.visibility import Visibility


@dataclass(slots=True, kw_only=True)
class Held:
    """A file in the index; ``seeded``: released before the world began."""

    artifact: Artifact
    uploaded_at: datetime
    seeded: bool
    sight: Visibility
    yanked: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What one read of a package's page shows: files with the reason of their yanking, if any."""

    name: str
    files: tuple[tuple[Artifact, datetime, str | None], ...]


@dataclass(slots=True)
class _Package:
    files: list[Held] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)


class Store:
    """All files of the index; safe for many threads."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._packages: dict[str, _Package] = {}
        self._views: dict[str, frozenset[str]] = {}
        self._uploads: list[Held] = []

    def add(self, artifact: Artifact, *, late: Late | None = None, seeded: bool = False) -> None:
        """Keep a file; the same again is welcome, other bytes under a used name are refused, as on PyPI."""
        with self._lock:
            package = self._packages.setdefault(artifact.name, _Package())
            if artifact.filename in package.deleted:
                raise UploadRefused(
                    "This filename has already been used, use a different version. "
                    "See the help on file name reuse for more information."
                )
            for held in package.files:
                if held.artifact.filename == artifact.filename:
                    _same_or_refuse(held.artifact, artifact)
                    return
            held = Held(
                artifact=artifact,
                uploaded_at=self._clock.now(),
                seeded=seeded,
                sight=Visibility(late, self._clock),
            )
            package.files.append(held)
            if not seeded:
                self._uploads.append(held)

    def names(self) -> tuple[str, ...]:
        """Give the names that the index owns."""
        with self._lock:
            return tuple(sorted(self._packages))

    def owns(self, name: str) -> bool:
        """Say whether the name was ever seeded or uploaded."""
        with self._lock:
            return canonicalize_name(name) in self._packages

    def show(self, name: str, view: str | None = None) -> Shown | None:
        """Give what one read of a name shows, in a view if named; ``None`` where the name is not owned."""
        with self._lock:
            normal = canonicalize_name(name)
            package = self._packages.get(normal)
            if package is None:
                return None
            all_of_it = view is None or normal in self._views.get(view, frozenset())
            shown = [
                (held.artifact, held.uploaded_at, held.yanked)
                for held in package.files
                if held.sight.look() and (held.seeded or all_of_it)
            ]
            return Shown(normal, tuple(shown))

    def find(self, filename: str, blake2_256: str) -> Artifact | None:
        """Find a file by its address; what is uploaded can be fetched before the index shows it."""
        with self._lock:
            for package in self._packages.values():
                for held in package.files:
                    if held.artifact.filename == filename:
                        return held.artifact if held.artifact.blake2_256 == blake2_256 else None
        return None

    def set_view(self, view: str, names: Iterable[str]) -> None:
        """Say of which names a view shows the uploads."""
        with self._lock:
            self._views[view] = frozenset(canonicalize_name(name) for name in names)

    def yank(self, name: str, version: str, reason: str | None) -> int:
        """Yank all files of a version, or take it back with ``None``; give their number."""
        with self._lock:
            files = self._of_version(name, version)
            for held in files:
                held.yanked = reason
            return len(files)

    def delete(self, name: str, version: str) -> int:
        """Delete all files of a version; their names stay used."""
        with self._lock:
            files = self._of_version(name, version)
            for held in files:
                package = self._packages[held.artifact.name]
                package.files.remove(held)
                package.deleted.add(held.artifact.filename)
            return len(files)

    def dump(self) -> list[dict[str, object]]:
        """Give the uploads in their order, without times."""
        with self._lock:
            return [
                {
                    "package": held.artifact.name,
                    "version": str(held.artifact.version),
                    "filename": held.artifact.filename,
                    "sha256": held.artifact.sha256,
                    "yanked": held.yanked is not None,
                    "deleted": held.artifact.filename in self._packages[held.artifact.name].deleted,
                }
                for held in self._uploads
            ]

    def _of_version(self, name: str, version: str) -> list[Held]:
        wanted = Version(version)
        package = self._packages.get(canonicalize_name(name), _Package())
        return [held for held in package.files if held.artifact.version == wanted]


def _same_or_refuse(held: Artifact, offered: Artifact) -> None:
    if held.sha256 != offered.sha256:
        raise UploadRefused(
            f"File already exists ({held.filename!r}, with blake2_256 hash {held.blake2_256!r})."
        )
