"""Trusted publishing of the embedded Cargo registry: who gets a token, and what it is good for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from test_world_cargo_registry import crate, publication, send

from castoff.world.cargo_registry import CargoRegistry
from castoff.world.clock import WorldClock
from castoff.world.identity import ISSUER, Issuer, sign
from castoff.world.messages import Request, Response

TOKENS = "/api/v1/trusted_publishing/tokens"
TRUSTED: dict[str, Any] = {
    "acme": {"repository": "Acme/rocket", "workflow": "release.yml"},
    "acme-web": {
        "repository": "acme/rocket",
        "workflow": "release.yml",
        "environment": "crates",
        "only": True,
    },
}
CLAIMS = {
    "iss": ISSUER,
    "aud": "x",
    "jti": "1",
    "event_name": "push",
    "repository": "acme/rocket",
    "repository_owner_id": "1",
    "workflow_ref": "acme/rocket/.github/workflows/release.yml@refs/tags/1.0.0",
}


def registry_at(clock: WorldClock | None = None) -> CargoRegistry:
    packages: dict[str, Any] = {name: {"1.0.0": {}} for name in ("acme", "acme-web", "other")}
    return CargoRegistry(clock=clock, settings={"packages": packages, "trusted": TRUSTED})


def jwt(header: dict[str, Any] | None = None, **claims: Any) -> str:
    if header is None:
        return Issuer().token("x", **{**CLAIMS, **claims})
    return sign({**CLAIMS, **claims}, header)


def exchange(registry: CargoRegistry, token: str) -> Response:
    return send(registry, "POST", TOKENS, json.dumps({"jwt": token}).encode())


def publish(registry: CargoRegistry, name: str, token: str, version: str = "1.1.0") -> int:
    request = publication(name, version, crate(name, version))
    headers = {**request.headers, "authorization": token}
    return registry.handle(Request("PUT", request.path, {}, headers, request.body, "http://x")).status


def test_a_token_is_good_for_the_crates_that_trust_the_workflow() -> None:
    registry = registry_at()
    token = json.loads(exchange(registry, jwt()).body)["token"]

    assert publish(registry, "acme", f"Bearer {token}") == 200
    assert publish(registry, "acme-web", token) == 403, "its environment is missing"
    assert publish(registry, "other", token) == 403
    assert publish(registry, "new", token) == 403
    assert publish(registry, "acme-web", "secret") == 403, "it takes no other tokens"
    inside = json.loads(exchange(registry, jwt(jti="2", environment="Crates")).body)["token"]
    assert publish(registry, "acme-web", inside) == 200
    assert publish(registry, "acme", "secret", "1.2.0") == 200
    assert publish(registry, "acme", "Basic secret", "1.3.0") == 401


def test_a_version_shows_the_job_that_published_it_or_the_person() -> None:
    registry = registry_at()
    token = json.loads(exchange(registry, jwt(sha="c" * 40, run_id="7")).body)["token"]
    publish(registry, "acme", token)
    publish(registry, "acme", "secret", "1.2.0")

    def shown(version: str) -> tuple[Any, Any]:
        answer = send(registry, "GET", f"/api/v1/crates/acme/{version}")
        document = json.loads(answer.body)["version"]
        return document["trustpub_data"], (document["published_by"] or {}).get("login")

    job = {"provider": "github", "repository": "acme/rocket", "run_id": "7", "sha": "c" * 40}
    assert shown("1.1.0") == (job, None)
    assert shown("1.2.0") == (None, "world")


def test_a_token_ends_when_it_is_revoked_or_half_an_hour_old() -> None:
    clock = WorldClock()
    registry = registry_at(clock)
    first, second = (json.loads(exchange(registry, jwt(jti=one)).body)["token"] for one in "12")

    assert send(registry, "DELETE", TOKENS, authorization=f"Bearer {first}").status == 204
    assert send(registry, "DELETE", TOKENS, authorization="secret").status == 401
    assert publish(registry, "acme", first) == 403
    clock.advance(29 * 60)
    assert publish(registry, "acme", second) == 200
    clock.advance(2 * 60)
    assert publish(registry, "acme", second, "1.2.0") == 403


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: "nonsense", "Failed to decode"),
        (lambda: jwt(iss="https://example.org"), "Unsupported JWT issuer"),
        (lambda: jwt({"alg": "RS256"}), "Missing JWT key ID"),
        (lambda: jwt({"alg": "RS256", "kid": "other"}), "Invalid JWT key ID"),
        (lambda: jwt({"alg": "none", "kid": "world"}), "Failed to decode"),
        (lambda: jwt()[:-8] + "AAAAAAAA", "Failed to decode"),
        (lambda: jwt(aud="pypi"), "Failed to decode"),
        (lambda: jwt(exp=1), "Failed to decode"),
        (lambda: jwt(repository_owner_id="2"), "does not match the repository owner ID (2)"),
        (lambda: jwt(repository_owner_id="x"), "Unexpected `repository_owner_id`"),
        (lambda: jwt(event_name="workflow_run"), "does not support the `workflow_run` event"),
        (lambda: jwt(event_name="pull_request_target"), "does not support"),
        (lambda: jwt(repository="acme"), "Unexpected `repository`"),
        (lambda: jwt(workflow_ref="release.yml"), "Unexpected `workflow_ref`"),
        (lambda: jwt(repository="acme/other"), "No Trusted Publishing config"),
        (lambda: jwt(workflow_ref="acme/rocket/.github/workflows/ci.yml@x"), "does not match the workflow"),
    ],
)
def test_other_workflows_get_no_token(made: Callable[[], str], words: str) -> None:
    answer = exchange(registry_at(), made())

    assert (answer.status, words in answer.body.decode()) == (400, True), answer


def test_an_identity_token_is_used_once_and_an_environment_may_be_demanded() -> None:
    registry = CargoRegistry(settings={"trusted": {"acme-web": TRUSTED["acme-web"]}})

    assert b"environment" in exchange(registry, jwt()).body
    assert b"already been used" in exchange(registry, jwt()).body
    with pytest.raises(ValueError, match="trusted"):
        CargoRegistry(settings={"trusted": {"acme": {"repository": "a/b"}}})
