"""Contents of the embedded npm registry: packages with versions and tags, and staged versions."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from castoff.world.clock import WorldClock
from castoff.world.messages import Late
from castoff.world.npm_registry.accounts import USER
from castoff.world.npm_registry.names import check_new_name
from castoff.world.npm_registry.publication import Publication
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.tarball import integrity, minimal_tarball, read_tarball, shasum
from castoff.world.visibility import Visibility

PLACEHOLDER = "0.0.0-stage"
"""What the registry publishes of a new name when its first version is staged ("Staged publishing")."""

_REST = timedelta(hours=24)
_SEEDED_AGO = timedelta(days=30)  # older than what clients call too new to install


@dataclass(slots=True, kw_only=True, eq=False)
class Version:
    """A version that was published; ``manifest`` is what clients are shown of it."""

    name: str
    number: str
    manifest: dict[str, Any]
    tarball: bytes
    at: datetime
    sight: Visibility
    user: str = USER
    seeded: bool = False
    withdrawn: bool = False
    provenance: dict[str, Any] | None = None

    @property
    def filename(self) -> str:
        """Return the name of the tarball at its address."""
        return f"{self.name.rpartition('/')[2]}-{self.number}.tgz"


class Package(Struct):
    """One package: all versions ever, which one each tag names, and who may do what.

    ``former`` is what a tag named before the last publication, which nodes that lag still show. ``continued``: its
    earlier versions are outside, and a seeded one stands for the last of them where nothing can be read there.
    """

    name: str
    versions: dict[str, Version] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    maintainers: list[str] = field(default_factory=lambda: [USER])
    access: str = "public"
    disallow_tokens: bool = False
    dependents: bool = False
    downloads: int = 0
    revision: int = 0
    unpublished_at: datetime | None = None
    continued: bool = False

    @property
    def rev(self) -> str:
        """Return the revision that a change must name."""
        return f"{self.revision}-{hashlib.sha256(f'{self.name} {self.revision}'.encode()).hexdigest()[:32]}"

    @property
    def kept(self) -> list[Version]:
        """Return the versions that were not withdrawn."""
        return [version for version in self.versions.values() if not version.withdrawn]


class Staged(Struct, frozen=True, kw_only=True):
    """A version that waits for its approval."""

    id: str
    publication: Publication
    at: datetime
    actor: str
    actor_type: str


class Store:
    """All packages of the registry; whoever uses it holds ``lock``."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self.lock = threading.RLock()
        self._packages: dict[str, Package] = {}
        self._staged: dict[str, Staged] = {}
        self._uploads: list[Version] = []
        self._views: dict[str, frozenset[str]] = {}

    def seed(self, manifest: dict[str, Any], *, continued: bool = False) -> Package:
        """Hold a version that was released before; ``continued`` as of :class:`Package`."""
        name, number = str(manifest["name"]), str(manifest["version"])
        tarball = minimal_tarball(manifest)
        contents = read_tarball(tarball)
        dist = {
            "integrity": integrity(tarball),
            "shasum": shasum(tarball),
            "fileCount": contents.file_count,
            "unpackedSize": contents.unpacked_size,
        }
        package = self._packages.setdefault(name, Package(name))
        self._add(package, number, {**manifest, "dist": dist}, tarball, seeded=True)
        package.tags["latest"] = number
        package.continued = continued
        return package

    def publish(self, publication: Publication, user: str, late: Late | None) -> None:
        """Keep a version, or refuse it where the number was ever used."""
        self._require_free(publication, "publish")
        self._add_publication(publication, user, late)

    def stage(self, publication: Publication, actor: str, actor_type: str) -> Staged:
        """Keep a version for its approval; a new name gets a placeholder that everybody sees."""
        self._require_free(publication, "stage")
        if publication.name not in self._packages:
            manifest = {"name": publication.name, "version": PLACEHOLDER}
            tarball = minimal_tarball(manifest)
            package = self._packages.setdefault(publication.name, Package(publication.name))
            package.access = publication.access or "public"
            digests = {"integrity": integrity(tarball), "shasum": shasum(tarball)}
            self._add(package, PLACEHOLDER, {**manifest, "dist": digests}, tarball)
            package.tags["latest"] = PLACEHOLDER
        staged = Staged(
            id=str(uuid.uuid4()),
            publication=publication,
            at=self._clock.now(),
            actor=actor,
            actor_type=actor_type,
        )
        self._staged[staged.id] = staged
        return staged

    def staged(self, identifier: str) -> Staged:
        """Return a staged version, or refuse with 404."""
        if identifier not in self._staged:
            raise Refused("Not Found - No staged package version found with the provided ID.", 404)
        return self._staged[identifier]

    def all_staged(self) -> list[Staged]:
        """Return the staged versions, the last one first."""
        return list(reversed(self._staged.values()))

    def approve(self, identifier: str, user: str, late: Late | None) -> None:
        """Publish what was staged."""
        self._add_publication(self.staged(identifier).publication, user, late)
        del self._staged[identifier]

    def reject(self, identifier: str) -> None:
        """Forget what was staged; its number is free again (`npm help stage`, "Tag Behavior")."""
        self.staged(identifier)
        del self._staged[identifier]

    def withdraw(self, package: Package, numbers: Iterable[str]) -> None:
        """Withdraw versions; where none is left, the name rests for a day."""
        for number in numbers:
            package.versions[number].withdrawn = True
        # The numbers stay known: a number is never free again, also where its version is gone ("Unpublish
        # policy").
        gone = set(package.versions) - {version.number for version in package.kept}
        # A tag cannot name a version that is gone; npm would answer an install by the tag with an error.
        package.tags = {tag: number for tag, number in package.tags.items() if number not in gone}
        if not package.kept:
            package.unpublished_at = self._clock.now()

    def set_view(self, view: str, names: Iterable[str]) -> None:
        """Set the names of which a view shows what was uploaded."""
        self._views[view] = frozenset(names)

    def look(self, package: Package, view: str | None) -> list[Version]:
        """Return the versions that one read of the packument shows, in a view if named."""
        whole = view is None or package.name in self._views.get(view, frozenset())
        return [one for one in package.kept if one.sight.look() and (one.seeded or whole)]

    def settled(self, package: Package, view: str | None) -> list[Version]:
        """Return the versions that are published for good, whatever single nodes show of the packument."""
        whole = view is None or package.name in self._views.get(view, frozenset())
        return [one for one in package.kept if one.sight.settled and (one.seeded or whole)]

    def names(self) -> tuple[str, ...]:
        """List the names of all packages that were ever published."""
        return tuple(self._packages)

    def packages(self) -> tuple[Package, ...]:
        """List all packages."""
        return tuple(self._packages.values())

    def find(self, name: str) -> Package | None:
        """Find a package."""
        return self._packages.get(name)

    def get(self, name: str) -> Package:
        """Return a package, or refuse with 404."""
        package = self._packages.get(name)
        if package is None:
            raise Refused("Not found", 404)
        return package

    def dump(self) -> dict[str, object]:
        """Return the uploads in their order, the tags, and what waits for approval; no times, no ids."""
        with self.lock:
            packages = self._packages.values()
            return {
                "uploads": [_uploaded(version) for version in self._uploads],
                "tags": {package.name: dict(package.tags) for package in packages},
                "deprecated": {
                    f"{package.name}@{version.number}": version.manifest["deprecated"]
                    for package in packages
                    for version in package.kept
                    if version.manifest.get("deprecated")
                },
                "staged": [
                    {
                        "package": one.publication.name,
                        "version": one.publication.number,
                        "tag": one.publication.tag,
                        "sha256": hashlib.sha256(one.publication.tarball).hexdigest(),
                    }
                    for one in self._staged.values()
                ],
            }

    def _require_free(self, publication: Publication, verb: str) -> None:
        name, number = publication.name, publication.number
        if any(
            (one.publication.name, one.publication.number) == (name, number) for one in self._staged.values()
        ):
            # The answer to a second staging is worded as if the version were public: npm/cli#9519.
            how = "publish over previously staged" if verb == "publish" else "stage previously published"
            raise Refused(f'Cannot {how} version "{number}".', 409)
        package = self._packages.get(name)
        if package is None:
            check_new_name(name, self._packages)
            return
        used = package.versions.get(number)
        if used is not None:
            raise _taken(used, verb)
        rests = package.unpublished_at
        if rests is not None and not package.kept and self._clock.now() - rests < _REST:
            raise Refused(f"{name} cannot be republished until 24 hours have passed.", 403)

    def _add_publication(self, publication: Publication, user: str, late: Late | None) -> None:
        package = self._packages.setdefault(publication.name, Package(publication.name, maintainers=[user]))
        is_first = not package.kept
        if publication.access is not None:
            package.access = publication.access
        version = self._add(
            package, publication.number, publication.manifest, publication.tarball, user=user, late=late
        )
        version.provenance = publication.provenance
        self._uploads.append(version)
        # The first version of a name is `latest`, whatever its tag (npm/cli#8490).
        for tag in {publication.tag, *(("latest",) if is_first else ())}:
            if tag in package.tags:
                package.former[tag] = package.tags[tag]
            package.tags[tag] = publication.number

    def _add(
        self,
        package: Package,
        number: str,
        manifest: dict[str, Any],
        tarball: bytes,
        *,
        user: str = USER,
        late: Late | None = None,
        seeded: bool = False,
    ) -> Version:
        version = Version(
            name=package.name,
            number=number,
            manifest=manifest,
            tarball=tarball,
            at=self._clock.now() - (_SEEDED_AGO if seeded else timedelta()),
            sight=Visibility(late, self._clock),
            user=user,
            seeded=seeded,
        )
        package.versions[number] = version
        package.revision += 1
        return version


def _taken(used: Version, verb: str) -> Refused:
    """Refuse a number that was used; one that is still being processed counts as staged (npm/cli#9889)."""
    if verb == "stage":
        return Refused(f'Cannot stage previously published version "{used.number}".', 409)
    if not used.sight.settled:
        return Refused(f'Cannot publish over previously staged version "{used.number}".', 409)
    return Refused(f"You cannot publish over the previously published versions: {used.number}.", 403)


def _uploaded(version: Version) -> dict[str, object]:
    return {
        "package": version.name,
        "version": version.number,
        "filename": version.filename,
        "sha256": hashlib.sha256(version.tarball).hexdigest(),
        "withdrawn": version.withdrawn,
    }
