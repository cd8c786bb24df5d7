"""Is every file of a package on its registry, not withdrawn, and the same as the signed tag lists?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.subject import Subject
from castoff.flows.verified import Verified, judged, unknown
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import spell
from castoff.model.workspace import Package
from castoff.stages.publish import kind_of


def verify_artifacts(
    setting: Setting, subject: Subject, package: Package, listed: Mapping[str, str]
) -> Verified:
    """Is every file of a package there, not withdrawn, with the digest that the tag lists?"""
    name, version = f"artifacts:{package.id}", spell(subject.version, package.ecosystem)
    listing = setting.registry(package.ecosystem).look(package, version)
    if listing.unknown is not None:
        return unknown(
            name, f"the registry could not be asked for `{package.name}` {version}", listing.unknown
        )
    problems: list[Problem] = []
    for file, answer in sorted(listing.files.items()):
        match answer:
            case Present(digest=digest):
                problems += _compared(package, file, digest, listed)
            case Withdrawn(reason=reason):
                problems.append(_withdrawn(package, file, reason))
            case Unknown(reason=reason):
                return unknown(name, f"`{file}` could not be looked at", reason)
            case _:
                continue
    there = {
        kind_of(file) for file, answer in listing.files.items() if isinstance(answer, Present | Withdrawn)
    }
    problems += [_missing(package, version, kind) for kind in package.kinds if kind not in there]
    if problems:
        return judged(name, problems)
    how = "with the digests that the tag lists" if listed else "the tag lists no digests to compare with"
    return Verified(id=name, result="pass", note=f"{len(listing.files)} files, {how}")


def _compared(
    package: Package, file: str, digest: str | None, listed: Mapping[str, str]
) -> Iterator[Problem]:
    if file in listed and digest is not None and digest != listed[file]:
        yield Problem(
            code="verify-artifact-differs",
            message=f"`{file}` on its registry is not what the tag lists",
            reason=f"there {digest[:16]}, listed {listed[file][:16]}",
            remedy="find out who uploaded it: build the release commit again, and compare the contents",
            package=package.id,
        )
    if listed and file not in listed:
        yield Problem(
            code="verify-artifact-unlisted",
            severity="warning",
            message=f"`{file}` is on its registry, and the tag does not list it",
            reason="it was uploaded by something else than this release",
            remedy="nothing, if you know of it",
            package=package.id,
        )


def _missing(package: Package, version: str, kind: str) -> Problem:
    return Problem(
        code="verify-artifact-missing",
        message=f"the {kind} of `{package.name}` {version} is not on its registry",
        remedy="upload it with `castoff resume --execute`",
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
