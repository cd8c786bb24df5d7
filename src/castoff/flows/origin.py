"""Is the remote the repository that the manifests name, and does its branch take a push?"""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.model.addresses import named_repository, slug_of, split_remote
from castoff.model.observations import Unknown
from castoff.stages.preflight import Cannot, Found, Skipped

_PULL_REQUEST = frozenset({"pull_request", "update", "merge_queue", "required_status_checks", "protected"})


def remote_is_ours(setting: Setting, seen: Survey) -> Found:
    """Compare the remote with the manifests' `repository`: a clone's origin may be somebody's fork."""
    host, path = split_remote(seen.remote_url or "")
    slug = slug_of(path)
    if not host or slug is None:
        return Skipped("the remote is on this machine")
    everywhere = [named_repository(package.repository) for package in seen.workspace.packages]
    named = sorted({one[1] for one in everywhere if one is not None and one[0] == host})
    if not named:
        return Skipped(f"the manifests name no repository on {host}")
    forge = setting.forge(seen.remote_url)
    names = [*named, *(forge.called(one) for one in named if forge is not None)]
    if slug.lower() in {one.lower() for one in names if isinstance(one, str)}:
        return ()
    return (_fork(setting, seen, slug, named),)


def branch_takes_push(setting: Setting, seen: Survey, *, signed: bool | None) -> Found:
    """Ask which rules hold for the branch; whether this token may pass them, only the push tells.

    ``signed`` says whether the release commit will be signed, None where git's own configuration decides.
    """
    forge = setting.forge(seen.remote_url)
    if forge is None:
        return Skipped("the remote is on no forge that castoff speaks with")
    rules = forge.branch_rules(seen.branch)
    if isinstance(rules, Unknown):
        return Cannot(rules.reason)
    return (*_protected(seen.branch, rules), *(_unsigned(seen.branch, rules) if signed is False else ()))


def _protected(branch: str, rules: Sequence[str]) -> tuple[Problem, ...]:
    strict = [rule for rule in rules if rule in _PULL_REQUEST]
    if not strict:
        return ()
    return (
        Problem(
            code="branch-protected",
            severity="warning",
            message=f"the branch `{branch}` is protected: " + ", ".join(f"`{rule}`" for rule in strict),
            reason="a push of the release commit may be refused; nothing is uploaded before it was taken",
            remedy="let the releaser pass the rule, or release with `castoff release LEVEL --pull-request`",
        ),
    )


def _unsigned(branch: str, rules: Sequence[str]) -> tuple[Problem, ...]:
    if "required_signatures" not in rules:
        return ()
    return (
        Problem(
            code="branch-wants-signatures",
            message=f"the branch `{branch}` takes signed commits only, and the release commit is not to be signed",
            reason="the forge would refuse the push of the release commit",
            remedy='set `sign = "commit"` or `sign = "both"` in `[release]`',
        ),
    )


def _fork(setting: Setting, seen: Survey, there: str, named: Sequence[str]) -> Problem:
    configured = setting.configuration.release.remote is not None
    theirs = ", ".join(f"`{one}`" for one in named[:3])
    return Problem(
        code="remote-is-fork",
        severity="warning" if configured else "error",
        message=f"the remote `{seen.remote}` is `{there}`, but the manifests name {theirs}",
        reason="a release goes to the repository that the packages name; a clone's origin may be a fork",
        remedy="name the right remote in `release.remote`, or correct `repository` in the manifests",
        file=seen.workspace.packages[0].manifest,
    )
