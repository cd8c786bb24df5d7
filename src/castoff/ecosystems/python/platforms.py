"""Platforms of wheels, read from their file names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.utils import parse_wheel_filename

_FAMILIES = (
    re.compile(r"(manylinux)(?:\d+|_\d+_\d+)_(.+)"),
    re.compile(r"(musllinux)_\d+_\d+_(.+)"),
    re.compile(r"(macosx)_\d+_\d+_(.+)"),
    re.compile(r"(ios)_\d+_\d+_(.+)"),
    re.compile(r"(android)_\d+_(.+)"),
)
_SEVERAL = {"universal2": ("arm64", "x86_64"), "universal": ("x86_64",), "intel": ("x86_64",)}
"""Architectures of the fat binaries of macOS that are still in use."""


def missing_platforms(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """Return the platforms for which ``before`` has a wheel and ``now`` has none, by the names of both's files.

    The version of a C library or of an operating system does not count: raising it is a decision, losing the
    architecture is an accident. A wheel for any platform serves all.
    """
    there = {one for name in now for one in platforms_of(name)}
    wanted = {one for name in before for one in platforms_of(name)}
    return () if "any" in there else tuple(sorted(wanted - there))


def platforms_of(filename: str) -> frozenset[str]:
    """Return the platforms of a wheel, without versions (``manylinux_x86_64``); none for any other file."""
    try:
        tags = parse_wheel_filename(filename)[3]
    except ValueError:
        return frozenset()
    return frozenset(one for tag in tags for one in _family(tag.platform))


def _family(platform: str) -> Iterable[str]:
    for pattern in _FAMILIES:
        if found := pattern.fullmatch(platform):
            system, architecture = found.groups()
            return (f"{system}_{one}" for one in _SEVERAL.get(architecture, (architecture,)))
    return (platform,)
