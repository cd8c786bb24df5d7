"""Dist-tags: the one that a release is uploaded with, and the versions that `latest` may go back to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from castoff.model.semver import Version, read_version

LATEST = "latest"


def tag_for(version: str, released: Iterable[str], configured: str | None = None) -> str:
    """Return the dist-tag of a version beside those that the registry has.

    A pre-release gets its kind (`rc`); the highest stable version gets `latest`; a lower one gets the name of its
    line, `release-1.x` or `release-1.4.x`, so that `latest` never goes back. A configured tag is for stable and
    pre-releases alike, but never lets `latest` go back.
    """
    own = read_version(version)
    if own is None:
        return configured or LATEST
    highest = highest_stable(released)
    is_lower = not own.pre and highest is not None and own < highest
    if configured is not None and not (configured == LATEST and (is_lower or own.pre)):
        return configured
    if own.pre:
        return own.pre[0] if own.pre[0].isalpha() else "next"
    if not is_lower or highest is None:
        return LATEST
    line = f"{own.major}.x" if own.major < highest.major else f"{own.major}.{own.minor}.x"
    return f"release-{line}"


def highest_stable(versions: Iterable[str], *, below: str | None = None) -> Version | None:
    """Return the highest version that is no pre-release, without ``below``; None if there is none."""
    found = (read_version(one) for one in versions if one != below)
    return max((one for one in found if one is not None and not one.pre), default=None)
