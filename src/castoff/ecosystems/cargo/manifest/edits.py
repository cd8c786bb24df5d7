"""Edits of a Cargo workspace's manifests for the new version; only what must change, changes.

Requirements on siblings after the release; operator, precision and layout stay.
Exact pins always move. Caret, tilde, wildcard and floor comparators move where they named the old version,
or where they do not admit the new one; an upper bound that would keep the new version out is widened in its
own style. A dev-dependency that admits the new version stays: what is published already must do for it
wherever the two packages need each other. So does every other requirement where the configuration says `keep`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from msgspec import Struct, field

from castoff.ecosystems.cargo.manifest.document import Crate, Dependency, StringPosition
from castoff.ecosystems.cargo.manifest.reader import shared_dependencies
from castoff.ecosystems.cargo.manifest.workspace import CrateFiles
from castoff.errors import Problem
from castoff.model.semver import Comparator, Requirement, Version, read_requirement, read_version
from castoff.model.workspace import Edit, EditKind
from castoff.regexes import regex
from castoff.text.toml import Path, replace_strings

_PART = regex(r"(\s*)(=|>=|<=|>|<|~|\^)?([ \t]*)([^\s]*)(\s*)")


def moved(text: str, current: Version | None, new: Version, *, stays: bool = False) -> str:
    """Return a requirement moved to a new version of the package that it is on; ``text`` must be a requirement.

    With ``stays``, what admits the new version is left as it is, exact pins excepted.
    """
    requirement = read_requirement(text)
    if requirement is None or (not requirement.comparators[0].numbers and not new.pre):
        return text
    admits = requirement.admits(new)
    # The parts of a requirement hold together: where one of them is repaired, another may still shut the version out.
    steps = [_step(one, current, new, stays=admits and stays) for one in requirement.comparators]
    parts = text.split(",")
    result = ",".join(_rewritten(part, step) for part, step in zip(parts, steps, strict=True))
    return result if _admits(result, new) else _last_resort(requirement, new)


def names(requirement: str, version: Version) -> bool:
    """Return whether a requirement names exactly this version, at the precision that it is written with."""
    read = read_requirement(requirement)
    return read is not None and any(_names(one, version) for one in read.comparators)


class _Step(Struct, frozen=True):
    version: str | None = None
    operator: str | None = None


def _step(one: Comparator, current: Version | None, new: Version, *, stays: bool) -> _Step:
    named = current is not None and _names(one, current)
    # For a pre-release only an upper bound is taken at its word: all others admit one only where they name one of the
    # same version (The Cargo Book, "Pre-releases"), so they move.
    admits = one.admits(new) and (not new.pre or one.operator in ("<", "<="))
    if one.operator in ("<", "<="):
        return _Step() if admits else _Step(_bound(one, new))
    if one.operator == ">":
        return _Step() if admits else _Step(str(new), ">=")
    # An exact pin always moves. Any other requirement that names an older version on purpose, and still admits this
    # one, is a lower bound that people chose.
    if not one.numbers or (one.operator != "=" and admits and (stays or not named)):
        return _Step()
    if one.operator == "*" and new.pre:
        return _Step(str(new), "^")
    return _Step(_spelled(one, new) + (".*" if one.operator == "*" else ""))


def _names(one: Comparator, version: Version) -> bool:
    if one.operator in ("<", "<=", ">") or not one.numbers:
        return False
    if version.numbers[: len(one.numbers)] != one.numbers:
        return False
    # `1.2` names 1.2.0 and 1.2.0-rc.1 alike: it says nothing of pre-releases.
    return len(one.numbers) < 3 or one.pre == version.pre


def _spelled(one: Comparator, new: Version) -> str:
    if new.pre:
        return str(new)
    return ".".join(str(number) for number in new.numbers[: len(one.numbers)])


def _bound(one: Comparator, new: Version) -> str:
    """Return the next bound of the same style above the new version: a major, a minor or a patch further."""
    length = len(one.numbers)
    if one.operator == "<=":
        return _spelled(one, new)
    zeros = (*one.numbers, 0, 0, 0)[1:3]
    # `<2` and `<2.0.0` shut out a major, `<1.3` a minor, `<1.2.5` a patch: the place of the last number that is not 0
    # tells.
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
        # A caret is what a bare version means: none is added where there was none.
        written = "" if step.operator == "^" and not operator else step.operator
    return f"{before}{written}{gap}{step.version}{after}"


def _admits(text: str, version: Version) -> bool:
    requirement = read_requirement(text)
    return requirement is not None and requirement.admits(version)


def _last_resort(requirement: Requirement, new: Version) -> str:
    """Where the parts cannot be repaired one by one, require the new version and what is compatible with it."""
    exact = any(one.operator == "=" for one in requirement.comparators)
    return f"={new}" if exact else str(new)


class Edits(Struct):
    """The edits of one release: new texts by file, each change, and warnings about what was repaired."""

    texts: dict[str, str] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Use(Struct):
    """All that depends on one requirement text: a text that several members inherit is one use.

    ``stays`` says that it is left as it is where it admits the new version.
    """

    dependency: Dependency
    stays: bool


def edit_crates(files: CrateFiles, new: str, raised: Collection[str] | None = None) -> Edits:
    """Compute the texts for a new version, spelled as Cargo spells it.

    ``raised`` lists the manifests whose requirements move although they admit it; None: all.
    """
    version = read_version(new)
    result = Edits()
    if version is None:
        return result
    following = [one for one in files.crates.crates if one.manifest in files.following and one.version]
    moving = {crate.name: crate for crate in (*following, *files.crates.released)}
    changes: dict[str, dict[Path, str]] = defaultdict(dict)

    def write(place: StringPosition, kind: EditKind, old: str, text: str) -> None:
        changes[place.file][place.path] = text
        line = files.line(place) or 1
        result.edits.append(Edit(path=place.file, line=line, kind=kind, old=old, new=text))

    for place, old in _version_places(moving).items():
        if old != new:
            write(place, "version", old, new)
    for place, use in _uses(files, moving, raised).items():
        old = use.dependency.requirement or ""
        current = read_version(moving[use.dependency.name].version or "")
        text = moved(old, current, version, stays=use.stays)
        if text != old:
            write(place, "requirement", old, text)
    for file, wanted in changes.items():
        document = files.documents[file]
        result.texts[file] = replace_strings(document.text, wanted, positions=document.positions)
    result.edits.sort(key=lambda edit: (edit.path, edit.line))
    return result


def _version_places(moving: dict[str, Crate]) -> dict[StringPosition, str]:
    return {
        crate.version_place: crate.version
        for crate in moving.values()
        if crate.version_place is not None and crate.version is not None
    }


def _uses(
    files: CrateFiles, moving: dict[str, Crate], raised: Collection[str] | None
) -> dict[StringPosition, _Use]:
    uses: dict[StringPosition, _Use] = {}
    for manifest, dependency in _all_dependencies(files):
        place, text = dependency.requirement_place, dependency.requirement
        crate = moving.get(dependency.name)
        if place is None or text is None or crate is None:
            continue
        if not _is_ours(dependency, crate):
            continue
        stays = dependency.kind == "dev" or not (raised is None or manifest in raised)
        use = uses.get(place)
        if use is None:
            uses[place] = _Use(dependency, stays=stays)
        else:
            use.stays = use.stays and stays
    for dependency in (one for root in files.roots for one in shared_dependencies(root)):
        place, crate = dependency.requirement_place, moving.get(dependency.name)
        if place is not None and place not in uses and crate and _is_ours(dependency, crate):
            uses[place] = _Use(dependency, stays=raised is not None)
    return uses


def _all_dependencies(files: CrateFiles) -> Iterator[tuple[str, Dependency]]:
    for crate in files.crates.crates:
        for dependency in crate.dependencies:
            yield crate.manifest, dependency


def _is_ours(dependency: Dependency, crate: Crate) -> bool:
    """Return whether a requirement moves with the crate; one on a release, without a path, only where it names it."""
    if dependency.git:
        return False
    if dependency.folder is not None:
        return dependency.folder == crate.folder
    version = read_version(crate.version or "")
    if version is None or dependency.requirement is None:
        return False
    return names(dependency.requirement, version)
