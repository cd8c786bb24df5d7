"""May this run write to the forge, as far as that can be known before anything is uploaded?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.model.observations import Unknown
from castoff.model.tokens import TokenFacts
from castoff.stages.preflight import Cannot, Found, Skipped

_REACHING = {"repo", "public_repo"}
_REMEDY = "give a token that may write to the repository (GH_TOKEN, GITHUB_TOKEN, or `gh auth login`)"


@runtime_checkable
class TellsOfTokens(Protocol):
    """A forge that says what its token may do, and how long."""

    def token_facts(self) -> TokenFacts | Unknown:
        """Ask; nothing is written."""
        ...


def forge_rights(setting: Setting, survey: Survey) -> Found:
    """Ask the forge what the token may do; a token of an app is not told, so that only a warning comes of it."""
    forge = setting.forge(survey.remote_url)
    if forge is None:
        return Skipped("the remote is on no forge that castoff speaks with")
    rights = forge.rights()
    match rights:
        case Unknown(reason=reason):
            return Cannot(reason)
        case "no-token":
            return (_no_token(setting),)
        case "bad-token":
            return (
                _problem("unauthorized", "the forge does not accept the token", "it is wrong, or it expired"),
            )
        case "not-seen":
            reason = "it is not there, or the token may not see it"
            return (_problem("repository-not-seen", "the forge shows no such repository", reason),)
        case "read":
            return (
                Problem(
                    code="token-reads-only",
                    severity="warning",
                    message="the forge says that this token may only read the repository",
                    reason="drafts and announcements need the right to write; tokens of apps may have it all the same",
                    remedy=_REMEDY,
                ),
            )
        case "write":
            return ()


def forge_token(setting: Setting, survey: Survey) -> Found:
    """Ask how far the forge's token reaches, and how long it holds, where the forge tells."""
    forge = setting.forge(survey.remote_url)
    if forge is None:
        return Skipped("the remote is on no forge that castoff speaks with")
    if not isinstance(forge, TellsOfTokens) or forge.rights() in ("no-token", "bad-token"):
        return Skipped("there is no token that the forge accepts")
    facts = forge.token_facts()
    if isinstance(facts, Unknown):
        return Cannot(facts.reason)
    found = judge_token(facts, setting.now)
    if not found and facts.scopes is None:
        return Cannot(
            "the forge tells scopes of classic tokens alone; this one has permissions, which it does not list"
        )
    return found


def judge_token(facts: TokenFacts, now: datetime) -> tuple[Problem, ...]:
    """Say what a token lacks: a scope, or time."""
    found = []
    if facts.scopes is not None and not _REACHING & set(facts.scopes):
        said = ", ".join(f"`{one}`" for one in facts.scopes) or "none"
        reason = (
            f"its scopes are {said}; releases need `repo`, or `public_repo` where the repository is public"
        )
        found.append(
            _problem("token-scope-missing", "the forge's token may not write to repositories", reason)
        )
    if facts.expires is not None and facts.expires - now < timedelta(days=1):
        found.append(
            Problem(
                code="token-ends-soon",
                severity="warning",
                message=f"the forge's token ends at {facts.expires.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                reason="a release that waits, for an index or for a person's press, may outlive it",
                remedy=_REMEDY,
            )
        )
    return tuple(found)


def _no_token(setting: Setting) -> Problem:
    by_ci = setting.configuration.draft.by == "ci"
    return Problem(
        code="no-forge-token",
        severity="warning" if by_ci else "error",
        message="there is no token for the forge",
        reason="a draft can only be seen and made with the right to push",
        remedy=_REMEDY,
    )


def _problem(code: str, message: str, reason: str) -> Problem:
    return Problem(code=code, message=message, reason=reason, remedy=_REMEDY)
