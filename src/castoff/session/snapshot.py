"""The snapshot of workspace and remote: what is here, and what was released and claimed so far.

Everything is read from a temporary clone that holds the remote's branch and tags: what the remote says counts,
what was never pushed counts as nothing. Where the remote cannot be asked, the local refs stand in and a problem
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, partial

from msgspec import Struct, field

from castoff.config.values import Configuration, ReleaseSettings
from castoff.errors import CastoffError, Problem, Refusal, WorkspaceError
from castoff.git import CheckedOut, Clone, Refs, Repository
from castoff.git.log import has_reverts, newer_tags, reachable_tags, tags_without
from castoff.model.changed_packages import at_newest
from castoff.model.graph import Order, order_of
from castoff.model.intent import Begun, Claim, History
from castoff.model.joined_workspace import may_be_meant
from castoff.model.refs import TagName, TagRef
from castoff.model.scope import Scope
from castoff.model.tag_schemes import ReachableTag, is_ignored
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell
from castoff.model.workspace import Workspace
from castoff.ports import Tree
from castoff.session.changed_packages import changed_files, only_changed
from castoff.session.claim_history import (
    Branch,
    begun_on,
    has_claim_subject,
    is_castoffs,
    is_copy_of,
    listed_digests,
    overtaken_claim,
    tells_claim,
)
from castoff.session.release_branches import Place, is_release_branch, other_heads
from castoff.session.services import Services
from castoff.session.sync_state import Heads, remote_problems
from castoff.session.tag_names import RELEASE_TAG, TaggedBranch, TagNaming, find_naming
from castoff.session.workspaces import PastWorkspaces, manifest_tree, read_workspace
from castoff.values import replace


class Snapshot(Struct, frozen=True, kw_only=True, dict=True):
    """One look at repository, remote and workspace; ``head`` is the branch's commit that a release starts from.

    ``state`` is what is wrong with clone and remote: it stops a release, but not a plan. ``problems`` is what is
    wrong with the workspace itself. ``unreachable`` is what git said where the remote is not ``reachable``.
    ``given_up`` lists the versions that were begun since the last release and taken back by a later commit; it reads
    the branch, so it is asked only where it matters. ``unread_tags`` look like versions and are none: those that may
    be newer than the last release, and the others. ``tags_at_head`` lie in the history of ``head``.
    ``is_default_branch`` asks the remote.
    """

    branch: str
    remote: str | None
    remote_url: str | None
    refs: Refs
    reachable: bool
    unreachable: str
    head: str
    tags: TagNaming
    tags_at_head: tuple[ReachableTag, ...] = ()
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
        # Packages of several versions have tags of several forms: what is left out decides both.
        return (*self.differing_versions, *self.tags.problems) if self.tags.problems else ()

    @property
    def differing_versions(self) -> tuple[Problem, ...]:
        """Return the errors of packages that have another version than the release."""
        codes = ("several-versions", "stray-version")
        return tuple(one for one in self.workspace.problems if one.code in codes and one.severity == "error")

    def tag_of(self, claim: Claim) -> str:
        """Name the tag of a release: the one that it has, else the one that it will get."""
        return claim.tag or self.tag_name.of(claim.version)

    def shown(self, version: ReleaseVersion) -> str:
        """Spell a version as this workspace's tags do."""
        return spell(version, self.tag_name.ecosystem)

    def version_of(self, tag: str) -> ReleaseVersion | None:
        """Read the version of a tag in the form of the release's, or in the forms of earlier releases."""
        return self.tags.version(tag)

    @cached_property
    def tagged_versions(self) -> frozenset[ReleaseVersion]:
        """Return the versions that the remote's tags name; read once, as each package is compared with all of them."""
        found = map(self.version_of, self.refs.tags)
        return frozenset(one for one in found if one is not None)

    def ignores(self, tag: str) -> bool:
        """Return whether the configuration leaves a tag out."""
        return is_ignored(tag, self.tags.ignored)

    @property
    def ecosystems(self) -> tuple[Ecosystem, ...]:
        """Name the ecosystems of the published packages."""
        return tuple(sorted({package.ecosystem for package in self.workspace.packages}))


def take_snapshot(services: Services, clone: Clone, *, of: str | None = None) -> Snapshot:
    """Look at everything; errors are what makes a release unthinkable, problems are listed in the result.

    The branch is the user's, or ``of`` an earlier look: people switch branches while a run builds.
    """
    repository = services.repository
    # Asked first: without a commit, nothing below has an answer.
    here = repository.checked_out()
    local_head = _local_head(here)
    remote, url = _remote(repository, services.configuration, here.branch)
    refs, unreachable = (clone.ls_remote(url) if url else None), clone.last_refusal
    allowed = services.configuration.release.branches
    # A run that looks again keeps its branch: people switch branches while it builds.
    branch, branch_problem = (of, ()) if of else _branch(here, refs, allowed)
    remote_head = refs.heads.get(branch) if refs and not branch_problem else None
    head = local_head
    if url and refs and remote_head and clone.bring(url, refs, branch):
        head = remote_head
    seen = snapshot_at(Place(branch, head, remote, url, refs), clone, services)
    if of is not None and here.branch != of:
        here = replace(here, commit=remote_head or local_head)  # the checkout is not of this branch any more
    heads = Heads(remote if url else None, remote_head, here)
    state = branch_problem or remote_problems(repository, clone, heads, reachable=seen.reachable)
    return replace(seen, unreachable=unreachable, state=state)


def snapshot_at(where: Place, clone: Clone, services: Services) -> Snapshot:
    """Read a branch at its head; the user's checkout is not compared with it."""
    configuration, manifests = services.configuration, services.manifests
    head, scope = where.head, services.scope
    tree = manifest_tree(clone, head)
    is_partial = scope.versions == "newest"
    workspace = read_workspace(tree, manifests, replace(scope, versions="any") if is_partial else scope)
    order = ordered(workspace, configuration.release)
    past = PastWorkspaces(clone.tree, manifests, scope, workspace)
    tags = _reachable_tags(clone, head, configuration.release)
    facade = workspace.package(order.facade).name if order.facade is not None else None
    tagged = TaggedBranch(clone.git, tags, workspace, tree, past.at, services.repository.is_shallow, facade)
    naming = find_naming(tagged, configuration.release)
    version = common_version(workspace)
    if is_partial:
        version = common_version(replace(workspace, packages=at_newest(workspace.packages)))
        files = changed_files(clone, head, workspace, naming)
        workspace = only_changed(workspace, order.facade, files, configuration)
        order = ordered(workspace, configuration.release)
    refs = _with_claims(clone, where.url, where.refs) if workspace.is_from_tags else where.refs
    line = partial(Branch.of, services, clone, head)
    others = partial(_others, where, clone, services)
    reading = _Reading(services, clone, head, refs, naming, line, others)
    history = reading.history(version)
    workspace = past.measured_by(history.previous, workspace, tree)
    return Snapshot(
        branch=where.branch,
        remote=where.remote,
        remote_url=where.url,
        refs=refs or Refs(),
        reachable=refs is not None,
        unreachable="",
        head=head,
        tags=naming,
        tags_at_head=tags,
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
            *reading.fallen_out(workspace, history.previous),
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


def common_version(workspace: Workspace) -> ReleaseVersion | None:
    """Return the version that all packages have in the tree; None where they differ or it is no release version."""
    versions = {read(package.version) for package in workspace.packages if package.tags is None}
    return versions.pop() if len(versions) == 1 else None


def claims_in(
    clone: Clone, claims: Mapping[str, TagRef], head: str, previous: Claim | None
) -> tuple[Claim, ...]:
    """Find what refs, by the texts of versions, claim since the last release in the history of a commit."""
    found = [
        Claim(version=version, commit=one.commit)
        for text, one in claims.items()
        if (version := read(text)) is not None
        and (previous is None or version > previous.version)
        and clone.is_ancestor(one.commit, head)
    ]
    return tuple(sorted(found, key=lambda claim: claim.version, reverse=True))


def _with_claims(clone: Clone, url: str | None, refs: Refs | None) -> Refs | None:
    """Ask for claims as well; a remote that cannot tell them was not asked at all."""
    # Only with versions from tags: elsewhere, the branch itself is the claim.
    claims = clone.claims(url) if url and refs else None
    return replace(refs, claims=claims) if refs and claims is not None else None


def _local_head(here: CheckedOut) -> str:
    if here.commit is None:
        raise WorkspaceError.of(
            "no-commits", "the repository has no commit yet", remedy="commit your packages first"
        )
    return here.commit


def _remote(
    repository: Repository, configuration: Configuration, branch: str | None
) -> tuple[str | None, str | None]:
    name = repository.remote_name(configuration.release.remote, branch)
    return name, repository.remote_url(name) if name is not None else None


def _branch(here: CheckedOut, refs: Refs | None, allowed: Sequence[str]) -> tuple[str, tuple[Problem, ...]]:
    branch = here.branch
    # CI checks out a detached commit: a release branch whose head it is, is meant.
    if branch is None and refs is not None:
        at_head = sorted(
            name
            for name, commit in refs.heads.items()
            if commit == here.commit and is_release_branch(name, allowed)
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


def _reachable_tags(clone: Clone, head: str, release: ReleaseSettings) -> tuple[ReachableTag, ...]:
    tags = reachable_tags(clone.git, head)
    if not release.package_tags:
        return tags
    # A push that came to no end may have left the tags of packages alone: that version is not released.
    left = tags_without(clone.git, head, RELEASE_TAG)
    return tuple(tag for tag in tags if tag.name not in left)


class _Reading(Struct, frozen=True):
    """What a snapshot reads the past of a branch from; ``line`` opens its history, ``others`` those of other branches.

    ``refs`` is None where the remote did not answer.
    """

    services: Services
    clone: Clone
    head: str
    refs: Refs | None
    naming: TagNaming
    line: Callable[[], Branch]
    others: Callable[[], Iterator[Branch]]

    def fallen_out(self, workspace: Workspace, previous: Claim | None) -> Iterator[Problem]:
        """Report manifests that cannot be read now and whose packages were a part of the last release."""
        broken = {one.path: one.problem for one in workspace.not_released if one.problem is not None}
        if not broken or previous is None:
            return
        tree = self.clone.tree(previous.commit, sorted(broken))
        found = (each.discover(tree, self.services.scope.exclude) for each in self.services.manifests)
        for one in (package for each in found for joined in each.workspaces for package in joined.packages):
            if one.manifest in broken and read(one.version) == previous.version:
                yield may_be_meant(broken[one.manifest], f"`{one.name}` had the version of the last release")

    def history(self, version: ReleaseVersion | None) -> History:
        """Return what was released and begun; ``version`` is that of the manifests."""
        released, template = self.naming.released, self.services.configuration.release.message
        previous = released[0] if released else None
        since = _since(released)
        begun = self._begun(version, since)
        unfinished, unclear = (
            tuple(
                one for one in found if not self._is_tagged(one.version) and not self._is_passed(one, begun)
            )
            for found in (begun.standing, begun.unclear)
        )
        # A ref that claims the version is castoff's, whoever made the tag.
        ours = previous is not None and (
            is_castoffs(self.clone, template, previous, released[1:])
            or previous.commit == self._by_ref(previous)
        )
        return History(
            previous=previous,
            released=released,
            unfinished=tuple(
                _with_other_tag(one, self.refs) for one in unfinished if not self._is_copy(one, since)
            ),
            unclear=unclear,
            overtaken=None if ours else self._overtaken(begun.standing),
            ours=ours,
            idle=self._is_idle(previous),
            spelling=self.naming.tag.ecosystem,
        )

    def _is_passed(self, claim: Claim, begun: Begun) -> bool:
        """Return whether the branch went on to a version that is tagged somewhere, without castoff.

        A project that tags commits beside the branch may renumber a version there, which was never released.
        """
        if self.refs is not None and self.refs.claims is not None:
            return False
        later = (one for one in begun.standing if one.version > claim.version)
        return any(self._is_tagged(one.version) for one in later) and not tells_claim(self.line(), claim)

    def _is_copy(self, claim: Claim, since: Claim | None) -> bool:
        """Return whether another release branch claims the version, and its claim came here by a merge or a pick.

        The release is in flight there. From here it would have other contents under the same version.
        """
        return any(is_copy_of(claim, begun_on(other, since), self.clone) for other in self.others())

    def _begun(self, version: ReleaseVersion | None, since: Claim | None) -> Begun:
        """Find what was begun since the last release; ``version`` is what the manifests say at the head."""
        previous = self.naming.released[0] if self.naming.released else None
        if self.refs is not None and self.refs.claims is not None:
            return Begun(claims_in(self.clone, self.refs.claims, self.head, since))
        return begun_on(self.line(), since) if previous is None or version != previous.version else Begun()

    def _by_ref(self, claim: Claim) -> str | None:
        """Return the commit at which a ref claims the version of a release."""
        if self.refs is None or not self.refs.claims:
            return None
        found = claims_in(self.clone, self.refs.claims, self.head, None)
        return next((one.commit for one in found if one.version == claim.version), None)

    def _overtaken(self, standing: Sequence[Claim]) -> Claim | None:
        """Find a claim of castoff whose version has a tag that somebody else put on another commit.

        The tag may lie below the release commit, above it, or beside the branch: it was not made by the tag stage.
        """
        released = self.naming.released
        template = self.services.configuration.release.message
        if released:
            if (commit := self._by_ref(released[0])) is not None:
                return Claim(version=released[0].version, commit=commit)
            since = released[1] if released[1:] else released[0]
            if has_claim_subject(self.clone, template, released[0].version, (since.commit, self.head)):
                claim = overtaken_claim(self.line(), released[0], released[1:])
                if claim is not None:
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

    def _is_tagged(self, version: ReleaseVersion) -> bool:
        """Return whether the remote has a version's tag: in any spelling, on any branch, or one of each package."""
        if self.refs is None:
            return False
        tags = self.refs.tags
        if any(self.naming.tag.version(tag) == version for tag in tags):
            return True
        each = [tag for _, tag in self.naming.each_of(version, besides="")]
        # Tags of packages that castoff made are none: it pushes them with the release's tag, or before it.
        return (
            bool(each)
            and all(tag in tags for tag in each)
            and RELEASE_TAG not in self.clone.tag_message(each[0])
        )

    def _is_idle(self, previous: Claim | None) -> bool:
        """Return whether nothing but the changelog was committed since the last release."""
        if previous is None:
            return False
        own = self.services.configuration.changelog.file
        since = () if self.head == previous.commit else self.clone.commits_since(previous.commit, self.head)
        # An empty commit, or a merge of nothing, is something that a person committed; castoff's own touch the
        # changelog.
        return all(paths and all(_is_changelog(path, own) for path in paths) for paths in since)


def _since(released: Sequence[Claim]) -> Claim | None:
    return History(previous=released[0], released=released).since if released else None


def _others(where: Place, clone: Clone, services: Services) -> Iterator[Branch]:
    """Open the other release branches; one that cannot be fetched or read claims nothing."""
    for head in other_heads(where, clone, services.configuration.release.branches).values():
        with suppress(CastoffError):
            yield Branch.of(services, clone, head)


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


def _is_changelog(path: str, configured: str | None) -> bool:
    return path == configured if configured else path.rpartition("/")[2] == "CHANGELOG.md"
