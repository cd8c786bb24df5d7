"""The plan of a release: snapshot and intent in, plan out; nothing is written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from castoff.config.templates import TemplateRelease, fill
from castoff.config.values import Configuration, Limit
from castoff.errors import Problem
from castoff.model.intent import Begin, Resume
from castoff.model.plan import (
    Bucket,
    Estimate,
    EstimatedUpload,
    Plan,
    Planned,
    Window,
    estimated,
    planned_packages,
)
from castoff.model.refs import claim_ref
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import Edited, Member, Workspace
from castoff.ports import Tree
from castoff.preflight.free_version import not_free
from castoff.preflight.mentions import stale_mentions
from castoff.release.publish import planned_upload
from castoff.session.edits import release_edits
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_tag
from castoff.session.snapshot import Snapshot
from castoff.session.version_guards import version_problems
from castoff.session.version_steps import given_up_before
from castoff.values import replace

DEFAULT_LIMITS: Mapping[tuple[str, bool], Bucket | Window] = {
    ("cargo", True): Bucket(5, 600.0),
    ("cargo", False): Bucket(30, 60.0),
    ("python", True): Window(20, 3600.0),
}
"""What crates-io documents for one user, and how many new projects PyPI lets one user make within an hour.

Other registries are configured in ``[limits]``.
"""

LOCKS: Mapping[str, Ecosystem] = {
    "Cargo.lock": "cargo",
    "uv.lock": "python",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "npm",
    "yarn.lock": "npm",
    "bun.lock": "npm",
    "bun.lockb": "npm",
    "poetry.lock": "python",
    "pdm.lock": "python",
}


def make_plan(session: Session, intent: Begin | Resume, level: str) -> Plan:
    """Put the plan together."""
    snapshot, configuration = session.snapshot, session.configuration
    version = intent.version if isinstance(intent, Begin) else intent.claim.version
    resumes = isinstance(intent, Resume)
    template_release = session.template_release(version)
    edited = Edited(texts={}, edits=()) if resumes else release_edits(session, template_release)
    packages = planned_packages(snapshot.workspace.packages, snapshot.order, version, _new(session))
    previous = snapshot.history.previous
    return Plan(
        version=version,
        shown_version=snapshot.shown(version),
        previous=snapshot.shown(previous.version) if previous else None,
        level=level,
        tag=snapshot.tag_name.of(version),
        branch=snapshot.branch,
        remote=snapshot.remote,
        base_commit=intent.claim.commit if isinstance(intent, Resume) else snapshot.head,
        resumes=resumes,
        claimed_by=claim_ref(snapshot.shown(version)) if snapshot.workspace.is_from_tags else None,
        workspace=snapshot.workspace,
        order=snapshot.order,
        packages=packages,
        members=tuple((member, _member_version(member, version)) for member in snapshot.workspace.members),
        edits=edited.edits,
        locks=() if resumes else _locks(snapshot, edited),
        signs_tag=wants_signed_tag(session.services),
        commands=() if resumes else _commands(configuration, template_release),
        estimate=_estimated(packages, configuration, session.services.patience.grace),
        problems=(
            *as_warnings(snapshot.state),
            *snapshot.problems,
            *edited.problems,
            *(() if resumes else stale_mentions(snapshot, configuration, edited.texts, version)),
            *(() if resumes else not_free(snapshot, version)),
            *(() if resumes else given_up_before(snapshot, version)),
            *(() if resumes else version_problems(session, version, level)),
        ),
    )


def _commands(
    configuration: Configuration, template_release: TemplateRelease
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    values = template_release.values()
    return tuple(
        (shlex.join(fill(word, values) for word in hook.command), tuple(hook.writes))
        for hook in configuration.version.run
    )


def _locks(snapshot: Snapshot, edited: Edited) -> tuple[str, ...]:
    own = () if snapshot.workspace.is_from_tags else locks_of(snapshot.tree, snapshot.workspace)
    return tuple(sorted({*own, *edited.locks}))


def locks_of(tree: Tree, workspace: Workspace) -> tuple[str, ...]:
    """List the committed lock files that lock packages of the workspace."""
    paths = (PurePosixPath(path) for path in tree.paths())
    return tuple(
        str(path)
        for path in paths
        if path.name in LOCKS and workspace.locks_in(str(path.parent), LOCKS[path.name])
    )


def estimate(uploads: Sequence[EstimatedUpload], limits: Sequence[Limit], *, grace: float) -> Estimate:
    """Simulate the uploads with the configured limits over the documented ones."""
    return estimated(uploads, buckets_of(limits), grace=grace)


def intervals_of(limits: Sequence[Limit]) -> dict[str, tuple[float, ...]]:
    """Give, by ecosystem, the seconds after which its registry's buckets hold one more token."""
    found: dict[str, tuple[float, ...]] = {}
    for (ecosystem, _), bucket in buckets_of(limits).items():
        found[ecosystem] = (*found.get(ecosystem, ()), bucket.every)
    return found


def windows_of(limits: Sequence[Limit]) -> dict[str, tuple[int, float]]:
    """Give, by ecosystem, how many new names its registry takes within how many seconds, where that is a window."""
    return {
        ecosystem: (one.burst, one.every)
        for (ecosystem, new), one in buckets_of(limits).items()
        if new and isinstance(one, Window)
    }


def buckets_of(limits: Sequence[Limit]) -> dict[tuple[str, bool], Bucket | Window]:
    """Lay the configured limits over the documented ones; by (ecosystem, is new)."""
    buckets = dict(DEFAULT_LIMITS)
    # Users write the registry's name; buckets are kept by ecosystem, since one release meets one registry of
    # each.
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


def _estimated(packages: Sequence[Planned], configuration: Configuration, grace: float) -> Estimate:
    own_index = configuration.python.index is not None
    return estimate(_uploads(packages, own_index=own_index), configuration.limits, grace=grace)


def _uploads(packages: Sequence[Planned], *, own_index: bool) -> tuple[EstimatedUpload, ...]:
    """List the uploads. The first file of a package makes its project; an index of one's own has no known limits."""
    return tuple(
        EstimatedUpload(
            id=planned_upload(one.package, kind, one.to).id,
            package=one.package.id,
            ecosystem=one.package.ecosystem,
            wave=one.wave,
            new=one.new and at == 0 and not (own_index and one.package.ecosystem == "python"),
        )
        for one in packages
        for at, (kind, _) in enumerate(one.artifacts)
    )


def _new(session: Session) -> frozenset[str]:
    """Packages whose manifest was not there at the last release are new to the registry."""
    snapshot, previous = session.snapshot, session.snapshot.history.previous
    if previous is None:
        return frozenset(snapshot.workspace.names)
    added = session.clone.added_files(previous.commit, snapshot.head)
    return frozenset(package.id for package in snapshot.workspace.packages if package.manifest in added)


def _member_version(member: Member, version: ReleaseVersion) -> str | None:
    return spell(version, member.ecosystem) if member.follows else None
