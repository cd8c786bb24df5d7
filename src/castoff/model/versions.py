"""Versions of a release: steps to the next one, and the spelling of each ecosystem.

One release version serves the whole workspace; it is spelled by SemVer for Cargo and npm (`1.3.0-rc.1`) and
by PEP 440 for Python (`1.3.0rc1`). Versions that cannot be spelled in both (local, epoch, post, dev) are not
release versions.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, total_ordering
from typing import Literal

from msgspec import Struct

from castoff.errors import CastoffError, Problem, Refusal, UsageError
from castoff.regexes import regex
from castoff.values import replace

Ecosystem = Literal["cargo", "python", "npm"]
Pre = Literal["alpha", "beta", "rc"]

LEVELS = ("major", "minor", "patch", "release", "rc", "beta", "alpha")

_PRE_RANK: dict[str, int] = {"alpha": 0, "beta": 1, "rc": 2}
_PEP440_PRE: dict[str, str] = {"alpha": "a", "beta": "b", "rc": "rc"}
_SPELLINGS: dict[str, Pre] = {
    "alpha": "alpha",
    "a": "alpha",
    "beta": "beta",
    "b": "beta",
    "rc": "rc",
    # PEP 440 reads `c`, `pre` and `preview` as `rc`.
    "c": "rc",
    "pre": "rc",
    "preview": "rc",
}
# At most nine digits a number: enough for dates, and no input can make the conversion slow.
_VERSION = regex(
    r"v?(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:\.(0|[1-9][0-9]{0,8}))?"
    r"(?:[-._]?(alpha|a|beta|b|preview|pre|rc|c)[-._]?([0-9]{1,8})?)?",
    re.ASCII,
)

_LOOKS_LIKE_VERSION = regex(r"v?(?:[0-9]{1,9}!)?[0-9]{1,9}(?:[.!+_-]|$)", re.ASCII)
_LENIENT = regex(
    r"v?(?:([0-9]{1,9})!)?([0-9]{1,9}(?:\.[0-9]{1,9}){0,7})((?!\.[0-9])[-+._A-Za-z].{0,99})?", re.ASCII
)
# PEP 440's forms of a post-release, normalized ones and others.
_POST = regex(r"[-._]?(?:post|rev|r)[-._]?[0-9]*(?:[-+._].*)?|-[0-9]+", re.ASCII | re.IGNORECASE)
_BETWEEN = regex(
    r"v?[0-9.]+(?:[-._]?(?:alpha|a|beta|b|preview|pre|rc|c)[-._]?[0-9]{0,8})?"
    r"[-._]?(?:dev|devel|develop|development|snapshot|nightly|git|main|master|trunk|head|unreleased|wip|next)"
    r"(?:[-._]?[0-9]{1,12})?(?:\+[0-9A-Za-z.-]{1,100})?",
    re.ASCII | re.IGNORECASE,
)
_NUMBERS = regex(r"v?([0-9]{1,9}\.[0-9]{1,9}(?:\.[0-9]{1,9})?)(?![0-9])", re.ASCII)


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
        """Return whether this is no pre-release."""
        return self.pre is None

    @property
    def base(self) -> ReleaseVersion:
        """Return the stable version that this one is, or leads to."""
        return replace(self, pre=None, pre_number=0)

    def __lt__(self, other: ReleaseVersion) -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        """Spell it by SemVer: the neutral spelling, used in tags, messages and JSON."""
        return spell(self, "cargo") if self.width == 3 else spell(self, "python")

    def _key(self) -> tuple[int, int, int, int, int]:
        # A stable version sorts after its pre-releases (SemVer 2.0.0, section 11; PEP 440).
        rank = 3 if self.pre is None else _PRE_RANK[self.pre]
        return (self.major, self.minor, self.patch, rank, self.pre_number)


@lru_cache(maxsize=4096)
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


def read_canonical(text: str) -> ReleaseVersion | None:
    """Read a version in the neutral spelling, which is that of what was begun; None for any other text."""
    found = read(text)
    return found if found is not None and str(found) == text else None


def is_own_spelling(text: str, ecosystem: Ecosystem) -> bool:
    """Return whether a text is a version as castoff writes it there, so that it counts on from it in order.

    SemVer takes `1.1.0-rc1` and `1.1.0-rc.1` for two versions, and `1.1.0-pre` for another one; for PEP 440 all
    spellings are one.
    """
    found = read(text)
    return found is not None and (ecosystem == "python" or spell(found, ecosystem) == text)


def same_version(text: str) -> Hashable:
    """Return what two spellings of one version have in common: `0.22.3-dev.0` and `0.22.3.dev0` are the same.

    maturin gives the wheel the version of its crate in the spelling of Python, also between releases.
    """
    found = read(text)
    if found is not None:
        return found
    from packaging.version import Version

    try:
        return Version(text)
    except ValueError:  # `InvalidVersion`, or more digits than Python converts
        return text.strip()


def base_of(text: str) -> ReleaseVersion | None:
    """Read the stable version that a text is, or leads to: `5.0.0` for `5.0.0-dev`; None if it starts with none."""
    numbers = _NUMBERS.match(text.strip())
    return read(numbers[1]) if numbers else None


class Fault(Struct, frozen=True):
    """Why castoff releases no version of that form, and what to write instead ("" if that is not known)."""

    reason: str
    instead: str = ""


def version_fault(text: str) -> Fault | None:
    """Return what keeps a version from being released; None if nothing does.

    Versions of the time between releases (`1.8.0-dev`, `1.8.0.dev0`) pass: the next version replaces them.
    """
    text = text.strip()
    if read(text) is not None or is_between_releases(text):
        return None
    match = _LENIENT.fullmatch(text)
    if match is None:
        return Fault(
            "castoff supports two or three numbers, with an optional pre-release such as `rc.1` or `b2`"
        )
    # Lenient: the message names what to write, so the parts are read where possible.
    epoch, numbers, rest = match[1], match[2], match[3] or ""
    parts = [str(int(one)) for one in numbers.split(".")]
    plain = ".".join([*parts, "0", "0"][:3] if len(parts) < 2 else parts[:3])
    if epoch is not None:
        return Fault("castoff does not support versions with an epoch", plain)
    if len(parts) not in (2, 3):
        return Fault("castoff supports two or three numbers", plain)
    if parts != numbers.split("."):
        return Fault("castoff supports two or three numbers without leading zeros", plain + rest)
    # A fix after a release is a patch version here: Cargo and npm have no post-releases.
    if _POST.fullmatch(rest):
        after = [*parts, "0"][:3]
        return Fault("castoff does not support post-releases", ".".join([*after[:2], str(int(after[2]) + 1)]))
    if rest.startswith("+"):
        return Fault("castoff does not support versions with a local part or build metadata", plain)
    return Fault("pre-releases are `alpha`, `beta` or `rc` with a number", f"{plain}-rc.1")


def is_between_releases(text: str) -> bool:
    """Return whether a version stands for what comes next, and was never released: `1.8.0-dev`, `1.8.0.dev3+g12ab`."""
    base = base_of(text)
    return base is not None and _BETWEEN.fullmatch(text.strip()) is not None


def is_placeholder(text: str) -> bool:
    """Return whether a version only fills the place of one that is written later: `0.0.0-development`, `0.0.0`."""
    return base_of(text) == ReleaseVersion(0, 0, 0)


def carries(text: str, version: ReleaseVersion) -> Literal["holds", "near", "differs"]:
    """Compare the version of a manifest with that of a tag on its commit.

    They are near if only the pre-release differs, or if the manifest leads to the version after the tag's already:
    projects tag a commit before its version is final, or after the next cycle began.
    """
    if read(text) == version:
        return "holds"
    base = base_of(text)
    # `1.3.0-dev` at the tag 1.2.0: the next cycle had begun when the tag was set.
    after = steps_from(version.base) if is_between_releases(text) else ()
    return "near" if base is not None and base in (version.base, *after) else "differs"


def release_numbers(text: str) -> tuple[int, tuple[int, int, int, int]] | None:
    """Read epoch and numbers of any version, for comparing; None if it does not start with numbers."""
    match = _LENIENT.fullmatch(text.strip())
    if match is None:
        return None
    numbers = [int(one) for one in match[2].split(".")]
    first, second, third, fourth = (*numbers, 0, 0, 0)[:4]
    return int(match[1] or 0), (first, second, third, fourth)


def unsupported_version(message: str, fault: Fault) -> Refusal:
    """Make the refusal of a version that castoff cannot hold."""
    return Refusal(unsupported_problem(message, fault))


def unsupported_problem(
    message: str, fault: Fault, *, file: str | None = None, line: int | None = None
) -> Problem:
    """Describe a version that castoff cannot release."""
    return Problem(
        code="version-unsupported",
        message=message,
        reason=fault.reason,
        remedy=f"write {fault.instead}" if fault.instead else "write a version such as 1.2.0 or 1.2.0-rc.1",
        file=file,
        line=line,
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
    if previous is None and level in ("release", *_PRE_RANK):
        raise _nothing_before(level)
    if level in ("major", "minor", "patch"):
        return _bump(start, level, pre, spelling)
    if level == "release":
        return _final(start, spelling)
    if level in _PRE_RANK:
        return _next_pre(start, level, spelling)
    fault = version_fault(level)
    if is_between_releases(level):
        fault = Fault(
            "castoff does not release development versions", spell(base_of(level) or start, spelling)
        )
    if fault is not None and _LOOKS_LIKE_VERSION.match(level) and len(level) <= 100:
        raise unsupported_version(f"`{level}` is not a version that castoff supports", fault)
    from difflib import get_close_matches

    # A typing error is the usual cause; more than one guess would not help.
    near = get_close_matches(level, LEVELS, n=1)
    raise UsageError.of(
        "unknown-level",
        f"`{level}` is neither a level nor a version",
        reason=f"levels are {', '.join(LEVELS)}; versions look like 1.2.3, 1.2.3-rc.1 or 1.2.3rc1",
        remedy=f"did you mean `{near[0]}`?" if near else "use a level or an exact version",
    )


def next_free_version(version: ReleaseVersion, used: Iterable[ReleaseVersion | None]) -> ReleaseVersion:
    """Return the next version of the same major and minor number that is above all that were used of them.

    It is stable if ``version`` is, also where pre-releases of the next patch were made already.
    """
    line = [one for one in used if one and (one.major, one.minor) == (version.major, version.minor)]
    highest = max([version, *line])
    return next_version(highest, "patch" if version.is_stable else highest.pre or "patch")


def steps_from(last: ReleaseVersion) -> tuple[ReleaseVersion, ...]:
    """Return the next major, minor and patch version."""
    return tuple(_bumped_base(last, level) for level in ("major", "minor", "patch"))


def _nothing_before(level: str) -> CastoffError:
    if level == "release":
        return UsageError.of(
            "nothing-to-release",
            "`release` ends a pre-release, but nothing was released yet",
            remedy="use major, minor, patch or an exact version",
        )
    return UsageError.of(
        "level-needs-pre",
        f"`{level}` counts pre-releases, but nothing was released yet",
        remedy=f"add the level of the version, for example `minor --pre {level}`",
    )


def _pre_without_bump(level: str, pre: str) -> CastoffError:
    return UsageError.of(
        "level-needs-bump",
        f"`--pre {pre}` does not go with `{level}`",
        reason="it sets the kind of the pre-release that major, minor or patch starts",
        remedy="combine it with major, minor or patch, or omit it and pass the exact version",
    )


def _bump(start: ReleaseVersion, level: str, pre: str | None, spelling: Ecosystem) -> ReleaseVersion:
    target = _bumped_base(start, level)
    if pre is None:
        return target
    if pre not in _PRE_RANK:
        raise UsageError.of(
            "unknown-level", f"`{pre}` is not a kind of pre-release", remedy="use alpha, beta or rc"
        )
    # `minor --pre rc` after 1.3.0-rc.1 counts on: 1.3.0-rc.2, not 1.4.0-rc.1.
    if start.pre is not None and start.base == target:
        return _next_pre(start, pre, spelling)
    return replace(target, pre=_SPELLINGS[pre], pre_number=1)


def _bumped_base(start: ReleaseVersion, level: str) -> ReleaseVersion:
    base = start.base
    if level == "major":
        # A pre-release of 2.0.0 leads to 2.0.0 by `major`: the step was made when the series began.
        return base if start.pre and not (base.minor or base.patch) else _at(base, base.major + 1, 0, 0)
    if level == "minor":
        return base if start.pre and not base.patch else _at(base, base.major, base.minor + 1, 0)
    # `patch` ends any pre-release: 1.3.0-rc.1 becomes 1.3.0.
    if start.pre:
        return base
    return _at(base, base.major, base.minor, base.patch + 1)


def _at(base: ReleaseVersion, major: int, minor: int, patch: int) -> ReleaseVersion:
    # 1.2 is followed by 1.3, and its fix is 1.2.1: PEP 440 knows both widths.
    return ReleaseVersion(major, minor, patch, width=3 if patch else base.width)


def _final(start: ReleaseVersion, spelling: Ecosystem) -> ReleaseVersion:
    if start.pre is None:
        raise UsageError.of(
            "nothing-to-release",
            f"`release` ends a pre-release, but the last released version, {spell(start, spelling)}, is "
            "not a pre-release",
            remedy="use major, minor, patch or an exact version",
        )
    return start.base


def _next_pre(start: ReleaseVersion, level: str, spelling: Ecosystem) -> ReleaseVersion:
    if start.pre is None:
        raise UsageError.of(
            "level-needs-pre",
            f"`{level}` counts pre-releases, but the last released version, {spell(start, spelling)}, is stable",
            remedy=f"add the level of the version, for example `minor --pre {level}`",
        )
    if _PRE_RANK[level] < _PRE_RANK[start.pre]:
        raise UsageError.of(
            "pre-goes-back",
            f"`{level}` after {spell(start, spelling)} would sort before it",
            remedy=f"use `{start.pre}`, `release`, or a level that starts a new version",
        )
    # A new kind starts at 1 again: beta.3 is followed by rc.1.
    number = start.pre_number + 1 if level == start.pre else 1
    return replace(start, pre=_SPELLINGS[level], pre_number=number)
