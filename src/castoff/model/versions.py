"""Which version comes next, and how does each ecosystem spell it?

One release version serves the whole workspace; it is spelled by SemVer for Cargo and npm (`1.3.0-rc.1`) and
by PEP 440 for Python (`1.3.0rc1`). Versions that cannot be spelled in both (local, epoch, post, dev) are not
release versions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import total_ordering
from typing import Literal

from castoff.errors import CastoffError, UsageError

Ecosystem = Literal["cargo", "python", "npm"]
Pre = Literal["alpha", "beta", "rc"]
Bump = Literal["major", "minor", "patch"]

LEVELS = ("major", "minor", "patch", "release", "rc", "beta", "alpha")

_PRE_RANK: dict[str, int] = {"alpha": 0, "beta": 1, "rc": 2}
_PEP440_PRE: dict[str, str] = {"alpha": "a", "beta": "b", "rc": "rc"}
_SPELLINGS: dict[str, Pre] = {
    "alpha": "alpha",
    "a": "alpha",
    "beta": "beta",
    "b": "beta",
    "rc": "rc",
    "c": "rc",
    "pre": "rc",
    "preview": "rc",
}
_VERSION = re.compile(
    r"v?(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:\.(0|[1-9][0-9]{0,8}))?"
    r"(?:[-._]?(alpha|a|beta|b|preview|pre|rc|c)[-._]?([0-9]{1,8})?)?",
    re.ASCII,
)


@total_ordering
@dataclass(frozen=True, slots=True)
class ReleaseVersion:
    """A version that every ecosystem can spell; ``width`` (2 or 3 numbers) only matters for spelling."""

    major: int
    minor: int
    patch: int
    pre: Pre | None = None
    pre_number: int = 0
    width: int = field(default=3, compare=False)

    @property
    def is_stable(self) -> bool:
        """Say whether this is no pre-release."""
        return self.pre is None

    @property
    def base(self) -> ReleaseVersion:
        """Give the stable version that this one is, or leads to."""
        return replace(self, pre=None, pre_number=0)

    def __lt__(self, other: ReleaseVersion) -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        """Spell it by SemVer: the neutral spelling, used in tags, messages and JSON."""
        return spell(self, "cargo") if self.width == 3 else spell(self, "python")

    def _key(self) -> tuple[int, int, int, int, int]:
        rank = 3 if self.pre is None else _PRE_RANK[self.pre]
        return (self.major, self.minor, self.patch, rank, self.pre_number)


def read(text: str) -> ReleaseVersion | None:
    """Read a version in either spelling; None where it is not a release version (dev, post, local, epoch)."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch, pre, number = match.groups()
    return ReleaseVersion(
        int(major),
        int(minor),
        int(patch or 0),
        _SPELLINGS[pre] if pre else None,
        int(number or 0),
        width=2 if patch is None else 3,
    )


def spell(version: ReleaseVersion, ecosystem: Ecosystem) -> str:
    """Spell a version as the manifests of an ecosystem want it."""
    if ecosystem == "python":
        numbers = (version.major, version.minor, version.patch)[: version.width]
        suffix = f"{_PEP440_PRE[version.pre]}{version.pre_number}" if version.pre else ""
        return ".".join(map(str, numbers)) + suffix
    suffix = f"-{version.pre}.{version.pre_number}" if version.pre else ""
    return f"{version.major}.{version.minor}.{version.patch}{suffix}"


def next_version(
    previous: ReleaseVersion | None, level: str, pre: str | None = None, *, spelling: Ecosystem = "cargo"
) -> ReleaseVersion:
    """Count from the last released version, as npm's ``semver`` does where a pre-release comes first.

    ``level`` is one of :data:`LEVELS` or an exact version; ``pre`` makes a pre-release of major, minor or
    patch; ``spelling`` is how messages spell versions. Errors: ``unknown-level``, ``level-needs-bump``,
    ``level-needs-pre``, ``pre-goes-back``, ``nothing-to-release``.
    """
    exact = read(level)
    if pre is not None and (exact is not None or level == "release" or level in _PRE_RANK):
        raise _pre_without_bump(level, pre)
    if exact is not None:
        return exact
    start = previous or ReleaseVersion(0, 0, 0)
    if level in ("major", "minor", "patch"):
        return _bump(start, level, pre, spelling)
    if level == "release":
        return _final(start, spelling)
    if level in _PRE_RANK:
        return _next_pre(start, level, spelling)
    near = get_close_matches(level, LEVELS, n=1)
    raise UsageError.of(
        "unknown-level",
        f"`{level}` is neither a level nor a version",
        reason=f"levels are {', '.join(LEVELS)}; versions look like 1.2.3, 1.2.3-rc.1 or 1.2.3rc1",
        remedy=f"did you mean `{near[0]}`?" if near else "name a level or an exact version",
    )


def steps_from(last: ReleaseVersion) -> tuple[ReleaseVersion, ...]:
    """Give the next major, minor and patch version."""
    return tuple(_bumped_base(last, level) for level in ("major", "minor", "patch"))


def _pre_without_bump(level: str, pre: str) -> CastoffError:
    return UsageError.of(
        "level-needs-bump",
        f"`--pre {pre}` does not go with `{level}`",
        reason="it says of which kind the pre-release is that major, minor or patch begins",
        remedy="give major, minor or patch with it, or leave it out and name the exact version",
    )


def _bump(start: ReleaseVersion, level: str, pre: str | None, spelling: Ecosystem) -> ReleaseVersion:
    target = _bumped_base(start, level)
    if pre is None:
        return target
    if pre not in _PRE_RANK:
        raise UsageError.of(
            "unknown-level", f"`{pre}` is no kind of pre-release", remedy="use alpha, beta or rc"
        )
    if start.pre is not None and start.base == target:
        return _next_pre(start, pre, spelling)
    return replace(target, pre=_SPELLINGS[pre], pre_number=1)


def _bumped_base(start: ReleaseVersion, level: str) -> ReleaseVersion:
    base = start.base
    if level == "major":
        return base if start.pre and not (base.minor or base.patch) else _at(base, base.major + 1, 0, 0)
    if level == "minor":
        return base if start.pre and not base.patch else _at(base, base.major, base.minor + 1, 0)
    if start.pre:
        return base
    return _at(base, base.major, base.minor, base.patch + 1)


def _at(base: ReleaseVersion, major: int, minor: int, patch: int) -> ReleaseVersion:
    return ReleaseVersion(major, minor, patch, width=3 if patch else base.width)


def _final(start: ReleaseVersion, spelling: Ecosystem) -> ReleaseVersion:
    if start.pre is None:
        raise UsageError.of(
            "nothing-to-release",
            f"`release` ends a pre-release, but the last released version, {spell(start, spelling)}, is none",
            remedy="use major, minor, patch or an exact version",
        )
    return start.base


def _next_pre(start: ReleaseVersion, level: str, spelling: Ecosystem) -> ReleaseVersion:
    if start.pre is None:
        raise UsageError.of(
            "level-needs-pre",
            f"`{level}` counts pre-releases, but the last released version, {spell(start, spelling)}, is stable",
            remedy=f"say which version it leads to, for example `minor --pre {level}`",
        )
    if _PRE_RANK[level] < _PRE_RANK[start.pre]:
        raise UsageError.of(
            "pre-goes-back",
            f"`{level}` after {spell(start, spelling)} would sort before it",
            remedy=f"use `{start.pre}`, `release`, or a level that starts a new version",
        )
    number = start.pre_number + 1 if level == start.pre else 1
    return replace(start, pre=_SPELLINGS[level], pre_number=number)
