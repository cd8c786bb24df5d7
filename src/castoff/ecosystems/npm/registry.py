"""The npm registry of a release, read and written through the user's own npm."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.client_runs import ClientRuns, reason_of
from castoff.ecosystems.npm.dist_tags import LATEST, highest_stable, tag_for
from castoff.ecosystems.npm.packuments import Packument, Packuments
from castoff.ecosystems.npm.tarballs import compare_tarballs, filename_of, integrity_of, packed_in
from castoff.ecosystems.npm.uploader import outcome_of
from castoff.io.process import Processes
from castoff.model.acts import Outcome, Unclear
from castoff.model.child_environments import Kind
from castoff.model.observations import Answer, Present, Sameness, Unknown, Withdrawn
from castoff.model.plan import predicted_filename
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Clock, Listing

_FRESH = 2.0
"""Seconds for which a version that was seen counts as seen: a look and the question after it are one."""


class NpmRegistry:
    """The registries of a release's npm packages; implements :class:`castoff.ports.Registry`.

    ``home`` is the user's checkout, in which each workspace may have an `.npmrc` of its own. A requirement is spelled
    ``NAME@VERSION``. Digests of npm are SHA-512: SHA-256 is known of what was packed or fetched here.
    """

    ecosystem: ClassVar[Ecosystem] = "npm"

    def __init__(
        self, processes: Processes, settings: NpmSettings, clock: Clock, *, home: Path | None = None
    ) -> None:
        self._runs = ClientRuns(processes, home)
        self._packuments = Packuments(self._runs)
        self._settings = settings
        self._clock = clock
        self._packages: dict[str, Package] = {}
        self._digests: dict[str, str] = {}
        self._sightings: dict[str, float] = {}
        self._lock = threading.Lock()

    def look(self, package: Package, version: str) -> Listing:
        """Return what is there of one version: its tarball, with the digest if it is known.

        A version that was unpublished is withdrawn: its number can never be used again (npm docs, "Unpublishing").
        """
        self._packages[package.name] = package
        seen = self._packuments.read(package, version)
        if isinstance(seen, Unknown):
            return Listing(unknown=seen.reason, retry_after=seen.retry_after)
        if seen is None:
            return Listing(new_name=True)
        filename = predicted_filename(package, "tarball", version) or ""
        if seen.dist is None:
            gone: Mapping[str, Answer] = {filename: Withdrawn(reason="it was unpublished")}
            return Listing(files=gone if version in seen.ever else {}, new_name=False)
        digest = self._digests.get(str(seen.dist.get("integrity")))
        self._sightings[f"{package.name}@{version}"] = self._clock.monotonic()
        answer: Answer = (
            Withdrawn(digest=digest, reason=f"it is deprecated: {seen.deprecated[:200]}")
            if seen.deprecated
            else Present(digest=digest)
        )
        return Listing(files={filename: answer}, new_name=False)

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """List all versions that were ever published, those that were unpublished included."""
        self._packages[package.name] = package
        seen = self._packuments.read(package)
        return seen if isinstance(seen, Unknown) else seen.ever if seen is not None else ()

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Compare by the registry's digest; if it differs, fetch the tarball and compare contents."""
        ours = Path(artifact.path).read_bytes()
        if listed == artifact.digest:
            return "bytes"
        packed = packed_in(Path(artifact.path))
        package = self._packages.get(artifact.name)
        if package is None or packed is None:
            return "not-comparable"
        version = str(packed.manifest.get("version"))
        seen = self._packuments.read(package, version)
        if not isinstance(seen, Packument) or seen.dist is None:
            return "not-comparable"
        integrity = integrity_of(ours)
        if seen.dist.get("integrity") == integrity:
            self._digests[integrity] = artifact.digest
            return "bytes"
        theirs = self._fetched(package, version)
        return "not-comparable" if isinstance(theirs, Unknown) else compare_tarballs(ours, theirs)

    def fetch(self, package: Package, filename: str) -> bytes | Unknown:
        """Fetch a tarball through npm."""
        stem = filename_of(package).removesuffix(f"{package.version}.tgz")
        return self._fetched(package, filename.removeprefix(stem).removesuffix(".tgz"))

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Return whether npm finds each version now; a deprecated one can be installed."""
        since = self._clock.monotonic() - _FRESH
        for one in requirements:
            name, _, version = one.rpartition("@")
            package = self._packages.get(name)
            if package is None:
                return None
            if self._sightings.get(one, -1.0) >= since:
                continue
            seen = self._packuments.read(package, version)
            if isinstance(seen, Unknown):
                return None
            if seen is None or seen.dist is None:
                return False
        return True

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one tarball; the dist-tag is named in the same call, so that `latest` never goes back."""
        del root
        package = self._packages.get(artifact.name)
        packed = packed_in(Path(artifact.path))
        if package is None or packed is None:
            return Unclear(reason=f"`{artifact.filename}` cannot be read")
        seen = self._packuments.read(package)
        if isinstance(seen, Unknown):
            return Unclear(reason=seen.reason)
        version = str(packed.manifest.get("version"))
        tag = tag_for(version, seen.offered if seen is not None else (), self._settings.dist_tag)
        access = ["--access", self._settings.access] if self._settings.access is not None else []
        done = self._runs.run(
            package, Kind.NPM_UPLOAD, "publish", Path(artifact.path).resolve(), "--tag", tag, *access
        )
        self._digests[integrity_of(Path(artifact.path).read_bytes())] = artifact.digest
        return outcome_of(package, "upload", done)

    def yank(self, package: Package, version: str) -> Outcome:
        """Move `latest` back to the highest version before, then deprecate this one."""
        seen = self._packuments.read(package)
        if not isinstance(seen, Packument):
            return Unclear(reason=seen.reason if seen is not None else f"`{package.name}` was not found")
        before = highest_stable(seen.offered, below=version)
        if seen.tags.get(LATEST) == version and before is not None:
            done = self._runs.run(
                package, Kind.NPM_UPLOAD, "dist-tag", "add", f"{package.name}@{before}", LATEST
            )
            if done.code != 0:
                return outcome_of(package, "yank", done)
        text = f"{version} was withdrawn; use another version"
        done = self._runs.run(package, Kind.NPM_UPLOAD, "deprecate", f"{package.name}@{version}", text)
        return outcome_of(package, "yank", done)

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version."""
        self._packages[package.name] = package
        return f"{package.name}@{version}"

    def url(self, package: Package, version: str) -> str | None:
        """Return None: npm's settings name a registry, and no page for people."""
        del package, version
        return None

    def owners(self, package: Package) -> tuple[str, ...] | None:
        """List the names of those who may publish a package; None where that is not known."""
        seen = self._packuments.read(package)
        return (seen.maintainers or None) if isinstance(seen, Packument) else None

    def _fetched(self, package: Package, version: str) -> bytes | Unknown:
        with self._runs.folder(package.root) as folder:
            done = self._runs.run(
                package, Kind.NPM_READ, "pack", f"{package.name}@{version}", "--pack-destination", folder
            )
            files = list(folder.glob("*.tgz"))
            if done.code != 0 or len(files) != 1:
                return Unknown(reason=f"npm did not fetch `{package.name}@{version}`: {reason_of(done)}")
            content = files[0].read_bytes()
        with self._lock:
            self._digests[integrity_of(content)] = hashlib.sha256(content).hexdigest()
        return content
