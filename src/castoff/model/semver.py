"""Cargo requirements and the versions that they admit, as the ``semver`` crate reads them.

Source of the rules: the Cargo book, "Specifying dependencies", and semver.org. Build metadata is read and
never compared. A pre-release is admitted only where a comparator of the requirement names a pre-release of
the same three numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, total_ordering

from msgspec import Struct

from castoff.regexes import regex

_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_IDENTIFIERS = r"[0-9A-Za-z-]{1,200}(?:\.[0-9A-Za-z-]{1,200}){0,99}"
_VERSION = regex(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?", re.ASCII
)
_COMPARATOR = regex(
    rf"(=|>=|<=|>|<|~|\^)?[ \t]*({_NUMBER}|[*xX])(?:\.({_NUMBER}|[*xX]))?(?:\.({_NUMBER}|[*xX]))?"
    rf"(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?",
    re.ASCII,
)
_WILD = frozenset("*xX")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version by SemVer 2.0, without its build metadata; ``pre`` holds the identifiers of a pre-release."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Return the three numbers."""
        return (self.major, self.minor, self.patch)

    @property
    def range(self) -> tuple[int, ...]:
        """Name the compatible range that it lies in; Cargo allows one version of a package in each."""
        if self.major:
            return (self.major,)
        return (0, self.minor) if self.minor else (0, 0, self.patch)

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        numbers = f"{self.major}.{self.minor}.{self.patch}"
        return f"{numbers}-{'.'.join(self.pre)}" if self.pre else numbers

    def _key(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[int, int, str], ...]]:
        return (self.numbers, not self.pre, tuple(_identifier_key(part) for part in self.pre))


class Comparator(Struct, frozen=True):
    """One part of a requirement: an operator and a version of one to three numbers.

    ``operator`` is one of ``= > >= < <= ~ ^ *``; ``written`` says whether it stood there (a bare version
    means ``^``). A wildcard keeps the numbers before it: ``1.2.*`` is ``*`` with (1, 2).
    """

    operator: str
    numbers: tuple[int, ...]
    pre: tuple[str, ...] = ()
    written: bool = True

    def admits(self, version: Version) -> bool:
        """Return whether the numbers and the order admit the version; pre-releases are judged as a whole."""
        return _ADMITS[self.operator](self, version)


class Requirement(Struct, frozen=True):
    """A requirement: every comparator must admit a version."""

    comparators: tuple[Comparator, ...]

    def admits(self, version: Version) -> bool:
        """Return whether Cargo's resolver would take this version for it."""
        if not all(one.admits(version) for one in self.comparators):
            return False
        return not version.pre or any(one.pre and one.numbers == version.numbers for one in self.comparators)

    @property
    def is_wildcard(self) -> bool:
        """Return whether it is a bare ``*``, which registries refuse."""
        return any(one.operator == "*" and not one.numbers for one in self.comparators)


@lru_cache(maxsize=4096)
def read_version(text: str) -> Version | None:
    """Read a full version; None where it is none."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch, pre, _build = match.groups()
    identifiers = tuple(pre.split(".")) if pre else ()
    if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in identifiers):
        return None
    return Version(int(major), int(minor), int(patch), identifiers)


@lru_cache(maxsize=4096)
def read_requirement(text: str) -> Requirement | None:
    """Read a requirement such as ``=1.2.0``, ``1.2``, ``>=1, <3`` or ``1.*``; None where it is none."""
    parts = text.split(",")
    if len(parts) > 32:
        return None
    comparators = tuple(_read_comparator(part.strip()) for part in parts)
    if any(one is None for one in comparators):
        return None
    return Requirement(tuple(one for one in comparators if one is not None))


def _read_comparator(text: str) -> Comparator | None:
    match = _COMPARATOR.fullmatch(text)
    if match is None:
        return None
    operator, major, minor, patch, pre, _build = match.groups()
    parts = [part for part in (major, minor, patch) if part is not None]
    wild = next((index for index, part in enumerate(parts) if part in _WILD), None)
    if wild is not None:
        fixed = any(part not in _WILD for part in parts[wild:])
        if fixed or pre is not None or (operator is not None and wild == 0):
            return None
        numbers = tuple(int(part) for part in parts[:wild])
        return Comparator(operator or "*", numbers)
    if pre is not None and len(parts) < 3:
        return None
    identifiers = tuple(pre.split(".")) if pre else ()
    return Comparator(operator or "^", tuple(map(int, parts)), identifiers, written=operator is not None)


def _identifier_key(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def _floor(one: Comparator) -> Version:
    major, minor, patch = (*one.numbers, 0, 0, 0)[:3]
    return Version(major, minor, patch, one.pre)


def _same(one: Comparator, version: Version) -> bool:
    """``=1.2`` admits all of 1.2; a full version admits itself."""
    if version.numbers[: len(one.numbers)] != one.numbers:
        return False
    return len(one.numbers) < 3 or version.pre == one.pre


def _greater(one: Comparator, version: Version) -> bool:
    if len(one.numbers) < 3:
        return version.numbers[: len(one.numbers)] > one.numbers
    return version > _floor(one)


def _less(one: Comparator, version: Version) -> bool:
    if len(one.numbers) < 3:
        return version.numbers[: len(one.numbers)] < one.numbers
    return version < _floor(one)


def _tilde(one: Comparator, version: Version) -> bool:
    kept = min(len(one.numbers), 2)
    return version.numbers[:kept] == one.numbers[:kept] and version >= _floor(one)


def _caret(one: Comparator, version: Version) -> bool:
    kept = 1
    while kept < len(one.numbers) and not any(one.numbers[:kept]):
        kept += 1
    return version.numbers[:kept] == one.numbers[:kept] and version >= _floor(one)


_ADMITS = {
    "=": _same,
    "*": _same,
    ">": _greater,
    ">=": lambda one, version: _greater(one, version) or _same(one, version),
    "<": _less,
    "<=": lambda one, version: _less(one, version) or _same(one, version),
    "~": _tilde,
    "^": _caret,
}
