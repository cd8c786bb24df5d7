"""Which checks are made before a version is claimed?"""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import Package
from castoff.ports import Registry
from castoff.stages.draft import releases_of
from castoff.stages.preflight import Cannot, Check


def preflight_checks(
    setting: Setting, survey: Survey, worktree: Worktree, version: ReleaseVersion
) -> tuple[Check, ...]:
    """List the checks for one version, in the order in which they are shown."""
    tag = survey.tag_name.of(version)
    registries = {ecosystem: setting.registry(ecosystem) for ecosystem in survey.ecosystems}
    return (
        Check("workspace", "shape", lambda: (*survey.state, *survey.problems)),
        Check("configuration", "shape", lambda: setting.problems),
        Check("identity", "preflight", lambda: _identity(setting)),
        Check("signing", "preflight", lambda: _signing(setting, survey, worktree)),
        Check("tag-free", "preflight", lambda: _tag_free(survey, tag)),
        Check("forge", "preflight", lambda: _forge(setting, survey, tag)),
        *(_free(registries, package, version) for package in survey.workspace.packages),
    )


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


def _signing(setting: Setting, survey: Survey, worktree: Worktree) -> Sequence[Problem]:
    """Really sign a throw-away tag object, in the clone, and verify it."""
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


def _tag_free(survey: Survey, tag: str) -> Sequence[Problem] | Cannot:
    if not survey.reachable:
        return Cannot("the remote could not be asked")
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


def _forge(setting: Setting, survey: Survey, tag: str) -> Sequence[Problem] | Cannot:
    forge = setting.forge(survey.remote_url)
    if forge is None:
        return ()
    found = releases_of(forge, tag)
    if isinstance(found, Unknown):
        return Cannot(found.reason)
    published = [release for release in found if not release.draft]
    if not published:
        return ()
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
    )


def _version_free(registry: Registry, package: Package, native: str) -> Sequence[Problem] | Cannot:
    listing = registry.look(package, native)
    if listing.unknown is not None:
        return Cannot(listing.unknown)
    taken = sorted(name for name, answer in listing.files.items() if isinstance(answer, Present | Withdrawn))
    if not taken:
        return ()
    return (
        Problem(
            code="version-burnt",
            message=f"`{package.name}` {native} is on its registry already",
            reason=f"{', '.join(f'`{name}`' for name in taken[:3])}; nothing on this branch claims that version",
            remedy="that version cannot be used any more: name the next one",
            package=package.id,
        ),
    )
