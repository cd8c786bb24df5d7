"""Verification that every file of a package is on its registry, not withdrawn, and as the signed tag lists it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping

from castoff.errors import Problem
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.plan import predicted_filename
from castoff.model.versions import spell
from castoff.model.workspace import ArtifactKind, Package, kind_of
from castoff.ports import Fetches
from castoff.postrelease.verify.result import Verified, judged, unknown
from castoff.regexes import regex
from castoff.session.past_release import PastRelease
from castoff.session.services import Services, chooses_kinds

_RUNS = regex(r"[-_.]+")


class ListedFiles:
    """The files that a tag lists with their digests, found by their package: a tag lists those of all packages."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self.digests = digests
        self._spelled = sorted((_plain(one), one) for one in digests)

    def of(self, package: Package, version: str) -> list[str]:
        """Return the files of a package at a version, sorted."""
        if package.ecosystem == "python":
            found = self._beginning_with(f"{package.name}-{version}")
        else:
            kind: ArtifactKind = "crate" if package.ecosystem == "cargo" else "tarball"
            found = self.digests.keys() & {predicted_filename(package, kind, version)}
        return sorted(one for one in found if kind_of(one) in package.kinds)

    def _beginning_with(self, stem: str) -> set[str]:
        """Return the names that begin so, in which clients spell `-`, `_` and `.` in several ways."""
        # Between `stem_` and the first text behind all that begin with it: "`" follows "_".
        first, end = (bisect_left(self._spelled, (_plain(stem) + mark,)) for mark in "_`")
        return {name for _, name in self._spelled[first:end]}


def verify_artifacts(
    services: Services, past: PastRelease, package: Package, tagged: ListedFiles
) -> tuple[Verified, Mapping[str, str | None]]:
    """Is every file of a package there, not withdrawn, with the digest that the tag lists?

    Also return the files that are there and not a stranger's that was taken back, each with its SHA-256 if known.
    """
    listed = tagged.digests
    seen: dict[str, str | None] = {}
    name, version = f"artifacts:{package.id}", spell(past.version, package.ecosystem)
    registry = services.registry(package.ecosystem)
    listing = registry.look(package, version)
    if listing.unknown is not None:
        fact = f"the registry could not be queried for `{package.id}` {version}"
        return unknown(name, fact, listing.unknown), seen
    problems: list[Problem] = []
    for file, answer in sorted(listing.files.items()):
        match answer:
            case Present(digest=None) if file in listed and isinstance(registry, Fetches):
                # npm registries know tarballs by another digest than the tag lists.
                content = registry.fetch(package, file)
                if isinstance(content, Unknown):
                    return unknown(name, f"`{file}` could not be fetched", content.reason), seen
                seen[file] = hashlib.sha256(content).hexdigest()
                problems += _compared(package, file, seen[file], listed)
            case Present(digest=digest):
                seen[file] = digest
                problems += _compared(package, file, digest, listed)
            case Withdrawn() if listed and file not in listed:
                continue  # a file of somebody else that was taken back is how that ends
            case Withdrawn(digest=digest, reason=reason):
                seen[file] = digest
                problems.append(_withdrawn(package, file, reason))
            case Unknown(reason=reason):
                return unknown(name, f"`{file}` could not be read", reason), seen
            case _:
                continue
    there = [file for file, answer in listing.files.items() if isinstance(answer, Present | Withdrawn)]
    own = tagged.of(package, version)
    problems += missing_files(package, version, there, own, any_kind=chooses_kinds(services, package))
    if problems:
        return judged(name, problems), seen
    how = "with the digests that the tag lists" if listed else "the tag lists no digests to compare with"
    number = len(listing.files)
    files = "1 file" if number == 1 else f"{number} files"
    return Verified(id=name, result="pass", note=f"{files}, {how}"), seen


def missing_files(
    package: Package,
    version: str,
    there: Collection[str],
    own: Collection[str],
    *,
    any_kind: bool = False,
) -> Iterator[Problem]:
    """Report what the tag lists of a package and its registry does not have, and kinds of which neither has a file.

    ``there`` and ``own`` are files of the package: on its registry, and in the tag. What the tag lists was uploaded:
    the tag is pushed last. A registry takes a file name once, also after a deletion.
    With ``any_kind``, the user's build decides which kinds there are, and one is enough.
    """
    for file in own:
        if file not in there:
            yield _deleted(package, file)
    kinds = {kind_of(file) for file in (*there, *own)}
    if any_kind and kinds.intersection(package.kinds):
        return
    yield from (_missing(package, version, kind) for kind in package.kinds if kind not in kinds)


def _plain(name: str) -> str:
    return _RUNS.sub("_", name.lower())


def _deleted(package: Package, file: str) -> Problem:
    return Problem(
        code="verify-artifact-missing",
        message=f"`{file}` is no longer on its registry",
        reason="the tag lists it, so it was uploaded; it was deleted later, or the index does not show it",
        remedy="release the next version: a registry accepts a file name only once, even after a deletion",
        package=package.id,
    )


def _compared(
    package: Package, file: str, digest: str | None, listed: Mapping[str, str]
) -> Iterator[Problem]:
    if file in listed and digest is not None and digest != listed[file]:
        yield Problem(
            code="verify-artifact-differs",
            message=f"`{file}` on its registry differs from the digest in the tag",
            reason=f"registry: {digest[:16]}, tag: {listed[file][:16]}",
            remedy="compare its contents with a build of the release commit; if they differ, yank the "
            "version and release the next one",
            package=package.id,
        )
    if listed and file not in listed:
        yield Problem(
            code="verify-artifact-unlisted",
            severity="warning",
            message=f"`{file}` is on its registry, but the tag does not list it",
            reason="it was not uploaded by this release",
            remedy="find out who uploaded it; yank it on the registry if it is not yours",
            package=package.id,
        )


def _missing(package: Package, version: str, kind: str) -> Problem:
    return Problem(
        code="verify-artifact-missing",
        message=f"the {kind} of `{package.id}` {version} is not on its registry",
        reason="the tag does not list one either",
        remedy=f"upload it with `castoff resume {version} --execute`; if it was deleted, its name cannot be used "
        "again: release the next version",
        package=package.id,
    )


def _withdrawn(package: Package, file: str, reason: str) -> Problem:
    return Problem(
        code="verify-artifact-withdrawn",
        message=f"`{file}` was yanked or deleted",
        reason=reason,
        remedy="release the next version",
        package=package.id,
    )
