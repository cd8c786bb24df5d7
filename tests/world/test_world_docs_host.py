from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from castoff.world.cargo_registry import CargoRegistry
from castoff.world.clock import WorldClock
from castoff.world.docs_host import DocsHost
from castoff.world.docs_host.service import matching_version
from castoff.world.messages import Request, Response

BUILT = {"schedule": [{"state": "built"}]}
FAILED = {"schedule": [{"state": "failed"}], "log": "error[E0432]: unresolved <import>"}


def get(host: DocsHost, path: str) -> Response:
    return host.handle(Request("GET", path))


def status(host: DocsHost, name: str, version: str) -> tuple[str, bool] | int:
    answer = get(host, f"/crate/{name}/{version}/status.json")
    if answer.status != 200:
        return answer.status
    document = json.loads(answer.body)
    return document["version"], document["doc_status"]


def test_a_build_goes_through_its_states_by_looks() -> None:
    host = DocsHost()
    host.crates.queue("acme", "1.0.0")

    seen = [status(host, "acme", "1.0.0") for _ in range(4)]

    assert seen == [404, ("1.0.0", False), ("1.0.0", True), ("1.0.0", True)]


def test_a_build_goes_through_its_states_by_seconds() -> None:
    clock = WorldClock()
    schedule = [
        {"state": "queued", "seconds": 100},
        {"state": "building", "seconds": 50},
        {"state": "built"},
    ]
    host = DocsHost(clock=clock)
    host.crates.queue("acme", "1.0.0", {"schedule": schedule})

    seen = [status(host, "acme", "1.0.0")]
    for seconds in (100, 49.5, 1):
        clock.advance(seconds)
        seen.append(status(host, "acme", "1.0.0"))

    assert seen == [404, ("1.0.0", False), ("1.0.0", False), ("1.0.0", True)]


def test_a_failed_build_looks_like_a_running_one_until_its_builds_are_looked_at() -> None:
    host = DocsHost()
    host.crates.queue("bad", "1.0.0", FAILED)
    host.crates.queue("slow", "1.0.0", {"schedule": [{"state": "building"}]})

    assert status(host, "bad", "1.0.0") == status(host, "slow", "1.0.0") == ("1.0.0", False)
    assert b"All builds failed" in get(host, "/crate/bad/1.0.0/builds").body
    assert b"in progress" in get(host, "/crate/slow/1.0.0/builds").body
    assert b"unresolved &lt;import&gt;" in get(host, "/crate/bad/1.0.0/builds/1").body
    assert get(host, "/crate/bad/1.0.0/builds/1/log.txt").body == b"error[E0432]: unresolved <import>"
    assert get(host, "/crate/slow/1.0.0/builds/2").status == 404


def test_while_a_build_is_queued_another_version_may_be_answered_for() -> None:
    host = DocsHost()
    host.crates.queue("acme", "1.2.0", BUILT)
    host.crates.queue("acme", "1.1.9", {"schedule": [{"state": "queued"}]})

    assert status(host, "acme", "1.1.9") == ("1.2.0", True)
    assert status(host, "acme", "=1.1.9") == 404
    assert b"<li>acme 1.1.9</li>" in get(host, "/releases/queue").body


@pytest.mark.parametrize("rest", ["/status.json", "/builds", "/builds/1", "/builds/1/log.txt", ""])
@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("=1.1.0", "1.1.0"),
        ("1.1", "1.1.0"),
        ("^1", "1.1.0"),
        ("*", "latest"),
        ("1.1.0", None),
        ("latest", None),
    ],
)
def test_a_requirement_is_redirected_to_its_version(wanted: str, there: str | None, rest: str) -> None:
    host = DocsHost()
    host.crates.queue("acme", "1.1.0", BUILT)

    answer = get(host, f"/crate/acme/{wanted}{rest}")

    assert (answer.status, answer.headers.get("Location")) == (
        (302, f"/crate/acme/{there}{rest}") if there else (200, None)
    )


def test_a_yanked_version_is_found_by_its_exact_number_alone() -> None:
    registry = CargoRegistry(settings={"packages": {"acme": {"1.1.0": {"yanked": True}, "1.0.0": {}}}})
    host = DocsHost()
    host.is_yanked = registry.is_yanked
    host.crates.queue("acme", "1.1.0", BUILT)

    assert status(host, "acme", "1.1.0") == ("1.1.0", True)
    assert (
        status(host, "acme", "=1.1.0") == status(host, "acme", "1.1") == status(host, "acme", "latest") == 404
    )
    assert get(host, "/acme/1.1.0/acme/").status == 200
    host.crates.queue("acme", "1.0.0", BUILT)
    assert get(host, "/crate/acme/1/status.json").headers["Location"] == "/crate/acme/1.0.0/status.json"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("=1.0.0", "1.0.0"),
        ("1.0.0", "1.0.0"),
        ("1.0.1", "1.4.0"),
        ("1", "1.4.0"),
        ("1.9", None),
        ("0.2.1", "0.2.3"),
        ("0.3.0", None),
        ("latest", "1.4.0"),
        ("=1.0.1", None),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("nonsense", None),
    ],
)
def test_versions_are_matched_as_docs_rs_does(wanted: str, found: str | None) -> None:
    assert matching_version(wanted, ("0.2.0", "0.2.3", "1.0.0", "1.4.0", "2.0.0-rc.1")) == found


def test_pages_are_served_once_built_and_only_from_their_folder(tmp_path: Path) -> None:
    files = tmp_path / "doc"
    (files / "acme_core").mkdir(parents=True)
    (files / "acme_core" / "index.html").write_text("the crate")
    (files / "acme_core" / "struct.Client.html").write_text("the client")
    (tmp_path / "secret").write_text("secret")
    host = DocsHost(
        settings={"builds": [{"name": "acme-core", "version": "1.0.0", "files": str(files), **BUILT}]}
    )

    assert get(host, "/acme-core/1.0.0/").headers["Location"] == "/acme-core/1.0.0/acme_core/"
    assert get(host, "/acme-core/1.0.0/acme_core/").body == b"the crate"
    assert get(host, "/acme-core/1.0.0/acme_core/struct.Client.html").body == b"the client"
    assert get(host, "/acme-core/latest/acme_core/").headers["Location"] == "/acme-core/1.0.0/acme_core/"
    assert get(host, "/acme-core/1.0.0/acme_core/struct.Gone.html").status == 404
    assert get(host, "/acme-core/1.0.0/../secret").status == 404
    assert get(host, "/acme-core/1.0.0/../../../../../../../etc/passwd").status == 404


def test_pages_of_what_is_not_built_are_not_there() -> None:
    host = DocsHost()
    host.crates.queue("bad", "1.0.0", FAILED)
    host.crates.queue("plain", "1.0.0", BUILT)

    assert get(host, "/bad/1.0.0/bad/").headers["Location"] == "/crate/bad/1.0.0"
    assert get(host, "/crate/bad/1.0.0").status == 200
    assert get(host, "/crate/bad/2.0.0").status == 404
    assert get(host, "/plain/1.0.0/plain/").status == 200
    assert get(host, "/plain/1.0.0/plain/struct.X.html").status == 404


def test_a_build_can_be_begun_anew() -> None:
    host = DocsHost()
    host.crates.queue("acme", "1.0.0", FAILED)
    host.crates.queue("acme", "1.0.0", BUILT)

    assert status(host, "acme", "1.0.0") == ("1.0.0", True)
    assert host.dump()["crates"] == [{"name": "acme", "version": "1.0.0", "state": "built"}]


def test_a_build_that_an_upload_sets_off_goes_as_it_was_seeded() -> None:
    seeded = {"builds": [{"name": "acme", "version": "1.0.0", **FAILED}], "automatic": BUILT["schedule"]}
    host = DocsHost(settings=seeded)

    for name in ("acme", "other"):
        host.crates.queue(name, "1.0.0")

    assert status(host, "acme", "1.0.0") == ("1.0.0", False)
    assert status(host, "other", "1.0.0") == ("1.0.0", True)


def test_read_the_docs_has_its_own_paths(tmp_path: Path) -> None:
    (tmp_path / "objects.inv").write_bytes(b"# Sphinx inventory version 2\n")
    host = DocsHost(settings={"automatic": [{"state": "queued", "looks": 1}, {"state": "built"}]})
    host.projects.queue("acme", "v1.0.0", {"files": str(tmp_path)})

    first = json.loads(get(host, "/api/v3/projects/acme/versions/v1.0.0/").body)["built"]
    second = json.loads(get(host, "/api/v3/projects/acme/versions/v1.0.0/builds/").body)["results"][0]

    assert (first, second["success"], second["state"]["code"]) == (False, True, "finished")
    assert get(host, "/projects/acme/en/v1.0.0/objects.inv").body.startswith(b"# Sphinx")
    assert get(host, "/projects/acme/en/v2.0.0/objects.inv").status == 404
    assert get(host, "/api/v3/projects/none/versions/v1.0.0/").status == 404


def test_nothing_can_be_written() -> None:
    assert DocsHost().handle(Request("POST", "/crate/acme/1.0.0/status.json")).status == 405


@pytest.mark.parametrize(
    "settings",
    [
        {"build": []},
        {"builds": [{"name": "a", "version": "1", "colour": "red"}]},
        {"automatic": []},
        {"automatic": [{"state": "queued"}, {"state": "built"}]},
        {"automatic": [{"state": "lost"}]},
        {"automatic": [{"state": "queued", "looks": 1, "seconds": 1}, {"state": "built"}]},
        {"automatic": [{"states": "built"}]},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        DocsHost(settings=settings)
