"""Attestations as GitHub keeps them: by the digests of their subjects, and only what is signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client

from attesting import forge_bundle

BASE = f"{REPO}/attestations"
ONE, TWO = "a" * 64, "b" * 64


def test_what_is_stored_is_found_by_each_of_its_subjects(client: Client) -> None:
    sent = forge_bundle({"a.whl": ONE, "b.whl": TWO})
    first = client.post(BASE, {"bundle": sent})
    second = client.post(
        BASE, {"bundle": forge_bundle({"a.whl": ONE}, kind="https://spdx.dev/Document/v2.3")}
    )

    assert first["id"] < second["id"]
    assert len(client.get(f"{BASE}/sha256:{ONE}")["attestations"]) == 2
    (found,) = client.get(f"{BASE}/sha256:{TWO}")["attestations"]
    assert found["bundle"] == sent
    for kind, count in (("sbom", 1), ("provenance", 1), ("https://slsa.dev/provenance/v1", 1)):
        assert len(client.get(f"{BASE}/sha256:{ONE}?predicate_type={kind}")["attestations"]) == count
    client.get(f"{BASE}/sha256:{ONE}?predicate_type=release", 404)


def test_pages_follow_each_other_by_a_cursor(client: Client) -> None:
    for _ in range(3):
        client.post(BASE, {"bundle": forge_bundle({"a.whl": ONE})})

    answer = client.ask("GET", f"{BASE}/sha256:{ONE}?per_page=2")
    link = answer.headers["Link"]

    assert 'rel="next"' in link
    following = link.partition("<")[2].partition(">")[0].partition("127.0.0.1:1")[2]
    assert len(client.get(following)["attestations"]) == 1


@pytest.mark.parametrize("digest", [f"sha256:{TWO}", TWO, "sha256:abc", f"sha512:{ONE}"])
def test_what_is_not_attested_is_not_found(client: Client, digest: str) -> None:
    client.post(BASE, {"bundle": forge_bundle({"a.whl": ONE})})

    client.get(f"{BASE}/{digest}", 404)


def changed(**parts: Any) -> dict[str, Any]:
    return {**forge_bundle({"a.whl": ONE}), **parts}


REFUSED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "of another kind": {"bundle": changed(mediaType="text/plain")},
    "without a certificate": {"bundle": changed(verificationMaterial={"tlogEntries": [{}]})},
    "without an entry of a log": {
        "bundle": changed(
            verificationMaterial={**forge_bundle({"a": ONE})["verificationMaterial"], "tlogEntries": []}
        )
    },
    "without a subject": {"bundle": forge_bundle({})},
    "with a short digest": {"bundle": forge_bundle({"a.whl": "abc"})},
    "of another key": {"bundle": forge_bundle({"a.whl": ONE}, signature=b"another")},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_bundle_that_proves_nothing_is_refused(client: Client, body: dict[str, Any]) -> None:
    client.post(BASE, body, 422)
    client.get(f"{BASE}/sha256:{ONE}", 404)


def test_only_who_may_write_may_attest(grow: Callable[..., Client]) -> None:
    client = grow(tokens={"reader": {"permission": "read", "kind": "app"}})

    client.as_("reader").post(BASE, {"bundle": forge_bundle({"a.whl": ONE})}, 403)
    client.as_("").post(BASE, {"bundle": forge_bundle({"a.whl": ONE})}, 401)
