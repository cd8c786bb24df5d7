"""The part that uploads a package's artifacts, and compares what the registry holds with what was built.

One part a package. It starts when what the package needs is visible to the resolver that users run; it ends
when its own files are there and resolvable. Files that are there already are compared: same bytes, same
contents built from the release commit ("rebuilt"), or a stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from castoff.errors import Problem, Refusal
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Person, Wait, only_if
from castoff.model.observations import (
    Absent,
    Answer,
    Observation,
    Present,
    Sameness,
    Staged,
    Unknown,
    Withdrawn,
)
from castoff.model.plan import predicted_filename
from castoff.model.workspace import Artifact, ArtifactKind, Package, kind_of
from castoff.ports import Listing, Registry, Ruled
from castoff.reconcile.observer import StageState
from castoff.reconcile.part import PartOfPackage, Seen, wait_for
from castoff.values import replace

WAITS = "staged packages are published when a person approves them with `castoff approve`"
_OF_THE_ACCOUNT = frozenset({"otp-required", "permission-denied", "unauthorized", "publisher-missing"})
"""Refusals of who uploads, which say nothing about the files."""


class FileLook(Struct, frozen=True):
    """What a registry shows of one file; ``expected`` is the digest of what was built."""

    filename: str
    answer: Answer
    expected: str | None = None


class PackageLook(Struct, frozen=True):
    """The files of a package; ``resolvable``: what the resolver knows, None while not all files are there.

    ``new``: a public registry has nothing of the package. ``created``: when it got the package's first file.
    """

    files: tuple[FileLook, ...]
    resolvable: Answer | None = None
    new: bool = False
    created: datetime | None = None


class UploadFile(Act, frozen=True, kw_only=True):
    """The upload of one file of a package, which is named by its id."""

    filename: str
    package: str


@dataclass(slots=True)
class PackagePart(PartOfPackage):
    """One package at one version; ``artifacts`` are what was built, each file is one act.

    ``accepted`` holds digests that a person accepted as the same although they cannot be compared; ``tagged`` tells
    whether the version's tag is on the remote, after which it cannot be abandoned.
    """

    package: Package
    version: str
    artifacts: Sequence[Artifact]
    registry: Registry
    root: Path
    needs: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    tagged: bool = False
    _resolvable: bool = field(default=False, init=False)
    _compared: dict[str, Present] = field(default_factory=dict, init=False)
    _compared_staged: dict[str, Staged] = field(default_factory=dict, init=False)

    def look(self) -> PackageLook:
        """Ask the registry for each file; where all are there, ask the resolver as well."""
        listing = self.registry.look(self.package, self.version)
        files = tuple(
            FileLook(one.filename, self._answer(one, listing), one.digest) for one in self.artifacts
        )
        # The resolver is asked last: an index that lists the files may be ahead of the one that resolves.
        is_there = all(isinstance(one.answer, Present) for one in files)
        resolvable = self._look_through_resolver() if is_there else None
        # Limits of new names are those of the public registries.
        is_public = isinstance(self.registry, Ruled) and self.registry.has_known_rules(self.package)
        return PackageLook(
            files,
            resolvable,
            new=listing.new_name is True and is_public,
            created=listing.created if is_public else None,
        )

    def decide(self, seen: PackageLook) -> Decision:
        """Upload what is absent; stop for what differs, was withdrawn, or cannot be compared."""
        return decide_package(self.package, self.version, seen, tagged=self.tagged)

    def describe(self, seen: PackageLook) -> Seen:
        """Show the files, and whether the resolver finds them."""
        return describe_package(seen)

    def act(self, act: Act) -> Outcome:
        """Upload the file that the act names."""
        assert isinstance(act, UploadFile)
        artifact = next(one for one in self.artifacts if one.filename == act.filename)
        return self.registry.upload(artifact, self.root / self.package.root)

    def _answer(self, artifact: Artifact, listing: Listing) -> Answer:
        answer = listed(listing, artifact.filename)
        if isinstance(answer, Staged):
            return self._staged(artifact, answer)
        # Caches of an index differ: a file that was seen once is there, whatever a staler replica answers.
        if isinstance(answer, Absent) and artifact.filename in self._compared:
            return self._compared[artifact.filename]  # an older page came after a newer one
        if not isinstance(answer, Present):
            return answer
        if artifact.filename not in self._compared:
            # The digest decides first; unpacking both archives is only needed for a rebuild with other
            # bytes.
            same: Sameness = "bytes" if answer.digest == artifact.digest else self._compare(artifact, answer)
            self._compared[artifact.filename] = Present(
                digest=answer.digest, url=answer.url, commit=answer.commit, same=same
            )
        return self._compared[artifact.filename]

    def _staged(self, artifact: Artifact, answer: Staged) -> Answer:
        """Compare what is staged with what was built, once for each staging."""
        if not answer.identity:
            return answer  # this token may not look at it: whoever approves it compares it
        if answer.identity not in self._compared_staged:
            same = self.registry.compare(artifact, None)
            if same == "not-comparable":
                return Unknown(reason=f"what is staged as `{artifact.filename}` could not be downloaded")
            self._compared_staged[answer.identity] = replace(answer, same=same)
        return self._compared_staged[answer.identity]

    def _compare(self, artifact: Artifact, answer: Present) -> Sameness:
        if answer.digest in self.accepted:
            return "contents"
        return self.registry.compare(artifact, answer.digest)

    def _look_through_resolver(self) -> Answer:
        # Remembered once true, since a version that resolved does not stop resolving except by a yank,
        # which the look of files finds.
        if not self._resolvable:
            requirement = self.registry.requirement(self.package, self.version)
            resolvable = self.registry.resolvable([requirement])
            if resolvable is None:
                return Unknown(reason="the resolver could not be queried")
            self._resolvable = resolvable
        return Present() if self._resolvable else Absent()


@dataclass(slots=True)
class PresencePart(PartOfPackage):
    """One package at one version, seen without having built it: are files of each kind there?

    With ``any_kind``, one file is enough: the release is known to be whole, and not which kinds it has.
    ``tagged`` tells whether the version's tag is on the remote: nothing is uploaded after that.
    """

    package: Package
    version: str
    registry: Registry
    needs: frozenset[str] = frozenset()
    any_kind: bool = False
    tagged: bool = False

    def look(self) -> PackageLook:
        """Ask the registry for one file of each kind."""
        listing = self.registry.look(self.package, self.version)
        there = {kind_of(filename) for filename in listing.files} if self.any_kind else set()
        # Without any file there is nothing that says which kinds the release had, so all of them are
        # expected.
        kinds = [kind for kind in self.package.kinds if kind in there] or self.package.kinds
        return PackageLook(tuple(self._kind(kind, listing) for kind in kinds))

    def decide(self, seen: PackageLook) -> Decision:
        """Return what is missing; of wheels for several platforms, only the build tells how many there are to be."""
        decision = decide_package(self.package, self.version, seen, tagged=self.tagged)
        there = {kind_of(one.filename) for one in seen.files}
        is_part = len(seen.files) < len(self.package.kinds)
        kinds = [kind for kind in self.package.kinds if kind in there or not is_part]
        pairs = tuple(zip(kinds, seen.files, strict=True))
        match decision:
            case Do():
                absent = (kind for kind, one in pairs if isinstance(one.answer, Absent))
                return Do(tuple(planned_upload(self.package, kind, self.version) for kind in absent))
            case Wait():
                uploads = (planned_upload(self.package, kind, self.version) for kind in kinds)
                return replace(decision, later=only_if("if it is not on the registry", uploads))
            case Done() if not self.tagged:
                some = (
                    kind
                    for kind, one in pairs
                    if kind == "wheel" and not one.filename.endswith("-none-any.whl")
                )
                uploads = (planned_upload(self.package, kind, self.version) for kind in some)
                return replace(decision, later=only_if("if one for another platform is missing", uploads))
        return decision

    def describe(self, seen: PackageLook) -> Seen:
        """Show one file of each kind."""
        return describe_package(seen)

    def absent(self) -> PackageLook:
        """Return what a look shows while nothing is there."""
        return PackageLook(tuple(self._kind(kind, Listing()) for kind in self.package.kinds))

    def act(self, act: Act) -> Outcome:
        """Refuse: nothing was built that could be uploaded."""
        raise NotImplementedError(act.id)

    def _kind(self, kind: ArtifactKind, listing: Listing) -> FileLook:
        # Sorted, so that of several wheels every run shows the same one.
        for filename in sorted(listing.files):
            if kind_of(filename) == kind:
                return FileLook(filename, listed(listing, filename))
        predicted = predicted_filename(self.package, kind, self.version)
        return FileLook(predicted or f"{self.package.name} {kind}", listed(listing, ""))


def concerns_files(refused: Refusal) -> bool:
    """Return whether built files may be the cause of a refusal, so that a later run has to build them again.

    Else a fault of this machine's tools would be uploaded by every later run. A refusal of the account is no word on
    the files: a one-time password would expire while they are built again.
    """
    return not _OF_THE_ACCOUNT.issuperset(one.code for one in refused.problems)


def created_before(state: StageState) -> Mapping[str, Mapping[str, datetime]]:
    """Return, by registry, the packages of which a look found when they were created: an earlier run may have done it.

    A registry that limits new names within an hour counts those of the job before as well.
    """
    found: dict[str, dict[str, datetime]] = {}
    for part, seen in zip(state.stage.parts, state.parts, strict=True):
        if isinstance(seen.look, PackageLook) and seen.look.created is not None and part.gate is not None:
            found.setdefault(part.gate, {})[part.name] = seen.look.created
    return found


def listed(listing: Listing, filename: str) -> Answer:
    """Answer for one file: what the listing says, or unknown where nobody could tell."""
    if listing.unknown is not None:
        return Unknown(reason=listing.unknown, retry_after=listing.retry_after)
    return listing.files.get(filename, Absent(listing.closed))


def upload_act(package: Package, filename: str) -> UploadFile:
    """Name the upload of one file."""
    return UploadFile(
        filename=filename,
        package=package.id,
        id=f"publish:{package.ecosystem}:{package.name}:{filename}",
        stage="publish",
        target=filename,
        undo="never",
    )


def planned_upload(package: Package, kind: ArtifactKind, version: str) -> UploadFile:
    """Name the upload of a file before it is built; where only the build names the file, its kind stands for it."""
    filename = predicted_filename(package, kind, version)
    if filename is not None:
        return upload_act(package, filename)
    act = upload_act(package, kind)
    prefix = upload_act(package, "").id
    return replace(act, condition="one for each file that the build makes", prefix=prefix)


def describe_package(seen: PackageLook) -> Seen:
    """Make an observation of each file, and of what the resolver knows."""
    files = (Observation(id=one.filename, answer=one.answer, expected=one.expected) for one in seen.files)
    resolvable = () if seen.resolvable is None else (Observation(id="resolvable", answer=seen.resolvable),)
    return (*files, *resolvable)


def decide_package(package: Package, version: str, seen: PackageLook, *, tagged: bool = False) -> Decision:
    """Decide for one package; a ``tagged`` version can be yanked, but not abandoned."""
    # Objections first: a withdrawn or different file ends the release, whatever else is unknown.
    for one in seen.files:
        if problem := _objection(package, version, one, tagged=tagged):
            return Blocked(problem)
    for answer in (*(one.answer for one in seen.files), seen.resolvable):
        if isinstance(answer, Unknown):
            return wait_for(answer)
    creates = package.id if seen.new else None
    absent = (one.filename for one in seen.files if isinstance(one.answer, Absent))
    missing = tuple(replace(upload_act(package, name), creates=creates) for name in absent)
    if missing:
        return Do(missing)
    if any(isinstance(one.answer, Staged) for one in seen.files):
        return Person((), WAITS)
    if isinstance(seen.resolvable, Absent):
        return Wait(reason="uploaded, but not visible to the resolver yet", seconds=None)
    rebuilt = any(isinstance(one.answer, Present) and one.answer.same == "contents" for one in seen.files)
    return Done("rebuilt" if rebuilt else "")


def _objection(package: Package, version: str, one: FileLook, *, tagged: bool) -> Problem | None:
    back = f"`castoff {'yank' if tagged else 'abandon'} {version} --execute`"
    match one.answer:
        case Withdrawn(reason=reason):
            return Problem(
                code="artifact-withdrawn",
                message=f"`{one.filename}` was withdrawn from its registry",
                reason=reason or "it was yanked or deleted; its name cannot be used again",
                remedy=f"withdraw {version} everywhere with {back}, then release the next version",
                package=package.id,
            )
        case Absent(closed=why) if why:
            return Problem(
                code="release-closed",
                message=f"`{one.filename}` can no longer be uploaded",
                reason=why,
                remedy=f"this version stays incomplete: withdraw {version} everywhere with {back}, then "
                "release the next version",
                package=package.id,
            )
        case Present(same="no", digest=digest):
            return Problem(
                code="different-contents",
                message=f"`{one.filename}` is already on its registry, with other contents",
                reason=f"built here: {one.expected}; on the registry: {digest}",
                remedy="find out who uploaded it and from which source; a version cannot be replaced: if it is "
                f"wrong, withdraw it with {back}, then release the next version",
                package=package.id,
            )
        case Staged(same="no"):
            return Problem(
                code="staged-different",
                message=f"`{one.filename}` is staged with other contents than this release has",
                reason="nobody but its owners sees it yet; it was staged from another source, or built differently",
                remedy=f"run `castoff abandon {version} --execute --otp CODE`, which rejects what is staged, then "
                "release the version again",
                package=package.id,
            )
        case Present(same="not-comparable", digest=digest):
            return Problem(
                code="not-comparable",
                message=f"`{one.filename}` is already on its registry, and cannot be compared with the build",
                reason=f"built here: {one.expected}; on the registry: {digest}",
                remedy="if you know that it was built from this release, run "
                f"`castoff resume {version} --execute --accept {digest}`",
                package=package.id,
            )
        case _:
            return None
