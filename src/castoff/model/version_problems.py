"""Packages whose versions differ, and the version that is meant: what the last release had, or what most have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from castoff.errors import Problem
from castoff.model.versions import Ecosystem, ReleaseVersion, read, same_version
from castoff.model.workspace import Package, Workspace

_MOST_LISTED = 12
_MANY = 4  # stray packages that are still reported one by one
_ONLY_CHANGED = "if each release has only the packages that changed, set `only-changed = true` in `[release]`"

PackageName = tuple[Ecosystem, str]
"""What a package is called at every commit, whatever label it has beside others."""


def names_at(workspace: Workspace, version: ReleaseVersion) -> frozenset[PackageName]:
    """Return the packages that have a version."""
    return frozenset((one.ecosystem, one.name) for one in workspace.packages if read(one.version) == version)


def version_of(package: Package) -> object:
    """Return the version of a package, equal in every spelling."""
    return same_version(package.version)


def majority(packages: Sequence[Package]) -> object | None:
    """Return the version of more than half of the packages; None if there is no such version."""
    # More than half, never a mere plurality: with 2 of 5 packages nobody can tell which version is meant.
    counts = Counter(version_of(one) for one in packages if one.tags is None)
    most = counts.most_common(1)
    return most[0][0] if most and 2 * most[0][1] > counts.total() else None


def version_problems(
    packages: Sequence[Package], plain: frozenset[str], last: frozenset[PackageName]
) -> tuple[Problem, ...]:
    """Report packages of another version; one problem for all where no version is that of more than half."""
    stated = [one for one in packages if one.tags is None]
    groups: dict[object, list[Package]] = {}
    for one in stated:
        groups.setdefault(version_of(one), []).append(one)
    if len(groups) < 2:
        return ()
    released = _of_last(groups, last)
    common = majority(stated) or _shared(groups)
    if common is None:
        by_size = _by_size(groups.values())
        return (_several(sorted(by_size, key=lambda group: version_of(group[0]) != released), plain),)
    # Examples and tests are often more than what is released: the last release tells which of them it is.
    common = released or common
    version = groups[common][0].version
    strays = [group for group in _by_size(groups.values()) if version_of(group[0]) != common]
    if sum(len(group) for group in strays) > _MANY:
        return (_strays(strays, version),)
    return tuple(
        Problem(
            code="stray-version",
            message=f"`{one.id}` has the version {one.version}, the release {version}",
            reason="all packages of a release have one version",
            remedy=f'set it to {version}, or exclude the package: `exclude = ["{one.id}"]` in `[release]`; '
            f"{_ONLY_CHANGED}",
            file=one.version_file,
            line=one.version_line,
            package=one.id,
        )
        for one in stated
        if version_of(one) != common
    )


def _of_last(groups: Mapping[object, Sequence[Package]], last: frozenset[PackageName]) -> object | None:
    """Return the version that most packages of the last release have now; None where there is no such version."""
    counts = Counter(
        {key: sum((one.ecosystem, one.name) in last for one in found) for key, found in groups.items()}
    )
    most = counts.most_common(1)
    return most[0][0] if most and 2 * most[0][1] > counts.total() else None


def _shared(groups: Mapping[object, Sequence[Package]]) -> object | None:
    """Return the version that crates inherit from their workspace, if half of the packages have it."""
    total = sum(len(group) for group in groups.values())
    found = (
        key
        for key, group in groups.items()
        if 2 * len(group) == total
        and any(one.ecosystem == "cargo" and one.version_file != one.manifest for one in group)
    )
    return next(found, None)


def _by_size(groups: Iterable[list[Package]]) -> list[list[Package]]:
    """Sort the largest group first, among equals that of the highest version."""
    highest = sorted(groups, key=lambda group: str(version_of(group[0])), reverse=True)
    return sorted(highest, key=len, reverse=True)


def _strays(groups: Sequence[Sequence[Package]], version: str) -> Problem:
    """Report many packages of other versions at once, with one line that excludes them all."""
    names = [one.id for group in groups for one in group]
    return Problem(
        code="stray-version",
        message=f"{len(names)} packages have other versions than the release, {version}: {_by_version(groups)}",
        reason="all packages of a release have one version",
        remedy=f"set them to {version}, or exclude them: `exclude = {_list(names)}` in `[release]`; {_ONLY_CHANGED}",
        file=groups[0][0].version_file,
        line=groups[0][0].version_line,
    )


def _several(groups: Sequence[Sequence[Package]], plain: frozenset[str]) -> Problem:
    return Problem(
        code="several-versions",
        message=f"the packages have {len(groups)} versions: {_by_version(groups)}",
        reason="castoff releases one version, and no version has more than half of the packages",
        remedy=f"write into `[release]` {_selection(groups, plain)}, or give them one version; {_ONLY_CHANGED}",
        file=groups[0][0].version_file,
        line=groups[0][0].version_line,
    )


def _by_version(groups: Sequence[Sequence[Package]]) -> str:
    shown = "; ".join(
        f"{group[0].version} ({', '.join(f'`{one.id}`' for one in group[:3])}{', ...' if len(group) > 3 else ''})"
        for group in groups[:_MOST_LISTED]
    )
    return shown + ("; ..." if len(groups) > _MOST_LISTED else "")


def _selection(groups: Sequence[Sequence[Package]], plain: frozenset[str]) -> str:
    """Return the lines that leave one version; members that a client lists can only be excluded."""
    rest = [one.id for group in groups[1:] for one in group]
    more = f" and {len(rest) - _MOST_LISTED} more" if len(rest) > _MOST_LISTED else ""
    left_out = f"what is left out, for example `exclude = {_list(rest[:_MOST_LISTED])}`{more}"
    if any(one.manifest not in plain for group in groups for one in group):
        return left_out
    lines = (
        f"`workspaces = {_list(sorted(one.path for one in group))}` for {group[0].version}"
        for group in groups[:_MOST_LISTED]
    )
    return f"the line of what is released together: {'; '.join(lines)}; or {left_out}"


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in names) + "]"
