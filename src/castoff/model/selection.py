"""Workspaces and manifests that are found in a tree, and the decision which of them are released together.

The workspace nearest to the folder that castoff was started in, as its ecosystem's client finds it; with it those
of other ecosystems that share its folders and its version (PyO3, napi). Without one above, the only workspace of
the repository. ``release.workspaces`` decides otherwise. Nothing is chosen by the name of a folder.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from msgspec import Struct

from castoff.errors import Problem, Refusal, WorkspaceError
from castoff.model.scope import Scope, common_folder, folders_above, is_within
from castoff.model.version_problems import majority
from castoff.model.versions import Ecosystem, same_version
from castoff.model.workspace import NotReleased, Workspace
from castoff.regexes import regex
from castoff.values import replace


class Unreadable(Struct, frozen=True, kw_only=True):
    """A manifest outside of every workspace that cannot be read; ``is_template``: a program fills it in first."""

    path: str
    problem: Problem
    is_template: bool = False

    @classmethod
    def of(cls, path: str, problem: Problem, text: str) -> Unreadable:
        """Make one from its text."""
        return cls(path=path, problem=problem, is_template=bool(_TEMPLATE.search(path + text)))

    @property
    def folder(self) -> str:
        """Return the folder of the manifest."""
        return self.path.rpartition("/")[0] or "."


class Program(Struct, frozen=True, kw_only=True):
    """A project that castoff cannot release: its metadata is a program (``setup.py``), or a link (``is_linked``).

    ``version`` is None if it is not a literal there.
    """

    name: str
    path: str
    version: str | None
    ecosystem: Ecosystem = "python"
    is_linked: bool = False


class Discovery(Struct, frozen=True, kw_only=True):
    """The workspaces by folder, plain projects as one that is not ``declared``, and everything else."""

    workspaces: tuple[Workspace, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    outside: tuple[NotReleased, ...] = ()
    programs: tuple[Program, ...] = ()


_MOST_LISTED = 12
_FEW = 3
"""So many folders of one workspace are listed each on its own; more become one pattern, if one names them alone."""
_TEMPLATE = regex(r"\{\{|\{%|<%|\$\{|@[A-Z_]+@")
"""Placeholders of cookiecutter, copier, Jinja, ERB, shells and CMake: no manifest has them outside of strings."""


def chosen_workspaces(
    found: Sequence[Workspace], scope: Scope, unreadable: Sequence[Unreadable] = ()
) -> tuple[Workspace, ...]:
    """Return the workspaces that are released; plain projects come as one, or the part that is named.

    Errors: ``several-workspaces``, ``workspace-missing``, ``no-workspace``, and that of a manifest above
    ``scope.start`` that cannot be read.
    """
    if scope.joined:
        return _named(found, scope.joined, unreadable)
    # Workspaces of examples and tools have nothing to release, so they are never in question.
    publishing = [one for one in found if one.may_publish]
    broken = {one.folder: one.problem for one in unreadable}
    # Nearest first, as cargo and uv look for their workspace.
    for folder in folders_above(scope.start):
        owners = [one for one in publishing if folder in _folders(one)]
        if owners:
            return _with_linked(owners, found)
        # A manifest above that cannot be read might be the workspace; a farther one must not be released
        # instead.
        if folder in broken:
            raise WorkspaceError(broken[folder])
    below = [one for one in publishing if any(is_within(folder, scope.start) for folder in _folders(one))]
    groups = _groups(below or publishing, found)
    # Only one candidate: unambiguous, so no configuration is needed.
    if len(groups) == 1:
        return groups[0]
    if groups:
        raise Refusal(_several(groups))
    if broken:
        raise WorkspaceError(*(one.problem for one in unreadable))
    return tuple(found)


def _named(
    found: Sequence[Workspace], folders: Sequence[str], unreadable: Sequence[Unreadable]
) -> tuple[Workspace, ...]:
    """Return what ``release.workspaces`` names: workspaces by their folder, else plain projects below it."""
    chosen: list[Workspace] = []
    plain: set[str] = set()
    missing: list[str] = []
    for folder in folders:
        declared = [one for one in found if one.declared and folder in one.roots]
        single = [one for one in found if not one.declared and not one.plain and folder in one.roots]
        below = {
            path
            for one in found
            if one.plain
            for path in _folders(one)
            if path == folder or (is_within(path, folder) and not declared and not single)
        }
        chosen += [one for one in (*declared, *single) if one not in chosen]
        plain |= below
        if not (declared or single or below):
            missing.append(folder)
    if broken := [one.problem for one in unreadable if one.folder in folders]:
        raise Refusal(*broken)
    if missing:
        raise Refusal(_missing(missing, found))
    return (*chosen, *_parts(found, plain))


def _parts(found: Sequence[Workspace], folders: set[str]) -> Iterable[Workspace]:
    for one in found:
        if one.plain and folders & _folders(one):
            yield replace(
                one,
                packages=tuple(package for package in one.packages if package.path in folders),
                members=tuple(member for member in one.members if member.path in folders),
                broken=tuple(file for file in one.broken if (file.rpartition("/")[0] or ".") in folders),
            )


def _folders(workspace: Workspace) -> frozenset[str]:
    return workspace.folders | set(workspace.roots) if workspace.declared else workspace.folders


def _with_linked(owners: Sequence[Workspace], found: Sequence[Workspace]) -> tuple[Workspace, ...]:
    """Add what is linked to the owners, over any number of links, so that every folder of a release gives it all."""
    chosen = list(owners)
    # The list grows while it is walked: a link may lead to a workspace with links of its own.
    for other in chosen:
        chosen += [one for one in found if one not in chosen and _are_linked(one, other)]
    return tuple(one for one in found if one in chosen)


def _are_linked(one: Workspace, other: Workspace) -> bool:
    """Return whether two ecosystems describe the same packages: a folder of both, and one version."""
    apart = set(one.ecosystems) != set(other.ecosystems)
    return apart and bool(_folders(one) & _folders(other)) and bool(_versions(one) & _versions(other))


def _versions(workspace: Workspace) -> set[Hashable]:
    """Return the versions of what is published, or of the rest where nothing is (a crate behind a wheel)."""
    stated = {same_version(one.version) for one in workspace.packages if one.tags is None}
    return stated or {same_version(one.version) for one in workspace.members if one.version}


def _groups(candidates: Sequence[Workspace], found: Sequence[Workspace]) -> list[tuple[Workspace, ...]]:
    groups: list[tuple[Workspace, ...]] = []
    for owners in _owners(candidates):
        if not any(one in group for group in groups for one in owners):
            groups.append(_with_linked(owners, found))
    return groups


def _owners(candidates: Sequence[Workspace]) -> Iterable[Sequence[Workspace]]:
    """Divide candidates: each workspace by itself, but folders of one package each together where versions agree.

    cargo and npm take such a folder for a workspace of its own. Where most of an ecosystem's have one version, they are
    one release, and those of other versions are no candidates beside it, as uv's plain projects.
    """
    single: dict[Ecosystem, list[Workspace]] = {}
    for one in candidates:
        if one.declared or not one.packages:
            yield [one]
        else:
            single.setdefault(one.ecosystems[0], []).append(one)
    for folders in single.values():
        version = majority([package for one in folders for package in one.packages])
        if version is None:
            yield from ([one] for one in folders)
        else:
            yield [one for one in folders if version in _versions(one)]


def _several(groups: Sequence[tuple[Workspace, ...]]) -> Problem:
    lines = [_line(group, groups) for group in groups[:_MOST_LISTED]]
    more = len(groups) - len(lines)
    return Problem(
        code="several-workspaces",
        message=f"the repository has {len(groups)} workspaces, and none is above the current folder",
        reason="castoff does not guess which workspace to release",
        remedy="add what stands here for the intended workspace to `[release]` of `castoff.toml` (folders in one "
        "list are released together), or pass its folder with `-C`: "
        + "; ".join(lines)
        + (f"; {more} more" if more else ""),
    )


def _line(group: Sequence[Workspace], groups: Sequence[Sequence[Workspace]]) -> str:
    packages = sorted({package.name for one in group for package in one.packages})
    versions = sorted({package.version for one in group for package in one.packages})
    shown = ", ".join(f"`{name}`" for name in packages[:3]) + (", ..." if len(packages) > 3 else "")
    settings = f"`workspaces = {_list(setting_of(group))}`"
    if twins := _twins(group, groups):
        settings += f" and `exclude = {_list(twins)}`"
    if not packages:
        return f"{settings} ({next(problem.message for one in group for problem in one.problems)})"
    return f"{settings} for {shown} at {', '.join(versions[:3])}"


def _twins(group: Sequence[Workspace], groups: Sequence[Sequence[Workspace]]) -> tuple[str, ...]:
    """Return patterns for the packages of other groups with a version of this one.

    They could belong to its release, and would be the next refusal (``outside-workspace``).
    """
    versions = {version for one in group for version in _versions(one)}
    patterns: dict[str, None] = {}
    for other in (one for each in groups if each is not group for one in each):
        stated = (one for one in other.packages if one.tags is None)
        folders = sorted({one.path for one in stated if same_version(one.version) in versions})
        above = common_folder(folders)
        alone = above not in (".", *folders) and not any(is_within(one, above) for one in setting_of(group))
        patterns |= dict.fromkeys([f"{above}/*"] if alone and len(folders) > _FEW else folders)
    return tuple(patterns)


def setting_of(group: Sequence[Workspace]) -> tuple[str, ...]:
    """Return the folders to write into ``release.workspaces`` for a group."""
    folders: dict[str, None] = {}
    for one in group:
        if one.declared:
            folders |= dict.fromkeys(one.roots)
        else:
            folders |= dict.fromkeys(sorted({package.path for package in one.packages}))
    return tuple(folders)


def _list(folders: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in folders) + "]"


def _missing(folders: Sequence[str], found: Sequence[Workspace]) -> Problem:
    known = sorted({folder for one in found if one.packages for folder in setting_of((one,))})
    return Problem(
        code="workspace-missing",
        message="`release.workspaces` names "
        + ", ".join(f"`{one}`" for one in folders)
        + ", which has no package",
        reason="folders with packages are "
        + (", ".join(f"`{one}`" for one in known[:_MOST_LISTED]) or "none"),
        remedy="correct the list; paths start at the root of the repository",
    )
