"""Which version is meant: a new one, or one that was begun?

A level counts from the last released tag that is reachable from the branch, never from the manifests. A version
that was claimed and is not tagged yet is unfinished: the same level resumes it, another one is refused. Where
castoff made the last release and nothing was committed since, the same command means that release again
(:func:`meant_again`): it finishes what is left of it, and does no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from castoff.errors import Refusal, UsageError
from castoff.model.versions import Ecosystem, ReleaseVersion, next_version, read, spell

_KINDS = ("alpha", "beta", "rc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A version whose release commit is on the branch; ``tagged`` says whether the remote has its tag.

    ``other_tag`` is a tag of that version in another form that stands on the commit there.
    """

    version: ReleaseVersion
    commit: str
    tagged: bool = False
    other_tag: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was released and begun, as seen from the branch, the highest first.

    ``settled`` says that castoff made the last release and that nothing was committed since; ``spelling`` is how
    the tags spell versions.
    """

    previous: Claim | None
    unfinished: Sequence[Claim] = ()
    released: Sequence[Claim] = ()
    settled: bool = False
    spelling: Ecosystem = "cargo"

    def spelled(self, version: ReleaseVersion) -> str:
        """Spell a version as the tags do."""
        return spell(version, self.spelling)


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
    version = next_version(
        history.previous.version if history.previous else None, level, pre, spelling=history.spelling
    )
    if history.unfinished:
        return _resume(history, version)
    if history.previous is not None and version <= history.previous.version:
        raise UsageError.of(
            "version-not-higher",
            f"{history.spelled(version)} is not higher than {history.spelled(history.previous.version)}, "
            "the last released version",
            reason="versions count from the last tag that is reachable from the branch",
            remedy="name a higher version, or release from a maintenance branch",
        )
    return Begin(version)


def meant_again(history: History, level: str, pre: str | None = None) -> Begin | Resume:
    """Say what a level means to a run that acts: the last release again, where nothing came since.

    A command that leads to another version cannot have made that one: `release` after a candidate goes on, and so does
    `major` after a minor release.
    """
    if history.settled and history.previous and not history.unfinished and read(level) is None:
        kind = level if level in _KINDS else pre
        if history.previous.version.pre == kind and _may_have_made(history, level, pre):
            return Resume(history.previous)
    return meant(history, level, pre)


def _may_have_made(history: History, level: str, pre: str | None) -> bool:
    """Say whether a level leads from a release before to the last one: from the one below, or the last stable one."""
    assert history.previous is not None
    last = history.previous.version
    below = [claim.version for claim in history.released if claim.version < last]
    bases = [*below[:1], *[one for one in below if one.pre is None][:1]]
    return not bases or any(_leads(base, level, pre) == last for base in bases)


def _leads(base: ReleaseVersion, level: str, pre: str | None) -> ReleaseVersion | None:
    try:
        return next_version(base, level, pre)
    except UsageError:
        return None


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
            f"no release of {version} was begun on this branch"
            if wanted
            else f"`{version[:80]}` is no version",
            reason="there is neither its tag nor a claim of it, by a commit or by a ref; " + _list(history),
            remedy="correct the version; a new one begins with `castoff release LEVEL`",
        )
    return found


def _list(history: History) -> str:
    last = [str(claim.version) for claim in (*history.unfinished, *history.released)][:3]
    return f"the last ones here are {', '.join(last)}" if last else "nothing was released here"


def _known(history: History, version: ReleaseVersion) -> Claim | None:
    for claim in (*history.unfinished, *history.released):
        if claim.version == version:
            return claim
    return None


def _resume(history: History, version: ReleaseVersion) -> Resume:
    for claim in history.unfinished:
        if claim.version == version:
            return Resume(claim)
    begun = history.unfinished[0]
    title = history.spelled(begun.version)
    other = (
        f": `{begun.other_tag}` stands there, which `release.tag` does not make" if begun.other_tag else ""
    )
    fit = "let `release.tag` name tags as that one is; else " if begun.other_tag else ""
    raise Refusal.of(
        "release-in-flight",
        f"{title} was begun and is not finished; {history.spelled(version)} would be another one",
        reason=f"its release commit {begun.commit[:12]} is on the branch, its tag is not on the remote{other}",
        remedy=f"{fit}finish it with `castoff resume {title} --execute`, "
        f"or take it back with `castoff abandon {title} --execute`",
        commit=begun.commit,
    )
