"""The npm registry of a release, read and written through the user's own npm."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.client_runs import ClientRuns, answer_of, error_code_of, reason_of
from castoff.ecosystems.npm.dist_tags import LATEST, highest_stable, tag_for
from castoff.ecosystems.npm.exchange import probe
from castoff.ecosystems.npm.packuments import Found, Packument, Packuments
from castoff.ecosystems.npm.provenance import provenance_url, read_provenance
from castoff.ecosystems.npm.staging import NotListed, StagedVersion, Staging, outdated_tag
from castoff.ecosystems.npm.tarballs import compare_tarballs, filename_of, integrity_of, packed_in
from castoff.ecosystems.npm.uploader import NpmWrite, outcome_of
from castoff.errors import Problem
from castoff.io.http import Http
from castoff.io.process import Completed, Processes
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.model.attestations import NoProvenance, Origin, Provenance, Publisher, issuer_of
from castoff.model.child_environments import Kind
from castoff.model.observations import Answer, Present, Sameness, Staged, Unknown, Withdrawn
from castoff.model.plan import predicted_filename
from castoff.model.trusted_publishing import Exchange, outcome_by_exchange
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Clock, LatestTag, Listing
from castoff.text.addresses import split_url

_REST = timedelta(hours=24)
"""How long a name takes no version after its last one was unpublished (npm docs, "Unpublish Policy")."""

_FRESH = 2.0
"""Seconds for which a version that was seen counts as seen: a look and the question after it are one."""


class NpmRegistry:
    """The registries of a release's npm packages; implements :class:`castoff.ports.Registry`.

    ``home`` is the user's checkout, in which each workspace may have an `.npmrc` of its own. A requirement is spelled
    ``NAME@VERSION``. Digests of npm are SHA-512: SHA-256 is known of what was packed or fetched here.
    """

    ecosystem: ClassVar[Ecosystem] = "npm"

    def __init__(
        self,
        processes: Processes,
        settings: NpmSettings,
        clock: Clock,
        *,
        http: Http | None = None,
        home: Path | None = None,
        tokenless: bool = False,
    ) -> None:
        self._runs = ClientRuns(processes, home)
        self._packuments = Packuments(self._runs)
        self._uploads = ClientRuns(processes, home, tokenless=True) if tokenless else self._runs
        self._http = http or Http(processes.redactor, environment=processes.environment)
        self._settings = settings
        self._clock = clock
        self._packages: dict[str, Package] = {}
        self._digests: dict[str, str] = {}
        self._sightings: dict[str, float] = {}
        self._looked: dict[str, tuple[float, Found]] = {}
        self._lock = threading.Lock()
        self._staging = Staging(self._runs)
        self._can_stage: dict[str, bool] = {}
        self._staged_here: set[str] = set()

    def look(self, package: Package, version: str) -> Listing:
        """Return what is there of one version: its tarball, with the digest if it is known.

        A version that was unpublished is withdrawn: its number can never be used again (npm docs, "Unpublishing").
        """
        self._packages[package.name] = package
        seen = self._packuments.read(package, version)
        filename = predicted_filename(package, "tarball", version) or ""
        if _lacks(seen, version) and self.will_stage(package) is True:
            staged = self._staging.find(package, version)
            if isinstance(staged, StagedVersion):
                return Listing(files={filename: Staged(identity=staged.id)}, new_name=seen is None)
            if isinstance(staged, NotListed) and f"{package.name}@{version}" in self._staged_here:
                return Listing(files={filename: Staged(identity="")}, new_name=seen is None)
            # Race: an approval between both looks hides a version from both, so the first one is repeated.
            seen = staged if isinstance(staged, Unknown) else self._packuments.read(package, version)
        if isinstance(seen, Unknown):
            return Listing(unknown=seen.reason, retry_after=seen.retry_after)
        self._looked[package.name] = self._clock.monotonic(), seen
        if seen is None:
            return Listing(new_name=True)
        if (
            seen.unpublished is not None
            and (rest := seen.unpublished + _REST - self._clock.now()) > timedelta()
        ):
            reason = f"all versions of `{package.name}` were unpublished, and npm takes none for 24 hours after that"
            return Listing(unknown=reason, retry_after=rest.total_seconds(), new_name=False)
        if seen.dist is None:
            gone: Mapping[str, Answer] = {filename: Withdrawn(reason="it was unpublished")}
            return Listing(files=gone if version in seen.ever else {}, new_name=False)
        # The registry names SHA-512, our lists SHA-256: the digest is known only of what was packed or
        # fetched in this run.
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
        # Without a question: the listing's digest is known where this run packed or fetched the same bytes.
        if listed == artifact.digest:
            return "bytes"
        packed = packed_in(Path(artifact.path))
        package = self._packages.get(artifact.name)
        if package is None or packed is None:
            return "not-comparable"
        version = str(packed.manifest.get("version"))
        seen = self._packuments.read(package, version)
        if _lacks(seen, version) and self.will_stage(package) is True:
            return self._compare_staged(package, version, ours)
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
        return self._fetched(package, filename.removeprefix(_stem(package)).removesuffix(".tgz"))

    def origin(self, package: Package, version: str, filename: str) -> Origin:
        """Return the provenance of a version, else that its publisher was a trusted one, which npm does not name."""
        del filename
        seen = self._packuments.read(package, version)
        if isinstance(seen, Unknown):
            return seen
        if seen is None or seen.dist is None:
            return Unknown(reason=f"the registry does not offer `{package.name}@{version}`")
        trusted = Publisher(issuer=issuer_of(seen.trusted)) if seen.trusted else None
        url = provenance_url(seen.dist)
        if isinstance(url, Unknown):
            return url
        if url is None and trusted is None:
            return NoProvenance("the registry has neither provenance nor a trusted publisher of it")
        if url is None:
            return Provenance(publisher=trusted)
        return read_provenance(package.name, version, seen.dist, self._http.ask("GET", url), trusted)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Return whether npm finds each version now; a deprecated one can be installed."""
        since = self._clock.monotonic() - _FRESH
        for one in requirements:
            name, _, version = one.rpartition("@")
            package = self._packages.get(name)
            if package is None:
                return None
            # A release of a hundred packages asks for each sibling again; what was seen a moment ago is not
            # asked for twice.
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
        # Never repeated here: after a lost answer the reconciler looks first.
        done = self._send(artifact, "publish")
        return done if isinstance(done, Unclear) else self._sent(self._write("upload", artifact), done)

    def _write(self, what: str, artifact: Artifact) -> NpmWrite:
        package = self._packages[artifact.name]
        return NpmWrite(package, artifact.filename.removeprefix(_stem(package)).removesuffix(".tgz"), what)

    def _sent(self, write: NpmWrite, done: Completed) -> Outcome:
        """Return the outcome of an upload; without tokens, npm's lack of one has a cause that it does not give."""
        outcome = outcome_of(write, done)
        if not self._uploads.tokenless or error_code_of(done) != "ENEEDAUTH":
            return outcome
        return outcome_by_exchange(outcome, self.exchange(write.package), "npm", write.package.name)

    def will_stage(self, package: Package) -> bool | Unknown:
        """Return whether a package is staged; `auto` asks client and registry, each once."""
        if isinstance(self._settings.staged, bool):
            return self._settings.staged
        with self._lock:
            # Whether staging is offered is a matter of client and registry, so one question serves all
            # packages of it.
            registry = "".join(package.registries[:1])
            if registry not in self._can_stage:
                known = self._staging.is_known_to_client() and self._staging.is_known_to_registry(package)
                if isinstance(known, Unknown):
                    return known
                self._can_stage[registry] = known
            return self._can_stage[registry]

    def stage(self, artifact: Artifact) -> Outcome:
        """Stage one tarball; its dist-tag cannot be changed any more.

        A second staging is refused with E409 (npm/cli#9519). That is how a token that may not list knows of the first.
        """
        done = self._send(artifact, "stage", "publish")
        if isinstance(done, Unclear):
            return done
        write = self._write("stage", artifact)
        is_there = done.code == 0 or error_code_of(done) == "E409"
        if is_there and isinstance(self._staging.find(write.package, write.version), NotListed):
            self._staged_here.add(f"{write.package.name}@{write.version}")
            return Succeeded()
        return self._sent(write, done)

    def approve(self, package: Package, version: str) -> Outcome:
        """Publish what was staged, unless its dist-tag would go back by now."""
        staged, seen = self._staging.find(package, version), self._packuments.read(package)
        if isinstance(seen, Unknown):
            return Unclear(reason=seen.reason)
        if not isinstance(staged, StagedVersion):
            # Nothing is approved by name alone: npm approves an id, which only the listing gives.
            return _not_staged(package, "approve", staged)
        tag = tag_for(version, seen.standing if seen is not None else (), self._settings.dist_tag)
        # Between staging and approval, days may pass; npm keeps the dist-tag of the staging, which may by
        # then point backwards.
        if problem := outdated_tag(package, staged, tag):
            return Refused(problem, unasked=True)
        return outcome_of(NpmWrite(package, version, "approve"), self._staging.approve(package, staged))

    def reject(self, package: Package, version: str) -> Outcome:
        """Remove what was staged; its version is free again."""
        staged = self._staging.find(package, version)
        if not isinstance(staged, StagedVersion):
            return _not_staged(package, "reject", staged)
        return outcome_of(NpmWrite(package, version, "reject"), self._staging.reject(package, staged))

    def latest(self, package: Package, version: str) -> LatestTag | Unknown:
        """Return what `latest` names, and the highest stable version beside one that is not deprecated."""
        seen = self._packuments.read(package)
        if isinstance(seen, Unknown):
            return seen
        if seen is None:
            return LatestTag(None, None)
        # Not the newest by date: a fix of an old line must not become `latest`.
        before = highest_stable(seen.standing, below=version)
        return LatestTag(seen.tags.get(LATEST), None if before is None else str(before))

    def move_latest(self, package: Package, version: str, to: str) -> Outcome:
        """Let `latest` name another version than a withdrawn one."""
        done = self._runs.run(package, Kind.NPM_UPLOAD, "dist-tag", "add", f"{package.name}@{to}", LATEST)
        return outcome_of(NpmWrite(package, version, "yank"), done)

    def exchange(self, package: Package) -> tuple[Exchange, str]:
        """Exchange an identity token for a package; also return the identity token."""
        processes = self._runs.processes
        scope = package.name.partition("/")[0] if package.name.startswith("@") else ""
        # npm itself prefers the registry of the scope; the exchange must be with the one that gets the
        # upload.
        for setting in (*((f"{scope}:registry",) if scope else ()), "registry"):
            done = self._runs.run(package, Kind.NPM_READ, "config", "get", setting)
            found = str(answer_of(done) or done.text.strip()) if done.code == 0 else ""
            if found.startswith(("https://", "http://")) and split_url(found).hostname:
                return probe(self._http, processes, found, package.name)
        return Unknown(reason="npm names no registry of the package"), ""

    def yank(self, package: Package, version: str) -> Outcome:
        """Deprecate a version, the most that npm lets one take back for good."""
        text = f"{version} was withdrawn; use another version"
        done = self._runs.run(package, Kind.NPM_UPLOAD, "deprecate", f"{package.name}@{version}", text)
        return outcome_of(NpmWrite(package, version, "yank"), done)

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

    def _send(self, artifact: Artifact, *command: str) -> Completed | Unclear:
        package = self._packages.get(artifact.name)
        packed = packed_in(Path(artifact.path))
        if package is None or packed is None:
            return Unclear(reason=f"`{artifact.filename}` cannot be read")
        # The look that decided on this upload was a moment ago: it tells the tag as well.
        looked, seen = self._looked.pop(artifact.name, (-math.inf, None))
        if looked < self._clock.monotonic() - _FRESH:
            seen = self._packuments.read(package)
        if isinstance(seen, Unknown):
            return Unclear(reason=seen.reason)
        version = str(packed.manifest.get("version"))
        tag = tag_for(version, seen.standing if seen is not None else (), self._settings.dist_tag)
        access = ["--access", self._settings.access] if self._settings.access is not None else []
        self._digests[integrity_of(Path(artifact.path).read_bytes())] = artifact.digest
        # A statement of provenance goes to a public log, for good; only the option overrides `publishConfig`.
        plain = ["--no-provenance"] if self._uploads.forced else []
        file = Path(artifact.path).resolve()
        return self._uploads.run(package, Kind.NPM_UPLOAD, *command, file, "--tag", tag, *access, *plain)

    def _compare_staged(self, package: Package, version: str, ours: bytes) -> Sameness:
        staged = self._staging.find(package, version)
        content = self._staging.download(package, staged) if isinstance(staged, StagedVersion) else None
        if not isinstance(content, bytes):
            return "not-comparable"
        self._digests[integrity_of(content)] = hashlib.sha256(content).hexdigest()
        return compare_tarballs(ours, content)

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


def _stem(package: Package) -> str:
    return filename_of(package).removesuffix(f"{package.version}.tgz")


def _lacks(seen: Found, version: str) -> bool:
    """Return whether a version was never published."""
    return seen is None or (isinstance(seen, Packument) and seen.dist is None and version not in seen.ever)


def _not_staged(package: Package, what: str, found: NotListed | Unknown | None) -> Outcome:
    if isinstance(found, NotListed):
        return Refused(
            Problem(
                code="permission-denied",
                message=f"this token may not {what} `{package.id}`",
                reason="tokens of CI jobs stage and publish; only a person's token lists, approves and rejects",
                remedy="run it where you are logged in (`npm login`), or with a token of your own",
                package=package.id,
            )
        )
    return Unclear(reason=found.reason if found is not None else f"`{package.name}` is not staged any more")
