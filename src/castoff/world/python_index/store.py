"""The files of the Python index in the order of their arrival, and who may see them."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Self

from msgspec import Struct, field
from packaging.metadata import Metadata
from packaging.utils import canonicalize_name
from packaging.version import Version

from castoff.world.clock import WorldClock
from castoff.world.messages import Late, Rejected
from castoff.world.python_index.artifact import Artifact
from castoff.world.visibility import Visibility

# warehouse's `project.create` limits: a user 20, an address 40 in an hour.
_WINDOW = 3600.0
# warehouse's `ultranormalize_name`: letters that look alike, and separators, do not count.
_ALIKE = str.maketrans({"l": "1", "i": "1", "o": "0", ".": "", "_": "", "-": ""})


class NewProjects:
    """The moving windows of one index; None for either limit leaves it out. Not for several threads at once."""

    def __init__(self, clock: WorldClock, *, a_user: int | None = 20, an_address: int | None = 40) -> None:
        self._clock = clock
        self.a_user = a_user
        self.an_address = an_address
        self._made: list[tuple[float, str]] = []

    def check(self, user: str) -> None:
        """Refuse one more new project within the hour; all requests come from one address."""
        since = self._clock.seconds() - _WINDOW
        self._made = [one for one in self._made if one[0] > since]
        own = sum(one == user for _, one in self._made)
        if _is_spent(self.an_address, len(self._made)) or _is_spent(self.a_user, own):
            raise Rejected("Too many new projects created", 429)

    def add(self, user: str) -> None:
        """Count a new project."""
        self._made.append((self._clock.seconds(), user))


def check_new_name(name: str, others: Iterable[str]) -> None:
    """Refuse the name of a new project; ``others`` are the names of all projects."""
    if canonicalize_name(name) in _standard_library():
        raise Rejected(
            f"The name {name!r} isn't allowed (conflict with Python Standard Library module name). "
            "See the help on project names for more information."
        )
    if any(_alike(name) == _alike(other) for other in others):
        raise Rejected(
            f"The name {name!r} is too similar to an existing project. "
            "See the help on project names for more information."
        )


def _is_spent(limit: int | None, made: int) -> bool:
    return limit is not None and made >= limit


def _alike(name: str) -> str:
    return name.lower().translate(_ALIKE)


@cache
def _standard_library() -> frozenset[str]:
    from stdlib_list import short_versions, stdlib_list

    names: set[str] = set()
    for version in short_versions:
        for module in stdlib_list(version):
            parts = module.split(".")
            # Packages of the standard library count with their parents: `os.path` forbids `os` too.
            names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return frozenset(canonicalize_name(re.sub(r"^[-_.]+|[-_.]+$", "", name)) for name in names)


FILE_LIMIT = 100 * 1024 * 1024
PROJECT_LIMIT = 10 * 1024 * 1024 * 1024
OPEN_FOR = timedelta(days=14)
"""How long a release takes new files."""


class Offered(Struct, frozen=True, kw_only=True):
    """What an upload offers, before its archive is looked at."""

    filename: str
    name: str
    version: Version
    size: int
    sha256: str
    blake2_256: str

    @classmethod
    def of(cls, filename: str, content: bytes, metadata: Metadata) -> Self:
        """Name the file of an upload by its form."""
        return cls(
            filename=filename,
            name=canonicalize_name(metadata.name),
            version=metadata.version,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            blake2_256=hashlib.blake2b(content, digest_size=32).hexdigest(),
        )

    @classmethod
    def of_artifact(cls, artifact: Artifact) -> Self:
        """Name a file that was read."""
        return cls(
            filename=artifact.filename,
            name=artifact.name,
            version=artifact.version,
            size=len(artifact.content),
            sha256=artifact.sha256,
            blake2_256=artifact.blake2_256,
        )


class Held(Struct, kw_only=True):
    """A file in the index; ``seeded``: released before the world began. ``provenance`` is as PEP 740 shows it."""

    artifact: Artifact
    uploaded_at: datetime
    seeded: bool
    sight: Visibility
    yanked: str | None = None
    provenance: dict[str, object] | None = None


class Shown(Struct, frozen=True):
    """What one read of a package's page shows: files with the reason of their yanking, if any."""

    name: str
    files: tuple[tuple[Artifact, datetime, str | None], ...]
    attested: frozenset[str] = frozenset()
    """Names of the files with provenance."""


class _Package(Struct):
    files: list[Held] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)


class Store:
    """All files of the index; safe for many threads.

    ``is_pypi`` tells whether the index stands for PyPI, whose own rules apply then, or for another index.
    ``file_limit`` is the size of a file in bytes, which PyPI raises for projects that ask.
    """

    def __init__(self, clock: WorldClock) -> None:
        self.is_pypi = True
        self.file_limit = FILE_LIMIT
        self.new_projects = NewProjects(clock)
        self._clock = clock
        self._lock = threading.Lock()
        self._packages: dict[str, _Package] = {}
        self._views: dict[str, frozenset[str]] = {}
        self._uploads: list[Held] = []

    def check_project(self, name: str, user: str) -> None:
        """Refuse to make a project of that name, where there is none."""
        with self._lock:
            if canonicalize_name(name) not in self._packages:
                self.new_projects.check(user)
                check_new_name(name, self._packages)

    def create(self, name: str) -> None:
        """Make a project without files, as a pending publisher does; it counts for no limit."""
        with self._lock:
            check_new_name(name, self._packages)
            self._packages.setdefault(canonicalize_name(name), _Package())

    def check_size(self, offered: Offered) -> None:
        """Refuse a file that is empty or too large, or one too many for its project."""
        if self.is_pypi and offered.size > self.file_limit:
            limit = self.file_limit // 2**20
            raise Rejected(f"File too large. Limit for project {offered.name!r} is {limit} MB.")
        with self._lock:
            package = self._packages.get(offered.name, _Package())
            # Deleted files count no more, yanked ones do.
            total = offered.size + sum(len(held.artifact.content) for held in package.files)
        if self.is_pypi and total > PROJECT_LIMIT:
            raise Rejected(
                f"Project size too large. Limit for project {offered.name!r} total size is "
                f"{PROJECT_LIMIT // 2**30} GB."
            )

    def holds(self, offered: Offered) -> bool:
        """Return whether this very file is there already; refuse one that may not come beside what is there."""
        with self._lock:
            return self._is_held(offered)

    def _is_held(self, offered: Offered) -> bool:
        for package in self._packages.values():
            for held in package.files:
                same = held.artifact.blake2_256 == offered.blake2_256
                # The very same file again is success: twine and uv repeat an upload whose answer was lost.
                if held.artifact.filename == offered.filename and same:
                    return True
                if held.artifact.filename == offered.filename or (same and self.is_pypi):
                    raise Rejected(
                        f"File already exists ({offered.filename!r}, with blake2_256 hash {offered.blake2_256!r}). "
                        "See the help on file name reuse for more information."
                    )
        package = self._packages.get(offered.name, _Package())
        # A name is used up for good; only the version number can change.
        if offered.filename in package.deleted:
            raise Rejected(
                "This filename was previously used by a file that has since been deleted. Use a different version. "
                "See the help on file name reuse for more information."
            )
        if self.is_pypi:
            self._check_release(package, offered)
        return False

    def _check_release(self, package: _Package, offered: Offered) -> None:
        release = [held for held in package.files if held.artifact.version == offered.version]
        first = min((held.uploaded_at for held in release), default=None)
        # PyPI takes no new files for a release that is older than 14 days.
        if first is not None and self._clock.now() - first > OPEN_FOR:
            raise Rejected(f"Uploading new files to releases older than {OPEN_FOR.days} days is not allowed.")
        if offered.filename.endswith(".tar.gz") and any(one.artifact.kind == "sdist" for one in release):
            raise Rejected("Only one sdist may be uploaded per release.")

    def add(
        self,
        artifact: Artifact,
        *,
        late: Late | None = None,
        seeded: bool = False,
        user: str = "",
        provenance: dict[str, object] | None = None,
    ) -> None:
        """Keep a file. One that came at the same moment is kept once, if it is the same, else it is refused."""
        with self._lock:
            # Asked again under the lock: two uploads of one file may both have passed the first check.
            if self._is_held(Offered.of_artifact(artifact)):
                return
            if artifact.name not in self._packages and not seeded and self.is_pypi:
                self.new_projects.add(user)
            package = self._packages.setdefault(artifact.name, _Package())
            held = Held(
                artifact=artifact,
                uploaded_at=self._clock.now(),
                seeded=seeded,
                sight=Visibility(late, self._clock),
                provenance=provenance,
            )
            package.files.append(held)
            if not seeded:
                self._uploads.append(held)

    def names(self) -> tuple[str, ...]:
        """Return the names that the index owns."""
        with self._lock:
            return tuple(sorted(self._packages))

    def owns(self, name: str) -> bool:
        """Return whether the name was ever seeded or uploaded."""
        with self._lock:
            return canonicalize_name(name) in self._packages

    def show(self, name: str, view: str | None = None) -> Shown | None:
        """Return what one read of a name shows, in a view if named; ``None`` where the name is not owned."""
        with self._lock:
            normal = canonicalize_name(name)
            package = self._packages.get(normal)
            if package is None:
                return None
            all_of_it = view is None or normal in self._views.get(view, frozenset())
            shown = [
                (held.artifact, held.uploaded_at, held.yanked)
                for held in package.files
                # Looked at before the view: a read counts for lateness even where the view hides the file.
                if held.sight.look() and (held.seeded or all_of_it)
            ]
            attested = {held.artifact.filename for held in package.files if held.provenance is not None}
            return Shown(normal, tuple(shown), frozenset(attested))

    def provenance(self, name: str, version: str, filename: str) -> tuple[bool, dict[str, object] | None]:
        """Return whether a file is there, and its provenance."""
        with self._lock:
            package = self._packages.get(canonicalize_name(name), _Package())
            for held in package.files:
                if held.artifact.filename == filename and str(held.artifact.version) == version:
                    return True, held.provenance
            return False, None

    def find(self, filename: str, blake2_256: str) -> Artifact | None:
        """Find a file by its address; what is uploaded can be fetched before the index shows it."""
        with self._lock:
            for package in self._packages.values():
                for held in package.files:
                    if held.artifact.filename == filename:
                        # The digest is part of the address: another one is another file, which is not here.
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
                # Remembered before anything else may be uploaded under that name.
                package.deleted.add(held.artifact.filename)
            return len(files)

    def dump(self) -> list[dict[str, object]]:
        """Return the uploads in their order, without times."""
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
