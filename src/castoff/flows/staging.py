"""Which stages does a release of this workspace have, and of which parts are they made?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from castoff.errors import Problem
from castoff.flows.editing import shown
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.graph import Order
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion, next_version, read, spell
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.notes.milestones import Answer, MilestonePlan, MilestonePolicy
from castoff.ports import Forge
from castoff.stages.announce import AnnouncePart
from castoff.stages.claim_ref import DropClaimPart, RefClaimPart
from castoff.stages.draft import DraftPart
from castoff.stages.milestone import MilestonePart
from castoff.stages.part import Part, Stage
from castoff.stages.publish import PackagePart, PresencePart
from castoff.stages.tag import TagPart
from castoff.stages.version import ClaimPart

NO_REMOTE = "the repository has no remote"
NO_FORGE = "the remote is on no forge that castoff speaks with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be released: a claimed version, with workspace and order as they are at its commit."""

    claim: Claim
    workspace: Workspace
    order: Order
    tag: str
    title: str
    remote_url: str
    branch: str


def target_of(survey: Survey, claim: Claim, workspace: Workspace, order: Order) -> Target:
    """Put a target together."""
    return Target(
        claim=claim,
        workspace=workspace.at(claim.version),
        order=order,
        tag=survey.tag_name.of(claim.version),
        title=shown(claim.version, survey),
        remote_url=survey.remote_url or "",
        branch=survey.branch,
    )


def claim_stage(target: Target, worktree: Worktree, *, stamp: str | None = None) -> Stage:
    """Claim the version; ``stamp``: the tag object of the run that makes the claim, None where it was made before.

    Where the commit does not say which version it is, a ref of its own does.
    """
    if target.workspace.is_from_tags:
        by_ref = RefClaimPart(
            title=target.title,
            commit=target.claim.commit,
            tag=target.tag,
            branch=target.branch,
            remote_url=target.remote_url,
            worktree=worktree,
            stamp=stamp,
        )
        return Stage("version", (by_ref,))
    part = ClaimPart(
        commit=target.claim.commit,
        branch=target.branch,
        remote_url=target.remote_url,
        worktree=worktree,
        made_here=stamp is not None,
        unfit=_of_another_version(target),
    )
    return Stage("version", (part,))


def _of_another_version(target: Target) -> Problem | None:
    """Hold a tag against the manifests of its commit: a tag set by hand may stand anywhere."""
    version = target.claim.version
    stray = next((one for one in target.workspace.packages if read(one.version) != version), None)
    if stray is None:
        return None
    return Problem(
        code="tag-of-another-version",
        message=f"`{target.tag}` stands on a commit of which `{stray.name}` is {stray.version}",
        reason="what is built from it would be uploaded as that version, not as " + target.title,
        remedy="find out who made the tag; where nothing of it is out, delete it on the remote, else leave it and "
        "release the next version",
        file=stray.version_file,
        line=stray.version_line,
        package=stray.id,
        commit=target.claim.commit,
    )


def presence_stage(setting: Setting, target: Target) -> Stage:
    """Look for the artifacts without having built them."""
    registries = {e: setting.registry(e) for e in {p.ecosystem for p in target.workspace.packages}}
    return Stage(
        "publish",
        tuple(
            PresencePart(
                package=package,
                version=spell(target.claim.version, package.ecosystem),
                registry=registries[package.ecosystem],
            )
            for package in _in_order(target)
        ),
    )


def publish_stage(
    setting: Setting,
    target: Target,
    artifacts: Sequence[Artifact],
    root: Path,
    *,
    accepted: frozenset[str] = frozenset(),
) -> Stage:
    """Upload the artifacts, each package when what it needs is visible."""
    registries = {e: setting.registry(e) for e in {p.ecosystem for p in target.workspace.packages}}
    by_package: Mapping[str, list[Artifact]] = {package.id: [] for package in target.workspace.packages}
    for artifact in artifacts:
        by_package[target.workspace.owner(artifact).id].append(artifact)
    parts: list[Part] = [
        PackagePart(
            package=package,
            version=spell(target.claim.version, package.ecosystem),
            artifacts=tuple(by_package[package.id]),
            registry=registries[package.ecosystem],
            root=root,
            needs=target.order.needs[package.id],
            accepted=accepted,
        )
        for package in _in_order(target)
    ]
    return Stage("publish", tuple(parts))


def milestone_stage(setting: Setting, survey: Survey, target: Target, answer: Answer | None = None) -> Stage:
    """Roll the milestones over; a question about them never holds a release up."""
    forge = setting.milestones(target.remote_url)
    if setting.configuration.milestone.mode == "off" or forge is None:
        return Stage("milestone", (), required=False, off="`milestone.mode` is off" if forge else NO_FORGE)
    plan, policy = milestone_plan(setting, survey, target)
    return Stage("milestone", (MilestonePart(plan, policy, forge, answer),), required=False)


def milestone_plan(setting: Setting, survey: Survey, target: Target) -> tuple[MilestonePlan, MilestonePolicy]:
    """Say between which versions the milestones roll over, and by which policy."""
    policy = setting.configuration.milestone
    version = target.claim.version
    earlier = [claim.version for claim in survey.history.released if claim.version < version]
    plan = MilestonePlan(
        version=version,
        following=next_version(version.base, policy.next if is_latest_line(survey, version) else "patch"),
        previous=earlier[0] if earlier else None,
    )
    return plan, MilestonePolicy(mode=policy.mode, title=policy.title)


def tag_stage(target: Target, worktree: Worktree, make: Callable[[], str]) -> Stage:
    """Push the signed tag; a ref that claimed the version goes then."""
    part = TagPart(
        tag=target.tag,
        commit=target.claim.commit,
        remote_url=target.remote_url,
        worktree=worktree,
        make=make,
    )
    if target.workspace.is_from_tags:
        return Stage("tag", (part, drop_claim_part(target, worktree, after="tag")))
    return Stage("tag", (part,))


def drop_claim_part(
    target: Target, worktree: Worktree, *, after: str, is_burnt: Callable[[], bool] = lambda: False
) -> DropClaimPart:
    """Make the part that deletes the ref of a claim, once another part of its stage is done."""
    return DropClaimPart(
        title=target.title,
        commit=target.claim.commit,
        branch=target.branch,
        remote_url=target.remote_url,
        worktree=worktree,
        needs=frozenset({after}),
        is_burnt=is_burnt,
    )


def forge_stages(
    setting: Setting, survey: Survey, target: Target, body: Callable[[], str], *, agreed: bool
) -> tuple[Stage, ...]:
    """Draft and announce, where there is a forge."""
    forge = setting.forge(target.remote_url)
    if forge is None:
        return Stage("draft", (), off=NO_FORGE), Stage("announce", (), off=NO_FORGE)
    version = target.claim.version
    draft = draft_part(target, forge, body)
    announce = AnnouncePart(
        tag=target.tag,
        commit=target.claim.commit,
        latest=setting.configuration.draft.latest == "highest" and is_latest(survey, target),
        prerelease=not version.is_stable,
        forge=forge,
        agreed=agreed,
    )
    by_ci = "a workflow writes the draft (`draft.by`)" if setting.configuration.draft.by == "ci" else None
    return Stage("draft", (draft,), off=by_ci), Stage("announce", (announce,))


def draft_part(target: Target, forge: Forge, body: Callable[[], str]) -> DraftPart:
    """Make the part that keeps the draft; ``body`` writes what is generated."""
    return DraftPart(
        tag=target.tag,
        title=target.title,
        commit=target.claim.commit,
        prerelease=not target.claim.version.is_stable,
        forge=forge,
        body=body,
    )


def is_latest(survey: Survey, target: Target) -> bool:
    """Say whether this is the highest stable version of all that are tagged on the remote."""
    return target.claim.version.is_stable and is_latest_line(survey, target.claim.version)


def is_latest_line(survey: Survey, version: ReleaseVersion) -> bool:
    """Say whether no higher stable version is tagged on the remote: it is no hotfix of an older line."""
    tagged = (survey.tag_name.version(tag) for tag in survey.refs.tags)
    return all(one <= version for one in tagged if one is not None and one.is_stable)


def _in_order(target: Target) -> list[Package]:
    return [target.workspace.package(name) for wave in target.order.waves for name in wave]
