"""The version that a command means: a new one, or one that was begun.

A level counts from the last released tag that is reachable from the branch, never from the manifests. A version that
was claimed and is not finished is in flight: the same level resumes it, another one is refused. Where castoff made the
last release and nothing was committed since, the same command means that release again (:func:`meant_again`): it
finishes what is left of it, and does no more.

Versions that were claimed on a branch, and those that were abandoned again.
A version is begun by the commit at which the manifests come to say it. It is given up when a later commit makes
them say again what they said before, as the revert of a release commit does; it may then be begun anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import CastoffError, Refusal, UsageError
from castoff.model.versions import Ecosystem, ReleaseVersion, next_version, read, read_canonical, spell
from castoff.values import replace

OR_EXACT = "or, if it was never meant as a release, pass the exact version of the next one"
_KINDS = ("alpha", "beta", "rc")
_BY_HISTORY = frozenset({"level-needs-pre", "nothing-to-release", "pre-goes-back"})
"""Errors of a level that fits the last finished release no more: what is in flight is the better answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A version whose release commit is on the branch; ``tagged`` says whether the remote has its tag.

    ``tag`` is the name of the tag in this branch's history; ``other_tag`` is a tag of that version in another form
    that stands on the commit there. ``told``: the commit says that castoff made it; without that it may be any change
    of the version, such as one to a version of development.
    """

    version: ReleaseVersion
    commit: str
    tagged: bool = False
    tag: str | None = field(default=None, compare=False)
    other_tag: str | None = field(default=None, compare=False)
    told: bool = field(default=True, compare=False)

    @property
    def may_be_unmeant(self) -> bool:
        """Return whether nobody may have meant to release it: some projects are at an alpha between all releases."""
        return not self.told and self.version.pre == "alpha"


class History(Struct, frozen=True, kw_only=True):
    """Releases that were finished and begun, as seen from the branch, the highest first.

    ``unclear`` was begun by castoff or by the project's own scripts: nothing but its version picks it up.
    ``overtaken`` was begun by castoff, and somebody else put the tag of its version on another commit.
    ``ours``: castoff made the last release. ``idle``: nothing was committed since but its changelog. ``spelling`` is
    how the tags spell versions.
    """

    previous: Claim | None
    unfinished: Sequence[Claim] = ()
    released: Sequence[Claim] = ()
    unclear: Sequence[Claim] = ()
    overtaken: Claim | None = None
    ours: bool = False
    idle: bool = False
    spelling: Ecosystem = "cargo"

    @property
    def settled(self) -> bool:
        """Return whether castoff made the last release, and nothing was committed since."""
        return self.ours and self.idle

    def reopened(self, claims: Sequence[Claim]) -> History:
        """Return the history with tagged releases counted as begun: they stopped before their announcement."""
        if not claims:
            return self
        versions = {one.version for one in claims}  # the tag of an overtaken one is on another commit
        released = tuple(one for one in self.released if one.version not in versions)
        begun = sorted((*self.unfinished, *claims), key=lambda claim: claim.version, reverse=True)
        previous = released[0] if released else None
        return replace(
            self,
            previous=previous,
            unfinished=tuple(begun),
            released=released,
            overtaken=None,
            ours=True,
            idle=False,
        )

    @property
    def since(self) -> Claim | None:
        """Return the last release with the version that whatever was begun since must be above.

        After a pre-release that is the last stable version: a fix may be released beside a candidate of a later line.
        """
        if self.previous is None or self.previous.version.is_stable:
            return self.previous
        stable = next(
            (one.version for one in self.released if one.version.is_stable), ReleaseVersion(0, 0, 0)
        )
        return replace(self.previous, version=stable)

    def spelled(self, version: ReleaseVersion) -> str:
        """Spell a version as the tags do."""
        return spell(version, self.spelling)


class Begin(Struct, frozen=True):
    """Release a new version."""

    version: ReleaseVersion


class Resume(Struct, frozen=True):
    """Go on with a version that was claimed."""

    claim: Claim


def meant(history: History, level: str, pre: str | None = None) -> Begin | Resume:
    """Return what a level means; errors ``release-in-flight``, ``version-not-higher``."""
    exact = read(level)
    if exact is not None and pre is None and (known := _known(history, exact)):
        return Resume(known)
    try:
        version = next_version(
            history.previous.version if history.previous else None, level, pre, spelling=history.spelling
        )
    except UsageError as error:
        if history.unfinished and error.problems[0].code in _BY_HISTORY:
            raise _in_flight(history, f"`{level}` would start another release") from None
        raise
    if history.unfinished and not (exact and _may_pass_over(history, version)):
        return _resume(history, version)
    if (
        history.previous is not None
        and version <= history.previous.version
        and not _is_beside(history, version)
    ):
        raise UsageError.of(
            "version-not-higher",
            f"{history.spelled(version)} is not higher than {history.spelled(history.previous.version)}, "
            "the last released version",
            reason="versions count from the last tag that is reachable from the branch",
            remedy="use a higher version, or release from a maintenance branch",
        )
    return Begin(version)


def _may_pass_over(history: History, version: ReleaseVersion) -> bool:
    """Return whether an exact version may be released above what was perhaps never meant as a release."""
    return all(one.may_be_unmeant and one.version < version for one in history.unfinished)


def _is_beside(history: History, version: ReleaseVersion) -> bool:
    """Return whether a version is of an earlier line than the pre-release that was the last release, and new there."""
    since, last = history.since, history.previous
    if since is None or last is None or last.version.is_stable:
        return False
    return version > since.version and (version.major, version.minor) < (
        last.version.major,
        last.version.minor,
    )


def meant_again(history: History, level: str, pre: str | None = None) -> Begin | Resume:
    """Return what a level means to a run that acts: the last release again, where nothing came since.

    A command that leads to another version cannot have made that one: `release` after a candidate goes on, and so does
    `major` after a minor release.
    """
    if history.settled and history.previous and not history.unfinished and read(level) is None:
        kind = level if level in _KINDS else pre
        if history.previous.version.pre == kind and _may_have_made(history, level, pre):
            return Resume(history.previous)
    return meant(history, level, pre)


def _may_have_made(history: History, level: str, pre: str | None) -> bool:
    """Return whether a level leads to the last release, from the one below it or from the last stable one."""
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


def to_resume(history: History, version: str | None) -> Claim | None:
    """Return the release to go on with: the one named, else what castoff began or made last; None if there is none.

    Errors: ``unknown-version``.
    """
    if version is None:
        # A release by other means is nothing to go on with: a resume would write into what people made.
        last = (history.previous,) if history.ours else ()
        return next(iter((*history.unfinished, *last)), None)
    return named(history, version)


def named(history: History, version: str) -> Claim:
    """Return the release of a version, whoever made it; error ``unknown-version``."""
    wanted = read(version)
    found = _known(history, wanted) if wanted else None
    if found is None:
        raise UsageError.of(
            "unknown-version",
            f"no release of {version} was started on this branch"
            if wanted
            else f"`{version[:80]}` is not a version",
            reason="it has neither a tag nor a claim, by a commit or by a ref; " + _list(history),
            remedy="correct the version; start a new release with `castoff release LEVEL`",
        )
    return found


def _list(history: History) -> str:
    last = [str(claim.version) for claim in (*history.unfinished, *history.released)][:3]
    return f"the last ones here are {', '.join(last)}" if last else "nothing was released here"


def _known(history: History, version: ReleaseVersion) -> Claim | None:
    overtaken: Sequence[Claim] = (history.overtaken,) if history.overtaken else ()
    # What is in flight comes first: the same version may have been given up before, and begun again.
    for claim in (*history.unfinished, *overtaken, *history.released, *history.unclear):
        if claim.version == version:
            return claim
    return None


def _resume(history: History, version: ReleaseVersion) -> Resume:
    for claim in history.unfinished:
        if claim.version == version:
            return Resume(claim)
    raise _in_flight(history, f"{history.spelled(version)} would be another release")


def _in_flight(history: History, other: str) -> CastoffError:
    """Report the release in flight; a caller that has looked at it replaces the remedy by the options."""
    begun = history.unfinished[0]
    title = history.spelled(begun.version)
    foreign = f": `{begun.other_tag}` exists, but does not match `release.tag`" if begun.other_tag else ""
    fit = "change `release.tag` to the form of that tag; otherwise " if begun.other_tag else ""
    past = f"; {OR_EXACT}" if begun.may_be_unmeant else ""
    resume = f"{fit}finish it with `castoff resume {title} --execute`"
    return Refusal.of(
        "release-in-flight",
        f"{title} is in flight; {other}",
        reason=f"its tag is on {begun.commit[:12]}, and it is not announced"
        if begun.tagged
        else f"its release commit {begun.commit[:12]} is on the branch, its tag is not on the remote{foreign}",
        remedy=f"{resume}, or finish without a release on the forge: `castoff resume {title} --without draft --execute`"
        if begun.tagged
        else f"{resume}, or withdraw it with `castoff abandon {title} --execute`{past}",
        commit=begun.commit,
    )


class Step(Struct, frozen=True):
    """A commit that touches the version: what the manifests say before and after, None where that is no one text."""

    commit: str
    before: str | None
    after: str | None


class Begun(Struct, frozen=True):
    """Claims that stand, and claims that were given up; each the newest first, a version once in both.

    ``unclear`` was begun by castoff or by the project's own scripts; it is in neither of the two.
    """

    standing: tuple[Claim, ...] = ()
    given_up: tuple[Claim, ...] = ()
    unclear: tuple[Claim, ...] = ()


class _Level(Struct, frozen=True):
    text: str | None
    commit: str


def begun_in(steps: Iterable[Step], previous: ReleaseVersion | None, now: ReleaseVersion | None) -> Begun:
    """Sort what a branch began since the last release.

    ``steps`` are in the order of the branch, oldest first; ``previous`` is the last released version, ``now`` what
    the branch says at its head, None where that is no release version. Without a released version only the newest
    can be a claim: versions before it were never released with tags.
    """
    levels: list[_Level] = []
    left: list[_Level] = []
    for step in steps:
        if not levels:
            levels.append(_Level(step.before, ""))
        if step.after is None or step.after == step.before:
            continue
        # A return to a text that stood before is a revert: everything in between was given up by it.
        back = next((at for at, level in enumerate(levels) if level.text == step.after), None)
        if back is None:
            levels.append(_Level(step.after, step.commit))
        else:
            left.extend(levels[back + 1 :])
            del levels[back + 1 :]
    claims = _claims(levels, previous)
    # A merge may bring the old version back without a commit that says so: what the head is below was given up.
    standing = tuple(one for one in claims if now is None or one.version <= now)
    # Without a tag, older versions were releases of another kind; only the newest can be waiting for one.
    standing = standing if previous is not None else standing[:1]
    gone = [
        *_claims(left, previous),
        *(one for one in claims if one not in standing and previous is not None),
    ]
    return Begun(standing, _each_once(gone, {one.version for one in standing}))


def _claims(levels: Iterable[_Level], previous: ReleaseVersion | None) -> list[Claim]:
    found = [
        Claim(version=version, commit=level.commit)
        for level in levels
        if level.commit and level.text and (version := read_canonical(level.text)) is not None
    ]
    return [one for one in reversed(found) if previous is None or one.version > previous]


def _each_once(claims: Iterable[Claim], but: set[ReleaseVersion]) -> tuple[Claim, ...]:
    seen = set(but)
    found: list[Claim] = []
    for claim in claims:
        if claim.version not in seen:
            seen.add(claim.version)
            found.append(claim)
    return tuple(found)
