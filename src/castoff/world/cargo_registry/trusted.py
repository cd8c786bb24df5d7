"""Trusted publishing of the embedded Cargo registry: identity tokens of GitHub's workflows for tokens of half an hour.

Source: crates-io ``controllers/trustpub/tokens`` (rule `trusted-publishing` of the table).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from castoff.world.clock import WorldClock
from castoff.world.identity import Flaw, Issuer, TokenInvalid
from castoff.world.messages import Rejected

PREFIX = "cio_tp_"
_LIFETIME = 30 * 60
_EVENTS = ("pull_request_target", "workflow_run")
_KEYS = {"repository", "workflow", "environment", "only", "owner_id"}
_WORKFLOW = re.compile(r"[^/]+/[^/]+/\.github/workflows/([^/@]+)@.+")


class _Config(Struct, frozen=True):
    """The workflow that may publish a crate; ``only``: nobody else may publish new versions."""

    repository: str
    workflow: str
    environment: str | None
    only: bool
    owner_id: str


class _Grant(Struct, frozen=True):
    until: float
    crates: frozenset[str]
    shown: dict[str, str]


_WORDS: Mapping[Flaw, str] = {
    "issuer": "Unsupported JWT issuer: {}",
    "key-missing": "Missing JWT key ID",
    "key": "Invalid JWT key ID",
}


class TrustedPublishing:
    """The workflows that crates trust, and the tokens that were given out; not for several threads at once."""

    def __init__(self, settings: Mapping[str, Any], clock: WorldClock, issuer: Issuer) -> None:
        self._configs = {name: _config(name, value) for name, value in settings.items()}
        self._clock = clock
        self._issuer = issuer
        self._used: set[str] = set()
        self._tokens: dict[str, _Grant] = {}

    def exchange(self, jwt: str, audience: str) -> str:
        """Return a token for the crates that trust the workflow of an identity token.

        The ``audience`` is the registry's host (``config/server.rs``, ``trustpub_audience``).
        """
        try:
            claims = self._issuer.claims(jwt, (audience,), leeway=60)
        except TokenInvalid as invalid:
            words = _WORDS.get(invalid.flaw, "Failed to decode JWT")
            raise Rejected(words.format(invalid.detail)) from invalid
        number = str(claims.get("jti"))
        if number in self._used:
            raise Rejected("JWT has already been used")
        self._used.add(number)
        if claims.get("event_name") in _EVENTS:
            raise Rejected(
                f"Trusted Publishing does not support the `{claims['event_name']}` event trigger due to security "
                "concerns. Please use a different trigger such as `push`, `release`, or `workflow_dispatch`."
            )
        crates = self._trusting(claims)
        token = PREFIX + hashlib.sha256(f"{number} {len(self._used)}".encode()).hexdigest()[:32]
        self._tokens[token] = _Grant(self._clock.seconds() + _LIFETIME, crates, _shown(claims))
        return token

    def revoke(self, token: str) -> None:
        """Forget a token."""
        if not token.startswith(PREFIX):
            raise Rejected("Invalid `Authorization` header: Failed to parse token", 401)
        self._tokens.pop(token, None)

    def require(self, token: str, name: str, *, is_new: bool) -> dict[str, str] | None:
        """Reject an upload whose token is not for this crate, or of another kind than the crate demands.

        Return what a version shows of the job behind it (``TrustpubData``), None for a token of a person.
        """
        if not token.startswith(PREFIX):
            config = self._configs.get(name)
            if config is not None and config.only and not is_new:
                raise Rejected(
                    "New versions of this crate can only be published using Trusted Publishing (see the page on "
                    "trusted publishing).",
                    403,
                )
            return None
        if is_new:
            raise Rejected(
                "Trusted Publishing tokens do not support creating new crates. Publish the crate manually, first",
                403,
            )
        grant = self._tokens.get(token)
        if grant is None or self._clock.seconds() >= grant.until:
            raise Rejected("Invalid authentication token", 403)
        if name not in grant.crates:
            raise Rejected(f"The provided access token is not valid for crate `{name}`", 403)
        return grant.shown

    def _trusting(self, claims: Mapping[str, Any]) -> frozenset[str]:
        repository = str(claims.get("repository"))
        if "/" not in repository:
            raise Rejected("Unexpected `repository` value")
        workflow = _WORKFLOW.fullmatch(str(claims.get("workflow_ref")))
        if workflow is None:
            raise Rejected("Unexpected `workflow_ref` value")
        owner, environment = str(claims.get("repository_owner_id")), claims.get("environment")
        if not owner.isdecimal():
            raise Rejected("Unexpected `repository_owner_id` value")
        found = {
            name: one for name, one in self._configs.items() if one.repository.lower() == repository.lower()
        }
        if not found:
            raise Rejected(f"No Trusted Publishing config found for repository `{repository}`.")
        begin = f"The Trusted Publishing config for repository `{repository}`"
        rest = {name: one for name, one in found.items() if one.owner_id == owner}
        if not rest:
            expected = ", ".join(one.owner_id for one in found.values())
            raise Rejected(
                f"{begin} does not match the repository owner ID ({owner}) in the JWT. Expected owner IDs: "
                f"{expected}. Please recreate the Trusted Publishing config to update the repository owner ID."
            )
        found = {name: one for name, one in rest.items() if one.workflow == workflow[1]}
        if not found:
            raise Rejected(
                f"{begin} does not match the workflow filename `{workflow[1]}` in the JWT. Expected workflow "
                f"filenames: {_quoted(one.workflow for one in rest.values())}"
            )
        named = str(environment or "").lower()
        trusting = frozenset(
            name for name, one in found.items() if one.environment is None or one.environment.lower() == named
        )
        if not trusting:
            expected = _quoted(str(one.environment) for one in found.values())
            what = (
                f"does not match the environment `{environment}` in the JWT"
                if environment
                else "requires an environment, but the JWT does not specify one"
            )
            raise Rejected(f"{begin} {what}. Expected environments: {expected}")
        return trusting


def _shown(claims: Mapping[str, Any]) -> dict[str, str]:
    found = {key: str(claims.get(key, "")) for key in ("repository", "run_id", "sha")}
    return {"provider": "github", **found}


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in values)


def _config(name: str, value: Any) -> _Config:
    if not isinstance(value, dict) or not {"repository", "workflow"} <= set(value) <= _KEYS:
        raise ValueError(
            f"`trusted` gives `{name}` repository and workflow, and may give environment, owner_id and only"
        )
    environment = value.get("environment")
    return _Config(
        str(value["repository"]),
        str(value["workflow"]),
        None if environment is None else str(environment),
        bool(value.get("only", False)),
        str(value.get("owner_id", "1")),
    )
