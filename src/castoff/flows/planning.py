"""What will a release do? Survey and intent in, plan out; nothing is written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import PurePosixPath

from castoff.configuration.templates import Occasion, fill
from castoff.configuration.values import Configuration, Limit
from castoff.errors import Problem
from castoff.flows.below import below_manifests, stray_base
from castoff.flows.editing import release_edits, shown
from castoff.flows.from_tags import claim_taken, tag_objections
from castoff.flows.left_behind import left_behind
from castoff.flows.stepping import given_up_before, unusual_step
from castoff.flows.survey import Survey, workspace_before
from castoff.model.acts import Act
from castoff.model.estimate import Bucket, Estimate, Upload, estimated
from castoff.model.intent import Begin, Resume
from castoff.model.plan import Plan, Planned, planned_packages
from castoff.model.refs import claim_ref
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Member, Workspace
from castoff.ports import Edited, Manifests, Tree
from castoff.stages.announce import PUBLISH
from castoff.stages.claim_ref import claim_act
from castoff.stages.draft import CREATE
from castoff.stages.publish import upload_act
from castoff.stages.version import CLAIM

DEFAULT_LIMITS: Mapping[tuple[str, bool], Bucket] = {
    ("cargo", True): Bucket(5, 600.0),
    ("cargo", False): Bucket(30, 60.0),
}
"""What crates-io documents for one user; other registries are configured in ``[limits]``."""

_LOCKS = frozenset({"Cargo.lock", "uv.lock", "poetry.lock", "pdm.lock"})


def occasion_of(survey: Survey, version: ReleaseVersion, today: date) -> Occasion:
    """Say of which release templates speak."""
    previous = survey.history.previous
    return Occasion(
        version=version,
        previous=previous.version if previous else None,
        day=today,
        name=survey.order.facade or repository_name(survey.remote_url),
        tag=survey.tag_name.of(version),
        previous_tag=survey.tag_name.of(previous.version) if previous else None,
        spelling=survey.tag_name.ecosystem,
    )


def repository_name(url: str | None) -> str:
    """Give the last word of a remote's address, without `.git`."""
    last = (url or "").rstrip("/").replace(":", "/").rpartition("/")[2]
    return last.removesuffix(".git") or "release"


def make_plan(
    survey: Survey,
    intent: Begin | Resume,
    level: str,
    configuration: Configuration,
    manifests: Sequence[Manifests],
    *,
    today: date,
    grace: float = 0.0,
) -> Plan:
    """Put the plan together."""
    version = intent.version if isinstance(intent, Begin) else intent.claim.version
    resumes = isinstance(intent, Resume)
    edited = (
        Edited(texts={}, edits=())
        if resumes
        else release_edits(survey, configuration, manifests, occasion_of(survey, version, today))
    )
    packages = planned_packages(survey.workspace.packages, survey.order, version, _new(survey))
    uploads = _uploads(packages)
    previous = survey.history.previous
    return Plan(
        version=version,
        shown_version=shown(version, survey),
        previous=shown(previous.version, survey) if previous else None,
        level=level,
        tag=survey.tag_name.of(version),
        branch=survey.branch,
        remote=survey.remote,
        base_commit=survey.head,
        resumes=resumes,
        claimed_by=claim_ref(shown(version, survey)) if survey.workspace.is_from_tags else None,
        order=survey.order,
        packages=packages,
        members=tuple((member, _member_version(member, version)) for member in survey.workspace.members),
        edits=edited.edits,
        locks=() if resumes or survey.workspace.is_from_tags else locks_of(survey.tree, survey.workspace),
        commands=() if resumes else _commands(configuration, occasion_of(survey, version, today)),
        acts=_acts(survey, packages, version, configuration, resumes=resumes),
        estimate=estimate(uploads, configuration.limits, grace=grace),
        problems=(
            *as_warnings(survey.state),
            *survey.problems,
            *edited.problems,
            *(() if resumes else left_behind(survey, configuration, edited.texts, version)),
            *(() if resumes else not_free(survey, version)),
            *(() if resumes else given_up_before(survey, version)),
            *(() if resumes else as_warnings(_base(survey, configuration, manifests, version, level))),
            *_no_version_problem(survey),
        ),
    )


def _commands(configuration: Configuration, occasion: Occasion) -> tuple[tuple[str, tuple[str, ...]], ...]:
    values = occasion.values()
    return tuple(
        (shlex.join(fill(word, values) for word in hook.command), tuple(hook.writes))
        for hook in configuration.version.run
    )


def _base(
    survey: Survey,
    configuration: Configuration,
    manifests: Sequence[Manifests],
    version: ReleaseVersion,
    level: str,
) -> tuple[Problem, ...]:
    """Warn where the tag that the level counts from does not fit the manifests; a release would stop."""
    before = partial(workspace_before, survey, manifests, configuration.release.exclude)
    return (*below_manifests(survey, version, level), *stray_base(survey, before, level))


def locks_of(tree: Tree, workspace: Workspace) -> tuple[str, ...]:
    """List the committed lock files that lock packages of the workspace."""
    folders = {one.path for one in workspace.packages} | {one.path for one in workspace.members}
    paths = (PurePosixPath(path) for path in tree.paths())
    return tuple(
        str(path)
        for path in paths
        if path.name in _LOCKS
        and any(path.parent in (home, *home.parents) for home in map(PurePosixPath, folders))
    )


def estimate(uploads: Sequence[Upload], limits: Sequence[Limit], *, grace: float) -> Estimate:
    """Simulate the uploads with the configured limits over the documented ones."""
    return estimated(uploads, buckets_of(limits), grace=grace)


def intervals_of(limits: Sequence[Limit]) -> dict[str, tuple[float, ...]]:
    """Give, by ecosystem, the seconds after which its registry's buckets hold one more token."""
    found: dict[str, tuple[float, ...]] = {}
    for (ecosystem, _), bucket in buckets_of(limits).items():
        found[ecosystem] = (*found.get(ecosystem, ()), bucket.every)
    return found


def buckets_of(limits: Sequence[Limit]) -> dict[tuple[str, bool], Bucket]:
    """Lay the configured limits over the documented ones; by (ecosystem, is new)."""
    buckets = dict(DEFAULT_LIMITS)
    names = {"crates-io": "cargo", "pypi": "python", "PyPI": "python", "npm": "npm"}
    for limit in limits:
        ecosystem = names.get(limit.name, limit.name)
        for rate, new in ((limit.new, True), (limit.version, False)):
            if rate is not None:
                buckets[ecosystem, new] = Bucket(rate.burst, rate.every)
    return buckets


def as_warnings(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Show what would stop a release where it stops nothing yet."""
    return tuple(replace(problem, severity="warning") for problem in problems)


def not_free(survey: Survey, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Say what of a version's tag and claim is taken, or would not serve, and whether it may be a typing error."""
    return (
        *unusual_step(survey, version),
        *tag_taken(survey, survey.tag_name.of(version)),
        *claim_taken(survey, version),
        *tag_objections(survey, version),
    )


def tag_taken(survey: Survey, tag: str) -> tuple[Problem, ...]:
    """Say where the remote has a tag already that this branch's history has not as that version."""
    found = survey.refs.tags.get(tag)
    if found is None:
        return ()
    return (
        Problem(
            code="tag-taken",
            message=f"the tag `{tag}` is on the remote already",
            reason=f"it is on {found.commit[:12]}, which is not in this branch's history as that version",
            remedy="name another version; a tag that was pushed is never moved",
            commit=found.commit,
        ),
    )


def _uploads(packages: Sequence[Planned]) -> tuple[Upload, ...]:
    return tuple(
        Upload(
            id=upload_act(one.package, filename or kind).id,
            package=one.package.id,
            ecosystem=one.package.ecosystem,
            wave=one.wave,
            new=one.new,
        )
        for one in packages
        for kind, filename in one.artifacts
    )


def _acts(
    survey: Survey,
    packages: Sequence[Planned],
    version: ReleaseVersion,
    configuration: Configuration,
    *,
    resumes: bool,
) -> tuple[Act, ...]:
    tag = survey.tag_name.of(version)
    claim = claim_act(shown(version, survey)) if survey.workspace.is_from_tags else CLAIM
    first = () if resumes else (claim,)
    uploads = tuple(
        upload_act(one.package, filename or kind) for one in packages for kind, filename in one.artifacts
    )
    tag_push = Act(id="tag:push", stage="tag", target=f"the tag `{tag}`", undo="never")
    draft = (CREATE,) if configuration.draft.by == "castoff" else ()
    return (*first, *uploads, tag_push, *draft, PUBLISH)


def _new(survey: Survey) -> frozenset[str]:
    """Packages whose manifest was not there at the last release are new to the registry."""
    previous = survey.history.previous
    if previous is None:
        return frozenset(survey.workspace.names)
    there = set(survey.at(previous.commit).paths())
    return frozenset(package.id for package in survey.workspace.packages if package.manifest not in there)


def _member_version(member: Member, version: ReleaseVersion) -> str | None:
    return spell(version, member.ecosystem) if member.follows else None


def _no_version_problem(survey: Survey) -> tuple[Problem, ...]:
    if (
        survey.workspace.is_from_tags
        or survey.version is not None
        or any(p.code == "stray-version" for p in survey.problems)
    ):
        return ()
    versions = sorted({package.version for package in survey.workspace.packages})
    return (
        Problem(
            code="no-common-version",
            severity="warning",
            message="the packages have no release version in common now: " + ", ".join(versions[:5]),
            reason="versions such as `1.2.0.dev0` stand between releases; the level counts from the last tag",
            remedy="nothing, if that is so",
        ),
    )
