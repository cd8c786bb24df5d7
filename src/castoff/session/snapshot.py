"""The snapshot of workspace and remote: what is here, and what was released and claimed so far.

Everything is read from a temporary clone that holds the remote's branch and tags: what the remote says counts,
what was never pushed counts as nothing. Where the remote cannot be asked, the local refs stand in and a problem
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial

from castoff.config.values import Configuration, ReleaseSettings
from castoff.errors import Problem, Refusal, WorkspaceError
from castoff.git import Clone, Refs, Repository
from castoff.git.log import has_reverts, newer_tags, reachable_tags, tags_without
from castoff.model.changed_packages import at_newest
from castoff.model.graph import Order, order_of
from castoff.model.intent import Begun, Claim, History
from castoff.model.joined_workspace import may_be_meant
from castoff.model.refs import TagName
from castoff.model.scope import Scope
from castoff.model.selection import Discovery
from castoff.model.tag_schemes import is_ignored
from castoff.model.versions import Ecosystem, ReleaseVersion, read
from castoff.model.workspace import Package, Workspace
from castoff.ports import Manifests, Tree
from castoff.session.changed_packages import only_changed
from castoff.session.claim_history import (
    Branch,
    begun_on,
    is_castoffs,
    listed_digests,
    overtaken_claim,
)
from castoff.session.sync_state import remote_problems
from castoff.session.tag_names import RELEASE_TAG, TagNaming, find_naming
from castoff.session.workspaces import manifest_tree, read_workspace, scope_of, workspace_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at repository, remote and workspace; ``head`` is the branch's commit that a release starts from.

    ``state`` is what is wrong with clone and remote: it stops a release, but not a plan. ``problems`` is what is
    wrong with the workspace itself. ``unreachable`` is what git said where the remote is not ``reachable``.
    ``given_up`` lists the versions that were begun since the last release and taken back by a later commit; it reads
    the branch, so it is asked only where it matters. ``unread_tags`` look like versions and are none: those that may
    be newer than the last release, and the others. ``is_default_branch`` asks the remote.
    """

    branch: str
    remote: str | None
    remote_url: str | None
    refs: Refs
    reachable: bool
    unreachable: str
    head: str
    tags: TagNaming
    history: History
    tree: Tree
    at: Callable[[str], Tree]
    workspace: Workspace
    order: Order
    version: ReleaseVersion | None
    scope: Scope = field(default_factory=Scope)
    given_up: Callable[[], tuple[ReleaseVersion, ...]] = field(default=tuple)
    state: tuple[Problem, ...] = field(default=())
    problems: tuple[Problem, ...] = field(default=())
    unread_tags: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    is_default_branch: Callable[[], bool] = lambda: False

    @property
    def tag_name(self) -> TagName:
        """Return how releases are tagged from now on."""
        return self.tags.tag

    @property
    def unclear_tags(self) -> tuple[Problem, ...]:
        """Return the errors, a part of ``problems``, that leave open which version was the last one."""
        return self.tags.problems

    def tag_of(self, claim: Claim) -> str:
        """Name the tag of a release: the one that it has, else the one that it will get."""
        return claim.tag or self.tag_name.of(claim.version)

    def version_of(self, tag: str) -> ReleaseVersion | None:
        """Read the version of a tag in the form of the release's, or in the forms of earlier releases."""
        return self.tags.version(tag)

    def ignores(self, tag: str) -> bool:
        """Return whether the configuration leaves a tag out."""
        return is_ignored(tag, self.tags.ignored)

    @property
    def ecosystems(self) -> tuple[Ecosystem, ...]:
        """Name the ecosystems of the published packages."""
        return tuple(sorted({package.ecosystem for package in self.workspace.packages}))


def take_snapshot(
    repository: Repository,
    clone: Clone,
    configuration: Configuration,
    manifests: Sequence[Manifests],
    *,
    of: str | None = None,
) -> Snapshot:
    """Look at everything; errors are what makes a release unthinkable, problems are listed in the result.

    The branch is the user's, or ``of`` an earlier look: people switch branches while a run builds.
    """
    # Asked first: without a commit, nothing below has an answer.
    local_head = _local_head(repository)
    remote, url = _remote(repository, configuration)
    refs, unreachable = (clone.ls_remote(url) if url else None), clone.last_refusal
    allowed = configuration.release.branches
    # A run that looks again keeps its branch: people switch branches while it builds.
    branch, branch_problem = (of, ()) if of else _branch(repository, refs, allowed, local_head)
    remote_head = refs.heads.get(branch) if refs and not branch_problem else None
    head = _fetched_head(repository, clone, (url, branch), remote_head) or local_head
    where = Place(branch, head, remote, url, refs, scope_of(repository, configuration))
    seen = snapshot_at(where, clone, configuration, manifests)
    heads = (remote_head, local_head)
    known = seen.refs if seen.reachable else None
    if of is not None and repository.branch() != of:
        heads = (remote_head, remote_head or local_head)  # the checkout is not of this branch any more
    state = branch_problem or remote_problems(repository, clone, (remote, url), known, heads)
    return replace(seen, unreachable=unreachable, state=state)


@dataclass(frozen=True, slots=True)
class Place:
    """A branch at its head, its remote, and what that holds (None: it did not answer)."""

    branch: str
    head: str
    remote: str | None
    url: str | None
    refs: Refs | None
    scope: Scope


def snapshot_at(
    where: Place, clone: Clone, configuration: Configuration, manifests: Sequence[Manifests]
) -> Snapshot:
    """Read a branch at its head; the user's checkout is not compared with it."""
    head, scope = where.head, where.scope
    tree = manifest_tree(clone, head)
    is_partial = scope.versions == "newest"
    workspace = read_workspace(tree, manifests, replace(scope, versions="any") if is_partial else scope)
    order = ordered(workspace, configuration.release)
    read_at = partial(workspace_at, clone.tree, manifests, scope, workspace)
    naming = _naming(clone, head, (tree, workspace), read_at, configuration.release)
    version = common_version(workspace)
    if is_partial:
        version = common_version(replace(workspace, packages=at_newest(workspace.packages)))
        workspace = only_changed(clone, head, workspace, order.facade, naming, configuration)
        order = ordered(workspace, configuration.release)
    refs = _with_claims(clone, where.url, where.refs) if workspace.is_from_tags else where.refs
    line = partial(Branch.of, clone, head, manifests, scope, configuration.release.message)
    history = _history(clone, refs, head, naming, line, configuration, version)
    return Snapshot(
        branch=where.branch,
        remote=where.remote,
        remote_url=where.url,
        refs=refs or Refs(),
        reachable=refs is not None,
        unreachable="",
        head=head,
        tags=naming,
        history=history,
        tree=tree,
        at=partial(manifest_tree, clone),
        workspace=workspace.at(version or (history.previous.version if history.previous else None)),
        order=order,
        version=version,
        given_up=cache(partial(_given_up, clone, head, line, history)),
        scope=scope,
        problems=(
            *naming.problems,
            *workspace.problems,
            *order.problems,
            *_fallen_out(clone, workspace, manifests, scope, history.previous),
        ),
        unread_tags=_unread(clone, head, naming, history.previous),
        is_default_branch=cache(partial(_is_default, clone, where.url, where.branch)),
    )


def require_full_history(snapshot: Snapshot) -> None:
    """Stop where the history that was needed is not in this clone; errors ``shallow-clone``."""
    if cut := [problem for problem in snapshot.state if problem.code == "shallow-clone"]:
        raise Refusal(*cut)


def ordered(workspace: Workspace, release: ReleaseSettings) -> Order:
    """Order a workspace as its manifests and the configuration say."""
    return order_of(workspace, named_facade=release.facade, after=release.after)


def workspace_before(snapshot: Snapshot, manifests: Sequence[Manifests]) -> Workspace | None:
    """Read the workspace as it was at the last release; None where there was none that can be read."""
    previous = snapshot.history.previous
    if previous is None:
        return None
    try:
        return read_workspace(snapshot.at(previous.commit), manifests, snapshot.scope).at(previous.version)
    # History may hold manifests that no tool could read; then nothing is compared.
    except (WorkspaceError, Refusal):
        return None


def common_version(workspace: Workspace) -> ReleaseVersion | None:
    """Return the version that all packages have in the tree; None where they differ or it is no release version."""
    versions = {read(package.version) for package in workspace.packages if package.tags is None}
    return versions.pop() if len(versions) == 1 else None


def claims_in(
    clone: Clone, refs: Refs, head: str, previous: Claim | None, below: str = ""
) -> tuple[Claim, ...]:
    """Find what refs claim (or say of it, ``below`` a folder) since the last release, in the history of a commit."""
    found = [
        Claim(version=version, commit=one.commit)
        for text, one in (refs.claims or {}).items()
        if text.startswith(below)
        and (version := read(text.removeprefix(below))) is not None
        and (previous is None or version > previous.version)
        and clone.is_ancestor(one.commit, head)
    ]
    return tuple(sorted(found, key=lambda claim: claim.version, reverse=True))


def _with_claims(clone: Clone, url: str | None, refs: Refs | None) -> Refs | None:
    """Ask for claims as well; a remote that cannot tell them was not asked at all."""
    # Only with versions from tags: elsewhere, the branch itself is the claim.
    claims = clone.claims(url) if url and refs else None
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
    # CI checks out a detached commit: a release branch whose head it is, is meant.
    if branch is None and refs is not None:
        at_head = sorted(
            name for name, commit in refs.heads.items() if commit == head and is_release_branch(name, allowed)
        )
        branch = at_head[0] if at_head else None
    if branch is not None and is_release_branch(branch, allowed):
        return branch, ()
    shown = f"`{branch}`" if branch else "a detached commit"
    problem = Problem(
        code="not-on-release-branch",
        message=f"{shown} is not a release branch",
        reason="release branches are " + ", ".join(f"`{one}`" for one in allowed),
        remedy="check out a release branch, or add this branch to `release.branches`",
    )
    # A name is needed to look further, so that all problems are listed together.
    return branch or "main", (problem,)


def is_release_branch(branch: str, allowed: Sequence[str]) -> bool:
    """Return whether releases are made from a branch; ``allowed`` is `release.branches`."""
    return any(fnmatchcase(branch, pattern) for pattern in allowed)


def _fetched_head(
    repository: Repository, clone: Clone, source: tuple[str | None, str], head: str | None
) -> str | None:
    """Fetch a branch of the remote (address, branch) at its head; None, with the local tags, if that fails."""
    url, branch = source
    if url and head and clone.fetch(url, [branch]):
        return head
    clone.git.run("fetch", "--quiet", "--no-tags", str(repository.root), "+refs/tags/*:refs/tags/*")
    return None


def _naming(
    clone: Clone,
    head: str,
    at_head: tuple[Tree, Workspace],
    read_at: Callable[[str, str | None], Workspace],
    release: ReleaseSettings,
) -> TagNaming:
    tree, workspace = at_head
    tags = reachable_tags(clone.git, head)
    if release.package_tags:
        # A push that came to no end may have left the tags of packages alone: that version is not released.
        left = tags_without(clone.git, head, RELEASE_TAG)
        tags = tuple(tag for tag in tags if tag.name not in left)
    return find_naming(release, tags, workspace, clone.git, read_at, tree)


def _fallen_out(
    clone: Clone, workspace: Workspace, manifests: Sequence[Manifests], scope: Scope, previous: Claim | None
) -> Iterator[Problem]:
    """Report manifests that cannot be read now and whose packages were a part of the last release."""
    broken = {one.path: one.problem for one in workspace.not_released if one.problem is not None}
    if not broken or previous is None:
        return
    tree = clone.tree(previous.commit, sorted(broken))
    for one in (package for each in manifests for package in _packages(each.discover(tree, scope.exclude))):
        if one.manifest in broken and read(one.version) == previous.version:
            yield may_be_meant(broken[one.manifest], f"`{one.name}` had the version of the last release")


def _packages(found: Discovery) -> Iterator[Package]:
    return (package for workspace in found.workspaces for package in workspace.packages)


def _unread(
    clone: Clone, head: str, naming: TagNaming, previous: Claim | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find tags that look like versions but cannot be parsed: outside the last release's history, and others."""
    found = naming.unread
    if not found or previous is None:
        return found, ()
    newer = newer_tags(clone.git, head, previous.commit)
    return tuple(tag for tag in found if tag in newer), tuple(tag for tag in found if tag not in newer)


def _is_default(clone: Clone, url: str | None, branch: str) -> bool:
    """Return whether a branch is the remote's default branch, or has its usual name if the remote names none."""
    default = clone.default_branch(url) if url else None
    # Remotes name their default branch by the symbolic HEAD; some, and old ones, do not.
    return branch == default if default else branch in ("main", "master")


def _history(
    clone: Clone,
    refs: Refs | None,
    head: str,
    naming: TagNaming,
    line: Callable[[], Branch],
    configuration: Configuration,
    version: ReleaseVersion | None,
) -> History:
    tag_name, released = naming.tag, naming.released
    previous = released[0] if released else None
    claims = _Claims(clone, refs, head, naming, line)
    begun = claims.begun(version)
    unfinished, unclear = (
        tuple(one for one in found if not _is_tagged(clone, refs, naming, one.version))
        for found in (begun.standing, begun.unclear)
    )
    template = configuration.release.message
    # A ref that claims the version is castoff's, whoever made the tag.
    ours = previous is not None and (
        is_castoffs(clone, template, previous, released[1:]) or previous.commit == claims.by_ref(previous)
    )
    overtaken = None if ours else claims.overtaken(begun.standing, template)
    return History(
        previous=previous,
        released=released,
        unfinished=tuple(_with_other_tag(one, refs) for one in unfinished),
        unclear=unclear,
        overtaken=overtaken,
        ours=ours,
        idle=_is_idle(clone, head, previous, configuration),
        spelling=tag_name.ecosystem,
    )


@dataclass(frozen=True, slots=True)
class _Claims:
    """The claims of castoff in the history of ``head``, and the tags of the remote; ``line`` reads the branch."""

    clone: Clone
    refs: Refs | None
    head: str
    naming: TagNaming
    line: Callable[[], Branch]

    def begun(self, version: ReleaseVersion | None) -> Begun:
        """Find what was begun since the last release; ``version`` is what the manifests say at the head."""
        released = self.naming.released
        previous = released[0] if released else None
        since = History(previous=previous, released=released).since
        if self.refs is not None and self.refs.claims is not None:
            return Begun(claims_in(self.clone, self.refs, self.head, since))
        return begun_on(self.line(), since) if previous is None or version != previous.version else Begun()

    def by_ref(self, claim: Claim) -> str | None:
        """Return the commit at which a ref claims the version of a release."""
        if self.refs is None or not self.refs.claims:
            return None
        found = claims_in(self.clone, self.refs, self.head, None)
        return next((one.commit for one in found if one.version == claim.version), None)

    def overtaken(self, standing: Sequence[Claim], template: str) -> Claim | None:
        """Find a claim of castoff whose version has a tag that somebody else put on another commit.

        The tag may lie below the release commit, above it, or beside the branch: it was not made by the tag stage.
        """
        released = self.naming.released
        if released:
            if (commit := self.by_ref(released[0])) is not None:
                return Claim(version=released[0].version, commit=commit)
            if (claim := overtaken_claim(self.line(), released[0], released[1:])) is not None:
                return claim
        by_ref = self.refs is not None and self.refs.claims is not None
        return next(
            (
                one
                for one in standing
                if self._has_foreign_tag(one) and (by_ref or is_castoffs(self.clone, template, one, released))
            ),
            None,
        )

    def _has_foreign_tag(self, claim: Claim) -> bool:
        """Return whether a tag beside the branch has the version and no digests; a missing commit proves nothing."""
        found = {
            tag: ref
            for tag, ref in (self.refs.tags if self.refs else {}).items()
            if self.naming.tag.version(tag) == claim.version
        }
        return bool(found) and not any(
            not self.clone.has(ref.commit) or listed_digests(self.clone.tag_message(tag))
            for tag, ref in found.items()
        )


def _given_up(
    clone: Clone,
    head: str,
    line: Callable[[], Branch],
    history: History,
) -> tuple[ReleaseVersion, ...]:
    if not has_reverts(clone.git, history.previous.commit if history.previous else None, head):
        return ()
    known = {claim.version for claim in (*history.released, *history.unfinished)}
    found = (claim.version for claim in begun_on(line(), history.since).given_up)
    return tuple(sorted({one for one in found if one not in known}))


def _with_other_tag(claim: Claim, refs: Refs | None) -> Claim:
    """Name a tag on the release commit that has the version in another form: the configured one was changed."""
    numbers = str(claim.version.base)
    there = (name for name, tag in (refs.tags if refs else {}).items() if tag.commit == claim.commit)
    return replace(claim, other_tag=next((name for name in sorted(there) if numbers in name), None))


def _is_tagged(clone: Clone, refs: Refs | None, naming: TagNaming, version: ReleaseVersion) -> bool:
    """Return whether the remote has a version's tag: in any spelling, on any branch, or one of each package.

    Tags of packages that castoff made are none: it pushes them with the release's tag, or before it.
    """
    if refs is None:
        return False
    if any(naming.tag.version(tag) == version for tag in refs.tags):
        return True
    each = [tag for _, tag in naming.each_of(version, besides="")]
    return (
        bool(each) and all(tag in refs.tags for tag in each) and RELEASE_TAG not in clone.tag_message(each[0])
    )


def _is_idle(clone: Clone, head: str, previous: Claim | None, configuration: Configuration) -> bool:
    """Return whether nothing but the changelog was committed since the last release."""
    if previous is None:
        return False
    own = configuration.changelog.file
    since = () if head == previous.commit else clone.commits_since(previous.commit, head)
    # An empty commit, or a merge of nothing, is something that a person committed; castoff's own touch the changelog.
    return all(paths and all(_is_changelog(path, own) for path in paths) for paths in since)


def _is_changelog(path: str, configured: str | None) -> bool:
    return path == configured if configured else path.rpartition("/")[2] == "CHANGELOG.md"
