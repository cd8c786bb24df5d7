"""Assembly of the stages of a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from castoff.errors import Problem
from castoff.git import Clone
from castoff.model.observations import Answer, Unknown
from castoff.model.refs import TagRef, without_name
from castoff.model.versions import next_version, read
from castoff.model.workspace import Artifact, Package
from castoff.notes.milestones import Answer as MilestoneAnswer
from castoff.notes.milestones import MilestonePlan, MilestonePolicy
from castoff.ports import Forge, Stages
from castoff.reconcile.part import Part, Stage, UnansweredPart
from castoff.release.announce import AnnouncePart
from castoff.release.checksums import ChecksumsPart
from castoff.release.claim_ref import RefClaimPart
from castoff.release.draft import DraftPart
from castoff.release.milestone import MilestonePart
from castoff.release.publish import PackagePart, PresencePart
from castoff.release.staging import ApprovePart, HeldPart, StagePart, stage_name
from castoff.release.tag import TagPart
from castoff.release.tag_fitness import TagFitness
from castoff.release.version import ClaimPart
from castoff.release.waiver import WaivablePart, waiver_in
from castoff.rollback.dropped_claim import drop_claim_part
from castoff.session.checksums import wants_checksums
from castoff.session.claim_history import listed_digests
from castoff.session.release import NO_FORGE, Release, is_latest, is_latest_line
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services, chooses_kinds
from castoff.session.session import Session
from castoff.values import replace

_UNSIGNED = ", annotated and not signed: `release.sign` gives the workflow no key"


def claim_stage(release: Release, clone: Clone, *, stamp: str | None = None) -> Stage:
    """Claim the version; ``stamp``: the tag object of the run that makes the claim, None where it was made before.

    Where the commit does not say which version it is, a ref of its own does.
    """
    if release.workspace.is_from_tags:
        by_ref = RefClaimPart(
            title=release.title,
            commit=release.commit,
            tag=release.tag,
            branch=release.branch,
            remote_url=release.remote_url,
            clone=clone,
            stamp=stamp,
        )
        return Stage("version", (by_ref,))
    part = ClaimPart(
        commit=release.commit,
        branch=release.branch,
        remote_url=release.remote_url,
        clone=clone,
        made_here=stamp is not None,
        tag=release.tag if release.tagged else None,
        unfit=_of_another_version(release),
    )
    return Stage("version", (part,))


def _of_another_version(release: Release) -> Problem | None:
    """Hold a tag against the manifests of its commit: a tag set by hand may stand anywhere."""
    version = release.version
    # The first one is enough: the tag is wrong for the whole release.
    stray = next((one for one in release.workspace.packages if read(one.version) != version), None)
    if stray is None:
        return None
    return Problem(
        code="tag-of-another-version",
        message=f"`{release.tag}` is on a commit at which `{stray.name}` is {stray.version}",
        reason="builds of it would be uploaded as that version, not as " + release.title,
        remedy=f'keep the tag, add `ignore-tags = ["{release.tag}"]` to `[release]`, and release the next version',
        file=stray.version_file,
        line=stray.version_line,
        package=stray.id,
        commit=release.commit,
    )


def staging_of(services: Services, release: Release) -> Mapping[str, bool | Unknown]:
    """Return which packages are staged; of those that no registry can hold back, nothing."""
    registries = {e: services.registry(e) for e in {p.ecosystem for p in release.workspace.packages}}
    return {
        package.id: registry.will_stage(package)
        for package in release.workspace.packages
        if isinstance(registry := registries[package.ecosystem], Stages)
    }


def presence_stage(
    services: Services, release: Release, staging: Mapping[str, bool | Unknown] | None = None
) -> Stage:
    """Look for the artifacts without having built them; ``staging`` is asked for if it is None."""
    if staging is None:
        staging = staging_of(services, release)
    registries = {e: services.registry(e) for e in {p.ecosystem for p in release.workspace.packages}}
    parts = [
        PresencePart(
            package=package,
            version=release.native(package),
            registry=registries[package.ecosystem],
            # Once the tag is out, what was uploaded is all there is: kinds that were left out are no gap.
            any_kind=release.tagged and chooses_kinds(services, package),
            tagged=release.tagged,
        )
        for package in _in_order(release)
    ]
    return Stage("publish", with_staging(release, parts, staging))


def publish_stage(
    session: Session, release: Release, artifacts: Sequence[Artifact], request: ReleaseRequest | None = None
) -> Stage:
    """Upload the artifacts, each package when what it needs is visible.

    The request tells which published files are accepted unseen, and whether staged packages are approved as well.
    """
    services, root = session.services, session.clone.root
    # Without a request, a stage is only looked at or rehearsed: nobody accepted anything for it.
    accepted = request.accepted if request is not None else frozenset()
    approved = request is not None and request.approved
    registries = {e: services.registry(e) for e in {p.ecosystem for p in release.workspace.packages}}
    built = release.workspace.by_owner(artifacts)
    parts = [
        PackagePart(
            package=package,
            version=release.native(package),
            artifacts=built.get(package.id, ()),
            registry=registries[package.ecosystem],
            root=root,
            needs=release.order.needs[package.id],
            accepted=accepted,
            tagged=release.tagged,
        )
        for package in _in_order(release)
    ]
    staging = staging_of(services, release)
    if unknown := next((one for one in staging.values() if isinstance(one, Unknown)), None):
        return Stage("publish", (UnansweredPart("staging", unknown),))
    return Stage("publish", with_staging(release, parts, staging, approved=approved))


def with_staging(
    release: Release,
    parts: Sequence[PackagePart] | Sequence[PresencePart],
    staging: Mapping[str, bool | Unknown],
    *,
    approved: bool = False,
) -> tuple[Part[Any], ...]:
    """Split the packages that are staged first: all are staged, then the others uploaded, then these approved.

    So nothing that cannot be taken back happens before all that can. Where it is not known whether a registry can
    stage, the acts of both ways have a condition.
    """
    # Unknown counts as staged here, so that both ways are shown with their conditions.
    staged = {name for name, answer in staging.items() if answer is not False}
    if not staged:
        return tuple(parts)
    needs, held = release.order.needs, set[str]()
    for part in parts:
        # In upload order, so that what needs a held package is seen to be held too.
        if part.name not in staged and needs[part.name] & (staged | held):
            held.add(part.name)
    first = frozenset(stage_name(part.package) for part in parts if part.name in staged)
    # What cannot be taken back goes between staging and approving: a failure there leaves nothing visible.
    plain = frozenset(part.name for part in parts) - staged - held
    split: list[Part[Any]] = [
        StagePart(part, unsure=staging[part.name] is not True) for part in parts if part.name in staged
    ]
    for part in parts:
        if part.name in staged:
            after = needs[part.name] | first | plain
            unsure = staging[part.name] is not True
            split.append(ApprovePart(part, needs=after, approved=approved, unsure=unsure))
        elif part.name in held and not approved:
            split.append(HeldPart(part, needs[part.name] | first))
        else:
            split.append(replace(part, needs=needs[part.name] | first))
    return tuple(split)


def milestone_stage(session: Session, release: Release, answer: MilestoneAnswer | None = None) -> Stage:
    """Roll the milestones over; a question about them never holds a release up."""
    forge = session.services.milestones(release.remote_url)
    if session.configuration.milestone.mode == "off" or forge is None:
        return Stage("milestone", (), may_lag=True, off="`milestone.mode` is off" if forge else NO_FORGE)
    plan, policy = milestone_plan(session, release)
    return Stage("milestone", (MilestonePart(plan, policy, forge, answer),), may_lag=True)


def milestone_plan(session: Session, release: Release) -> tuple[MilestonePlan, MilestonePolicy]:
    """Say between which versions the milestones roll over, and by which policy."""
    policy = session.configuration.milestone
    version = release.version
    # A hotfix of an older line rolls over from its own predecessor, not from the newest release.
    earlier = [claim.version for claim in session.snapshot.history.released if claim.version < version]
    plan = MilestonePlan(
        version=version,
        following=next_version(
            version.base, policy.next if is_latest_line(session.snapshot, version) else "patch"
        ),
        previous=earlier[0] if earlier else None,
    )
    return plan, MilestonePolicy(mode=policy.mode, title=policy.title)


def tag_stage(session: Session, release: Release, make: Callable[[], str]) -> Stage:
    """Push the signed tag; a ref that claimed the version goes then. A tag of other making blocks what follows."""
    settings = session.configuration
    part = TagPart(
        tag=release.tag,
        title=release.title,
        commit=release.commit,
        remote_url=release.remote_url,
        clone=session.clone,
        make=make,
        fault=TagFitness(session, release).fault,
        beside=release.beside,
        remark=_UNSIGNED if settings.ci.release and settings.release.sign not in ("tag", "both") else "",
    )
    if release.workspace.is_from_tags:
        return Stage("tag", (part, drop_claim_part(release, session.clone, after="tag")))
    return Stage("tag", (part,))


def forge_stages(
    session: Session,
    release: Release,
    body: Callable[[], str],
    *,
    agreed: bool,
) -> tuple[Stage, ...]:
    """Draft and announce, where there is a forge."""
    forge = session.services.forge(release.remote_url)
    off = "`draft.by` is off" if session.configuration.draft.by == "off" else None
    if forge is None or off is not None:
        return Stage("draft", (), off=off or NO_FORGE), Stage("announce", (), off=off or NO_FORGE)
    version = release.version
    draft = draft_parts(session, release, forge, body)
    announce = AnnouncePart(
        tag=release.tag,
        commit=release.commit,
        latest=session.configuration.draft.latest == "highest" and is_latest(session.snapshot, release),
        prerelease=not version.is_stable,
        forge=forge,
        agreed=agreed,
        checksums=_expects_checksums(session, release),
    )
    by_ci = "a workflow writes the draft (`draft.by`)" if session.configuration.draft.by == "ci" else None
    if not release.tagged:
        return Stage("draft", draft, off=by_ci), Stage("announce", (announce,))
    # Two parts ask the same question; one request answers both.
    claims = cache(lambda: session.clone.claims(release.remote_url))

    def waivable(part: Part[Any], stage: str) -> WaivablePart:
        return WaivablePart(part, partial(_waiver, claims, without_name(stage, release.title)))

    drafts = [waivable(part, "draft") for part in draft]
    return Stage("draft", drafts, off=by_ci), Stage("announce", (waivable(announce, "announce"),))


def _waiver(claims: Callable[[], Mapping[str, TagRef] | None], name: str) -> Answer:
    return waiver_in(claims(), name)


def draft_parts(
    session: Session, release: Release, forge: Forge, body: Callable[[], str]
) -> tuple[Part[Any], ...]:
    """Make the parts that keep the draft and what is attached to it; ``body`` writes what is generated."""
    draft = DraftPart(
        tag=release.tag,
        title=release.title,
        commit=release.commit,
        prerelease=not release.version.is_stable,
        forge=forge,
        body=body,
    )
    if not wants_checksums(session.configuration):
        return (draft,)
    return draft, ChecksumsPart(
        tag=release.tag, forge=forge, listed=partial(listed_by_tag, session.clone, release.tag)
    )


def listed_by_tag(clone: Clone, tag: str) -> Mapping[str, str] | None:
    """Return the digests that a tag of the clone lists, None where the clone has no such tag."""
    message = clone.tag_message(tag)
    return listed_digests(message) if message else None


def _expects_checksums(session: Session, release: Release) -> Callable[[], bool]:
    """Return what tells whether the draft must have its file of digests before it is published."""
    return lambda: wants_checksums(session.configuration) and bool(listed_by_tag(session.clone, release.tag))


def _in_order(release: Release) -> list[Package]:
    packages = {one.id: one for one in release.workspace.packages}
    return [packages[name] for wave in release.waves for name in wave]
