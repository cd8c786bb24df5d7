"""The release's workspace: chosen workspaces as one, judged together, with all that is not released."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.errors import Problem, WorkspaceError
from castoff.model.changed_packages import at_newest, with_kept
from castoff.model.scope import Scope, folders_above, is_excluded, is_within
from castoff.model.selection import Discovery, Program, Unreadable
from castoff.model.version_problems import PackageName, majority, version_of, version_problems
from castoff.model.versions import Ecosystem, same_version
from castoff.model.workspace import EXCLUDED, Member, NotReleased, OtherWorkspace, Package, Workspace
from castoff.values import replace

_ECOSYSTEMS: Mapping[str, Ecosystem] = {
    "Cargo.toml": "cargo",
    "pyproject.toml": "python",
}
_MOST_LISTED = 12
_MANY = 4  # folders beside each other that one pattern stands for


def merged(workspaces: Sequence[Workspace]) -> Workspace:
    """Join workspaces; packages that share a name become ``cargo:name`` and ``python:name``."""
    # The common case keeps its names: labels are for ecosystems that share one.
    if len(workspaces) == 1:
        return workspaces[0]
    # A name in two ecosystems is common (PyO3): only then a label is needed.
    counts = Counter(package.name for one in workspaces for package in one.packages)
    relabelled = [_relabel(one, {name for name, count in counts.items() if count > 1}) for one in workspaces]
    packages = tuple(package for one in relabelled for package in one.packages)
    return Workspace(
        packages=packages,
        members=tuple(member for one in relabelled for member in one.members),
        edges=tuple(edge for one in relabelled for edge in one.edges),
        problems=tuple(problem for one in relabelled for problem in one.problems),
        ecosystems=tuple(sorted({package.ecosystem for package in packages})),
        roots=tuple(sorted({root for one in relabelled for root in one.roots})),
        broken=tuple(file for one in relabelled for file in one.broken),
        not_released=tuple(entry for one in relabelled for entry in one.not_released),
    )


def judged(
    workspace: Workspace, plain: frozenset[str], scope: Scope, last: frozenset[PackageName] = frozenset()
) -> Workspace:
    """Return the workspace with one version, or with the problems that keep it from having one.

    ``plain`` are the manifests that no configuration lists, of a client or of castoff: those of another version
    are not part of the release, unless a package that is needs them. ``last`` are the packages of the last release:
    where versions differ, theirs is the release's. Problems: ``stray-version``, ``several-versions``.
    """
    anchor = _anchor(workspace.packages, plain, scope)
    apart = {
        one.id
        for one in workspace.packages
        if anchor is not None and one.manifest in plain and one.tags is None and version_of(one) != anchor
    }
    kept = _needed(workspace, {one.id for one in workspace.packages} - apart)
    packages = tuple(one for one in workspace.packages if one.id in kept)
    dropped = (one for one in workspace.packages if one.id not in kept)
    of_release = packages if scope.versions == "one" else at_newest(packages)
    found = replace(
        workspace,
        packages=packages,
        members=_followed(workspace.members, of_release),
        edges=tuple(edge for edge in workspace.edges if edge.origin in kept and edge.target in kept),
        problems=(*_of_release(workspace, anchor), *version_problems(of_release, plain, last)),
        ecosystems=tuple(sorted({package.ecosystem for package in packages})),
        not_released=(
            *workspace.not_released,
            *(
                NotReleased(name=one.name, path=one.manifest, reason=f"its version is {one.version}")
                for one in dropped
            ),
        ),
    )
    if scope.versions != "newest":
        return found
    return with_kept(
        found, {one.id: f"its version is {one.version}" for one in packages if one not in of_release}
    )


def with_others(
    workspace: Workspace, chosen: Sequence[Workspace], found: Sequence[Discovery], scope: Scope
) -> Workspace:
    """Add what is not released, with the reasons; what may have been meant is one error, ``outside-workspace``.

    That is every package outside of the chosen workspaces that carries their version, and every `setup.py` whose
    version is not known.
    """
    judge = _Outside(workspace, chosen, scope)
    known = workspace.manifests | {one.path for one in workspace.not_released}
    others: list[OtherWorkspace] = []
    for other in (one for discovery in found for one in discovery.workspaces):
        if other.declared and other not in chosen:
            others.append(_other(other))
        judge.members(one for one in other.members if one.manifest not in known)
        judge.packages([one for one in other.packages if one.manifest not in known], other)
        judge.broken([file for file in other.broken if file not in known], other.problems)
        # Each manifest once, in the first workspace that has it.
        known = known | other.manifests
    for discovery in found:
        judge.programs(discovery.programs)
        judge.unreadable(discovery.unreadable)
    entries = [
        *workspace.not_released,
        *judge.not_released,
        *(entry for discovery in found for entry in discovery.outside),
    ]
    return replace(
        workspace,
        others=tuple(sorted(others, key=lambda one: (one.root, one.ecosystem))),
        not_released=tuple(sorted(entries, key=lambda one: one.path)),
        problems=(*workspace.problems, *judge.broken_beside, *judge.problems()),
    )


def require_packages(workspace: Workspace) -> None:
    """Raise unless a package is published: ``nothing-to-publish``, or what is wrong with the manifests."""
    if workspace.packages:
        return
    if errors := [problem for problem in workspace.problems if problem.severity == "error"]:
        raise WorkspaceError(*errors)
    reasons = [f"`{one.name}`: {one.reason}" for one in workspace.members if one.reason]
    reasons += [f"`{one.name or one.path}`: {one.reason}" for one in workspace.not_released]
    shown = "; ".join(reasons[:_MOST_LISTED]) or "no manifest defines a package"
    raise WorkspaceError.of(
        "nothing-to-publish",
        "no package of this repository is published",
        reason=shown + ("; ..." if len(reasons) > _MOST_LISTED else ""),
        remedy="change the setting that prevents its publication: `publish`, `[build-system]`, its "
        "private classifier, or "
        "`release.exclude`",
    )


class _Undecided(Struct, frozen=True):
    """A package that may be meant; ``join`` is its folder for `release.workspaces`, None if it cannot be released."""

    manifest: str
    ecosystem: Ecosystem
    join: str | None

    @property
    def folder(self) -> str:
        """Return the folder of the manifest."""
        return self.manifest.rpartition("/")[0] or "."


def may_be_meant(problem: Problem, evidence: str) -> Problem:
    """Return the error of a manifest that cannot be read and whose package may belong to the release."""
    folder = (problem.file or "").rpartition("/")[0] or "."
    return replace(
        problem,
        severity="error",
        reason=f"{evidence}, and castoff does not guess whether its package is to be released",
        remedy=f'{problem.remedy}; or leave its package out: `exclude = ["{folder}"]` in `[release]`',
    )


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]


class _Outside:
    """What is outside of the chosen workspaces: not released, or undecided."""

    def __init__(self, workspace: Workspace, chosen: Sequence[Workspace], scope: Scope) -> None:
        self.not_released: list[NotReleased] = []
        self.broken_beside: list[Problem] = []
        self._workspace = workspace
        self._chosen = chosen
        self._scope = scope
        self._undecided: list[_Undecided] = []
        self._versions = {version_of(one) for one in workspace.packages if one.tags is None}

    def members(self, members: Iterable[Member]) -> None:
        for one in members:
            self._leave(one.name, one.manifest, one.reason)

    def packages(self, packages: Sequence[Package], other: Workspace) -> None:
        for one in packages:
            if one.obstacle:
                self._leave(one.name, one.manifest, one.obstacle)
            elif one.tags is None and version_of(one) in self._versions:
                join = other.roots[0] if other.declared else one.path
                self._undecided.append(_Undecided(one.manifest, one.ecosystem, join))
            elif one.tags is not None:
                self._leave(one.name, one.manifest, f"{one.tags.tool} computes its version from tags")
            else:
                self._leave(one.name, one.manifest, f"its version is {one.version}")

    def broken(self, files: Sequence[str], problems: Sequence[Problem]) -> None:
        for file in files:
            found = next((_unreadable(one) for one in problems if one.file == file), "it cannot be read")
            self.not_released.append(NotReleased(name=None, path=file, reason=found))

    def programs(self, programs: Iterable[Program]) -> None:
        released = {one.ecosystem for one in self._workspace.packages}
        for one in programs:
            folder = one.path.rpartition("/")[0] or "."
            if is_excluded(self._scope.exclude, one.ecosystem, folder, one.name):
                self._leave(one.name, one.path, EXCLUDED)
            # A `setup.py` in a workspace of crates is a tool or an example.
            elif one.ecosystem not in released:
                reason = (
                    "its manifest is a symbolic link"
                    if one.is_linked
                    else "castoff does not run programs to read metadata"
                )
                self._leave(one.name, one.path, reason)
            elif one.version is not None and same_version(one.version) not in self._versions:
                self._leave(one.name, one.path, f"its version is {one.version}")
            else:
                self._undecided.append(_Undecided(one.path, one.ecosystem, None))

    def unreadable(self, files: Iterable[Unreadable]) -> None:
        """Judge manifests that cannot be read; one beside released plain folders may be meant."""
        plain = {file for one in self._chosen if not one.declared for file in one.manifests}
        beside = {
            (_parent(one.path), one.ecosystem)
            for one in self._workspace.packages
            if one.manifest in plain and one.path != "."
        }
        for one in files:
            ecosystem = _ECOSYSTEMS.get(one.path.rpartition("/")[2], "npm")
            if is_excluded(self._scope.exclude, ecosystem, one.folder):
                self.not_released.append(NotReleased(name=None, path=one.path, reason=EXCLUDED))
            elif (_parent(one.folder), ecosystem) in beside and not one.is_template and one.folder != ".":
                self.broken_beside.append(may_be_meant(one.problem, "it is beside released packages"))
            else:
                reason = _unreadable(one.problem)
                self.not_released.append(
                    NotReleased(name=None, path=one.path, reason=reason, problem=one.problem)
                )

    def problems(self) -> tuple[Problem, ...]:
        if not self._undecided or not self._workspace.packages:
            return ()
        count = len(self._undecided)
        shown = ", ".join(f"`{one.manifest}`" for one in self._undecided[:_MOST_LISTED])
        joinable = [one.join for one in self._undecided if one.join is not None]
        folders = dict.fromkeys((*self._joined(), *joinable))
        join = f"released with them: `workspaces = {_list(tuple(folders))}`; " if joinable else ""
        alone = [one.manifest for one in self._undecided if one.join is None]
        move = "; move the metadata of each `setup.py` into a `pyproject.toml` to release it"
        copy = "; replace each symbolic link by a manifest of its own to release its package"
        return (
            Problem(
                code="outside-workspace",
                message=(f"{count} packages are" if count > 1 else "1 package is")
                + f" outside the released workspaces, and could belong to the release: {shown}"
                + (", ..." if count > _MOST_LISTED else ""),
                reason=("they have" if count > 1 else "it has")
                + " the version of this release, or no readable version, and castoff does not guess",
                remedy=f"write into `[release]`: {join}left out: `exclude = {_list(self._patterns())}`"
                + (move if any(one.endswith("setup.py") for one in alone) else "")
                + (copy if any(one.endswith((".toml", ".json")) for one in alone) else ""),
                file=self._undecided[0].manifest,
            ),
        )

    def _joined(self) -> Iterator[str]:
        """List the folders that stand for what is released in `release.workspaces`."""
        released = {one.manifest for one in self._workspace.packages}
        for one in self._chosen:
            own = (package.path for package in one.packages if package.manifest in released)
            yield from one.roots if one.declared else own

    def _patterns(self) -> list[str]:
        """Return the patterns that exclude what is undecided, and nothing that is released.

        Many folders beside each other become one pattern. A folder that holds a released package of another ecosystem
        is named with the ecosystem.
        """
        released = {one.path for one in self._workspace.packages}
        beside = Counter(_parent(one.folder) for one in self._undecided)
        patterns: dict[str, None] = {}
        for one in self._undecided:
            above = _parent(one.folder)
            if one.folder in released:
                patterns[f"{one.ecosystem}:{one.folder}"] = None
            # One pattern for a folder of examples; not where it would exclude a released package as well.
            elif above and beside[above] >= _MANY and not any(is_within(path, above) for path in released):
                patterns[f"{above}/*"] = None
            else:
                patterns[one.folder] = None
        return sorted(patterns)

    def _leave(self, name: str, path: str, reason: str) -> None:
        self.not_released.append(NotReleased(name=name, path=path, reason=reason))


def _of_release(workspace: Workspace, anchor: object | None) -> Iterable[Problem]:
    """Return the problems without those of a shared name whose second project has another version anyway."""
    apart = {
        one.manifest
        for one in workspace.members
        if anchor is not None and one.version and same_version(one.version) != anchor
    }
    return (one for one in workspace.problems if one.code != "duplicate-name" or one.file not in apart)


def _anchor(packages: Sequence[Package], plain: frozenset[str], scope: Scope) -> object | None:
    """Return the version that plain projects are measured by; None where it is not clear.

    That of the listed packages; else that of the project that castoff was started in; else the one that more than
    half have.
    """
    listed = {version_of(one) for one in packages if one.manifest not in plain and one.tags is None}
    # Packages that a client lists decide: plain folders are measured by them.
    if listed:
        # Several versions are an error of their own, and no measure for others.
        return listed.pop() if len(listed) == 1 else None
    by_folder: dict[str, set[object]] = {}
    for one in packages:
        if one.tags is None:
            by_folder.setdefault(one.path, set()).add(version_of(one))
    for folder in folders_above(scope.start):
        if len(by_folder.get(folder, ())) == 1:
            return by_folder[folder].pop()
    return majority(packages)


def _needed(workspace: Workspace, kept: set[str]) -> set[str]:
    """Add what the kept packages need: a package that users install with them is part of the set."""
    targets: dict[str, list[str]] = {}
    for edge in workspace.edges:
        # What only developers install (groups) is no part of what users get.
        if edge.survives and edge.kind != "group":
            targets.setdefault(edge.origin, []).append(edge.target)
    queue = list(kept)
    while queue:
        for target in targets.get(queue.pop(), ()):
            if target not in kept:
                kept.add(target)
                queue.append(target)
    return kept


def _followed(members: Sequence[Member], packages: Sequence[Package]) -> tuple[Member, ...]:
    """Let members of the release's version follow it, whatever ecosystem the packages are of."""
    versions = {version_of(one) for one in packages if one.tags is None}
    return tuple(
        replace(one, follows=True)
        if one.version and one.reason != EXCLUDED and versions == {same_version(one.version)}
        else one
        for one in members
    )


def _other(workspace: Workspace) -> OtherWorkspace:
    versions = sorted({one.version for one in workspace.packages})
    count = len(workspace.packages)
    held = f"{count} package" + ("s" if count != 1 else "")
    return OtherWorkspace(
        root=workspace.roots[0],
        ecosystem=workspace.ecosystems[0],
        why=f"{held} at {', '.join(versions[:3])}" if versions else "it publishes nothing",
    )


def _unreadable(problem: Problem) -> str:
    line = f", line {problem.line}" if problem.line else ""
    return f"it cannot be read{line}: {problem.message}"


def _list(folders: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in folders) + "]"


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
