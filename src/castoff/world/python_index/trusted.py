"""Trusted publishing of the embedded Python index: identity tokens of GitHub's workflows for tokens of 15 minutes.

Source: warehouse ``oidc/views.py``, ``oidc/services.py``, ``oidc/models/github.py``, ``macaroons/caveats``. As in its
source of 2026-08-21, no route takes a token back.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from packaging.utils import canonicalize_name

from castoff.values import replace
from castoff.world.clock import WorldClock
from castoff.world.identity import Issuer, TokenInvalid
from castoff.world.messages import Rejected, Request, Response, json_response

AUDIENCE = "pypi"
PREFIX = "pypi-world-"
_LIFETIME = 900
_KEYS = {"repository", "workflow", "environment", "owner_id"}
_WORKFLOW = re.compile(r"([^/]+\.(?:yml|yaml))(?=@)")


class Publisher(Struct, frozen=True):
    """A workflow that may upload; ``environment`` "" stands for any. ``project`` is one that trusts it."""

    project: str
    repository: str
    workflow: str
    environment: str
    owner_id: str

    @property
    def is_same_as(self) -> tuple[str, str, str, str]:
        """Return what is unique of a publisher: projects that name the same one share it."""
        return self.repository, self.workflow, self.environment, self.owner_id


class _Grant(Struct, frozen=True):
    until: float
    publisher: Publisher
    projects: frozenset[str]


class InvalidPublisher(Exception):
    """No publisher fits the claims of a token."""


class ReusedToken(Exception):
    """The identity token was used before."""


class TrustedPublishing:
    """The publishers of projects, those that are pending, and the tokens that were given out."""

    def __init__(
        self, settings: Mapping[str, Any], pending: Mapping[str, Any], clock: WorldClock, issuer: Issuer
    ) -> None:
        self._publishers = [_publisher(name, value) for name, value in settings.items()]
        self._pending = [_publisher(name, value) for name, value in pending.items()]
        self._clock = clock
        self._issuer = issuer
        self._lock = threading.Lock()
        self._used: set[str] = set()
        self._grants: dict[str, _Grant] = {}

    def mint(
        self, request: Request, exists: Callable[[str], bool], create: Callable[[str], None]
    ) -> Response:
        """Answer an exchange; a pending publisher makes its project with ``create``, before any file is there."""
        try:
            payload = json.loads(request.body)
            token = payload["token"]
            if not isinstance(token, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            return _unprocessable("invalid-payload", "1 validation error for TokenPayload")
        try:
            claims = self._issuer.claims(token, (AUDIENCE,), leeway=30)
        except TokenInvalid as invalid:
            if invalid.flaw == "malformed":
                return _unprocessable("invalid-payload", "malformed JWT")
            if invalid.flaw == "issuer":
                return _unprocessable("invalid-payload", "unknown trusted publishing issuer")
            return _unprocessable("invalid-token", "malformed or invalid token")
        with self._lock:
            return self._minted(claims, exists, create)

    def require(self, token: str, project: str, *, exists: bool) -> Publisher | None:
        """Return the publisher behind a token of an exchange, None for other tokens; refuse one that is not valid."""
        if not token.startswith(PREFIX):
            return None
        with self._lock:
            grant = self._grants.get(token)
        if grant is None:
            raise Rejected("Invalid or non-existent authentication information.", 403)
        if self._clock.seconds() >= grant.until:
            raise Rejected("Invalid API Token: token is expired", 403)
        if not exists:
            raise Rejected(
                "Non-user identities cannot create new projects. This was probably caused by successfully using a "
                "pending publisher but specifying the project name incorrectly (either in the publisher or in your "
                "project's metadata). Please ensure that both match."
            )
        if canonicalize_name(project) not in grant.projects:
            raise Rejected(f"Invalid API Token: OIDC scoped token is not valid for project {project!r}", 403)
        return grant.publisher

    def _minted(
        self, claims: Mapping[str, Any], exists: Callable[[str], bool], create: Callable[[str], None]
    ) -> Response:
        number = str(claims["jti"])
        try:
            pending = self._find(self._pending, claims)
        except ReusedToken:
            # Here the real one fails with 500: a token is never used twice on purpose.
            return _unprocessable("invalid-reuse-token", "invalid token: already used")
        except InvalidPublisher:
            pending = None
        if pending is not None:
            # The project is made by the exchange, and the publisher is one of it from now on.
            self._pending.remove(pending)
            if exists(pending.project):
                return _unprocessable("invalid-pending-publisher", "valid token, but project already exists")
            create(pending.project)
            self._pending = [one for one in self._pending if one.project != pending.project]
            self._publishers.append(pending)
        try:
            publisher = self._find(self._publishers, claims)
        except ReusedToken:
            return _unprocessable("invalid-reuse-token", "invalid token: already used")
        except InvalidPublisher as error:
            return _unprocessable(
                "invalid-publisher", f"valid token, but no corresponding publisher ({error})"
            )
        self._used.add(number)
        token = PREFIX + hashlib.sha256(f"{number} {len(self._used)}".encode()).hexdigest()
        projects = frozenset(
            one.project for one in self._publishers if one.is_same_as == publisher.is_same_as
        )
        self._grants[token] = _Grant(self._clock.seconds() + _LIFETIME, publisher, projects)
        expires = int(self._clock.now().timestamp()) + _LIFETIME
        return json_response(200, {"success": True, "token": token, "expires": expires})

    def _find(self, publishers: list[Publisher], claims: Mapping[str, Any]) -> Publisher:
        workflow = _WORKFLOW.search(str(claims.get("job_workflow_ref", "")))
        if workflow is None:
            raise InvalidPublisher("Could not job extract workflow filename from OIDC claims")
        environment = str(claims.get("environment") or "").lower()
        found = [
            one
            for one in publishers
            if one.workflow == workflow[1]
            and one.repository.lower() == str(claims.get("repository", "")).lower()
            and one.owner_id == str(claims.get("repository_owner_id"))
        ]
        fit = next((one for one in found if environment and one.environment == environment), None)
        fit = fit or next((one for one in found if not one.environment), None)
        if fit is None:
            raise InvalidPublisher("Publisher with matching claims was not found")
        if claims["jti"] in self._used:
            raise ReusedToken
        expected = f"{fit.repository}/.github/workflows/{fit.workflow}@{claims.get('ref')}"
        # A reusable workflow of another repository has the same file name, and another reference.
        if str(claims.get("job_workflow_ref")).lower() != expected.lower():
            raise InvalidPublisher(
                f"The job_workflow_ref claim does not match, expecting one of [{expected!r}], got "
                f"{claims.get('job_workflow_ref')!r}"
            )
        if claims.get("event_name") == "pull_request_target":
            raise InvalidPublisher(
                "Publishing from a workflow invoked via 'pull_request_target' is not supported."
            )
        return fit


def _unprocessable(code: str, description: str) -> Response:
    errors = [{"code": code, "description": description}]
    return json_response(422, {"message": "Token request failed", "errors": errors})


def _publisher(name: str, value: Any) -> Publisher:
    if not isinstance(value, dict) or not {"repository", "workflow"} <= set(value) <= _KEYS:
        raise ValueError(
            f"`trusted` or `pending` gives `{name}` repository and workflow, and may give environment and owner_id"
        )
    made = Publisher(
        str(canonicalize_name(name)),
        str(value["repository"]),
        str(value["workflow"]),
        str(value.get("environment") or ""),
        str(value.get("owner_id", "1")),
    )
    return replace(made, environment=made.environment.lower())
