from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from castoff.world.clients import TOKEN
from castoff.world.messages import Late, Request, Response
from castoff.world.npm_registry import NpmRegistry, upload_subject
from castoff.world.npm_registry.tarball import integrity, minimal_tarball, shasum

Document = dict[str, Any]


def document(name: str = "@acme/core", version: str = "1.0.0", *, tag: str = "latest") -> Document:
    package = {"name": name, "version": version}
    tarball = minimal_tarball(package)
    dist = {"integrity": integrity(tarball), "shasum": shasum(tarball)}
    attachment = {"data": base64.b64encode(tarball).decode(), "length": len(tarball)}
    return {
        "name": name,
        "access": "public",
        "dist-tags": {tag: version},
        "versions": {version: {**package, "dist": dist}},
        "_attachments": {f"{name}-{version}.tgz": attachment},
    }


def send(registry: NpmRegistry, method: str, path: str, body: object = None, **headers: str) -> Response:
    named = {"authorization": f"Bearer {TOKEN}", **headers}
    raw = b"" if body is None else json.dumps(body).encode()
    return registry.handle(Request(method, path, {}, named, raw, "http://x"))


def packument(registry: NpmRegistry, name: str = "@acme/core") -> Document:
    return dict(json.loads(send(registry, "GET", f"/{name}").body))


def test_a_published_version_is_shown_with_its_digest_and_its_tarball() -> None:
    registry = NpmRegistry()

    assert send(registry, "PUT", "/@acme/core", document()).status == 200

    shown = packument(registry)
    dist = shown["versions"]["1.0.0"]["dist"]
    tarball = send(registry, "GET", dist["tarball"].removeprefix("http://x")).body
    assert integrity(tarball) == dist["integrity"]
    assert shown["dist-tags"] == {"latest": "1.0.0"}
    assert set(shown["time"]) == {"created", "modified", "1.0.0"}


def test_access_is_said_once() -> None:
    registry = NpmRegistry(settings={"packages": [{"name": "@acme/core", "version": "1.0.0"}]})

    assert send(registry, "PUT", "/@acme/core", {**document(version="1.1.0"), "access": None}).status == 200


def test_tags_are_moved_by_hand() -> None:
    registry = NpmRegistry(settings={"tokens": {"person": {}}})
    send(registry, "PUT", "/@acme/core", document())
    send(registry, "PUT", "/@acme/core", document(version="1.1.0-rc.1", tag="next"))
    tags = "/-/package/@acme/core/dist-tags"

    assert json.loads(send(registry, "GET", tags).body) == {"latest": "1.0.0", "next": "1.1.0-rc.1"}
    assert send(registry, "PUT", f"{tags}/beta", "1.0.0").status == 201
    assert send(registry, "PUT", f"{tags}/beta", "9.0.0").status == 404
    assert send(registry, "DELETE", f"{tags}/next").status == 403, "a token of CI removes no tag"
    person = {"authorization": "Bearer person", "npm-otp": "123456"}
    assert send(registry, "DELETE", f"{tags}/next", **person).status == 200
    assert send(registry, "DELETE", f"{tags}/latest", **person).status == 400
    assert packument(registry)["dist-tags"] == {"latest": "1.0.0", "beta": "1.0.0"}


def test_a_withdrawn_version_leaves_its_time_behind_and_stays_taken() -> None:
    registry = NpmRegistry()
    send(registry, "PUT", "/@acme/core", document())
    send(registry, "PUT", "/@acme/core", document(version="1.1.0"))
    kept = packument(registry)
    del kept["versions"]["1.1.0"]

    assert send(registry, "PUT", f"/@acme/core/-rev/{kept['_rev']}", kept).status == 201
    shown = packument(registry)
    assert list(shown["versions"]) == ["1.0.0"]
    assert "1.1.0" in shown["time"]
    assert shown["dist-tags"] == {"latest": "1.0.0"}
    assert send(registry, "PUT", "/@acme/core", document(version="1.1.0")).status == 403


def test_a_late_version_is_taken_before_it_is_seen() -> None:
    registry = NpmRegistry()
    body = json.dumps(document()).encode()
    headers = {"authorization": f"Bearer {TOKEN}"}

    registry.handle(Request("PUT", "/@acme/core", {}, headers, body, "http://x", Late(reads=1)))

    assert send(registry, "GET", "/@acme/core").status == 404
    assert send(registry, "PUT", "/@acme/core", document()).status == 403
    assert list(packument(registry)["versions"]) == ["1.0.0"]


def test_seeds_are_there_from_the_start_and_the_short_form_is_short() -> None:
    registry = NpmRegistry(
        settings={"packages": [{"name": "acme", "version": "0.9.0", "scripts": {"x": "y"}, "bin": "a"}]}
    )

    answer = send(registry, "GET", "/acme", accept="application/vnd.npm.install-v1+json; q=1.0, */*")

    manifest = json.loads(answer.body)["versions"]["0.9.0"]
    assert manifest["bin"] == "a"
    assert "scripts" not in manifest
    assert send(registry, "GET", "/acme", **{"if-none-match": "x"}).status == 200
    assert registry.dump()["uploads"] == []


@pytest.mark.parametrize("path", ["/acme", "/@acme/none", "/-/nothing", "/acme/-/acme-1.0.0.tgz", "/a/b/c/d"])
def test_what_is_not_there_is_a_404(path: str) -> None:
    assert send(NpmRegistry(), "GET", path).status == 404


def test_who_one_is_and_whether_it_answers() -> None:
    assert json.loads(send(NpmRegistry(), "GET", "/-/whoami").body) == {"username": "world"}
    assert send(NpmRegistry(), "GET", "/-/ping").status == 200


def test_the_subject_of_a_publication_is_its_version() -> None:
    body = json.dumps(document()).encode()

    assert upload_subject(Request("PUT", "/@acme/core", body=body)) == "@acme/core@1.0.0"
    assert upload_subject(Request("PUT", "/@acme/core", body=b'{"_attachments"')) == "/@acme/core"
    assert upload_subject(Request("GET", "/@acme/core")) == "/@acme/core"
