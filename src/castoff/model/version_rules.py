"""Rules for the next version: what it must be above, and which line a branch stands for.

A line is a pair of major and minor number. The next version must be above every version of its own line, and on the
branch of the newest line above every stable version; pre-releases of a later line never block, so that fixes can be
released beside a release candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from castoff.model.versions import ReleaseVersion, is_between_releases, read, release_numbers
from castoff.regexes import regex

_LINE = regex(r"(?:^|[-/_])v?([0-9]{1,4})(?:\.([0-9]{1,4}|x|\*))?(?:\.(?:[0-9]{1,4}|x|\*))?$", re.IGNORECASE)
_LOOKS_LIKE_VERSION = regex(r"[0-9]{1,4}|[0-9]{1,9}(?:[._][0-9]{1,9})+(?:[-+._!A-Za-z].{0,60})?", re.ASCII)
_PLAIN = regex(r"(?:v|release-?v?|rel-?v?|version-?v?)?(?=[0-9])", re.ASCII | re.IGNORECASE)


class ExistingVersion(Struct, frozen=True):
    """A version that exists: the text of a tag or of a registry, and where it is (`tag`, or a package)."""

    text: str
    place: str
    version: ReleaseVersion | None


def above(
    version: ReleaseVersion, known: Iterable[ExistingVersion], *, is_newest_line: bool
) -> tuple[ExistingVersion, ...]:
    """Return what the next version is not above, the highest first.

    A text that is not a release version counts by its numbers, if these are not below those of the next version.
    """
    found = [one for one in known if _blocks(version, one, is_newest_line)]
    # The text breaks ties, so that the same one is named on every machine.
    return tuple(sorted(found, key=lambda one: (_numbers(one), one.text), reverse=True))


def _blocks(version: ReleaseVersion, known: ExistingVersion, is_newest_line: bool) -> bool:
    if known.version is not None:
        if known.version <= version:
            return False
        # A pre-release blocks within its line only; a fix beside 2.0.0-rc.1 must pass.
        same = (known.version.major, known.version.minor) == (version.major, version.minor)
        return same or (is_newest_line and known.version.is_stable)
    if is_between_releases(known.text) or (numbers := release_numbers(known.text)) is None:
        return False
    epoch, parts = numbers
    if (epoch, parts) < (0, (version.major, version.minor, version.patch, 0)):
        return False
    return is_newest_line or (epoch == 0 and parts[:2] == (version.major, version.minor))


def _numbers(known: ExistingVersion) -> tuple[int, tuple[int, int, int, int]]:
    return release_numbers(known.text) or (0, (0, 0, 0, 0))


def is_newest_line(previous: ReleaseVersion | None, tagged: Iterable[ReleaseVersion]) -> bool:
    """Return whether the last release of a branch is not below the highest stable tag beyond its history."""
    highest = max((one for one in tagged if one.is_stable), default=None)
    return highest is None or (previous is not None and previous >= highest)


def leaves_branch(branch: str, version: ReleaseVersion, previous: ReleaseVersion | None) -> str | None:
    """Return the line that a branch is named after, if the version is of another line; else None."""
    line = line_of_branch(branch, previous)
    if line is None or _numbers_of(version, line) == line:
        return None
    return ".".join(map(str, line))


def is_below_others(branch: str, previous: ReleaseVersion | None, known: Iterable[ReleaseVersion]) -> bool:
    """Return whether a branch is named after a line, and a stable version of a later one exists.

    Its tag need not exist: a release that was abandoned after its first upload leaves its version on the registry.
    """
    line = line_of_branch(branch, previous)
    return line is not None and any(one.is_stable and _numbers_of(one, line) > line for one in known)


def line_of_branch(branch: str, previous: ReleaseVersion | None) -> tuple[int, ...] | None:
    """Return the line that a branch is named after: a major number, or a major and a minor one; None for others.

    A single number, as in `release-4`, names a line only if the last release is of it.
    """
    match = _LINE.search(branch)
    if match is None:
        return None
    major, minor = int(match[1]), match[2]
    if minor is not None and minor.isdigit():
        return major, int(minor)
    # `release-4` may be the fourth attempt at something; `v4` names a line.
    is_sure = minor is not None or branch.lower().startswith("v")
    was_there = previous is not None and previous.major == major
    return (major,) if is_sure or was_there else None


def _numbers_of(version: ReleaseVersion, line: tuple[int, ...]) -> tuple[int, ...]:
    return (version.major, version.minor)[: len(line)]


def looks_like_version(tag: str, template: str) -> bool:
    """Return whether a tag looks like a version, in the form of the release tags or without a name, and is none.

    Development markers (`v1.3.0.dev0`) are known not to be releases.
    """
    before, _, after = template.partition("{version}")
    texts = (
        [tag[len(before) : len(tag) - len(after)]] if tag.startswith(before) and tag.endswith(after) else []
    )
    if (plain := _PLAIN.match(tag)) is not None:
        texts.append(tag[plain.end() :])
    if any(read(text) is not None for text in texts):
        return False
    return any(_LOOKS_LIKE_VERSION.fullmatch(text) and not is_between_releases(text) for text in texts)
