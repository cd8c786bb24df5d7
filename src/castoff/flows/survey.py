"""What is here, and what was released and begun so far?

Everything is read from a temporary clone that holds the remote's branch and tags: what the remote says counts,
what was never pushed counts as nothing. Where the remote cannot be asked, the local refs stand in and a problem
says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial

from castoff.configuration.values import Configuration, Release
from castoff.errors import Problem, Refusal, WorkspaceError
from castoff.flows.apart import remote_problems
from castoff.flows.claims import Branch, begun_on
from castoff.git import GitTree, Refs, Repository, Worktree
from castoff.git.saying import has_reverts
from castoff.model.graph import Order, order_of
from castoff.model.intent import Claim, History
from castoff.model.merging import merged
from castoff.model.tags import TagName, found_template
from castoff.model.versions import Ecosystem, ReleaseVersion, read
from castoff.model.workspace import Workspace
from castoff.ports import Manifests, Tree

_DIGEST = re.compile(r"^[0-9a-f]{64}  \S", re.M)
_MANIFESTS = frozenset({"pyproject.toml", "Cargo.toml", "package.json", "castoff.toml", "release.toml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One look at repository, remote and workspace; ``head`` is the branch's commit that a release starts from.

    ``state`` is what is wrong with clone and remote: it stops a release, but not a plan. ``problems`` is what is
    wrong with the workspace itself. ``unreachable`` is what git said where the remote is not ``reachable``.
    ``given_up`` lists the versions that were begun since the last release and taken back by a later commit; it reads
    the branch, so it is asked only where it matters.
    """

    branch: str
    remote: str | None
    remote_url: str | None
    refs: Refs
    reachable: bool
    unreachable: str
    head: str
    tag_name: TagName
    history: History
    tree: Tree
    at: Callable[[str], Tree]
    workspace: Workspace
    order: Order
    version: ReleaseVersion | None
    given_up: Callable[[], tuple[ReleaseVersion, ...]] = field(default=tuple)
    state: tuple[Problem, ...] = field(default=())
    problems: tuple[Problem, ...] = field(default=())

    @property
    def ecosystems(self) -> tuple[Ecosystem, ...]:
        """Name the ecosystems of the published packages."""
        return tuple(sorted({package.ecosystem for package in self.workspace.packages}))


def survey(
    repository: Repository,
    worktree: Worktree,
    configuration: Configuration,
    manifests: Sequence[Manifests],
) -> Survey:
    """Look at everything; errors are what makes a release unthinkable, problems are listed in the result."""
    local_head = _local_head(repository)
    remote, url = _remote(repository, configuration)
    refs = worktree.ls_remote(url) if url else None
    unreachable = worktree.last_refusal
    branch, branch_problem = _branch(repository, refs, configuration.release.branches, local_head)
    remote_head = refs.heads.get(branch) if refs and not branch_problem else None
    fetched = bool(url and remote_head and worktree.fetch(url, [branch]))
    if not fetched:
        _borrow_tags(repository, worktree)
    head = remote_head if fetched and remote_head else local_head
    tree = manifest_tree(worktree, head)
    workspace = read_workspace(tree, manifests, configuration.release.exclude)
    order = ordered(workspace, configuration.release)
    tag_name = _tag_name(worktree, head, configuration.release.tag, workspace)
    version = common_version(workspace)
    refs = _with_claims(worktree, url, refs) if workspace.is_from_tags else refs
    history = _history(worktree, refs, head, tag_name, manifests, configuration, version)
    heads = (remote_head, local_head)
    state = branch_problem or remote_problems(repository, worktree, (remote, url), refs, heads)
    return Survey(
        branch=branch,
        remote=remote,
        remote_url=url,
        refs=refs or Refs(),
        reachable=refs is not None,
        unreachable=unreachable,
        head=head,
        tag_name=tag_name,
        history=history,
        tree=tree,
        at=partial(manifest_tree, worktree),
        workspace=workspace.at(version or (history.previous.version if history.previous else None)),
        order=order,
        version=version,
        given_up=cache(partial(_given_up, worktree, head, manifests, configuration, history)),
        state=state,
        problems=(*workspace.problems, *order.problems),
    )


def mind_shallow(seen: Survey) -> None:
    """Stop where the history that was needed is not in this clone; errors ``shallow-clone``."""
    if cut := [problem for problem in seen.state if problem.code == "shallow-clone"]:
        raise Refusal(*cut)


def manifest_tree(worktree: Worktree, commit: str) -> GitTree:
    """Open the files of a commit, those that discovery reads at once."""
    tree = worktree.tree(commit)
    tree.preload(path for path in tree.paths() if path.rpartition("/")[2] in _MANIFESTS)
    return tree


def read_workspace(tree: Tree, manifests: Sequence[Manifests], exclude: Sequence[str]) -> Workspace:
    """Read the workspaces of all ecosystems in a tree as one; error ``no-workspace``."""
    found = [workspace for one in manifests if (workspace := one.discover(tree, exclude)) is not None]
    if not found:
        raise WorkspaceError.of(
            "no-workspace",
            "there is no workspace that castoff understands here",
            reason="neither pyproject.toml nor Cargo.toml names a package",
            remedy="run castoff in a Python or Cargo workspace",
        )
    return merged(found)


def ordered(workspace: Workspace, release: Release) -> Order:
    """Order a workspace as its manifests and the configuration say."""
    return order_of(workspace, named_facade=release.facade, after=release.after)


def workspace_before(
    seen: Survey, manifests: Sequence[Manifests], exclude: Sequence[str]
) -> Workspace | None:
    """Read the workspace as it was at the last release; None where there was none that can be read."""
    previous = seen.history.previous
    if previous is None:
        return None
    try:
        return read_workspace(seen.at(previous.commit), manifests, exclude).at(previous.version)
    except WorkspaceError:
        return None


def common_version(workspace: Workspace) -> ReleaseVersion | None:
    """Give the version that all packages have in the tree; None where they differ or it is no release version."""
    versions = {read(package.version) for package in workspace.packages if package.tags is None}
    return versions.pop() if len(versions) == 1 else None


def claims_in(
    worktree: Worktree, refs: Refs, head: str, previous: Claim | None, below: str = ""
) -> tuple[Claim, ...]:
    """Find what refs claim (or say of it, ``below`` a folder) since the last release, in the history of a commit."""
    found = [
        Claim(version=version, commit=one.commit)
        for text, one in (refs.claims or {}).items()
        if text.startswith(below)
        and (version := read(text.removeprefix(below))) is not None
        and (previous is None or version > previous.version)
        and worktree.is_ancestor(one.commit, head)
    ]
    return tuple(sorted(found, key=lambda claim: claim.version, reverse=True))


def _with_claims(worktree: Worktree, url: str | None, refs: Refs | None) -> Refs | None:
    """Ask for claims as well; a remote that cannot tell them was not asked at all."""
    claims = worktree.claims(url) if url and refs else None
    return replace(refs, claims=claims) if refs and claims is not None else None


def _local_head(repository: Repository) -> str:
    head = repository.head()
    if head is None:
        raise WorkspaceError.of(
            "no-commits", "the repository has no commit yet", remedy="commit your packages first"
        )
    return head


def _remote(repository: Repository, configuration: Configuration) -> tuple[str | None, str | None]:
    name = repository.remote_name(configuration.release.remote)
    if name is None:
        return None, None
    url = repository.remote_url(name)
    return name, url


def _branch(
    repository: Repository, refs: Refs | None, allowed: Sequence[str], head: str
) -> tuple[str, tuple[Problem, ...]]:
    branch = repository.branch()
    if branch is None and refs is not None:
        at_head = sorted(
            name for name, commit in refs.heads.items() if commit == head and _fits(name, allowed)
        )
        branch = at_head[0] if at_head else None
    if branch is not None and _fits(branch, allowed):
        return branch, ()
    shown = f"`{branch}`" if branch else "a detached commit"
    problem = Problem(
        code="not-on-release-branch",
        message=f"{shown} is no branch that releases are made from",
        reason="release branches are " + ", ".join(f"`{one}`" for one in allowed),
        remedy="check out a release branch, or add this one to `release.branches`",
    )
    return branch or "main", (problem,)


def _fits(branch: str, allowed: Sequence[str]) -> bool:
    return any(fnmatchcase(branch, pattern) for pattern in allowed)


def _borrow_tags(repository: Repository, worktree: Worktree) -> None:
    """Without the remote, the local tags are all there is."""
    worktree.git.run("fetch", "--quiet", "--no-tags", str(repository.root), "+refs/tags/*:refs/tags/*")


def _tag_name(worktree: Worktree, head: str, configured: str | None, workspace: Workspace) -> TagName:
    ecosystems = {package.ecosystem for package in workspace.packages}
    spelling: Ecosystem = "python" if ecosystems == {"python"} else "cargo"
    if configured is not None:
        return TagName(configured, spelling)
    tags = (tag for tag, _ in worktree.tags_within(head))
    return TagName(found_template(tags, common_version(workspace)), spelling)


def _history(
    worktree: Worktree,
    refs: Refs | None,
    head: str,
    tag_name: TagName,
    manifests: Sequence[Manifests],
    configuration: Configuration,
    version: ReleaseVersion | None,
) -> History:
    released = _released(worktree, head, tag_name)
    previous = released[0] if released else None
    unfinished: tuple[Claim, ...] = ()
    if refs is not None and refs.claims is not None:
        claimed = claims_in(worktree, refs, head, previous)
        unfinished = tuple(one for one in claimed if not _tagged(refs, tag_name, one.version))
    elif previous is None or version != previous.version:
        branch = Branch.of(worktree, head, manifests, configuration.release.exclude)
        begun = begun_on(branch, previous).standing
        unfinished = tuple(one for one in begun if not _tagged(refs, tag_name, one.version))
    return History(
        previous=previous,
        released=released,
        unfinished=tuple(_with_other_tag(one, refs) for one in unfinished),
        settled=_is_settled(worktree, head, previous, tag_name, configuration),
        spelling=tag_name.ecosystem,
    )


def _given_up(
    worktree: Worktree,
    head: str,
    manifests: Sequence[Manifests],
    configuration: Configuration,
    history: History,
) -> tuple[ReleaseVersion, ...]:
    if not has_reverts(worktree.git, history.previous.commit if history.previous else None, head):
        return ()
    branch = Branch.of(worktree, head, manifests, configuration.release.exclude)
    known = {claim.version for claim in (*history.released, *history.unfinished)}
    found = (claim.version for claim in begun_on(branch, history.previous).given_up)
    return tuple(sorted({one for one in found if one not in known}))


def _released(worktree: Worktree, head: str, tag_name: TagName) -> tuple[Claim, ...]:
    claims = [
        Claim(version=version, commit=commit, tagged=True)
        for tag, commit in worktree.tags_within(head)
        if (version := tag_name.version(tag)) is not None
    ]
    return tuple(sorted(claims, key=lambda claim: claim.version, reverse=True))


def _with_other_tag(claim: Claim, refs: Refs | None) -> Claim:
    """Name a tag on the release commit that says the version in another form: the configured one was changed."""
    numbers = str(claim.version.base)
    there = (name for name, tag in (refs.tags if refs else {}).items() if tag.commit == claim.commit)
    return replace(claim, other_tag=next((name for name in sorted(there) if numbers in name), None))


def _tagged(refs: Refs | None, tag_name: TagName, version: ReleaseVersion) -> bool:
    return refs is not None and tag_name.of(version) in refs.tags


def _is_settled(
    worktree: Worktree,
    head: str,
    previous: Claim | None,
    tag_name: TagName,
    configuration: Configuration,
) -> bool:
    """Say whether castoff made the last release, and nothing but the changelog was committed since."""
    if previous is None or not _DIGEST.search(worktree.tag_message(tag_name.of(previous.version))):
        return False
    own = {configuration.changelog.file or "CHANGELOG.md"}
    return head == previous.commit or set(worktree.paths_since(previous.commit, head)) <= own
