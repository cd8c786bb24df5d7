"""Trusted publishers of packages: which workflow may publish or stage, without a token of a person.

Source: `npm/documentation`, "Trusted publishing for npm packages"; the audience as npm, pnpm and yarn request it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from castoff.world.identity import Issuer, TokenInvalid
from castoff.world.messages import Request
from castoff.world.npm_registry.refusal import Refused

_KEYS = {"repository", "workflow", "environment", "allow"}
_WORKFLOW = re.compile(r"[^/]+/[^/]+/\.github/workflows/([^/@]+)@.+")


class _Publisher(Struct, frozen=True):
    repository: str
    workflow: str
    environment: str | None
    allow: frozenset[str]


class TrustedPublishers:
    """One publisher a package at most."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._publishers: dict[str, _Publisher] = {}

    def add(self, name: str, value: Mapping[str, Any]) -> None:
        """Let a package trust a workflow; ``allow`` has `publish`, `stage` or both (default: both)."""
        if not {"repository", "workflow"} <= set(value) <= _KEYS:
            raise ValueError(
                f"`trusted` of `{name}` has repository and workflow, and may have environment and allow"
            )
        self._publishers[name] = _Publisher(
            str(value["repository"]),
            str(value["workflow"]),
            None if value.get("environment") is None else str(value["environment"]),
            frozenset(str(one) for one in value.get("allow", ("publish", "stage"))),
        )

    def require(self, name: str, request: Request) -> frozenset[str]:
        """Return what the workflow of an identity token may do; refuse one that is not trusted."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        host = urlsplit(request.base_url)
        # npm and pnpm name the host alone, yarn with its port.
        audiences = (f"npm:{host.hostname}", f"npm:{host.netloc}")
        try:
            claims = self._issuer.claims(text if kind.lower() == "bearer" else "", audiences)
        except TokenInvalid as invalid:
            raise Refused("OIDC token exchange error - invalid token", 401) from invalid
        # npm/documentation: "self-hosted runners are not currently supported".
        if claims.get("runner_environment") == "self-hosted":
            raise Refused("OIDC token exchange error - unsupported runner", 401)
        publisher = self._publishers.get(name)
        workflow = _WORKFLOW.fullmatch(str(claims.get("workflow_ref")))
        # Names are compared with their case: PostHog's handbook, "Releasing".
        matches = (
            publisher is not None
            and workflow is not None
            and claims.get("repository") == publisher.repository
            and workflow[1] == publisher.workflow
            and (publisher.environment is None or claims.get("environment") == publisher.environment)
        )
        if publisher is None or not matches:
            raise Refused("OIDC token exchange error - package not found", 404)
        return publisher.allow
