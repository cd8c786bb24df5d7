"""Is every artifact of the release on its registry, and is it the same as what was built?

One part a package. It starts when what the package needs is visible to the resolver that users run; it ends
when its own files are there and resolvable. Files that are there already are compared: same bytes, same
contents built from the release commit ("rebuilt"), or a stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Sameness, Unknown, Withdrawn
from castoff.model.plan import predicted_filename
from castoff.model.workspace import Artifact, ArtifactKind, Package
from castoff.ports import Listing, Registry
from castoff.stages.part import Seen

RESOLVABLE = "resolvable"

_ENDINGS: Mapping[str, ArtifactKind] = {
    ".whl": "wheel",
    ".tar.gz": "sdist",
    ".zip": "sdist",
    ".crate": "crate",
    ".tgz": "tarball",
}


@dataclass(slots=True)
class PackagePart:
    """One package at one version; ``artifacts`` are what was built, each file is one act.

    ``accepted`` holds digests that a person accepted as the same although they cannot be compared.
    """

    package: Package
    version: str
    artifacts: Sequence[Artifact]
    registry: Registry
    root: Path
    needs: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    _resolvable: bool = field(default=False, init=False)
    _compared: dict[str, Present] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """Give the package's id."""
        return self.package.id

    @property
    def gate(self) -> str:
        """Share the registry's rate limit."""
        return self.package.ecosystem

    def look(self) -> Seen:
        """Ask the registry for each file; where all are there, ask the resolver as well."""
        listing = self.registry.look(self.package, self.version)
        seen = tuple(self._observe(artifact, listing) for artifact in self.artifacts)
        if not all(isinstance(one.answer, Present) for one in seen):
            return seen
        return (*seen, self._look_through_resolver())

    def decide(self, seen: Seen) -> Decision:
        """Upload what is absent; stop for what differs, was withdrawn, or cannot be compared."""
        return decide_package(self.package, self.version, seen)

    def act(self, act: Act) -> Outcome:
        """Upload the file that the act names."""
        filename = act.id.rsplit(":", 1)[1]
        artifact = next(one for one in self.artifacts if one.filename == filename)
        return self.registry.upload(artifact, self.root)

    def _observe(self, artifact: Artifact, listing: Listing) -> Observation:
        return Observation(
            id=artifact.filename, answer=self._answer(artifact, listing), expected=artifact.digest
        )

    def _answer(self, artifact: Artifact, listing: Listing) -> Answer:
        answer = listed(listing, artifact.filename)
        if isinstance(answer, Absent) and artifact.filename in self._compared:
            return self._compared[artifact.filename]  # an older page came after a newer one
        if not isinstance(answer, Present):
            return answer
        if artifact.filename not in self._compared:
            same: Sameness = "bytes" if answer.digest == artifact.digest else self._compare(artifact, answer)
            self._compared[artifact.filename] = Present(
                digest=answer.digest, url=answer.url, commit=answer.commit, same=same
            )
        return self._compared[artifact.filename]

    def _compare(self, artifact: Artifact, answer: Present) -> Sameness:
        if answer.digest in self.accepted:
            return "contents"
        return self.registry.compare(artifact, answer.digest)

    def _look_through_resolver(self) -> Observation:
        if not self._resolvable:
            requirement = self.registry.requirement(self.package, self.version)
            resolvable = self.registry.resolvable([requirement])
            if resolvable is None:
                return Observation(id=RESOLVABLE, answer=Unknown(reason="the resolver could not be asked"))
            self._resolvable = resolvable
        return Observation(id=RESOLVABLE, answer=Present() if self._resolvable else Absent())


@dataclass(slots=True)
class PresencePart:
    """One package at one version, seen without having built it: are files of each kind there?"""

    package: Package
    version: str
    registry: Registry
    needs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Give the package's id."""
        return self.package.id

    @property
    def gate(self) -> str:
        """Share the registry's rate limit."""
        return self.package.ecosystem

    def look(self) -> Seen:
        """Ask the registry for one file of each kind."""
        listing = self.registry.look(self.package, self.version)
        return tuple(self._kind(kind, listing) for kind in self.package.kinds)

    def decide(self, seen: Seen) -> Decision:
        """Say what is missing."""
        return decide_package(self.package, self.version, seen)

    def act(self, act: Act) -> Outcome:
        """Refuse: nothing was built that could be uploaded."""
        raise NotImplementedError(act.id)

    def _kind(self, kind: ArtifactKind, listing: Listing) -> Observation:
        for filename in sorted(listing.files):
            if kind_of(filename) == kind:
                return Observation(id=filename, answer=listed(listing, filename))
        predicted = predicted_filename(self.package, kind, self.version)
        return Observation(id=predicted or f"{self.package.name} {kind}", answer=listed(listing, ""))


def kind_of(filename: str) -> ArtifactKind | None:
    """Tell the kind of an artifact from its file name."""
    return next((kind for ending, kind in _ENDINGS.items() if filename.endswith(ending)), None)


def listed(listing: Listing, filename: str) -> Answer:
    """Answer for one file: what the listing says, or unknown where nobody could tell."""
    if listing.unknown is not None:
        return Unknown(reason=listing.unknown, retry_after=listing.retry_after)
    return listing.files.get(filename, Absent())


def upload_act(package: Package, filename: str) -> Act:
    """Name the upload of one file."""
    return Act(
        id=f"publish:{package.ecosystem}:{package.name}:{filename}",
        stage="publish",
        target=filename,
        undo="never",
    )


def decide_package(package: Package, version: str, seen: Seen) -> Decision:
    """Decide for one package by its observations alone."""
    for one in seen:
        if problem := _objection(package, version, one):
            return Blocked(problem)
    for one in seen:
        if isinstance(one.answer, Unknown):
            return Wait(reason=one.answer.reason, seconds=one.answer.retry_after)
    missing = [one for one in seen if isinstance(one.answer, Absent)]
    if not missing:
        rebuilt = [
            one.id for one in seen if isinstance(one.answer, Present) and one.answer.same == "contents"
        ]
        return Done("rebuilt" if rebuilt else "")
    if [one.id for one in missing] == [RESOLVABLE]:
        return Wait(reason="uploaded, but the resolver does not see it yet", seconds=None)
    return Do(tuple(upload_act(package, one.id) for one in missing))


def _objection(package: Package, version: str, one: Observation) -> Problem | None:
    match one.answer:
        case Withdrawn(reason=reason):
            return Problem(
                code="artifact-withdrawn",
                message=f"`{one.id}` was withdrawn from its registry",
                reason=reason or "somebody yanked or deleted it; its name cannot be used again",
                remedy=f"take {version} back everywhere (`castoff abandon {version}`) and release the next one",
                package=package.id,
            )
        case Present(same="no", digest=digest):
            return Problem(
                code="different-contents",
                message=f"`{one.id}` is on its registry already, with other contents",
                reason=f"built here: {one.expected}; on the registry: {digest}",
                remedy="find out who uploaded it and from what; a version cannot be replaced, "
                f"so `castoff abandon {version}` and release the next one",
                package=package.id,
            )
        case Present(same="not-comparable", digest=digest):
            return Problem(
                code="not-comparable",
                message=f"`{one.id}` is on its registry already, and cannot be compared with what was built",
                reason=f"built here: {one.expected}; on the registry: {digest}",
                remedy=f"where you know that it was built from this release, go on with `--accept {digest}`",
                package=package.id,
            )
        case _:
            return None
