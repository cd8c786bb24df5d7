"""Provenance of npm packages with the real npm: what the registry holds, and what it says of who published."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from npm_files import npm_package

from attesting import COMMIT, GITHUB, npm_bundle
from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.provenance import read_provenance
from castoff.ecosystems.npm.registry import NpmRegistry as Registry
from castoff.io.clock import SystemClock
from castoff.io.http import Failure, Reply
from castoff.io.process import Processes
from castoff.model.attestations import NoProvenance, Provenance, Publisher
from castoff.model.observations import Unknown
from castoff.redaction import Redactor
from castoff.world.clients import TOKEN
from castoff.world.identity import Issuer, Job
from castoff.world.npm_registry import NpmRegistry
from castoff.world.server import Server, Site
from registry_rules.npm_requests import Call, publication

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("npm"),
]
REPOSITORY = {"type": "git", "url": "git+https://github.com/acme/rocket.git"}
DIGEST = "ab" * 64
DIST = {"integrity": "sha512-" + base64.b64encode(bytes.fromhex(DIGEST)).decode()}
JOB = Publisher(issuer=GITHUB, repository="acme/rocket", workflow="release.yml", commit=COMMIT)


def attested(name: str, version: str, **fields: Any) -> dict[str, Any]:
    document = publication(name, version, repository=REPOSITORY, **fields)
    (tarball,) = document["_attachments"].values()
    content = base64.b64decode(tarball["data"])
    text = json.dumps(npm_bundle(name, version, hashlib.sha512(content).hexdigest()))
    kind = "application/vnd.dev.sigstore.bundle.v0.3+json"
    document["_attachments"][f"{name}-{version}.sigstore"] = {"content_type": kind, "data": text}
    return document


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    issuer = Issuer(job=Job(repository="acme/rocket", workflow="release.yml"))
    trusted = {"trusted": {"repository": "acme/rocket", "workflow": "release.yml"}}
    world = NpmRegistry(
        settings={
            "packages": [{"name": "@acme/core", "version": "0.1.0"}],
            "settings": {"@acme/core": trusted},
        },
        issuer=issuer,
    )
    jwt = issuer.token("npm:127.0.0.1")
    answer = Call(method="POST", path="/-/npm/v1/oidc/token/exchange/package/@acme/core", token=jwt).send(
        world
    )
    token = json.loads(answer.body)["token"]

    def put(document: dict[str, Any], token: str) -> None:
        sent = Call(method="PUT", path="/@acme/core", body=document, token=token).send(world)
        assert sent.status == 200, sent.body

    put(attested("@acme/core", "1.0.0"), token)
    put(publication("@acme/core", "1.1.0"), token)
    put(attested("@acme/core", "1.2.0"), TOKEN)
    with Server(Site("npm", world)) as server:
        settings = tmp_path_factory.mktemp("npm") / "npmrc"
        settings.write_text(f"registry={server.url}/\n")
        environment = {"PATH": os.environ["PATH"], "npm_config_userconfig": str(settings)}
        yield Registry(Processes(environment, Redactor()), NpmSettings(), SystemClock())


def test_a_version_shows_its_provenance_or_that_its_publisher_was_trusted(registry: Registry) -> None:
    package = npm_package("@acme/core")
    trusted = Publisher(issuer=GITHUB)

    both = registry.origin(package, "1.0.0", "")
    assert isinstance(both, Provenance)
    assert (both.publisher, both.subject) == (trusted, "pkg:npm/%40acme/core@1.0.0")
    (one,) = both.attestations
    assert (one.publisher, one.is_signed, one.subject, one.digest) == (JOB, True, both.subject, both.digest)
    assert registry.origin(package, "1.1.0", "") == Provenance(publisher=trusted)
    by_token = registry.origin(package, "1.2.0", "")
    assert isinstance(by_token, Provenance)
    assert (by_token.publisher, len(by_token.attestations)) == (None, 1)
    assert isinstance(registry.origin(package, "0.1.0", ""), NoProvenance)
    assert isinstance(registry.origin(package, "9.0.0", ""), Unknown)
    assert isinstance(registry.origin(npm_package("missing"), "1.0.0", ""), Unknown)


def answered(document: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(document).encode())


def listed(*bundles: object, kind: str = "https://slsa.dev/provenance/v1") -> dict[str, Any]:
    return {"attestations": [{"predicateType": kind, "bundle": one} for one in bundles]}


GOOD = npm_bundle("a", "1.0.0", DIGEST)
CHAIN = {"x509CertificateChain": {"certificates": [GOOD["verificationMaterial"]["certificate"]]}}
OTHER = {"predicateType": "https://example.org", "bundle": {}}
MANY = 100_000


def test_what_cannot_be_read_is_not_known() -> None:
    rows: list[tuple[Reply | Failure, bool]] = [
        (answered(listed(GOOD)), True),
        (answered(listed({**GOOD, "verificationMaterial": CHAIN})), True),
        (
            answered(
                {
                    "attestations": [
                        *listed({}, kind="https://x")["attestations"],
                        *listed(GOOD)["attestations"],
                    ]
                }
            ),
            True,
        ),
        (answered(listed(GOOD, kind="https://x")), False),
        (answered(listed({**GOOD, "verificationMaterial": {}})), False),
        (answered(listed({**GOOD, "dsseEnvelope": {}})), False),
        (answered(listed()), False),
        (answered([]), False),
        (Reply(status=200, body=b"[" * MANY), False),
        (answered(listed(GOOD), 404), False),
        (answered(listed(GOOD), 500), False),
        (Failure(reason="timed out", sent=True), False),
    ]
    for reply, is_read in rows:
        found = read_provenance("a", "1.0.0", DIST, reply, None)
        assert isinstance(found, Provenance if is_read else Unknown), (reply, found)
        if isinstance(found, Provenance):
            assert found.attestations[0].digest == found.digest == f"sha512:{DIGEST}"
