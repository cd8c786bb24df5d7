"""Which version is meant: a new one, or one that was begun?

A level counts from the last released tag that is reachable from the branch, never from the manifests. A version
that was claimed and is not tagged yet is unfinished: the same level resumes it, another one is refused. Where
castoff made the last release and nothing was committed since, the same command means that release again
(:func:`meant_again`): it finishes what is left of it, and does no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from castoff.errors import Refusal, UsageError
from castoff.model.versions import ReleaseVersion, next_version, read

_KINDS = ("alpha", "beta", "rc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A version whose release commit is on the branch; ``tagged`` says whether the remote has its tag."""

    version: ReleaseVersion
    commit: str
    tagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was released and begun, as seen from the branch, the highest first.

    ``settled`` says that castoff made the last release and that nothing was committed since.
    """

    previous: Claim | None
    unfinished: Sequence[Claim] = ()
    released: Sequence[Claim] = ()
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """Release a new version."""

    version: ReleaseVersion


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a version that was claimed."""

    claim: Claim


def meant(history: History, level: str, pre: str | None = None) -> Begin | Resume:
    """Say what a level means; errors ``release-in-flight``, ``version-not-higher``."""
    exact = read(level)
    if exact is not None and pre is None and (known := _known(history, exact)):
        return Resume(known)
    version = next_version(history.previous.version if history.previous else None, level, pre)
    if history.unfinished:
        return _resume(history.unfinished, version)
    if history.previous is not None and version <= history.previous.version:
        raise UsageError.of(
            "version-not-higher",
            f"{version} is not higher than {history.previous.version}, the last released version",
            reason="versions count from the last tag that is reachable from the branch",
            remedy="name a higher version, or release from a maintenance branch",
        )
    return Begin(version)


def meant_again(history: History, level: str, pre: str | None = None) -> Begin | Resume:
    """Say what a level means to a run that acts: the last release again, where nothing came since.

    A command that makes another kind of version cannot have made that one: `release` after a candidate goes on.
    """
    if history.settled and history.previous and not history.unfinished and read(level) is None:
        kind = level if level in _KINDS else pre
        if history.previous.version.pre == kind:
            return Resume(history.previous)
    return meant(history, level, pre)


def to_resume(history: History, version: str | None) -> Claim:
    """Say which release to go on with: the one named, else the unfinished one, else the last one."""
    if version is None:
        candidates = [*history.unfinished, *([history.previous] if history.previous else [])]
        if candidates:
            return candidates[0]
        raise UsageError.of(
            "nothing-to-resume",
            "there is nothing to resume",
            reason="no version is claimed on this branch, and none was released from it",
            remedy="start one with `castoff release LEVEL --execute`",
        )
    wanted = read(version)
    found = _known(history, wanted) if wanted else None
    if found is None:
        raise UsageError.of(
            "unknown-version",
            f"no release of {version} was begun on this branch",
            reason="there is neither its tag nor a claim of it, by a commit or by a ref",
            remedy=f"start it with `castoff release {version} --execute`, or correct the version",
        )
    return found


def _known(history: History, version: ReleaseVersion) -> Claim | None:
    for claim in (*history.unfinished, *history.released):
        if claim.version == version:
            return claim
    return None


def _resume(unfinished: Sequence[Claim], version: ReleaseVersion) -> Resume:
    for claim in unfinished:
        if claim.version == version:
            return Resume(claim)
    begun = unfinished[0]
    raise Refusal.of(
        "release-in-flight",
        f"{begun.version} was begun and is not finished; {version} would be another one",
        reason=f"its release commit {begun.commit[:12]} is on the branch, its tag is not on the remote",
        remedy=f"finish it with `castoff resume {begun.version} --execute`, "
        f"or take it back with `castoff abandon {begun.version} --execute`",
        commit=begun.commit,
    )
