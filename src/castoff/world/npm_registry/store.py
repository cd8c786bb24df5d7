"""What does the npm registry hold? Packages with their versions and tags; versions are taken once."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

from castoff.world.clock import WorldClock
from castoff.world.messages import Late
from castoff.world.npm_registry.tarball import Refused
from castoff.world.visibility import Visibility


@dataclass(slots=True, kw_only=True)
class Version:
    """A version that was published; ``manifest`` is what clients are shown of it."""

    name: str
    number: str
    manifest: dict[str, Any]
    tarball: bytes
    filename: str
    at: str
    sight: Visibility
    withdrawn: bool = False


@dataclass(slots=True)
class Package:
    """One package: all versions ever, and which one each tag names."""

    name: str
    versions: dict[str, Version] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    revision: int = 0


class Store:
    """All packages of the registry; safe for many threads."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self.lock = threading.RLock()
        self._packages: dict[str, Package] = {}
        self._uploads: list[Version] = []

    def add(
        self,
        name: str,
        number: str,
        manifest: dict[str, Any],
        tarball: bytes,
        *,
        late: Late | None = None,
        seeded: bool = False,
    ) -> None:
        """Keep a version, or refuse it where the number was ever used."""
        with self.lock:
            package = self._packages.setdefault(name, Package(name))
            if number in package.versions:
                raise Refused(f"You cannot publish over the previously published versions: {number}.", 403)
            version = Version(
                name=name,
                number=number,
                manifest=manifest,
                tarball=tarball,
                filename=f"{name.rpartition('/')[2]}-{number}.tgz",
                at=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                sight=Visibility(late, self._clock),
            )
            package.versions[number] = version
            package.revision += 1
            if not seeded:
                self._uploads.append(version)

    def get(self, name: str) -> Package:
        """Give a package, or refuse with 404."""
        with self.lock:
            package = self._packages.get(name)
            if package is None:
                raise Refused("Not found", 404)
            return package

    def dump(self) -> dict[str, object]:
        """Give the uploads in their order, and the tags."""
        with self.lock:
            return {
                "uploads": [
                    {
                        "package": version.name,
                        "version": version.number,
                        "filename": version.filename,
                        "sha256": hashlib.sha256(version.tarball).hexdigest(),
                        "withdrawn": version.withdrawn,
                        "deprecated": version.manifest.get("deprecated"),
                    }
                    for version in self._uploads
                ],
                "tags": {package.name: dict(package.tags) for package in self._packages.values()},
            }
