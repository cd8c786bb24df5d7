"""The release that a run works on: a claimed version, with workspace and order as they are at its commit."""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import Refusal
from castoff.model.graph import Order
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Package, Workspace
from castoff.session.snapshot import Snapshot

NO_FORGE = "the remote's host is not a supported forge"


class Release(Struct, frozen=True, kw_only=True):
    """One release under work: a claimed version, with workspace and order as they are at its commit."""

    claim: Claim
    workspace: Workspace
    order: Order
    tag: str
    title: str
    remote_url: str
    branch: str
    each: tuple[tuple[str, str], ...] = ()
    """Package and tag of each package, where that is another tag than the release's."""

    @property
    def version(self) -> ReleaseVersion:
        """Return the claimed version."""
        return self.claim.version

    @property
    def commit(self) -> str:
        """Return the release commit's id."""
        return self.claim.commit

    @property
    def tagged(self) -> bool:
        """Return whether the remote has the release's tag on its commit."""
        return self.claim.tagged

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """Return the ids of the packages in the order of their uploads; those of one wave do not need each other."""
        return self.order.waves

    @property
    def facade(self) -> str | None:
        """Return the id of the package that reaches all others, None if there is none."""
        return self.order.facade

    def native(self, package: Package) -> str:
        """Spell the version as the package's ecosystem does."""
        return spell(self.version, package.ecosystem)

    @property
    def beside(self) -> tuple[str, ...]:
        """Return the tags of the packages."""
        return tuple(tag for _, tag in self.each)


def release_of_claim(snapshot: Snapshot, claim: Claim, workspace: Workspace, order: Order) -> Release:
    """Put a release together.

    Errors: ``dependency-cycle``. A cycle has no waves: without this, a release would have no package to upload.
    """
    if cycle := [one for one in order.problems if one.code == "dependency-cycle"]:
        raise Refusal(*cycle)
    names = {one.name for one in workspace.packages}  # of what is released, where only what changed is
    return Release(
        claim=claim,
        workspace=workspace.at(claim.version),
        order=order,
        tag=snapshot.tag_of(claim),
        title=snapshot.shown(claim.version),
        remote_url=snapshot.remote_url or "",
        branch=snapshot.branch,
        each=tuple(
            (name, tag)
            for name, tag in snapshot.tags.each_of(claim.version, besides=snapshot.tag_of(claim))
            if name in names
        ),
    )


def is_latest(snapshot: Snapshot, release: Release) -> bool:
    """Return whether this is the highest stable version of all that are tagged on the remote."""
    return release.version.is_stable and is_latest_line(snapshot, release.version)


def is_latest_line(snapshot: Snapshot, version: ReleaseVersion) -> bool:
    """Return whether no higher stable version is tagged on the remote: it is no hotfix of an older line."""
    tagged = (snapshot.tag_name.version(tag) for tag in snapshot.refs.tags)
    return all(one <= version for one in tagged if one is not None and one.is_stable)
