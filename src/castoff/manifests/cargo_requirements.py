"""How does a requirement on a sibling read after the release? Operator, precision and layout stay.

Exact pins always move. Caret, tilde, wildcard and floor comparators move where they named the old version,
or where they do not admit the new one; an upper bound that would keep the new version out is widened in its
own style. A dev-dependency that admits the new version stays: what is published already must do for it
wherever the two packages need each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from castoff.model.semver import Comparator, Requirement, Version, read_requirement

Why = Literal["moved", "stale"]

_PART = re.compile(r"(\s*)(=|>=|<=|>|<|~|\^)?([ \t]*)([^\s]*)(\s*)")


@dataclass(frozen=True, slots=True)
class Moved:
    """The new text; ``why`` is None where nothing changed, ``stale`` where it did not name the old version."""

    text: str
    why: Why | None = None


def moved(text: str, current: Version | None, new: Version, *, dev: bool = False) -> Moved:
    """Move a requirement to a new version of the package that it is on; ``text`` must be a requirement."""
    requirement = read_requirement(text)
    if requirement is None or (not requirement.comparators[0].numbers and not new.pre):
        return Moved(text)
    admits = requirement.admits(new)
    steps = [_step(one, current, new, stays=admits and dev) for one in requirement.comparators]
    parts = text.split(",")
    result = ",".join(_rewritten(part, step) for part, step in zip(parts, steps, strict=True))
    if not _admits(result, new):
        return Moved(_last_resort(requirement, new), "stale")
    if result == text:
        return Moved(text)
    return Moved(result, _why({step.why for step in steps if step.why}))


def names(requirement: str, version: Version) -> bool:
    """Say whether a requirement names exactly this version, at the precision that it is written with."""
    read = read_requirement(requirement)
    return read is not None and any(_names(one, version) for one in read.comparators)


@dataclass(frozen=True, slots=True)
class _Step:
    version: str | None = None
    operator: str | None = None
    why: Why | None = None


def _step(one: Comparator, current: Version | None, new: Version, *, stays: bool) -> _Step:
    named = current is not None and _names(one, current)
    admits = one.admits(new) and (not new.pre or one.operator in ("<", "<="))
    if one.operator in ("<", "<="):
        return _Step() if admits else _Step(_bound(one, new), why="moved")
    if one.operator == ">":
        return _Step() if admits else _Step(str(new), ">=", "stale")
    if not one.numbers or (one.operator != "=" and admits and (stays or not named)):
        return _Step()
    if one.operator == "*" and new.pre:
        return _Step(str(new), "^", "stale")
    wild = one.operator == "*"
    return _Step(_spelled(one, new) + (".*" if wild else ""), why="moved" if named else "stale")


def _names(one: Comparator, version: Version) -> bool:
    if one.operator in ("<", "<=", ">") or not one.numbers:
        return False
    if version.numbers[: len(one.numbers)] != one.numbers:
        return False
    return len(one.numbers) < 3 or one.pre == version.pre


def _spelled(one: Comparator, new: Version) -> str:
    if new.pre:
        return str(new)
    return ".".join(str(number) for number in new.numbers[: len(one.numbers)])


def _bound(one: Comparator, new: Version) -> str:
    """Give the next bound of the same style above the new version: a major, a minor or a patch further."""
    length = len(one.numbers)
    if one.operator == "<=":
        return _spelled(one, new)
    zeros = (*one.numbers, 0, 0, 0)[1:3]
    step = 0 if zeros == (0, 0) else (1 if zeros[1] == 0 else 2)
    numbers = list(new.numbers)
    numbers[step] += 1
    numbers[step + 1 :] = [0] * (2 - step)
    return ".".join(str(number) for number in numbers[: max(length, step + 1)])


def _rewritten(part: str, step: _Step) -> str:
    if step.version is None:
        return part
    match = _PART.fullmatch(part)
    if match is None:
        return part
    before, operator, gap, _old, after = match.groups()
    written = operator or ""
    if step.operator is not None:
        written = "" if step.operator == "^" and not operator else step.operator
    return f"{before}{written}{gap}{step.version}{after}"


def _admits(text: str, version: Version) -> bool:
    requirement = read_requirement(text)
    return requirement is not None and requirement.admits(version)


def _last_resort(requirement: Requirement, new: Version) -> str:
    """Where the parts cannot be mended one by one, require the new version and what is compatible with it."""
    exact = any(one.operator == "=" for one in requirement.comparators)
    return f"={new}" if exact else str(new)


def _why(reasons: set[Why]) -> Why:
    return "stale" if "stale" in reasons else "moved"
