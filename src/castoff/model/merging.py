"""How do workspaces of several ecosystems become one? Names that two of them use are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from castoff.errors import Problem, WorkspaceError
from castoff.model.versions import read
from castoff.model.workspace import Package, Workspace


def merged(workspaces: Sequence[Workspace]) -> Workspace:
    """Join workspaces; packages that share a name become ``cargo:name`` and ``python:name``."""
    if len(workspaces) == 1:
        return workspaces[0]
    counts = Counter(package.name for one in workspaces for package in one.packages)
    relabelled = [_relabel(one, {name for name, count in counts.items() if count > 1}) for one in workspaces]
    packages = tuple(package for one in relabelled for package in one.packages)
    return Workspace(
        packages=packages,
        members=tuple(member for one in relabelled for member in one.members),
        edges=tuple(edge for one in relabelled for edge in one.edges),
        problems=(*(p for one in relabelled for p in one.problems), *_stray(packages)),
        ecosystems=tuple(sorted({package.ecosystem for package in packages})),
    )


def require_packages(workspace: Workspace) -> None:
    """Error ``nothing-to-publish`` where no package is published; what is wrong with manifests, where that is why."""
    if workspace.packages:
        return
    if errors := [problem for problem in workspace.problems if problem.severity == "error"]:
        raise WorkspaceError(*errors)
    raise WorkspaceError.of(
        "nothing-to-publish",
        "no package of this workspace is published",
        reason=_marked(len(workspace.members)),
        remedy="see `publish`, private classifiers and `release.exclude`",
    )


def _marked(count: int) -> str:
    return (
        f"{count} member is private or excluded" if count == 1 else f"{count} members are private or excluded"
    )


def _relabel(workspace: Workspace, shared: set[str]) -> Workspace:
    labels = {p.name: f"{p.ecosystem}:{p.name}" for p in workspace.packages if p.name in shared}
    if not labels:
        return workspace
    return replace(
        workspace,
        packages=tuple(replace(p, label=labels.get(p.name, "")) for p in workspace.packages),
        edges=tuple(
            replace(e, origin=labels.get(e.origin, e.origin), target=labels.get(e.target, e.target))
            for e in workspace.edges
        ),
    )


def _stray(packages: Sequence[Package]) -> tuple[Problem, ...]:
    """Between ecosystems, spellings differ but the version must not."""
    by_version: dict[object, list[Package]] = {}
    for package in packages:
        if package.tags is not None:
            continue
        by_version.setdefault(read(package.version) or package.version, []).append(package)
    if len(by_version) < 2:
        return ()
    common = max(by_version.values(), key=len)
    return tuple(
        Problem(
            code="stray-version",
            message=f"`{package.id}` has version {package.version}, the workspace {common[0].version}",
            reason="all packages of a workspace are released with one version",
            remedy=f"set it to {common[0].version}, or leave the package out with `release.exclude`",
            file=package.version_file,
            line=package.version_line,
            package=package.id,
        )
        for members in by_version.values()
        if members is not common
        for package in members
    )
