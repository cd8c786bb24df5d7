from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

import pytest

from castoff.world.clock import WorldClock
from castoff.world.messages import Late, Request, Response
from castoff.world.python_index import PythonIndex, upload_subject
from castoff.world.python_index.minimal import Seed, minimal_wheel

TOKEN = "Basic " + base64.b64encode(b"__token__:secret").decode()
BASE = "http://127.0.0.1:1"


def form(filename: str, content: bytes, **fields: str | None) -> Request:
    name, version = filename.split("-")[:2]
    values: dict[str, str | None] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": name,
        "version": version.removesuffix(".tar.gz"),
        "filetype": "bdist_wheel",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        **{key.replace("action", ":action"): value for key, value in fields.items()},
    }
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in values.items()
        if value is not None
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n\r\n'.encode()
    body = b"".join(parts) + head + content + b"\r\n--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b", "authorization": TOKEN}
    return Request("POST", "/legacy/", {}, headers, body, BASE)


def upload(index: PythonIndex, seed: Seed, **fields: str | None) -> Response:
    filename, content = minimal_wheel(seed)
    return index.handle(form(filename, content, **fields))


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


REFUSED: dict[str, tuple[Callable[[], Request], int, bytes]] = {
    "no token": (lambda: strip(form(*minimal_wheel(CORE)), "authorization"), 403, b"authentication"),
    "a user's password": (
        lambda: with_header(form(*minimal_wheel(CORE)), "authorization", "Basic " + _b64("me:pw")),
        403,
        b"API Tokens",
    ),
    "an empty token": (
        lambda: with_header(form(*minimal_wheel(CORE)), "authorization", "Basic " + _b64("__token__:")),
        403,
        b"authentication",
    ),
    "a form that is none": (
        lambda: with_header(form(*minimal_wheel(CORE)), "content-type", "text/plain"),
        400,
        b"multipart",
    ),
    "another action": (lambda: form(*minimal_wheel(CORE), action="fly"), 400, b"Unknown action"),
    "another protocol": (lambda: form(*minimal_wheel(CORE), protocol_version="2"), 400, b"protocol"),
    "no version": (lambda: form(*minimal_wheel(CORE), version=None), 400, b"version"),
    "no digest": (lambda: form(*minimal_wheel(CORE), sha256_digest=None), 400, b"digest"),
    "a wrong digest": (lambda: form(*minimal_wheel(CORE), sha256_digest="00"), 400, b"does not match"),
    "a wrong blake2 digest": (lambda: form(*minimal_wheel(CORE), blake2_256_digest="0"), 400, b"not match"),
    "another name": (lambda: form(*minimal_wheel(CORE), name="other"), 400, b"Start filename"),
    "another version": (lambda: form(*minimal_wheel(CORE), version="1.0.1"), 400, b"Version in filename"),
    "a local version": (lambda: form(*minimal_wheel(CORE), version="1.0.0+here"), 400, b"local versions"),
    "a version that is none": (lambda: form(*minimal_wheel(CORE), version="one"), 400, b"version"),
    "another kind": (lambda: form(*minimal_wheel(CORE), filetype="sdist"), 400, b"filetype"),
    "an empty file": (lambda: form("acme_core-1.0.0-py3-none-any.whl", b""), 400, b"empty"),
    "no archive": (lambda: form("acme_core-1.0.0-py3-none-any.whl", b"hello"), 400, b"Invalid distribution"),
    "no sdist": (
        lambda: form("acme_core-1.0.0.tar.gz", b"hello", filetype="sdist"),
        400,
        b"Invalid distribution",
    ),
    "a filename of no grammar": (lambda: form("acme_core-1.0.0-none.whl", b"x"), 400, b"Invalid filename"),
    "a path as filename": (lambda: form("../a-1.0.0-py3-none-any.whl", b"x"), 400, b"in the name"),
    "a wheel with another's contents": (
        lambda: form("acme_web-1.0.0-py3-none-any.whl", minimal_wheel(CORE)[1]),
        400,
        b"METADATA",
    ),
    "a direct reference": (
        lambda: form(
            *minimal_wheel(Seed(name="a", version="1", requires_dist=("b @ https://example.org/b.whl",)))
        ),
        400,
        b"direct dependency",
    ),
    "a broken requirement": (
        lambda: form(*minimal_wheel(Seed(name="a", version="1", requires_dist=("b >>> 1",)))),
        400,
        b"Invalid metadata",
    ),
    "a broken requires-python": (
        lambda: form(*minimal_wheel(Seed(name="a", version="1", requires_python="three"))),
        400,
        b"Invalid metadata",
    ),
}


def strip(request: Request, name: str) -> Request:
    headers = {key: value for key, value in request.headers.items() if key != name}
    return Request(request.method, request.path, {}, headers, request.body, BASE)


def with_header(request: Request, name: str, value: str) -> Request:
    return Request(request.method, request.path, {}, {**request.headers, name: value}, request.body, BASE)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_real_index_refuses_is_refused(case: str) -> None:
    make, status, text = REFUSED[case]
    index = PythonIndex()

    answer = index.handle(make())

    assert (answer.status, text in answer.body) == (status, True), answer.body
    assert index.store.dump() == []


def test_a_deleted_file_name_stays_used() -> None:
    index = PythonIndex()
    upload(index, CORE)
    index.store.delete("acme-core", "1.0.0")

    again = upload(index, CORE)

    assert again.status == 400
    assert b"already been used" in again.body
    assert read(index, "/simple/acme-core/").status == 404


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
