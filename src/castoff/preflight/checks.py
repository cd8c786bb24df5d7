"""The checks before a version is claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from castoff.ecosystems.record import Record
from castoff.errors import Problem
from castoff.model.intent import Claim
from castoff.model.observations import Present, Staged, Unknown, Withdrawn
from castoff.model.versions import Ecosystem, ReleaseVersion, next_free_version, read, spell
from castoff.model.workspace import Package
from castoff.ports import Collects, Registry
from castoff.preflight.credentials import credential_checks
from castoff.preflight.draft_writers import draft_writer
from castoff.preflight.early_drafts import waiting_elsewhere
from castoff.preflight.exchanges import exchange_checks
from castoff.preflight.foresight import foresight_checks
from castoff.preflight.free_version import claim_tagged_elsewhere, claimed_on_another_branch, not_free
from castoff.preflight.immutability import frozen_files
from castoff.preflight.labels import Changes, change_checks
from castoff.preflight.members import member_problems
from castoff.preflight.mentions import stale_mentions
from castoff.preflight.provenance import provenance_checks
from castoff.preflight.registry_names import published_checks
from castoff.preflight.remote import branch_takes_push, forge_rights, forge_token, remote_is_ours
from castoff.preflight.signing import identity_problems, prove_signing
from castoff.preflight.stage import Cannot, Check, Found, Skipped
from castoff.preflight.tools import tool_checks
from castoff.preflight.user_checks import user_checks
from castoff.session.checkout import Checkout
from castoff.session.edits import release_edits, without_installed
from castoff.session.forge_releases import all_releases
from castoff.session.release_request import ReleaseRequest, unpushed
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_commit, wants_signed_tag
from castoff.session.snapshot import Snapshot
from castoff.session.version_guards import tag_problems, version_problems
from castoff.values import replace
from castoff.workflows.jobs import workflow_files, workflow_steps
from castoff.workflows.second_writers import second_writers, writers
from castoff.workflows.tag_workflows import unannounced_problems, unchecked_proposal, unstarted_problems

_NO_EDITS = (
    'let the releaser bypass the rule, or set `changelog.mode = "pull-request"` and remove `[[replace]]` and '
    "`version.run`, so that nothing is pushed to the branch"
)


def preflight_checks(
    session: Session,
    version: ReleaseVersion,
    *,
    level: str | None = None,
    changes: Changes | None = None,
    record: Record | None = None,
) -> tuple[Check, ...]:
    """List the checks for one version, in the order in which they are shown.

    ``level`` is what the version was asked for by, None if it is a guess.
    ``changes`` are those since the last release where they were gathered before, ``record`` what is published
    where the registries need not be asked.
    """
    tag = session.snapshot.tag_name.of(version)
    checkout = Checkout(session.clone, session.snapshot.head, session.snapshot.workspace)
    registries = {
        ecosystem: session.services.registry(ecosystem) for ecosystem in session.snapshot.ecosystems
    }
    return (
        Check("workspace", "shape", lambda: (*session.snapshot.state, *session.snapshot.problems)),
        Check("configuration", "shape", lambda: session.services.problems),
        Check("documents", "shape", lambda: _documents(session, version)),
        Check("identity", "preflight", lambda: identity_problems(session.services)),
        *capability_checks(session),
        Check("remote", "preflight", lambda: remote_is_ours(session)),
        Check("branch-rules", "preflight", lambda: _branch_rules(session, version)),
        Check("tag-free", "preflight", lambda: _tag_free(session, version)),
        Check("next-version", "preflight", lambda: _next_version(session, version, level)),
        # Vital: without an answer a release could stop after its uploads.
        Check("forge-rights", "preflight", lambda: forge_rights(session), vital=True),
        Check("forge-token", "preflight", lambda: forge_token(session)),
        Check("forge", "preflight", lambda: _forge(session, tag), vital=True),
        Check("draft-writer", "preflight", lambda: draft_writer(session)),
        Check("writers", "preflight", lambda: other_writers(session)),
        Check("immutable-releases", "preflight", lambda: frozen_files(session)),
        *(
            (Check("started-workflows", "preflight", lambda: _unstarted(session, version)),)
            if session.configuration.ci.release or session.configuration.ci.announce
            else ()
        ),
        *(
            _free(registries, package, version)
            for package in session.snapshot.workspace.packages
            if _is_on_branch(session.snapshot)
        ),
        *published_checks(session, registries, (version, level)),
        *_built_elsewhere(session, version),
        *change_checks(changes or Changes(session, version)),
        *foresight_checks(session, version, record),
        Check("checkout", "preflight", checkout.problems),
        Check("members", "preflight", lambda: member_problems(session.services, checkout)),
        *user_checks(session, checkout, version),
    )


def capability_checks(session: Session) -> tuple[Check, ...]:
    """List what a resumed release needs as well: tools, a key, credentials."""
    return (
        *tool_checks(session, signs=wants_signed_tag(session.services)),
        Check("signing", "preflight", lambda: prove_signing(session)),
        *credential_checks(session),
        *provenance_checks(session),
        *exchange_checks(session),
    )


def signing_checks(session: Session) -> tuple[Check, ...]:
    """List what a run needs that only makes the tag."""
    tools = tool_checks(session, signs=wants_signed_tag(session.services))
    return (
        *(one for one in tools if one.id == "tool:signing"),
        Check("identity", "preflight", lambda: identity_problems(session.services)),
        Check("signing", "preflight", lambda: prove_signing(session)),
    )


def resume_checks(session: Session, claim: Claim, request: ReleaseRequest) -> tuple[Check, ...]:
    """List what is judged before a claimed release goes on; one whose tag is out needs no tools or credentials."""
    pushed = Check("pushed", "preflight", lambda: unpushed(session.snapshot, claim, request.level))
    tag = Check("tag-free", "preflight", lambda: claim_tagged_elsewhere(session.snapshot, claim))
    # Tags that another run made are pushed as they are; without `--only publish`, that run uploaded as well.
    handed = request.tags is not None
    if claim.tagged or (handed and request.only != "publish"):
        return (pushed, tag)
    needed = capability_checks(session)
    return (pushed, tag, *(one for one in needed if not handed or one.id not in ("signing", "tool:signing")))


def _is_on_branch(snapshot: Snapshot) -> bool:
    """Return whether the claims of a release branch are known: elsewhere nobody knows whose an upload is."""
    return all(problem.code != "not-on-release-branch" for problem in snapshot.state)


def _branch_rules(session: Session, version: ReleaseVersion) -> Found:
    """Ask what holds for the branch, where something will be pushed to it."""
    if session.snapshot.workspace.is_from_tags and not _is_edited(session, version):
        return Skipped("the claim is a separate ref; nothing is pushed to the branch")
    found = branch_takes_push(session, signed=wants_signed_commit(session.services))
    if not session.snapshot.workspace.is_from_tags or not isinstance(found, Sequence):
        return found
    return tuple(replace(one, remedy=_NO_EDITS) if one.code == "branch-protected" else one for one in found)


def _built_elsewhere(session: Session, version: ReleaseVersion) -> Iterator[Check]:
    """List one check for each folder of files that were built elsewhere."""
    configuration = session.configuration
    folders = {"python": configuration.python.artifacts, "npm": configuration.npm.artifacts}
    for ecosystem in session.snapshot.ecosystems:
        builder = session.services.builder(ecosystem, 0)
        if folders.get(ecosystem) is not None and isinstance(builder, Collects):
            packages = [
                replace(one, version=spell(version, ecosystem))
                for one in session.snapshot.workspace.packages
                if one.ecosystem == ecosystem
            ]
            ask = partial(_collected, builder, session.clone.root, packages)
            yield Check(f"artifacts:{ecosystem}", "preflight", ask)


def _collected(builder: Collects, root: Path, packages: Sequence[Package]) -> Found:
    """Judge which files are there; where there are none, they are built later, as jobs of CI do."""
    missing = builder.missing_artifacts(root, packages)
    if missing and len(missing) == len(packages):
        return Skipped(f"{missing[0].message}; a release needs its files")
    return (*missing, *builder.stray_artifacts(root, packages))


def _documents(session: Session, version: ReleaseVersion) -> Sequence[Problem]:
    template_release = session.template_release(version)
    edited = release_edits(session, template_release)
    locks = without_installed(edited.problems, session.services.repository.git.processes.find)
    mentions = stale_mentions(session.snapshot, session.configuration, edited.texts, version)
    return (*locks, *mentions, *_missing_pages(session, edited.texts))


def _missing_pages(session: Session, edited: Mapping[str, str]) -> Iterator[Problem]:
    """Find pages of the website whose file is not there, nor made by the release."""
    website, tree = session.configuration.website, session.snapshot.tree
    made = {path for run in session.configuration.version.run for path in run.writes}
    for page in website.pages if website.mode != "off" else ():
        if page.source not in edited and page.source not in made and tree.read(page.source) is None:
            yield Problem(
                code="website-source-missing",
                message=f"the page `{page.to}` comes from `{page.source}`, which does not exist",
                reason="the website could not be updated after the uploads",
                remedy="correct `from` of the page, or remove the page",
                file=page.source,
            )


def _is_edited(session: Session, version: ReleaseVersion) -> bool:
    if session.configuration.version.run:
        return True
    return bool(release_edits(session, session.template_release(version)).texts)


def other_writers(session: Session) -> Found:
    """Find workflows that a release would start, and that upload, write versions or tags, or keep drafts."""
    tree = session.snapshot.tree
    by_castoff = session.configuration.draft.by != "off"
    steps = workflow_steps(workflow_files(tree), tree)
    return second_writers(writers(steps), session.snapshot.ecosystems, drafts=by_castoff)


def _unstarted(session: Session, version: ReleaseVersion) -> Found:
    """Find what the jobs of a release would not start: workflows that wait for it, checks of its proposal."""
    ci, snapshot = session.configuration.ci, session.snapshot
    if ci.token or ci.app:
        return ()
    files = workflow_files(snapshot.tree)
    problems = unannounced_problems(files) if ci.announce else ()
    if not ci.release:
        return problems
    problems += unstarted_problems(files, snapshot.tag_name.of(version))
    if ci.release == "push" or snapshot.workspace.is_from_tags:
        return problems
    forge = session.services.forge(snapshot.remote_url)
    rules = forge.branch_rules(snapshot.branch) if forge is not None else ()
    if isinstance(rules, Unknown):
        return problems or Cannot(rules.reason)
    return (*problems, *unchecked_proposal(snapshot.branch, rules))


def _tag_free(session: Session, version: ReleaseVersion) -> Sequence[Problem] | Cannot:
    if not session.snapshot.reachable:
        return Cannot("the remote could not be queried")
    return (*not_free(session.snapshot, version), *claimed_on_another_branch(session, version))


def _next_version(session: Session, version: ReleaseVersion, level: str | None) -> Sequence[Problem]:
    if level is None:
        return tag_problems(session.snapshot)
    return version_problems(session, version, level)


def _forge(session: Session, tag: str) -> Sequence[Problem] | Cannot:
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None:
        return ()
    found = all_releases(forge)
    if isinstance(found, Unknown):
        return Cannot(found.reason)
    published = [release for release in found if release.tag == tag and not release.draft]
    if not published:
        return waiting_elsewhere(session.snapshot, found, tag)
    return (
        Problem(
            code="release-taken",
            message=f"the forge has a published release `{tag}` already",
            reason="this branch has no claim of that version",
            remedy="use another version",
            url=published[0].url,
        ),
    )


def _free(registries: dict[Ecosystem, Registry], package: Package, version: ReleaseVersion) -> Check:
    native = spell(version, package.ecosystem)
    return Check(
        f"free:{package.id}",
        "preflight",
        lambda: _version_free(registries[package.ecosystem], package, native),
        vital=True,
    )


def _version_free(registry: Registry, package: Package, native: str) -> Sequence[Problem] | Cannot:
    listing = registry.look(package, native)
    if listing.unknown is not None:
        return Cannot(listing.unknown)
    taken = sorted(
        name for name, answer in listing.files.items() if isinstance(answer, Present | Withdrawn | Staged)
    )
    # A withdrawn file counts as taken: registries never accept its name again.
    if not taken:
        return ()
    listed = registry.versions(package)
    version = read(native)
    used = [read(text) for text in (() if isinstance(listed, Unknown) else listed)]
    free = spell(next_free_version(version, used), package.ecosystem) if version else "patch"
    return (
        Problem(
            code="version-burnt",
            message=f"`{package.id}` {native} is on its registry already",
            reason=f"{', '.join(f'`{name}`' for name in taken[:3])}; this branch has no claim of that version",
            remedy=f"that version can no longer be used: plan the next one with `castoff plan {free}`",
            package=package.id,
        ),
    )
