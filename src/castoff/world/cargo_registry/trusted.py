"""Trusted publishing of the embedded Cargo registry: identity tokens of GitHub's workflows for tokens of half an hour.

The signature of an identity token is not checked, nor for whom it was made; everything else is as crates-io has it.
Source: crates-io ``controllers/trustpub/tokens``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from castoff.world.clock import WorldClock
from castoff.world.messages import Rejected

PREFIX = "cio_tp_"
_ISSUER = "https://token.actions.githubusercontent.com"
_LIFETIME = 30 * 60
_EVENTS = ("pull_request_target", "workflow_run")
_KEYS = {"repository", "workflow", "environment", "only"}
_WORKFLOW = re.compile(r"[^/]+/[^/]+/\.github/workflows/([^/@]+)@.+")


@dataclass(frozen=True, slots=True)
class _Config:
    """The workflow that may publish a crate; ``only``: nobody else may publish new versions."""

    repository: str
    workflow: str
    environment: str | None
    only: bool


class TrustedPublishing:
    """The workflows that crates trust, and the tokens that were given out; not for several threads at once."""

    def __init__(self, settings: Mapping[str, Any], clock: WorldClock) -> None:
        self._configs = {name: _config(name, value) for name, value in settings.items()}
        self._clock = clock
        self._used: set[str] = set()
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}

    def exchange(self, jwt: str) -> str:
        """Return a token for the crates that trust the workflow of an identity token."""
        header, claims = _decoded(jwt)
        if claims.get("iss") != _ISSUER:
            raise Rejected(f"Unsupported JWT issuer: {claims.get('iss')}")
        if not header.get("kid"):
            raise Rejected("Missing JWT key ID")
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
        self._tokens[token] = (self._clock.seconds() + _LIFETIME, crates)
        return token

    def revoke(self, token: str) -> None:
        """Forget a token."""
        if not token.startswith(PREFIX):
            raise Rejected("Invalid `Authorization` header: Failed to parse token", 401)
        self._tokens.pop(token, None)

    def require(self, token: str, name: str, *, is_new: bool) -> None:
        """Reject an upload whose token is not for this crate, or of another kind than the crate demands."""
        if not token.startswith(PREFIX):
            config = self._configs.get(name)
            if config is not None and config.only and not is_new:
                raise Rejected(
                    "New versions of this crate can only be published using Trusted Publishing (see the page on "
                    "trusted publishing).",
                    403,
                )
            return
        if is_new:
            raise Rejected(
                "Trusted Publishing tokens do not support creating new crates. Publish the crate manually, first",
                403,
            )
        until, crates = self._tokens.get(token, (0.0, frozenset[str]()))
        if self._clock.seconds() >= until:
            raise Rejected("Invalid authentication token", 403)
        if name not in crates:
            raise Rejected(f"The provided access token is not valid for crate `{name}`", 403)

    def _trusting(self, claims: Mapping[str, Any]) -> frozenset[str]:
        repository = str(claims.get("repository"))
        if "/" not in repository:
            raise Rejected("Unexpected `repository` value")
        workflow = _WORKFLOW.fullmatch(str(claims.get("workflow_ref")))
        if workflow is None:
            raise Rejected("Unexpected `workflow_ref` value")
        environment = str(claims.get("environment") or "")
        found = {
            name: one for name, one in self._configs.items() if one.repository.lower() == repository.lower()
        }
        if not found:
            raise Rejected(f"No Trusted Publishing config found for repository `{repository}`.")
        found = {name: one for name, one in found.items() if one.workflow == workflow[1]}
        if not found:
            raise Rejected(
                f"The Trusted Publishing config for repository `{repository}` does not match the workflow filename "
                f"`{workflow[1]}` in the JWT."
            )
        trusting = frozenset(
            name
            for name, one in found.items()
            if one.environment is None or one.environment.lower() == environment.lower()
        )
        if not trusting:
            raise Rejected(
                f"The Trusted Publishing config for repository `{repository}` does not match the environment "
                f"`{environment}` in the JWT."
            )
        return trusting


def _decoded(jwt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        parts = [
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in jwt.split(".")[:2]
        ]
    except (ValueError, binascii.Error) as error:
        raise Rejected("Failed to decode JWT") from error
    if jwt.count(".") != 2 or not all(isinstance(part, dict) for part in parts):
        raise Rejected("Failed to decode JWT")
    return parts[0], parts[1]


def _config(name: str, value: Any) -> _Config:
    if not isinstance(value, dict) or not {"repository", "workflow"} <= set(value) <= _KEYS:
        raise ValueError(
            f"`trusted` gives `{name}` repository and workflow, and may give environment and only"
        )
    environment = value.get("environment")
    return _Config(
        str(value["repository"]),
        str(value["workflow"]),
        None if environment is None else str(environment),
        bool(value.get("only", False)),
    )
