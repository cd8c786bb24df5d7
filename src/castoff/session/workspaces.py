"""The workspace of a commit: what its manifests release, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import tomli
from msgspec import Struct

from castoff.config.values import Configuration
from castoff.errors import CastoffError, Problem, WorkspaceError
from castoff.git import Clone, GitTree, Repository
from castoff.model.intent import Claim
from castoff.model.joined_workspace import judged, merged, with_others
from castoff.model.plan import NotLookedAt
from castoff.model.scope import Scope, is_excluded
from castoff.model.selection import Discovery, Program, chosen_workspaces
from castoff.model.tree_links import links_of
from castoff.model.version_problems import PackageName, names_at
from castoff.model.versions import Ecosystem
from castoff.model.workspace import NotReleased, Workspace
from castoff.ports import Manifests, Tree
from castoff.values import replace

MANIFESTS = frozenset(
    {
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "Cargo.toml",
        "package.json",
        "pnpm-workspace.yaml",
        ".yarnrc.yml",
        "castoff.toml",
        "release.toml",
    }
)
"""Names of the files that discovery reads, so that they are read at once."""
_DIFFER = ("stray-version", "several-versions")
_ROOT_MANIFESTS = ("Cargo.toml", "pyproject.toml", "package.json", "pnpm-workspace.yaml", ".yarnrc.yml")
_ECOSYSTEMS: Mapping[str, Ecosystem] = {
    "Cargo.toml": "cargo",
    "pyproject.toml": "python",
    "package.json": "npm",
}


def manifest_tree(clone: Clone, commit: str) -> GitTree:
    """Open the files of a commit, those that discovery reads at once."""
    tree = clone.tree(commit)
    tree.preload(path for path in tree.paths() if path.rpartition("/")[2] in MANIFESTS)
    return tree


def read_workspace(
    tree: Tree, manifests: Sequence[Manifests], scope: Scope, last: frozenset[PackageName] = frozenset()
) -> Workspace:
    """Read what a release of a tree holds, and what is not released; ``last`` are the packages of the last release.

    Errors: ``no-workspace``, ``several-workspaces``, ``workspace-missing``, and that of the nearest manifest if it
    cannot be read.
    """
    found = {one.ecosystem: one.discover(tree, scope.exclude) for one in manifests}
    workspaces = [workspace for discovery in found.values() for workspace in discovery.workspaces]
    unreadable = [entry for discovery in found.values() for entry in discovery.unreadable]
    linked = _linked(tree, found.values())
    chosen = chosen_workspaces(workspaces, scope, unreadable)
    if not chosen:
        programs = [one.path for discovery in found.values() for one in discovery.programs]
        raise WorkspaceError(_no_workspace(programs))
    parts = [
        one.join(tree, mine, scope.exclude)
        for one in manifests
        if (mine := [workspace for workspace in chosen if one.ecosystem in workspace.ecosystems])
    ]
    plain = frozenset(
        package.manifest
        for workspace in chosen
        if workspace.plain
        for package in workspace.packages
        if package.path not in scope.joined
    )
    whole = with_others(judged(merged(parts), plain, scope, last), chosen, (*found.values(), linked), scope)
    return replace(whole, problems=(*whole.problems, *_idle_patterns(whole, scope.exclude)))


def _idle_patterns(workspace: Workspace, patterns: Sequence[str]) -> Iterator[Problem]:
    """Find patterns of `release.exclude` that match nothing: mistyped, they leave a package in the release."""
    named: list[tuple[str, str]] = [(one.manifest, one.name) for one in workspace.packages]
    named += [(one.manifest, one.name) for one in workspace.members]
    named += [(one.path, one.name or "") for one in workspace.not_released]
    known = [
        (_ECOSYSTEMS.get(path.rpartition("/")[2], "python"), _folder(path), name) for path, name in named
    ]
    for pattern in patterns:
        if not any(is_excluded((pattern,), *one) for one in known):
            yield Problem(
                code="unknown-package",
                severity="warning",
                message=f"`{pattern}` in `release.exclude` matches no package",
                reason="what was meant by it is released, unless it is gone",
                remedy="correct the pattern: a name, a folder, or `cargo:NAME`; or remove it",
            )


def _folder(manifest: str) -> str:
    return manifest.rpartition("/")[0] or "."


def _linked(tree: Tree, found: Iterable[Discovery]) -> Discovery:
    """Find manifests that are symbolic links themselves: clients follow them, and an edit would change their target.

    A link out of the repository beside members is listed as well: a client takes its target for a member.
    """
    known = {path for one in found for workspace in one.workspaces for path in workspace.manifests}
    beside = {_folder(path).rpartition("/")[0] for path in known if "/" in path}
    links = links_of(tree)
    programs, outside = [], []
    for path, target in links.targets.items():
        folder, _, file = path.rpartition("/")
        if folder in beside and links.real(path).startswith(("../", "/")):
            reason = f"it is a symbolic link to `{target}`, outside of the repository"
            outside.append(NotReleased(name=None, path=path, reason=reason))
            continue
        # A link that a workspace lists is a member like any other, since its client follows it.
        if path in known or file not in _ECOSYSTEMS:
            continue
        try:
            fields = _described(tree.read(path) or "", _ECOSYSTEMS[file])
        except CastoffError:
            reason = f"it is a symbolic link to `{target}`, which is not a file of the repository"
            outside.append(NotReleased(name=None, path=path, reason=reason))
            continue
        name, version = fields.get("name"), fields.get("version")
        name = name if isinstance(name, str) else folder.rpartition("/")[2]
        if fields.get("private") is True or fields.get("publish") in (False, []):
            outside.append(NotReleased(name=name, path=path, reason="it is a symbolic link, and private"))
            continue
        programs.append(
            Program(
                name=name,
                path=path,
                version=version if isinstance(version, str) else None,
                ecosystem=_ECOSYSTEMS[file],
                is_linked=True,
            )
        )
    return Discovery(programs=tuple(programs), outside=tuple(outside))


def _described(text: str, ecosystem: Ecosystem) -> Mapping[str, object]:
    """Return what a manifest says of its package; nothing if it cannot be read."""
    try:
        value = json.loads(text) if ecosystem == "npm" else tomli.loads(text)
        if ecosystem != "npm":
            value = value.get("package" if ecosystem == "cargo" else "project")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def not_looked_at(repository: Repository, tree: Tree) -> NotLookedAt:
    """Count what is beside the commit that is released."""
    patterns = (f":(glob)**/{name}" for name in ("setup.py", *_ECOSYSTEMS))
    submodules = tree.submodules() if isinstance(tree, GitTree) else ()
    return NotLookedAt(len(submodules), len(repository.untracked(*patterns)))


class PastWorkspaces(Struct, frozen=True):
    """The workspace as it was at earlier commits, found by the paths that it has ``today``."""

    tree_of: Callable[[str, Sequence[str]], GitTree]
    manifests: Sequence[Manifests]
    scope: Scope
    today: Workspace
    _read: dict[tuple[str, bool], Workspace] = {}

    def at(self, commit: str, package: str | None = None) -> Workspace:
        """Read the workspace at the commit of a tag; ``package`` is the one that the tag names.

        Errors: those of :func:`read_workspace`.
        """
        # First only the manifests of today's packages: to list and read all of a large repository for each of a
        # hundred tags would take minutes. Where each package has a tag, a hundred of them are on one commit.
        near = (commit, False)
        if near not in self._read:
            self._read[near] = self._near(commit)
        found = self._read[near]
        names = {one.name for one in found.packages}
        # The package of the tag is there: the rest of the repository does not matter for it.
        if names and (package is None or package in names):
            return found
        far = (commit, True)
        if far not in self._read:
            self._read[far] = self._whole(commit)
        return self._read[far]

    def measured_by(self, last: Claim | None, workspace: Workspace, tree: Tree) -> Workspace:
        """Let the packages of the last release tell the release's version where packages of a tree differ."""
        if last is None or not any(one.code in _DIFFER for one in workspace.problems):
            return workspace
        try:
            names = names_at(self.at(last.commit), last.version)
        except CastoffError:
            return workspace
        return read_workspace(tree, self.manifests, self.scope, names)

    def _near(self, commit: str) -> Workspace:
        """Read the manifests that today's packages have; no package where they cannot be read."""
        today = self.today
        paths = {path for one in today.packages for path in (one.manifest, one.version_file)}
        paths |= {
            name if root == "." else f"{root}/{name}" for root in today.roots for name in _ROOT_MANIFESTS
        }
        try:
            near = self.tree_of(commit, sorted(paths))
            near.preload(near.paths())
            return read_workspace(near, self.manifests, self.scope)
        except CastoffError:
            return Workspace(packages=())

    def _whole(self, commit: str) -> Workspace:
        whole = self.tree_of(commit, ())
        whole.preload(path for path in whole.paths() if path.rpartition("/")[2] in MANIFESTS)
        return read_workspace(whole, self.manifests, self.scope)


def scope_of(repository: Repository, configuration: Configuration) -> Scope:
    """Return what decides which packages belong to a release."""
    release = configuration.release
    return Scope(
        # Where castoff was started decides among several workspaces, as it does for the clients.
        start=repository.start,
        joined=release.workspaces,
        exclude=release.exclude,
        versions="newest" if release.only_changed else "one",
    )


def _no_workspace(programs: Sequence[str]) -> Problem:
    if programs:
        return Problem(
            code="no-workspace",
            message=f"`{programs[0]}` describes a package, and no other package was found",
            reason="castoff reads and edits the metadata of Python packages in `pyproject.toml` alone"
            + ("" if programs[0].endswith(".cfg") else ", and does not run a program to read it"),
            remedy="move its metadata into the `[project]` table of a `pyproject.toml`",
            file=programs[0],
        )
    return Problem(
        code="no-workspace",
        message="the repository has no package that castoff can release",
        reason="no tracked `Cargo.toml`, `package.json` or `pyproject.toml` describes a package",
        remedy="run castoff in a repository with a Cargo, npm or Python package, or commit its `Cargo.toml`, "
        "`package.json` or `pyproject.toml`",
    )
