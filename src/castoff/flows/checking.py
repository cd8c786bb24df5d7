"""Which checks are made before a version is claimed?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from castoff.errors import Problem
from castoff.flows.credentials import credential_checks
from castoff.flows.early import waiting_elsewhere
from castoff.flows.editing import release_edits
from castoff.flows.foreseeing import foresight_checks
from castoff.flows.judging import Changes, change_checks
from castoff.flows.left_behind import left_behind
from castoff.flows.origin import branch_takes_push, remote_is_ours
from castoff.flows.planning import not_free, occasion_of
from castoff.flows.published import published_checks
from castoff.flows.rights import forge_rights, forge_token
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.flows.tools import tool_checks
from castoff.flows.user_checks import user_checks
from castoff.foresight.record import Record
from castoff.git import Worktree
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell
from castoff.model.workspace import Package
from castoff.notes.release_workflows import release_workflows, second_writer_problems
from castoff.ports import Registry, Tree
from castoff.stages.draft import all_releases
from castoff.stages.preflight import Cannot, Check, Found, Skipped

_NO_EDITS = (
    'let the releaser pass the rule, or set `changelog.mode = "pull-request"` and do without `[[replace]]` and '
    "`version.run`, so that nothing is pushed to the branch"
)
_WORKFLOW = re.compile(r"\.github/workflows/[^/]{1,200}\.ya?ml")


def preflight_checks(
    setting: Setting,
    survey: Survey,
    worktree: Worktree,
    version: ReleaseVersion,
    *,
    changes: Changes | None = None,
    record: Record | None = None,
) -> tuple[Check, ...]:
    """List the checks for one version, in the order in which they are shown.

    ``changes`` are those since the last release where they were gathered before, ``record`` what is published
    where the registries need not be asked.
    """
    tag = survey.tag_name.of(version)
    registries = {ecosystem: setting.registry(ecosystem) for ecosystem in survey.ecosystems}
    return (
        Check("workspace", "shape", lambda: (*survey.state, *survey.problems)),
        Check("configuration", "shape", lambda: setting.problems),
        Check("rehearsal", "preflight", setting.lacking),
        Check("documents", "shape", lambda: _documents(setting, survey, version)),
        Check("identity", "preflight", lambda: _identity(setting)),
        *capability_checks(setting, survey, worktree),
        Check("remote", "preflight", lambda: remote_is_ours(setting, survey)),
        Check("branch-rules", "preflight", lambda: _branch_rules(setting, survey, version)),
        Check("tag-free", "preflight", lambda: _tag_free(survey, version)),
        Check("forge-rights", "preflight", lambda: forge_rights(setting, survey), vital=True),
        Check("forge-token", "preflight", lambda: forge_token(setting, survey)),
        Check("forge", "preflight", lambda: _forge(setting, survey, tag), vital=True),
        Check("draft-writer", "preflight", lambda: draft_writer(setting, survey)),
        *(
            _free(registries, package, version)
            for package in survey.workspace.packages
            if _is_on_branch(survey)
        ),
        *published_checks(setting, survey, registries, version),
        *change_checks(changes or Changes(setting, survey, worktree, version)),
        *foresight_checks(setting, survey, version, record),
        *user_checks(setting, survey, worktree, version),
    )


def capability_checks(setting: Setting, survey: Survey, worktree: Worktree) -> tuple[Check, ...]:
    """List what a resumed release needs as well: tools, a key, credentials."""
    return (
        *tool_checks(setting, survey, signs=wants_signed_tag(setting)),
        Check("signing", "preflight", lambda: _signing(setting, survey, worktree)),
        *credential_checks(setting, survey),
    )


def _is_on_branch(survey: Survey) -> bool:
    """Say whether the claims of a release branch are known: elsewhere nobody knows whose an upload is."""
    return all(problem.code != "not-on-release-branch" for problem in survey.state)


def _branch_rules(setting: Setting, survey: Survey, version: ReleaseVersion) -> Found:
    """Ask what holds for the branch, where something will be pushed to it."""
    if survey.workspace.is_from_tags and not _is_edited(setting, survey, version):
        return Skipped("the claim is a ref of its own; nothing is pushed to the branch")
    found = branch_takes_push(setting, survey, signed=wants_signed_commit(setting))
    if not survey.workspace.is_from_tags or not isinstance(found, Sequence):
        return found
    return tuple(replace(one, remedy=_NO_EDITS) if one.code == "branch-protected" else one for one in found)


def _documents(setting: Setting, survey: Survey, version: ReleaseVersion) -> Sequence[Problem]:
    occasion = occasion_of(survey, version, setting.now.date())
    texts = release_edits(survey, setting.configuration, setting.manifests, occasion).texts
    return left_behind(survey, setting.configuration, texts, version)


def _is_edited(setting: Setting, survey: Survey, version: ReleaseVersion) -> bool:
    if setting.configuration.version.run:
        return True
    occasion = occasion_of(survey, version, setting.now.date())
    return bool(release_edits(survey, setting.configuration, setting.manifests, occasion).texts)


def draft_writer(setting: Setting, survey: Survey) -> Found:
    """See that exactly one writer makes the draft: castoff, or a workflow that the push of a tag starts."""
    if setting.forge(survey.remote_url) is None:
        return Skipped("the remote is on no forge that castoff speaks with")
    by = setting.configuration.draft.by
    found = release_workflows(workflow_files(survey.tree))
    if by == "ci" and not any(one.writes_on_tag for one in found):
        return (
            Problem(
                code="draft-no-writer",
                severity="warning",
                message="no workflow makes a release on the push of a tag",
                reason="`draft.by` is `ci`, so castoff leaves the draft to one",
                remedy='let `castoff ci --write .` write one, or set `draft.by = "castoff"`',
            ),
        )
    return second_writer_problems(found, by)


def second_writers(setting: Setting, tree: Tree) -> tuple[Problem, ...]:
    """Name the workflows that make a draft of their own: castoff would be the second writer.

    Where `draft.by` is `ci`, castoff's own workflow is castoff.
    """
    by = setting.configuration.draft.by
    found = release_workflows(workflow_files(tree))
    return second_writer_problems(tuple(w for w in found if by == "castoff" or not w.is_ours), "castoff")


def workflow_files(tree: Tree) -> dict[str, str]:
    """Read the workflows of a tree."""
    paths = [path for path in tree.paths() if _WORKFLOW.fullmatch(path)]
    return {path: text for path in paths if (text := tree.read(path)) is not None}


def wants_signed_tag(setting: Setting) -> bool:
    """Say whether the tag is signed: configured, else where git signs or has a key to sign with."""
    sign = setting.configuration.release.sign
    if sign is not None:
        return sign in ("tag", "both")
    git = {key.lower(): value for key, value in setting.repository.settings.items()}
    return git.get("tag.gpgsign", "").lower() in ("true", "yes", "on", "1") or bool(
        git.get("user.signingkey")
    )


def wants_signed_commit(setting: Setting) -> bool | None:
    """Say whether the commit is signed; None leaves it to git's configuration."""
    sign = setting.configuration.release.sign
    if sign is not None:
        return sign in ("commit", "both")
    return True if any(key.lower() == "user.signingkey" for key in setting.repository.settings) else None


def _identity(setting: Setting) -> Sequence[Problem]:
    git = {key.lower() for key in setting.repository.settings}
    known = {"GIT_COMMITTER_EMAIL", "EMAIL"} & setting.environment.keys()
    if "user.email" in git or known:
        return ()
    return (
        Problem(
            code="no-identity",
            message="git knows no name and address to commit with",
            reason="the release commit and the tag carry both",
            remedy="set `user.name` and `user.email` with `git config`",
        ),
    )


def _signing(setting: Setting, survey: Survey, worktree: Worktree) -> Found:
    """Really sign a throw-away tag object, in the clone, and verify it."""
    if _identity(setting):
        return Skipped("git makes no tag without a name and an address")
    if not wants_signed_tag(setting):
        if setting.configuration.release.sign in ("none", "commit"):
            return ()
        return (
            Problem(
                code="tag-not-signed",
                severity="warning",
                message="the tag will not be signed",
                reason="git has no signing key here",
                remedy='set `user.signingkey`, or say `sign = "none"` in `[release]`',
            ),
        )
    worktree.make_tag("castoff-preflight", "a throw-away object\n", survey.head, sign=True)
    worktree.git.run("tag", "--delete", "castoff-preflight")
    return ()


def _tag_free(survey: Survey, version: ReleaseVersion) -> Sequence[Problem] | Cannot:
    if not survey.reachable:
        return Cannot("the remote could not be asked")
    return not_free(survey, version)


def _forge(setting: Setting, survey: Survey, tag: str) -> Sequence[Problem] | Cannot:
    forge = setting.forge(survey.remote_url)
    if forge is None:
        return ()
    found = all_releases(forge)
    if isinstance(found, Unknown):
        return Cannot(found.reason)
    published = [release for release in found if release.tag == tag and not release.draft]
    if not published:
        return waiting_elsewhere(survey, found, tag)
    return (
        Problem(
            code="release-taken",
            message=f"the forge has a published release `{tag}` already",
            reason="nothing of that version was claimed on this branch",
            remedy="name another version",
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
    taken = sorted(name for name, answer in listing.files.items() if isinstance(answer, Present | Withdrawn))
    if not taken:
        return ()
    released = (read(text) for text in registry.versions(package) or ())
    highest = max((one for one in released if one is not None), default=None)
    return (
        Problem(
            code="version-burnt",
            message=f"`{package.name}` {native} is on its registry already",
            reason=f"{', '.join(f'`{name}`' for name in taken[:3])}; nothing on this branch claims that version",
            remedy="that version cannot be used any more: name "
            + (f"one above {highest}, the highest there" if highest else "the next one"),
            package=package.id,
        ),
    )
