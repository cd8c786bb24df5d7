"""Trusted publishers of packages: which workflow may publish or stage, without a token of a person.

Sources: `npm/documentation`, "Trusted publishing for npm packages"; `npm/api-documentation`, `trust.yaml`; the audience
as npm, pnpm and yarn request it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from castoff.world.identity import Issuer, TokenInvalid
from castoff.world.messages import Request
from castoff.world.npm_registry.refusal import Refused

_KEYS = {"repository", "workflow", "environment", "allow"}
_FILE = re.compile(r"[^/]+\.ya?ml")
_WORKFLOW = re.compile(r"[^/]+/[^/]+/\.github/workflows/([^/@]+)@.+")


_ACTIONS = {"createPackage": "publish", "createStagedPackage": "stage", "manageDistTags": "tag"}
_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "github": ("repository", "workflow_ref"),
    "gitlab": ("project_path", "ci_config_ref_uri"),
    "circleci": tuple(
        f"oidc.circleci.com/{one}" for one in ("org-id", "project-id", "pipeline-definition-id", "vcs-origin")
    ),
}
"""What a configuration of each provider has at least; npm's page and its command require the file as well."""


class _Publisher(Struct, frozen=True):
    id: str
    type: str
    claims: Mapping[str, Any]
    permissions: tuple[str, ...]

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(_ACTIONS[one] for one in self.permissions)

    def trusts(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the claims of an identity token are those of the workflow; this world has GitHub's alone."""
        workflow = _WORKFLOW.fullmatch(str(claims.get("workflow_ref")))
        # Names are compared with their case: PostHog's handbook, "Releasing".
        return (
            self.type == "github"
            and workflow is not None
            and claims.get("repository") == self.claims["repository"]
            and workflow[1] == self.claims["workflow_ref"]["file"]
            and self.claims.get("environment") in (None, claims.get("environment"))
        )

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "claims": self.claims,
            "permissions": list(self.permissions),
        }


class TrustedPublishers:
    """One publisher a package at most."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._publishers: dict[str, _Publisher] = {}
        self._made = 0

    def add(self, name: str, value: Mapping[str, Any]) -> None:
        """Let a package trust a workflow; ``allow`` has `publish`, `stage` or both (default: both)."""
        if not {"repository", "workflow"} <= set(value) <= _KEYS:
            raise ValueError(
                f"`trusted` of `{name}` has repository and workflow, and may have environment and allow"
            )
        allowed = {str(one) for one in value.get("allow", ("publish", "stage"))}
        environment = value.get("environment")
        self._keep(
            name,
            "github",
            {
                "repository": str(value["repository"]),
                "workflow_ref": {"file": str(value["workflow"])},
                **({} if environment is None else {"environment": str(environment)}),
            },
            tuple(permission for permission, action in _ACTIONS.items() if action in allowed),
        )

    def listed(self, name: str) -> list[dict[str, Any]]:
        """Return the configurations of a package."""
        found = self._publishers.get(name)
        return [] if found is None else [found.document()]

    def enter(self, name: str, configurations: Any) -> list[dict[str, Any]]:
        """Take the configuration that a person enters; nothing looks whether that workflow exists."""
        if (
            not isinstance(configurations, list)
            or not configurations
            or not all(map(_is_whole, configurations))
        ):
            raise Refused("Invalid trusted publisher configuration")
        # "Currently, the registry only supports one configuration per package" (npm 12.2.2, `npm help trust`).
        if name in self._publishers or len(configurations) > 1:
            raise Refused(
                "trusted publisher config already exists for the package. Please delete and re-create.", 409
            )
        (one,) = configurations
        self._keep(name, one["type"], one["claims"], tuple(one["permissions"]))
        return self.listed(name)

    def revoke(self, name: str, identifier: str) -> None:
        """Remove a configuration by its id."""
        try:
            uuid.UUID(identifier)
        except ValueError as error:
            raise Refused("Invalid trusted publisher config id format") from error
        found = self._publishers.get(name)
        if found is None or found.id != identifier:
            raise Refused("Trusted publisher configuration not found for the package", 404)
        del self._publishers[name]

    def _keep(self, name: str, kind: str, claims: Mapping[str, Any], permissions: tuple[str, ...]) -> None:
        self._made += 1
        identifier = str(uuid.UUID(int=self._made, version=4))
        self._publishers[name] = _Publisher(identifier, kind, claims, permissions)

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
        if publisher is None or not publisher.trusts(claims):
            raise Refused("OIDC token exchange error - package not found", 404)
        return publisher.actions


def _is_whole(configuration: Any) -> bool:
    """Return whether a configuration has what its provider and its permissions need."""
    if not isinstance(configuration, dict):
        return False
    claims, permissions = configuration.get("claims"), configuration.get("permissions")
    needed = _CLAIMS.get(str(configuration.get("type")))
    if needed is None or not isinstance(claims, dict) or not isinstance(permissions, list):
        return False
    files = [one for one in needed if one in ("workflow_ref", "ci_config_ref_uri")]
    return (
        bool(permissions)
        and all(one in _ACTIONS for one in permissions)
        and all(claims.get(one) for one in needed)
        # A file alone, not a path: `npm trust github` and the page refuse another one.
        and all(
            isinstance(claims[one], dict) and _FILE.fullmatch(str(claims[one].get("file"))) for one in files
        )
    )
