"""The packages of a release that holds only what changed (`release.only-changed`).

A package changed if one of its files did since the release of its own version, or if it pins a package that is
released: what is uploaded of it would be another. The facade is always released. All others keep their versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from castoff.errors import Problem
from castoff.model.versions import Ecosystem, read
from castoff.model.workspace import Edge, Member, Package, ReleaseReason, Workspace
from castoff.values import replace

_SHOWN = 3
_FOLLOWING = frozenset({"normal", "build", "optional", "extra", "peer"})
"""Requirements that users resolve: what only developers install changes nothing for them."""


def at_newest(packages: Sequence[Package]) -> tuple[Package, ...]:
    """Return the packages of the highest version: those that the last release had; all, if a version cannot be read."""
    versions = {one.id: read(one.version) for one in packages}
    known = [version for version in versions.values() if version is not None]
    if len(known) < len(packages):
        return tuple(packages)
    return tuple(one for one in packages if versions[one.id] == max(known))


def with_kept(workspace: Workspace, reasons: Mapping[str, str]) -> Workspace:
    """Return a workspace whose packages with a reason, by id, are not released and keep their versions."""
    kept = [one for one in workspace.packages if one.id in reasons]
    packages = tuple(one for one in workspace.packages if one.id not in reasons)
    names = {one.id for one in packages}
    return replace(
        workspace,
        packages=packages,
        members=(*workspace.members, *(_member(one, reasons[one.id]) for one in kept)),
        edges=tuple(edge for edge in workspace.edges if edge.origin in names and edge.target in names),
        problems=(*workspace.problems, *_inherited(kept, packages)),
    )


def with_changes(
    workspace: Workspace, changes: Mapping[str, ReleaseReason], unchanged: Mapping[str, str]
) -> Workspace:
    """Return the workspace of a release of what changed; ``unchanged`` has the reasons of the others, by id."""
    found = with_kept(
        workspace,
        {one.id: unchanged.get(one.id, "unchanged") for one in workspace.packages if one.id not in changes},
    )
    return replace(found, packages=tuple(replace(one, change=changes[one.id]) for one in found.packages))


def changes_of(
    workspace: Workspace, own: Mapping[str, str], facade: str | None, raised: Collection[Ecosystem]
) -> dict[str, ReleaseReason]:
    """Return the packages to release with the reasons; ``own`` has those of changed files, by id.

    ``raised`` are the ecosystems in which every requirement on a released package moves (`requirements = "raise"`).
    """
    ecosystems = {one.id: one.ecosystem for one in workspace.packages}
    found = {name: ReleaseReason(is_own=True, reason=reason) for name, reason in own.items()}
    if facade is not None and facade not in found:
        found[facade] = ReleaseReason(is_own=False, reason="it is the facade")
    queue = list(found)
    for target in queue:
        for edge in workspace.edges:
            if edge.target == target and edge.origin not in found and _follows(edge, ecosystems, raised):
                found[edge.origin] = ReleaseReason(
                    is_own=False, reason=f"it requires `{target}` {edge.requirement or ''}".strip()
                )
                queue.append(edge.origin)
    return found


def _follows(edge: Edge, ecosystems: Mapping[str, Ecosystem], raised: Collection[Ecosystem]) -> bool:
    if edge.kind not in _FOLLOWING or not edge.survives:
        return False
    return edge.pins or ecosystems[edge.origin] in raised


def files_of(workspace: Workspace, paths: Collection[str]) -> dict[str, list[str]]:
    """Sort paths by the packages (their ids) in whose folders they are; a folder within one may be of another."""
    everyone: list[Package | Member] = [*workspace.packages, *workspace.members]
    folders = {one.path for one in everyone}
    owners = {one.path: one.id for one in workspace.packages}
    found: dict[str, list[str]] = {}
    for path in paths:
        folder = next((one for one in _above(path) if one in folders), None)
        if folder in owners:
            found.setdefault(owners[folder], []).append(path)
    return found


def shown_files(files: Sequence[str], since: str) -> str:
    """Say which files changed since a tag."""
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return f"changed since {since}: {', '.join(f'`{one}`' for one in files[:_SHOWN])}{more}"


def _above(path: str) -> Iterator[str]:
    """List the folders that hold a file, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield "."


def _member(package: Package, reason: str) -> Member:
    return Member(
        name=package.name,
        ecosystem=package.ecosystem,
        path=package.path,
        manifest=package.manifest,
        version=package.version,
        reason=reason,
        root=package.root,
    )


def _inherited(kept: Sequence[Package], released: Sequence[Package]) -> Iterator[Problem]:
    """Report packages that cannot keep their version: it comes from a place that moves, or from tags."""
    places = {(one.version_file, one.version_line) for one in released}
    stuck = [one for one in kept if one.tags is not None or (one.version_file, one.version_line) in places]
    if not stuck or not released:
        return
    names = ", ".join(f"`{one.id}`" for one in stuck[:_SHOWN]) + (", ..." if len(stuck) > _SHOWN else "")
    many = len(stuck) > 1
    theirs = "their versions" if many else "its version"
    yield Problem(
        code="version-inherited",
        message=f"{names} {'are' if many else 'is'} unchanged, but cannot keep {theirs}",
        reason="packages of the release take theirs from the same place (`workspace.package`, say), or tags give it",
        remedy=f"write the version {stuck[0].version} into {'their manifests' if many else 'its manifest'}, or release "
        "all packages: remove `only-changed` from `[release]`",
        file=stuck[0].manifest,
        package=stuck[0].id,
    )
