"""Rehearsal of a commit's publish stage against an embedded world.

Each package is uploaded when what it needs is visible there, and then used as its users will use it, from an
index that shows only what will be there at its turn.

Artifacts of a resumed release that are published already, if a new build has other bytes.
A crate carries a lock file with the digests of the crates that it needs. Where one of those is out with other
bytes than a build gives now (the same contents, "rebuilt"), a crate that is not out yet is packed again beside
what is out, so that what is uploaded, what is listed in the tag and what was tried are the same bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from castoff.config.values import Configuration
from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.graph import Needs
from castoff.model.observations import Absent, Observation, Present, Sameness, Unknown
from castoff.model.steps import LocalStep, StepKind
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Listing, Registry, Repeats
from castoff.reconcile import StageState
from castoff.release.candidate import build_artifacts
from castoff.release.stages import publish_stage
from castoff.session.release import Release
from castoff.session.services import Embedded
from castoff.session.session import Session
from castoff.values import replace


def packed_again(
    session: Session, release: Release, artifacts: Sequence[Artifact], seen: StageState
) -> tuple[Artifact, ...]:
    """Return the artifacts, those of packages that are not out yet packed again where one is out "rebuilt".

    What was rebuilt is told to the reporter.
    """
    answers = {one.id: one.answer for one in _observations(seen)}
    rebuilt = [name for name, one in answers.items() if isinstance(one, Present) and one.same == "contents"]
    for filename in rebuilt:
        session.services.reporter.note(
            f"rebuilt: {filename} is already published, with the same contents in other bytes"
        )
    absent = {one.filename for one in artifacts if isinstance(answers.get(one.filename), Absent)}
    packages = frozenset(release.workspace.owner(one).id for one in artifacts if one.filename in absent)
    # Nothing that is out differs, or nothing is left to upload: then no lock file holds a wrong digest.
    if not rebuilt or not packages:
        return tuple(artifacts)
    made = build_artifacts(session, release, session.clone.folder("beside"), only=packages)
    again = {one.filename: one for one in made if one.filename in absent}
    return tuple(again.get(one.filename, one) for one in artifacts)


def absent_artifacts(artifacts: Sequence[Artifact], seen: StageState) -> tuple[Artifact, ...]:
    """Return the artifacts that are still to be uploaded."""
    answers = {one.id: one.answer for one in _observations(seen)}
    return tuple(one for one in artifacts if isinstance(answers.get(one.filename), Absent))


def as_published(artifacts: Sequence[Artifact], seen: StageState) -> tuple[Artifact, ...]:
    """Name the digests of what is out already: contents built again may differ from it in their bytes."""
    there = {
        one.id: one.answer.digest
        for one in _observations(seen)
        if isinstance(one.answer, Present) and one.answer.digest
    }
    return tuple(replace(one, digest=there.get(one.filename, one.digest)) for one in artifacts)


def _observations(seen: StageState) -> Iterator[Observation]:
    for part in seen.parts:
        yield from part.seen


class UploadRehearsal(Struct, frozen=True):
    """The uploads of a release in an embedded world; with a ``share``, only those packages are tried.

    The reporter of the ``session`` is told which packages need no verification.
    """

    embedded: Embedded
    session: Session
    release: Release
    share: Collection[str] | None = None

    def prove(self, artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
        """Carry the publish stage out there; what would fail later fails here, with the same message.

        Return the artifacts as they were uploaded: cargo packs once more at a package's turn, and a lock file that
        could not be written before then changes the bytes.
        """
        release = self.release
        closure, built = closures(release.order.needs), release.workspace.by_owner(artifacts)
        registries: dict[Ecosystem, Registry] = {}

        def proving(ecosystem: Ecosystem) -> Registry:
            if ecosystem not in registries:
                inner = self.embedded.services.registry(ecosystem)
                registries[ecosystem] = ProvingRegistry(inner, self, built, closure)
            return registries[ecosystem]

        there = replace(self.session, services=replace(self.embedded.services, registry=proving))
        return as_published(artifacts, there.reconcile(publish_stage(there, release, artifacts)))

    def prove_share(self, artifacts: Sequence[Artifact], share: Collection[str]) -> None:
        """Carry out the publish stage of some packages and of what they need; only these packages are tried."""
        release, closure = self.release, closures(self.release.order.needs)
        names = frozenset(share).union(*(closure[name] for name in share))
        part = replace(
            release,
            workspace=replace(
                release.workspace,
                packages=tuple(one for one in release.workspace.packages if one.id in names),
            ),
            order=replace(
                release.order,
                waves=tuple(
                    kept for wave in release.waves if (kept := tuple(one for one in wave if one in names))
                ),
                needs={name: needs for name, needs in release.order.needs.items() if name in names},
            ),
        )
        own = [one for one in artifacts if release.workspace.owner(one).id in names]
        replace(self, release=part, share=frozenset(share)).prove(own)


def closures(needs: Needs) -> Mapping[str, frozenset[str]]:
    """Give for each package all that it needs, directly or not."""
    found: dict[str, frozenset[str]] = {}
    for name in needs:
        _deep(name, needs, found)
    return found


def _deep(start: str, needs: Needs, found: dict[str, frozenset[str]]) -> None:
    """Fill in bottom up, so that long chains need no deep recursion."""
    stack = [start]
    while stack:
        name = stack[-1]
        open_needs = [one for one in needs[name] if one not in found]
        if open_needs:
            stack.extend(open_needs)
            continue
        found[name] = frozenset(needs[name]).union(*(found[one] for one in needs[name]))
        stack.pop()


def is_verified(configuration: Configuration, ecosystem: Ecosystem) -> bool:
    """Return whether packages of an ecosystem are used as their users will, or that is turned off."""
    match ecosystem:
        case "cargo":
            return configuration.cargo.verify
        case "npm":
            return configuration.npm.verify != "none"
        case "python":
            return True


class ProvingRegistry(Struct):
    """An embedded registry that tries each package out when its last file is up.

    ``built`` are the artifacts by the ids of their packages.
    """

    inner: Registry
    rehearsal: UploadRehearsal
    built: Mapping[str, Sequence[Artifact]]
    closure: Mapping[str, frozenset[str]]
    _up: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        return self.inner.ecosystem

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload, then try the package out where it is complete."""
        outcome = self.inner.upload(artifact, root)
        if not isinstance(outcome, Succeeded):
            return outcome
        owner = self.rehearsal.release.workspace.owner(artifact)
        mine = self.built[owner.id]
        # Files of one package are uploaded side by side; only the last one may start the trial.
        with self._lock:
            up = self._up.setdefault(owner.id, set())
            up.add(artifact.filename)
            # Users install a package when its last file is up: a wheel alone proves nothing about the sdist.
            complete = len(up) == len(mine)
        share = self.rehearsal.share
        is_tried = share is None or owner.id in share
        return self._tried(owner, mine) if complete and is_tried else outcome

    def look(self, package: Package, version: str) -> Listing:
        """Look there."""
        return self.inner.look(package, version)

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """Look there."""
        return self.inner.versions(package)

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Compare there."""
        return self.inner.compare(artifact, listed)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Resolve there."""
        return self.inner.resolvable(requirements)

    def yank(self, package: Package, version: str) -> Outcome:
        """Yank there."""
        return self.inner.yank(package, version)

    def requirement(self, package: Package, version: str) -> str:
        """Spell as there."""
        return self.inner.requirement(package, version)

    def url(self, package: Package, version: str) -> str | None:
        """Link there."""
        return self.inner.url(package, version)

    def _tried(self, package: Package, artifacts: Sequence[Artifact]) -> Outcome:
        session, embedded = self.rehearsal.session, self.rehearsal.embedded
        if not is_verified(session.services.configuration, package.ecosystem):
            return Succeeded()
        reporter, tree = session.services.reporter, session.clone.root
        workspace = self.rehearsal.release.workspace
        # Of our packages the index shows only what is uploaded before this one: a dependency that is missing
        # in the order fails here, as it would for users.
        names = sorted(self.closure[package.id] | {package.id})
        builder = embedded.at_turn(package, [workspace.package(one) for one in names])
        others = [file for name in names for file in self.built.get(name, ())]
        needed = [*artifacts, *(one for one in others if one not in artifacts)]
        digest = builder.verification_digest(package, needed, tree) if isinstance(builder, Repeats) else None
        # Verifying compiles; of a large workspace that is most of a rehearsal's time, and same inputs give
        # the same answer.
        if digest is not None and embedded.verified.holds(digest):
            reporter.note(f"{package.name} was verified before, with the same contents")
            return Succeeded()
        kind: StepKind = "compile" if package.ecosystem == "cargo" else "install"
        with reporter.step(LocalStep(kind, package.id, len(workspace.packages))):
            problems = builder.verify(package, artifacts, tree)
        errors = [problem for problem in problems if problem.severity == "error"]
        if digest is not None and not errors:
            embedded.verified.keep(digest)
        return Refused(errors[0]) if errors else Succeeded()
