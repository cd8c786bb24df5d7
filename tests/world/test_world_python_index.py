from __future__ import annotations

import hashlib
import json

import pytest

from castoff.world.clock import WorldClock
from castoff.world.messages import Late, Request, Response
from castoff.world.python_index import PythonIndex, upload_subject
from castoff.world.python_index.minimal import Seed, minimal_wheel
from registry_rules.uploads import BASE, form


def upload(index: PythonIndex, seed: Seed, **fields: str | None) -> Response:
    filename, content = minimal_wheel(seed)
    return index.handle(form(filename, content, None, **fields))


def read(index: PythonIndex, path: str, **headers: str) -> Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return index.handle(Request("GET", path, {}, named, b"", BASE))


def versions(index: PythonIndex, path: str) -> list[str]:
    answer = read(index, path, accept="application/vnd.pypi.simple.v1+json")
    assert answer.status == 200
    return list(json.loads(answer.body)["versions"])


CORE = Seed(name="Acme.Core", version="1.0.0", requires_dist=("idna>=2",), requires_python=">=3.8")


def test_an_upload_is_shown_as_json_with_all_that_pep_700_asks_for() -> None:
    index = PythonIndex()
    assert upload(index, CORE).status == 200

    page = json.loads(
        read(index, "/simple/acme-core/", accept="application/vnd.pypi.simple.v1+json, text/html;q=0.1").body
    )

    file = page["files"][0]
    assert page["versions"] == ["1.0.0"]
    assert file["requires-python"] == ">=3.8"
    assert file["size"] == len(minimal_wheel(CORE)[1])
    assert file["upload-time"].endswith("Z")
    assert file["yanked"] is False
    metadata = read(index, file["url"].removeprefix(BASE) + ".metadata")
    assert hashlib.sha256(metadata.body).hexdigest() == file["core-metadata"]["sha256"]
    assert b"Requires-Dist: idna>=2" in metadata.body
    assert read(index, file["url"].removeprefix(BASE)).body == minimal_wheel(CORE)[1]


def test_an_upload_is_shown_as_html_to_who_asks_for_nothing_else() -> None:
    index = PythonIndex()
    upload(index, CORE)

    answer = read(index, "/simple/acme-core/")

    assert answer.headers["Content-Type"].startswith("text/html")
    assert b'data-requires-python="&gt;=3.8"' in answer.body
    assert b"data-core-metadata" in answer.body


def test_the_same_file_again_is_welcome_and_a_changed_one_is_not() -> None:
    index = PythonIndex()
    upload(index, CORE)

    again = upload(index, CORE)
    other = upload(index, Seed(name="Acme.Core", version="1.0.0"))

    assert again.status == 200
    assert other.status == 400
    assert b"File already exists ('acme_core-1.0.0-py3-none-any.whl', with blake2_256 hash" in other.body
    assert len(index.store.dump()) == 1


def test_a_yanked_version_stays_and_says_why() -> None:
    index = PythonIndex()
    upload(index, CORE)
    index.store.yank("acme-core", "1.0.0", "half a release")

    page = json.loads(read(index, "/simple/acme-core/", accept="application/vnd.pypi.simple.v1+json").body)
    document = json.loads(read(index, "/pypi/acme-core/1.0.0/json").body)

    assert page["files"][0]["yanked"] == "half a release"
    assert document["info"]["yanked_reason"] == "half a release"


def test_a_page_that_is_known_is_not_sent_again() -> None:
    index = PythonIndex()
    upload(index, CORE)
    etag = read(index, "/simple/acme-core/").headers["ETag"]

    assert read(index, "/simple/acme-core/", if_none_match=etag).status == 304
    upload(index, Seed(name="acme-core", version="1.1.0"))
    assert read(index, "/simple/acme-core/", if_none_match=etag).status == 200


@pytest.mark.parametrize(
    ("wanted", "status", "slice_"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=999999-", 416, slice(0, 0)),
        ("bytes=-", 200, slice(None)),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(wanted: str, status: int, slice_: slice) -> None:
    index = PythonIndex()
    upload(index, CORE)
    page = json.loads(read(index, "/pypi/acme-core/json").body)

    answer = read(index, page["urls"][0]["url"].removeprefix(BASE), range=wanted)

    assert (answer.status, answer.body) == (status, minimal_wheel(CORE)[1][slice_])


def test_a_late_upload_is_seen_after_so_many_reads_but_its_name_is_taken_at_once() -> None:
    index = PythonIndex()
    index.seed([Seed(name="acme-core", version="0.9.0")])
    request = form(*minimal_wheel(CORE))
    index.handle(Request("POST", "/legacy/", {}, request.headers, request.body, BASE, late=Late(reads=2)))

    seen = [versions(index, "/simple/acme-core/") for _ in range(3)]

    assert seen == [["0.9.0"], ["0.9.0"], ["0.9.0", "1.0.0"]]
    assert upload(index, Seed(name="acme-core", version="1.0.0")).status == 400


def test_a_late_upload_is_seen_after_so_many_seconds() -> None:
    clock = WorldClock()
    index = PythonIndex(clock=clock)
    request = form(*minimal_wheel(CORE))
    index.handle(Request("POST", "/legacy/", {}, request.headers, request.body, BASE, late=Late(seconds=90)))

    assert read(index, "/simple/acme-core/").status == 404
    clock.advance(90)
    assert versions(index, "/simple/acme-core/") == ["1.0.0"]


def test_a_stale_upload_comes_and_goes() -> None:
    index = PythonIndex()
    index.seed([Seed(name="acme-core", version="0.9.0")])
    request = form(*minimal_wheel(CORE))
    late = Late(reads=4, alternating=True)
    index.handle(Request("POST", "/legacy/", {}, request.headers, request.body, BASE, late=late))

    seen = [len(versions(index, "/simple/acme-core/")) for _ in range(6)]

    assert seen == [1, 2, 1, 2, 2, 2]


def test_a_view_shows_what_was_released_before_and_the_uploads_of_its_names() -> None:
    index = PythonIndex()
    index.seed([Seed(name="acme-core", version="0.9.0"), Seed(name="acme-web", version="0.9.0")])
    upload(index, CORE)
    upload(index, Seed(name="acme-web", version="1.0.0"))
    upload(index, Seed(name="acme-new", version="1.0.0"))
    index.store.set_view("turn-2", ["Acme_Core"])

    assert versions(index, "/view/turn-2/simple/acme-core/") == ["0.9.0", "1.0.0"]
    assert versions(index, "/view/turn-2/simple/acme-web/") == ["0.9.0"]
    assert versions(index, "/view/turn-2/simple/acme-new/") == []
    assert read(index, "/view/turn-2/simple/idna/").status == 404


def test_names_that_are_not_ours_lead_outside_if_there_is_an_outside() -> None:
    inside = PythonIndex()
    open_to_outside = PythonIndex(outside="http://127.0.0.1:9/simple/")

    answer = read(open_to_outside, "/simple/Idna")

    assert read(inside, "/simple/idna/").status == 404
    assert (answer.status, answer.headers["Location"]) == (307, "http://127.0.0.1:9/simple/idna/")
    assert read(open_to_outside, "/simple/a%20b/").status == 404


def test_names_are_normalised_by_a_redirect() -> None:
    index = PythonIndex()
    upload(index, CORE)

    answer = read(index, "/simple/Acme.Core")

    assert (answer.status, answer.headers["Location"]) == (301, "/simple/acme-core/")


@pytest.mark.parametrize("path", ["/", "/nothing", "/legacy/x/y", "/packages/aa/bb/cc/x.whl"])
def test_an_unknown_route_is_said_loudly(path: str) -> None:
    assert read(PythonIndex(), path).status == 404


def test_a_known_route_with_a_wrong_method_is_said_loudly() -> None:
    answer = PythonIndex().handle(Request("DELETE", "/simple/x/"))

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_the_subject_of_an_upload_is_its_file() -> None:
    assert upload_subject(form(*minimal_wheel(CORE))) == "acme_core-1.0.0-py3-none-any.whl"
    assert upload_subject(Request("GET", "/simple/x/")) == "/simple/x/"
