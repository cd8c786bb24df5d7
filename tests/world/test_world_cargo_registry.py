from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from castoff.world.cargo_registry import CargoRegistry, upload_subject
from castoff.world.cargo_registry.index import index_path, name_at
from castoff.world.cargo_registry.record import minimal_crate
from castoff.world.cargo_registry.requirements import index_requirement, precedence
from castoff.world.clock import WorldClock
from castoff.world.messages import Late, Request, Response

GOOD = 'description = "x"\nlicense = "MIT OR Apache-2.0"\n'


def crate(name: str, version: str, body: str = GOOD, *, extra: dict[str, bytes] | None = None) -> bytes:
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\n{body}'
    files = {f"{name}-{version}/Cargo.toml": manifest.encode(), **(extra or {})}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def publication(name: str, version: str, content: bytes) -> Request:
    text = json.dumps({"name": name, "vers": version}).encode()
    body = len(text).to_bytes(4, "little") + text + len(content).to_bytes(4, "little") + content
    headers = {"authorization": "secret", "user-agent": "cargo"}
    return Request("PUT", "/api/v1/crates/new", {}, headers, body, "http://x")


def publish(registry: CargoRegistry, name: str, version: str, body: str = GOOD) -> Response:
    return registry.handle(publication(name, version, crate(name, version, body)))


def send(registry: CargoRegistry, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    named = {"user-agent": "cargo", "authorization": "secret"}
    named |= {key.replace("_", "-"): value for key, value in headers.items()}
    return registry.handle(Request(method, path, {}, named, body, "http://x"))


def lines(registry: CargoRegistry, name: str) -> list[dict[str, Any]]:
    answer = send(registry, "GET", f"/index/{index_path(name)}")
    return [json.loads(line) for line in answer.body.splitlines()] if answer.status == 200 else []


def detail(answer: Response) -> str:
    return str(json.loads(answer.body)["errors"][0]["detail"])


def test_a_crate_is_indexed_as_its_manifest_says() -> None:
    registry = CargoRegistry()
    manifest = (
        GOOD
        + 'rust-version = "1.70"\nlinks = "z"\n'
        + '[features]\ndefault = ["a"]\na = []\nnew = ["dep:serde", "b?/c"]\n'
        + '[dependencies]\nplain = "0.3"\n'
        + '[dependencies.other]\npackage = "serde"\nversion = ">= 1.0, <2"\noptional = true\n'
        + 'default-features = false\nfeatures = ["derive"]\n'
        + '[dev-dependencies]\ntilde = "~1.2"\n'
        + "[target.'cfg(unix)'.build-dependencies]\nexact = \"=1.0.0\"\n"
    )

    assert publish(registry, "acme", "1.0.0", manifest).status == 200

    line = lines(registry, "acme")[0]
    assert line["cksum"] == hashlib.sha256(crate("acme", "1.0.0", manifest)).hexdigest()
    assert line["features"] == {"default": ["a"], "a": []}
    assert (line["features2"], line["v"]) == ({"new": ["dep:serde", "b?/c"]}, 2)
    assert (line["rust_version"], line["links"], line["yanked"]) == ("1.70", "z", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["pubtime"])
    deps = {dep["name"]: dep for dep in line["deps"]}
    assert deps["plain"]["req"] == "^0.3"
    assert (deps["other"]["package"], deps["other"]["req"]) == ("serde", ">=1.0, <2")
    assert (deps["other"]["optional"], deps["other"]["default_features"]) == (True, False)
    assert deps["other"]["features"] == ["derive"]
    assert (deps["tilde"]["kind"], deps["tilde"]["req"]) == ("dev", "~1.2")
    assert (deps["exact"]["kind"], deps["exact"]["target"]) == ("build", "cfg(unix)")


REJECTED = {
    "no description": ('license = "MIT"', "missing or empty metadata fields: description"),
    "no license": ('description = "x"', "missing or empty metadata fields: license"),
    "nothing": ("", "description, license"),
    "a license of no grammar": ('description = "x"\nlicense = "MIT Apache"', "invalid license expression"),
    "a long description": (f'license = "MIT"\ndescription = "{"x" * 1001}"', "too long"),
    "six keywords": (GOOD + 'keywords = ["a", "b", "c", "d", "e", "f"]', "at most 5 keywords"),
    "a long keyword": (GOOD + f'keywords = ["{"a" * 21}"]', "invalid keyword"),
    "a keyword of no grammar": (GOOD + 'keywords = ["a b"]', "invalid keyword"),
    "six categories": (GOOD + 'categories = ["a", "b", "c", "d", "e", "f"]', "at most 5 categories"),
    "an unknown category": (GOOD + 'categories = ["wasm", "yoga"]', "not currently supported"),
    "a page that is none": (GOOD + 'homepage = "example.org"', "must begin with http"),
    "a page with spaces": (GOOD + 'repository = "https://exa mple.org"', "not a valid url"),
    "a rust version of no grammar": (GOOD + 'rust-version = ">=1.70"', "rust-version"),
    "a wildcard": (GOOD + '[dependencies]\nserde = "*"', "wildcard"),
    "an unknown spelling": (GOOD + '[dependencies]\nSerde = "1"', "no known crate named `Serde`"),
    "a wildcard by silence": (GOOD + '[dependencies]\nserde = { features = ["x"] }', "wildcard"),
    "a requirement of no grammar": (GOOD + '[dependencies]\nserde = "one"', "invalid version requirement"),
    "another registry": (
        GOOD + '[dependencies]\nserde = { version = "1", registry-index = "https://example.org" }',
        "hosted on another registry",
    ),
    "an unknown dependency": (GOOD + '[dependencies]\nnobody = "1"', "no known crate named `nobody`"),
    "an unknown dev-dependency": (GOOD + '[dev-dependencies]\nnobody = "1"', "no known crate named"),
    "a renamed unknown dependency": (
        GOOD + '[dependencies]\nserde = { version = "1", package = "nobody" }',
        "no known crate named `nobody`",
    ),
    "a feature of no grammar": (GOOD + '[features]\n"a b" = []', "in feature `a b`"),
    "no TOML": ("=", "failed to parse `Cargo.toml`"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_what_crates_io_rejects_in_a_manifest_is_rejected(case: str) -> None:
    body, text = REJECTED[case]
    registry = CargoRegistry(settings={"outside": ["serde"]})

    answer = publish(registry, "acme", "1.0.0", body)

    assert answer.status == 400
    assert text in detail(answer)
    assert registry.dump()["uploads"] == []


NAMES = {
    "a number": ("1acme", "cannot start with a digit"),
    "a space": ("a b", "invalid character"),
    "a path": ("../acme", "invalid character"),
    "a long name": ("a" * 65, "too long"),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_that_crates_io_rejects_are_rejected(case: str) -> None:
    name, text = NAMES[case]

    answer = CargoRegistry().handle(publication(name, "1.0.0", b""))

    assert (answer.status, text in detail(answer)) == (400, True)


@pytest.mark.parametrize("version", ["1.0", "1", "v1.0.0", "1.0.0.0", "1.0.0-", "1.0.0-01", "", "1.0.0+"])
def test_versions_that_are_none_are_rejected(version: str) -> None:
    answer = CargoRegistry().handle(publication("acme", version, b""))

    assert (answer.status, "invalid semver" in detail(answer)) == (400, True)


TARBALLS = {
    "no archive": (b"hello", "malformed"),
    "another name inside": (crate("other", "1.0.0"), "invalid path"),
    "a path outside": (crate("acme", "1.0.0", extra={"acme-1.0.0/../x": b""}), "invalid path"),
    "another folder": (crate("acme", "1.0.0", extra={"other-1.0.0/x": b""}), "invalid path"),
    "a manifest of odd case": (
        crate(
            "acme", "1.0.0", extra={"acme-1.0.0/CARGO.toml": b"[package]\nname = 'acme'\nversion = '1.0.0'\n"}
        ),
        "more than one",
    ),
}


@pytest.mark.parametrize("case", TARBALLS)
def test_tarballs_that_crates_io_rejects_are_rejected(case: str) -> None:
    content, text = TARBALLS[case]

    answer = CargoRegistry().handle(publication("acme", "1.0.0", content))

    assert (answer.status, text in detail(answer)) == (400, True), detail(answer)


def test_a_link_in_a_tarball_is_rejected() -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        member = tarfile.TarInfo("acme-1.0.0/link")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)

    answer = CargoRegistry().handle(publication("acme", "1.0.0", gzip.compress(tar.getvalue())))

    assert "unexpected tar entry" in detail(answer)


def test_the_manifest_inside_must_be_of_the_version_that_was_said() -> None:
    inside = b'[package]\nname = "acme"\nversion = "2.0.0"\n' + GOOD.encode()
    content = crate("acme", "1.0.0", extra={"acme-1.0.0/Cargo.toml": inside})

    answer = CargoRegistry().handle(publication("acme", "1.0.0", content))

    assert detail(answer) == "metadata version `1.0.0` does not match manifest version `2.0.0`"


BODIES = {
    "nothing": (b"", 400, "invalid metadata length"),
    "a short body": (b"\x09\0\0\0{}", 400, "remaining payload"),
    "no JSON": (b"\x02\0\0\0[]\0\0\0\0", 400, "invalid upload request"),
    "huge metadata": (b"\xff\xff\xff\x00", 413, "too large"),
    "a huge crate": (b'\x1e\0\0\0{"name": "a", "vers": "1.0.0"}\xff\xff\xff\x7f', 413, "max upload size"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_of_no_framing_is_rejected(case: str) -> None:
    body, status, text = BODIES[case]

    answer = send(CargoRegistry(), "PUT", "/api/v1/crates/new", body)

    assert (answer.status, text in detail(answer)) == (status, True), detail(answer)


def test_a_version_is_taken_once_whatever_its_build_metadata() -> None:
    registry = CargoRegistry()
    publish(registry, "acme-core", "1.0.0")

    again = publish(registry, "acme-core", "1.0.0")
    with_build = publish(registry, "acme-core", "1.0.0+a")
    other_spelling = publish(registry, "acme_core", "1.1.0")

    assert detail(again) == detail(with_build) == "crate version `1.0.0` is already uploaded"
    assert detail(other_spelling) == "crate was previously named `acme-core`"


def test_without_a_token_nothing_is_written_and_without_an_agent_nothing_is_said() -> None:
    registry = CargoRegistry()
    request = publication("acme", "1.0.0", crate("acme", "1.0.0"))
    no_token = Request("PUT", request.path, {}, {"user-agent": "x"}, request.body)
    no_agent = Request("GET", "/api/v1/crates/acme", {}, {})

    assert registry.handle(no_token).status == 403
    assert registry.handle(no_agent).status == 403


def test_a_yanked_version_stays_in_the_index_and_can_come_back() -> None:
    registry = CargoRegistry()
    publish(registry, "acme", "1.0.0")

    assert send(registry, "DELETE", "/api/v1/crates/acme/1.0.0/yank").status == 200
    assert lines(registry, "acme")[0]["yanked"] is True
    assert send(registry, "PUT", "/api/v1/crates/acme/1.0.0/unyank").status == 200
    assert lines(registry, "acme")[0]["yanked"] is False
    assert send(registry, "DELETE", "/api/v1/crates/acme/2.0.0/yank").status == 404
    assert send(registry, "DELETE", "/api/v1/crates/none/1.0.0/yank").status == 404


@pytest.mark.parametrize(
    ("change", "status", "yanked"),
    [
        ({"yanked": True, "yank_message": "broken"}, 200, True),
        ({"yanked": False}, 200, False),
        ({}, 200, False),
        ({"yanked": False, "yank_message": "why"}, 400, False),
        ({"yank_message": "why"}, 400, False),
        (None, 400, False),
    ],
)
def test_a_version_is_yanked_with_a_message(change: object, status: int, yanked: bool) -> None:
    registry = CargoRegistry()
    publish(registry, "acme", "1.0.0")
    body = json.dumps({"version": change}).encode()

    assert send(registry, "PATCH", "/api/v1/crates/acme/1.0.0", body).status == status
    assert send(registry, "PATCH", "/api/v1/crates/acme/2.0.0", body).status in (400, 404)
    assert lines(registry, "acme")[0]["yanked"] is yanked


def test_users_are_invited_teams_own_at_once_and_one_user_stays() -> None:
    registry = CargoRegistry()
    publish(registry, "acme", "1.0.0")
    path = "/api/v1/crates/acme/owners"

    def put(*logins: str) -> tuple[int, str]:
        answer = send(registry, "PUT", path, json.dumps({"users": logins}).encode())
        return answer.status, json.loads(answer.body).get("msg") or detail(answer)

    assert put("bob") == (200, "user bob has been invited to be an owner of crate acme")
    assert put("bob", "github:acme:Core") == (
        200,
        "user bob already has a pending invitation to be an owner of crate acme,"
        "team github:acme:core has been added as an owner of crate acme",
    )
    assert put("WORLD") == (400, "`WORLD` is already an owner")
    assert put("gitlab:a:b")[0] == put("github:a")[0] == put("github:a b:c")[0] == 400
    assert put(*"abcdefghijk") == (400, "too many invites for this request - maximum 10")
    assert send(registry, "DELETE", path, b'{"users": ["bob"]}').status == 400
    assert send(registry, "DELETE", path, b'{"users": ["world"]}').status == 400
    assert registry.dump()["owners"] == {"acme": ["github:acme:core", "world"]}
    assert registry.dump()["invited"] == {"acme": ["bob"]}
    assert send(registry, "DELETE", path, b'{"users": ["github:acme:core"]}').status == 200
    users = json.loads(send(registry, "GET", path).body)["users"]
    assert [user["login"] for user in users] == ["world"]


def test_what_belongs_to_others_is_theirs_to_change() -> None:
    record: dict[str, Any] = {name: {"1.0.0": {}} for name in ("theirs", "acme")}
    registry = CargoRegistry(settings={"packages": record, "owners": {"theirs": ["eve"]}})
    body = json.dumps({"users": ["world"]}).encode()

    refused = [
        publish(registry, "theirs", "1.1.0", GOOD.replace("acme", "theirs")),
        send(registry, "DELETE", "/api/v1/crates/theirs/1.0.0/yank", authorization="x"),
        send(registry, "PUT", "/api/v1/crates/theirs/owners", body, authorization="x"),
        send(registry, "DELETE", "/api/v1/crates/theirs/owners", body, authorization="x"),
    ]

    assert [one.status for one in refused] == [403] * 4
    assert all("owner" in detail(one) for one in refused)
    assert len(lines(registry, "theirs")) == 1
    assert publish(registry, "acme", "1.1.0").status == 200


def test_an_index_file_that_is_known_is_not_sent_again() -> None:
    registry = CargoRegistry()
    publish(registry, "acme", "1.0.0")
    answer = send(registry, "GET", "/index/ac/me/acme")

    assert "Last-Modified" in answer.headers
    assert send(registry, "GET", "/index/ac/me/acme", if_none_match=answer.headers["ETag"]).status == 304
    publish(registry, "acme", "1.1.0")
    assert send(registry, "GET", "/index/ac/me/acme", if_none_match=answer.headers["ETag"]).status == 200


def test_a_late_crate_is_downloadable_and_taken_before_it_is_seen() -> None:
    registry = CargoRegistry()
    request = publication("acme", "1.0.0", crate("acme", "1.0.0"))
    late = Request("PUT", request.path, {}, request.headers, request.body, late=Late(reads=1))

    assert registry.handle(late).status == 200
    assert detail(registry.handle(request)) == "crate version `1.0.0` is already uploaded"
    assert send(registry, "GET", "/api/v1/crates/acme/1.0.0/download").status == 200
    assert lines(registry, "acme") == []
    assert len(lines(registry, "acme")) == 1


def test_a_bucket_runs_out_and_fills_again() -> None:
    clock = WorldClock()
    limits = {"new": {"burst": 1, "every": 600}, "version": {"burst": 2, "every": 60}}
    registry = CargoRegistry(clock=clock, settings={"limits": limits})

    assert publish(registry, "acme", "1.0.0").status == 200
    refused = publish(registry, "acme-web", "1.0.0")
    assert publish(registry, "acme", "1.1.0").status == 200
    assert publish(registry, "acme", "1.1.0").status == 400
    assert publish(registry, "acme", "1.2.0").status == 429
    clock.advance(60)
    assert publish(registry, "acme", "1.2.0").status == 200

    assert refused.status == 429
    wait = parsedate_to_datetime(refused.headers["Retry-After"]).timestamp() - time.time()
    assert 598 < wait <= 602


def test_a_record_seeds_index_and_downloads() -> None:
    requirement = {"name": "serde", "requirement": "1", "kind": "normal", "optional": True}
    record = {
        "acme": {"1.0.0": {"requirements": [requirement], "features": ["x"]}, "0.9.0": {"yanked": True}}
    }
    registry = CargoRegistry(settings={"packages": record})

    first, second = lines(registry, "acme")
    content = send(registry, "GET", "/dl/acme/1.0.0/download").body

    assert (first["deps"][0]["req"], first["features"]) == ("^1", {"x": []})
    assert second["yanked"] is True
    assert hashlib.sha256(content).hexdigest() == first["cksum"]
    assert registry.dump()["uploads"] == []
    assert detail(publish(registry, "acme", "1.0.0")) == "crate version `1.0.0` is already uploaded"


def test_a_crate_file_seeds_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "acme-core-1.0.0-rc.1.crate"
    file.write_bytes(minimal_crate("acme-core", "1.0.0-rc.1"))

    registry = CargoRegistry(settings={"crates": [str(file)]})

    assert lines(registry, "acme-core")[0]["vers"] == "1.0.0-rc.1"


@pytest.mark.parametrize(
    "settings",
    [
        {"crate": []},
        {"packages": {"a": {"1.0.0": {"yank": True}}}},
        {"packages": {"a": {"1.0.0": {"requirements": [{"name": "b", "requirement": "1", "kind": "odd"}]}}}},
        {"limits": {"new": {"burst": 1}}},
        {"limits": {"old": {"burst": 1, "every": 1}}},
    ],
    ids=["a key", "a key of a version", "a kind", "half a limit", "a limit"],
)
def test_a_seed_that_cannot_be_meant_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown key|kind|limits"):
        CargoRegistry(settings=settings)


def test_the_api_describes_crates_and_versions() -> None:
    registry = CargoRegistry()
    publish(registry, "acme", "1.0.0")
    publish(registry, "acme", "1.1.0-rc.1")

    described = json.loads(send(registry, "GET", "/api/v1/crates/acme").body)
    version = json.loads(send(registry, "GET", "/api/v1/crates/acme/1.0.0").body)["version"]
    found = registry.handle(Request("GET", "/api/v1/crates", {"q": ["AC"]}, {"user-agent": "x"}))

    assert described["crate"]["max_stable_version"] == "1.0.0"
    assert described["crate"]["newest_version"] == "1.1.0-rc.1"
    assert version["checksum"] == hashlib.sha256(crate("acme", "1.0.0")).hexdigest()
    assert json.loads(found.body)["meta"] == {"total": 1}
    assert send(registry, "GET", "/api/v1/crates/none").status == 404
    assert send(registry, "GET", "/nothing/at/all/here").status == 404


@pytest.mark.parametrize(
    ("written", "indexed"),
    [
        ("1", "^1"),
        ("^1.2", "^1.2"),
        ("= 1.2.3", "=1.2.3"),
        (">= 0.3.1, < 0.4", ">=0.3.1, <0.4"),
        ("1.*", "1.*"),
        ("1.2.x", "1.2.*"),
        ("1.0.0-rc.1", "^1.0.0-rc.1"),
        ("=1.0.0+meta", "=1.0.0"),
    ],
)
def test_requirements_are_written_as_the_index_writes_them(written: str, indexed: str) -> None:
    assert index_requirement(written, "x") == indexed


def test_versions_sort_by_precedence() -> None:
    ordered = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0",
        "1.0.10",
    ]

    assert sorted(sorted(ordered), key=precedence) == ordered


@pytest.mark.parametrize(
    ("name", "path"), [("a", "1/a"), ("ab", "2/ab"), ("ABC", "3/a/abc"), ("serde_json", "se/rd/serde_json")]
)
def test_the_index_has_its_own_paths(name: str, path: str) -> None:
    assert index_path(name) == path
    assert name_at(path) == name.lower()


@pytest.mark.parametrize("path", ["se/rd/other", "config.json", "1/ab", "", "se/rd/se rde"])
def test_other_paths_are_nobodys(path: str) -> None:
    assert name_at(path) is None


def test_the_subject_of_an_upload_is_its_version() -> None:
    assert upload_subject(publication("acme", "1.0.0", b"")) == "acme@1.0.0"
    assert upload_subject(Request("DELETE", "/api/v1/crates/acme/1.0.0/yank")) == "acme@1.0.0"
    assert upload_subject(Request("GET", "/index/ac/me/acme")) == "/index/ac/me/acme"


@pytest.mark.parametrize(
    ("size", "status"),
    [("1", 200), ("100", 200), ("101", 400), ("0", 400), ("x", 400), ("-1", 400), ("²", 400)],
)
def test_a_page_of_a_search_has_at_most_100_crates(size: str, status: int) -> None:
    asked = {"q": ["acme"], "per_page": [size]}
    search = Request("GET", "/api/v1/crates", asked, {"user-agent": "cargo"}, b"", "http://x")

    assert CargoRegistry().handle(search).status == status
