"""Checks of the remote: the repository that the manifests name, a branch that takes a push, rights of the token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from castoff.errors import Problem
from castoff.model.addresses import named_repository, slug_of, split_remote
from castoff.model.observations import Unknown
from castoff.model.tokens import TokenFacts
from castoff.preflight.stage import Cannot, Found, Skipped
from castoff.session.services import Services
from castoff.session.session import Session

_PULL_REQUEST = frozenset({"pull_request", "update", "merge_queue", "required_status_checks", "protected"})


def remote_is_ours(session: Session) -> Found:
    """Compare the remote with the manifests' `repository`: a clone's origin may be somebody's fork."""
    host, path = split_remote(session.snapshot.remote_url or "")
    slug = slug_of(path)
    # A folder or a bare host names no owner; rehearsals and tests push to such remotes.
    if not host or slug is None:
        return Skipped("the remote is on this machine")
    everywhere = {
        one.manifest: named_repository(one.repository) for one in session.snapshot.workspace.packages
    }
    naming = {manifest: one[1] for manifest, one in everywhere.items() if one is not None and one[0] == host}
    named = sorted(set(naming.values()))
    if not named:
        return Skipped(f"the manifests do not name a repository on {host}")
    forge = session.services.forge(session.snapshot.remote_url)
    # A renamed repository redirects, so the old name in the manifests is no fork.
    names = [*named, *(forge.called(one) for one in named if forge is not None)]
    if slug.lower() in {one.lower() for one in names if isinstance(one, str)}:
        return ()
    return (_fork(session, slug, named, next(iter(naming))),)


def branch_takes_push(session: Session, *, signed: bool | None) -> Found:
    """Ask which rules hold for the branch; whether this token may pass them, only the push tells.

    ``signed`` says whether the release commit will be signed, None where git's own configuration decides.
    """
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None:
        return Skipped("the remote's host is not a supported forge")
    rules = forge.branch_rules(session.snapshot.branch)
    if isinstance(rules, Unknown):
        return Cannot(rules.reason)
    return (
        *_protected(session.snapshot.branch, rules),
        *(_unsigned(session.snapshot.branch, rules) if signed is False else ()),
    )


def _protected(branch: str, rules: Sequence[str]) -> tuple[Problem, ...]:
    strict = [rule for rule in rules if rule in _PULL_REQUEST]
    if not strict:
        return ()
    # A classic protection may be all that the token can see, without its rules.
    named = ", ".join(f"`{rule}`" for rule in strict if rule != "protected")
    return (
        Problem(
            code="branch-protected",
            severity="warning",
            message=f"the branch `{branch}` is protected" + (f": {named}" if named else ""),
            reason="the push of the release commit may be refused; nothing is uploaded before it is accepted",
            remedy="let the releaser bypass the rule, or release with `castoff release LEVEL --pull-request`",
        ),
    )


def _unsigned(branch: str, rules: Sequence[str]) -> tuple[Problem, ...]:
    if "required_signatures" not in rules:
        return ()
    return (
        Problem(
            code="branch-wants-signatures",
            message=f"the branch `{branch}` requires signed commits, but the release commit would not be signed",
            reason="the forge would refuse the push of the release commit",
            remedy='set `sign = "commit"` or `sign = "both"` in `[release]`',
        ),
    )


def _fork(session: Session, there: str, named: Sequence[str], manifest: str) -> Problem:
    configured = session.configuration.release.remote is not None
    theirs = ", ".join(f"`{one}`" for one in named[:3])
    return Problem(
        code="remote-is-fork",
        severity="warning" if configured else "error",
        message=f"the remote `{session.snapshot.remote}` is `{there}`, but the manifests name {theirs}",
        reason="a release is pushed to the repository that the manifests name; the origin of a clone may be a fork",
        remedy="set `release.remote` to the right remote, or correct `repository` in the manifests",
        file=manifest,
    )


# Scopes of classic tokens that include writing to a repository (GitHub docs, "Scopes for OAuth apps").
_REACHING = {"repo", "public_repo"}
_REMEDY = "use a token that may write to the repository (GH_TOKEN, GITHUB_TOKEN, or `gh auth login`)"


@runtime_checkable
class TellsOfTokens(Protocol):
    """A forge that says what its token may do, and how long."""

    def token_facts(self) -> TokenFacts | Unknown:
        """Ask; nothing is written."""
        ...


def forge_rights(session: Session) -> Found:
    """Ask the forge what the token may do; a token of an app is not told, so that only a warning comes of it."""
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None:
        return Skipped("the remote's host is not a supported forge")
    rights = forge.rights()
    match rights:
        case Unknown(reason=reason):
            return Cannot(reason)
        case "no-token":
            return (_no_token(session.services),)
        case "bad-token":
            return (
                _problem(
                    "unauthorized", "the forge does not accept the token", "it is invalid, or it expired"
                ),
            )
        case "not-seen":
            reason = "it does not exist, or the token may not read it"
            return (_problem("repository-not-seen", "the forge does not find the repository", reason),)
        case "read":
            return (
                Problem(
                    code="token-reads-only",
                    severity="warning",
                    message="according to the forge, this token may only read the repository",
                    reason="drafts and announcements require write access; tokens of apps may have it nevertheless",
                    remedy=_REMEDY,
                ),
            )
        case "write":
            return ()


def forge_token(session: Session) -> Found:
    """Ask how far the forge's token reaches, and how long it holds, where the forge tells."""
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None:
        return Skipped("the remote's host is not a supported forge")
    if not isinstance(forge, TellsOfTokens) or forge.rights() in ("no-token", "bad-token"):
        return Skipped("no token is set that the forge accepts")
    facts = forge.token_facts()
    if isinstance(facts, Unknown):
        return Cannot(facts.reason)
    found = judge_token(facts, session.services.now)
    if not found and facts.scopes is None:
        return Cannot(
            "the forge only lists the scopes of classic tokens; this token has fine-grained permissions"
        )
    return found


def judge_token(facts: TokenFacts, now: datetime) -> tuple[Problem, ...]:
    """Return what a token lacks: a scope, or time."""
    found = []
    if facts.scopes is not None and not _REACHING & set(facts.scopes):
        said = ", ".join(f"`{one}`" for one in facts.scopes) or "none"
        reason = (
            f"its scopes are {said}; releases need `repo`, or `public_repo` where the repository is public"
        )
        found.append(
            _problem("token-scope-missing", "the forge's token may not write to repositories", reason)
        )
    # A release may wait half a day for rate limits, and a night for a person.
    if facts.expires is not None and facts.expires - now < timedelta(days=1):
        found.append(
            Problem(
                code="token-ends-soon",
                severity="warning",
                message=f"the forge token expires at {facts.expires.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                reason="a release that waits for an index or for a person may take longer",
                remedy=_REMEDY,
            )
        )
    return tuple(found)


def _no_token(services: Services) -> Problem:
    by_castoff = services.configuration.draft.by == "castoff"
    return Problem(
        code="no-forge-token",
        severity="error" if by_castoff else "warning",
        message="no token for the forge is set",
        reason="reading and creating drafts requires push access",
        remedy=_REMEDY,
    )


def _problem(code: str, message: str, reason: str) -> Problem:
    return Problem(code=code, message=message, reason=reason, remedy=_REMEDY)
