"""Requirements on siblings, as they are and as they are after the release.

Two dialects: PEP 508 with PEP 440 specifiers, and the constraints of Poetry's own tables (``^``, ``~``, a bare
version as an exact pin). The operator and the precision of what was written are kept:

- exact pins (``==``, ``===``, a bare version in Poetry's dialect) and wildcards move to the new version; for a
  pre-release a wildcard becomes an exact pin;
- floors (``>=``, ``~=``, ``^``, ``~``) move to the new version, as precisely as they were written; but a shorter
  floor below the old version that lets the new one in (``~=1.15`` at 1.45.0) was set by hand, and stays;
- upper bounds stay, or where they would shut the new version out, are widened by as much as they allowed;
- everything else stays.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from castoff.ecosystems.python.names import normalised
from castoff.regexes import regex
from castoff.text.toml import splice

Dialect = Literal["pep440", "poetry"]

_REQUIREMENT = regex(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\[\]]*)\]\s*)?"
    r"(?:@\s*(?P<url>[^\s;]+)\s*|\(?\s*(?P<spec>(?:[<>=!~][^;()@]*)?)\)?\s*)(?:;(?P<marker>.*))?",
    re.DOTALL,
)
_CLAUSE = regex(r"\s*(===|~=|==|!=|<=|>=|<|>|\^|~|=)?\s*((?:\d{1,9}!)?[^\s,<>=!~^|]+)\s*(?:,|\Z)")
_VERSION = regex(r"v?(?:\d{1,9}!)?(\d{1,9}(?:\.\d{1,9}){0,9})([^*]*)", re.I)
_EXACT = frozenset({"==", "===", "", "="})
_FLOORS = frozenset({">=", "~=", "^", "~"})


class PythonRequirement(Struct, frozen=True):
    """One PEP 508 requirement: ``name`` normalised, ``spec`` the specifier as written, at ``start`` in the text."""

    name: str
    extras: tuple[str, ...]
    spec: str
    start: int
    url: str | None = None
    marker: str | None = None


class MovedSpecifier(Struct, frozen=True, kw_only=True):
    """A specifier after the release.

    ``admits`` is False where the new version is still shut out, which only a person can fix.
    """

    spec: str
    admits: bool = True


def read_requirement(text: str) -> PythonRequirement | None:
    """Read a requirement by PEP 508; None where it is none."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return None
    spec = (match["spec"] or "").rstrip()
    if not _is_specifier(spec):
        return None
    extras = tuple(
        sorted(normalised(one.strip()) for one in (match["extras"] or "").split(",") if one.strip())
    )
    start = match.start("spec") if match["spec"] is not None else match.end()
    marker = match["marker"].strip() if match["marker"] else None
    return PythonRequirement(normalised(match["name"]), extras, spec, start, match["url"], marker)


@lru_cache(maxsize=4096)
def moved(
    spec: str, old: str, new: str, dialect: Dialect = "pep440", *, keeps: bool = False
) -> MovedSpecifier:
    """Move a specifier from the old release to the new one, versions in PEP 440 spelling.

    With ``keeps``, floors that admit the new version stay; for a pre-release, as resolvers do: if they name one.
    """
    if dialect == "poetry" and ("|" in spec or spec.strip() in ("", "*")):
        return MovedSpecifier(spec=spec)
    pieces: list[tuple[int, int, str]] = []
    for match in _clauses(spec):
        operator, text = match.group(1) or "", match.group(2)
        target = _target(operator, text, new)
        if target == text or (operator in _FLOORS and _is_chosen(operator, text, old, new)):
            continue
        if _same_version(old, new) and _lets_in(operator, text, new):
            continue
        if keeps and operator in _FLOORS and _floor_admits(operator, text, new):
            continue
        pieces.append((match.start(2), match.end(2), target))
    result = splice(spec, pieces)
    return MovedSpecifier(spec=result, admits=admits(result, new, dialect))


def admits(spec: str, new: str, dialect: Dialect) -> bool:
    """Return whether a version part lets a version in; Poetry's own spellings are taken as if they did."""
    if dialect == "poetry":
        return True
    return _contains(spec, new)


def _contains(spec: str, version: str, *, prereleases: bool = True) -> bool:
    try:
        return SpecifierSet(spec).contains(version, prereleases=prereleases)
    except ValueError:  # `InvalidSpecifier` (as `~=1`, or Poetry's own), or more digits than Python converts
        return False


@lru_cache(maxsize=4096)
def version_of(text: str) -> Version | None:
    """Read a version by PEP 440; None where it is none."""
    try:
        return Version(text)
    except ValueError:  # `InvalidVersion`, or more digits than Python converts
        return None


def _is_specifier(spec: str) -> bool:
    if not spec:
        return True
    found = _clauses(spec)
    return bool(found) and all(match.group(1) not in (None, "^", "~", "=") for match in found)


def _clauses(spec: str) -> list[re.Match[str]]:
    """Split a specifier into its clauses; empty where it does not read as some."""
    found: list[re.Match[str]] = []
    at = 0
    while at < len(spec):
        match = _CLAUSE.match(spec, at)
        if match is None:
            return []
        found.append(match)
        at = match.end()
    return found


def _target(operator: str, text: str, new: str) -> str:
    """Return which version this clause names after the release; the same text where it stays."""
    if text.endswith(".*"):
        return _wildcard(text, new) if operator in _EXACT else text
    written = _VERSION.fullmatch(text)
    if written is None or version_of(text) is None:
        return text
    if operator in _EXACT:
        return _exact(written, new)
    if Version(text).local is not None:
        # PEP 440 takes no local version in a bound; Poetry does, and what it means there only its author knows.
        return text
    if operator in _FLOORS:
        numbers = written.group(1).count(".") + 1
        longest = numbers if operator == "~=" else len(Version(new).release)
        return _at_precision(new, min(numbers, longest))
    if operator in ("<", "<=") and not _contains(operator + text, new):
        return _wider(operator, written, new)
    return text


def _is_chosen(operator: str, text: str, old: str, new: str) -> bool:
    """Return whether a floor was set by hand: shorter than the version, below it, and the new one is let in.

    ``~=1.15`` in a workspace at 1.45.0 says on purpose that users may stay behind; ``~=1.45`` and ``>=1.44.0``
    are floors that go with the release.
    """
    written, last = version_of(text), version_of(old)
    if written is None or last is None or len(written.release) >= len(last.release):
        return False
    if _is_current(operator, text, old) or operator not in ("~=", ">="):
        return False
    return _contains(operator + text, new)


def _lets_in(operator: str, text: str, new: str) -> bool:
    """Return whether a clause of PEP 440 lets a version in as it is; a wildcard lets no pre-release in for all clients.

    In manifests that have the new version already, such a clause was moved before, or is as somebody wants it.
    """
    if operator not in ("==", "===", ">=", "~=") or text.endswith(".*"):
        return False
    return _contains(operator + text, new)


def _floor_admits(operator: str, text: str, new: str) -> bool:
    """Return whether a floor lets a version in; Poetry's `^` and `~` by the bounds that they stand for."""
    floor = version_of(text)
    if floor is None:
        return False
    bounds = operator + text if operator in (">=", "~=") else f">={text},<{_poetry_bound(operator, floor)}"
    # Resolvers take a pre-release only if the requirement names one.
    return _contains(bounds, new, prereleases=floor.is_prerelease)


def _poetry_bound(operator: str, floor: Version) -> str:
    """Return the first version that Poetry's caret or tilde shuts out."""
    written = len(floor.release)
    release = _release(str(floor), max(3, written))
    first = next((at for at, number in enumerate(release) if number), written - 1)
    place = first if operator == "^" else min(1, written - 1)
    return ".".join(map(str, (*release[:place], release[place] + 1)))


def _exact(written: re.Match[str], new: str) -> str:
    if written.group(2):
        return new
    short = _at_precision(new, written.group(1).count(".") + 1)
    return short if _same_version(short, new) else new


def _wildcard(text: str, new: str) -> str:
    numbers = text.removesuffix(".*")
    if not re.fullmatch(r"\d+(?:\.\d+)*", numbers, re.ASCII):
        return text
    if Version(new).is_prerelease:
        # Resolvers take a pre-release only where a clause names one: pip 23.2 finds nothing for `==1.1.*`.
        return new
    return ".".join(map(str, _release(new, numbers.count(".") + 1))) + ".*"


def _at_precision(version: str, numbers: int) -> str:
    read = Version(version)
    pre = "".join(map(str, read.pre)) if read.pre else ""
    return ".".join(map(str, _release(version, numbers))) + pre


def _release(version: str, numbers: int) -> tuple[int, ...]:
    release = Version(version).release
    return (release + (0,) * numbers)[:numbers]


def _wider(operator: str, written: re.Match[str], new: str) -> str:
    """Move an upper bound on, at the number that it was set at: ``<2`` to ``<3``, ``<1.3.0`` to ``<1.4.0``."""
    if operator == "<=":
        return new
    numbers = [int(one) for one in written.group(1).split(".")]
    place = max((index for index, number in enumerate(numbers) if number), default=0)
    release = _release(new, len(numbers))
    bound = (*release[:place], release[place] + 1, *(0,) * (len(numbers) - place - 1))
    return ".".join(map(str, bound)) + written.group(2)


def _same_version(text: str, other: str) -> bool:
    return version_of(text) == version_of(other)


def _is_current(operator: str, text: str, old: str) -> bool:
    """Return whether a version is the old one; floors and wildcards only as precisely as they are written."""
    numbers = text.removesuffix(".*")
    if _same_version(numbers, old):
        return True
    if operator in _EXACT and numbers == text:
        return False
    version = version_of(numbers)
    return version is not None and version.release == _release(old, len(version.release))
