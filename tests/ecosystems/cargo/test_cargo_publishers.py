"""Publishers of crates are asked for one a second, and what cannot be read is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from world_of_fakes import FakeClock

from castoff.ecosystems.cargo.publishers import Publishers
from castoff.model.attestations import GITHUB_ISSUER, NoProvenance, Origin, Provenance, Publisher
from castoff.model.observations import Unknown
from castoff.redaction import Redactor
from castoff.world.messages import Request, Response
from castoff.world.server import Server, Site

DIGEST = "d" * 64
GITHUB = {"provider": "github", "repository": "acme/rocket", "run_id": "1", "sha": "c" * 40}
GITLAB = {"provider": "gitlab", "project_path": "acme/rocket", "job_id": "1", "sha": "c" * 40}


class Answer:
    def __init__(self, status: int, body: bytes) -> None:
        self.answer = Response(status, body)

    def handle(self, _request: Request) -> Response:
        return self.answer


def version(shown: Any, **more: Any) -> bytes:
    return json.dumps({"version": {"trustpub_data": shown, "checksum": DIGEST, **more}}).encode()


def published(issuer: str, repository: str = "acme/rocket") -> Provenance:
    publisher = Publisher(issuer=issuer, repository=repository, commit="c" * 40)
    return Provenance(digest=f"sha256:{DIGEST}", publisher=publisher)


ROWS: list[tuple[int, bytes, Origin | type[Origin]]] = [
    (200, version(GITHUB), published(GITHUB_ISSUER)),
    (200, version(GITLAB), published("https://gitlab.com")),
    (200, version({**GITHUB, "provider": "elsewhere"}), published("elsewhere")),
    (200, version(None), NoProvenance),
    (200, version([]), Unknown),
    (200, b'{"version": {"checksum": "d"}}', Unknown),
    (200, b"[" * 100_000, Unknown),
    (200, b"<html>", Unknown),
    (404, b"{}", Unknown),
    (503, b"", Unknown),
]


@pytest.mark.parametrize(("status", "body", "origin"), ROWS, ids=range(len(ROWS)))
def test_a_publisher_is_what_the_registry_says_and_nothing_else(
    status: int, body: bytes, origin: Origin | type[Origin]
) -> None:
    with Server(Site("cargo", Answer(status, body))) as server:
        found = Publishers({}, Redactor(), FakeClock()).ask(server.url, "acme", "1.0.0")

    assert found == origin or type(found) is origin, found


def test_one_question_a_second_is_asked() -> None:
    clock = FakeClock()
    with Server(Site("cargo", Answer(200, version(GITHUB)))) as server:
        publishers = Publishers({}, Redactor(), clock)
        for _ in range(4):
            publishers.ask(server.url, "acme", "1.0.0")

    assert clock.monotonic() == 3.0
