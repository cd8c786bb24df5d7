"""Which versions were begun on a branch, and which of those were given up again?

A version is begun by the commit at which the manifests come to say it. It is given up when a later commit makes
them say again what they said before, as the revert of a release commit does; it may then be begun anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion, read


@dataclass(frozen=True, slots=True)
class Step:
    """A commit that touches the version: what the manifests say before and after, None where that is no one text."""

    commit: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """Claims that stand, and claims that were given up; each the newest first, a version once in both."""

    standing: tuple[Claim, ...] = ()
    given_up: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class _Level:
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
        back = next((at for at, level in enumerate(levels) if level.text == step.after), None)
        if back is None:
            levels.append(_Level(step.after, step.commit))
        else:
            left.extend(levels[back + 1 :])
            del levels[back + 1 :]
    claims = _claims(levels, previous)
    standing = tuple(one for one in claims if now is None or one.version <= now)
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
        if level.commit and level.text and (version := read(level.text)) is not None
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
