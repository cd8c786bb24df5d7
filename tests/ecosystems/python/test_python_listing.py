from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from python_bench import SIMPLE, Answers, doors, package, page, settings

from castoff.ecosystems.python.registry import PythonRegistry
from castoff.io.http import Failure, Reply
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.ports import Listing
from castoff.values import replace

URL = f"{SIMPLE}acme-core/"
WHEEL = "acme_core-1.3.0-py3-none-any.whl"
SDIST = "acme_core-1.3.0.tar.gz"


def registry(answers: dict[str, Reply | Failure], index: str = SIMPLE) -> tuple[PythonRegistry, Answers]:
    http = Answers(answers)
    return PythonRegistry(doors({"UV_DEFAULT_INDEX": index}), http, settings()), http


def look(reply: Reply | Failure, version: str = "1.3.0") -> Listing:
    return registry({URL: reply})[0].look(package("Acme.Core"), version)


def test_a_project_is_as_old_as_its_first_file_of_any_version() -> None:
    times = {"1.3.0": "2026-01-02T00:00:00Z", "1.2.0": "2026-01-01T00:00:00Z"}
    files = [
        {"filename": f"acme_core-{version}.tar.gz", "url": "x", "hashes": {}, "upload-time": time}
        for version, time in times.items()
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "acme-core", "files": files})
    kind = {"content-type": "application/vnd.pypi.simple.v1+json"}

    assert look(Reply(status=200, headers=kind, body=body.encode())).created == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert look(page((SDIST, "aa", False))).created is None


def test_each_file_of_the_version_is_present_with_its_digest() -> None:
    listing = look(page((WHEEL, "aa", False), (SDIST, "bb", False), ("acme_core-1.2.0.tar.gz", "cc", False)))
    assert listing.files == {
        WHEEL: Present(digest="aa", url=f"https://index.example/files/{WHEEL}"),
        SDIST: Present(digest="bb", url=f"https://index.example/files/{SDIST}"),
    }
    assert (listing.unknown, listing.new_name) == (None, False)


def test_the_page_is_asked_past_all_caches() -> None:
    asked = registry({URL: page()})
    asked[0].look(package(), "1.3.0")
    ((_, headers),) = asked[1].asked
    assert headers["Cache-Control"] == "max-age=0"
    assert headers["Accept"].startswith("application/vnd.pypi.simple.v1+json")


@pytest.mark.parametrize("yanked", [True, "", "broken"], ids=["flag", "empty reason", "reason"])
def test_what_was_yanked_is_withdrawn(yanked: bool | str) -> None:
    reason = yanked if isinstance(yanked, str) else ""
    listing = look(page((WHEEL, "aa", yanked)))
    assert listing.files == {
        WHEEL: Withdrawn(digest="aa", url=f"https://index.example/files/{WHEEL}", reason=reason)
    }


@pytest.mark.parametrize("version", ["1.3", "1.3.0.0", "v1.3.0"], ids=["short", "long", "prefixed"])
def test_versions_are_compared_and_not_their_texts(version: str) -> None:
    assert set(look(page((WHEEL, "aa", False)), version).files) == {WHEEL}


def test_an_index_without_digests_is_read_too() -> None:
    body = f'<!DOCTYPE html><a href="../../files/{WHEEL}">{WHEEL}</a><a href="x-{SDIST}">{SDIST}</a>'
    listing = look(
        Reply(status=200, headers={"content-type": "text/html; charset=utf-8"}, body=body.encode())
    )
    assert listing.files[WHEEL] == Present(digest=None, url=f"https://index.example/files/{WHEEL}")


def test_html_carries_digests_and_yanks() -> None:
    body = (
        f'<a href="/f/{WHEEL}#sha256=aa" data-yanked="why">{WHEEL}</a>'
        f'<a href="/f/{SDIST}#sha256=bb">{SDIST}</a><a href="/f/odd.exe">odd.exe</a>'
    )
    kind = {"content-type": "application/vnd.pypi.simple.v1+html"}
    listing = look(Reply(status=200, headers=kind, body=body.encode()))
    assert listing.files == {
        WHEEL: Withdrawn(digest="aa", url=f"https://index.example/f/{WHEEL}", reason="why"),
        SDIST: Present(digest="bb", url=f"https://index.example/f/{SDIST}"),
    }


def test_an_unknown_name_is_a_listing_without_files() -> None:
    assert look(Reply(status=404)) == Listing(new_name=True)


def test_a_known_name_without_the_version_is_a_listing_without_files() -> None:
    assert look(page(("acme_core-1.2.0.tar.gz", "cc", False))) == Listing(new_name=False)


JSON = {"content-type": "application/vnd.pypi.simple.v1+json"}


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=500), id="500"),
        pytest.param(Reply(status=503), id="503"),
        pytest.param(Reply(status=401), id="no right to read"),
        pytest.param(Reply(status=403), id="forbidden"),
        pytest.param(Reply(status=304), id="not modified, unasked"),
        pytest.param(Failure(reason="ConnectionError: reset", sent=True), id="cut"),
        pytest.param(Reply(status=200, headers=JSON, body=b"{"), id="half a page"),
        pytest.param(Reply(status=200, headers=JSON, body=b'{"files": 1}'), id="files are a number"),
        pytest.param(
            Reply(status=200, headers=JSON, body=b'{"files": [{"url": "x"}]}'), id="file without a name"
        ),
        pytest.param(Reply(status=200, headers=JSON, body=b"\xff\xfe"), id="no text"),
        pytest.param(
            Reply(status=200, headers={"content-type": "application/pdf"}, body=b"x"), id="another kind"
        ),
        pytest.param(page(api="2.0"), id="another version of the interface"),
    ],
)
def test_what_is_no_clear_answer_is_unknown(reply: Reply | Failure) -> None:
    listing = look(reply)
    assert listing.unknown
    assert listing.files == {}
    assert isinstance(registry({URL: reply})[0].versions(package()), Unknown)


def test_retry_after_is_handed_on() -> None:
    assert look(Reply(status=429, headers={"retry-after": "7"})).retry_after == 7.0


def test_versions_are_listed_in_their_order_yanked_ones_too() -> None:
    reply = page(
        (WHEEL, "a", "bad"), ("acme_core-1.10.0.tar.gz", "b", False), versions=["1.2.0", "1.4.0rc1", "junk!"]
    )
    assert registry({URL: reply})[0].versions(package()) == ("1.2.0", "1.3.0", "1.4.0rc1", "1.10.0")
    assert registry({})[0].versions(package()) == ()


def test_credentials_go_to_the_index_alone_and_are_never_shown() -> None:
    found, http = registry({URL: page((WHEEL, "aa", False))}, "https://user:hunter22@index.example/simple")
    listing = found.look(package(), "1.3.0")
    ((url, headers),) = http.asked
    assert (url, headers["Authorization"]) == (URL, "Basic dXNlcjpodW50ZXIyMg==")
    assert "hunter22" not in repr(listing) + str(found.url(package(), "1.3.0")) + repr(found._indexes)


def test_the_page_for_people_is_the_projects_listing() -> None:
    assert registry({})[0].url(package(), "1.3.0") == URL


def test_yanking_is_for_a_person() -> None:
    outcome = registry({})[0].yank(package(), "1.3.0")
    assert getattr(outcome, "problem").code == "yank-by-hand"  # noqa: B009


def test_each_workspace_has_the_index_of_its_own_settings(tmp_path: Path) -> None:
    for root, index in (("one", "first"), ("two", "second"), ("three", "first")):
        (tmp_path / root).mkdir()
        text = f'[[index]]\nname = "own"\nurl = "https://{index}.example/simple"\ndefault = true\n'
        (tmp_path / root / "uv.toml").write_text(text)
    http = Answers({})
    found = PythonRegistry(doors({"PIP_CONFIG_FILE": "/dev/null"}), http, settings(), home=tmp_path)
    for root, name in (("one", "acme-a"), ("two", "acme-b"), ("three", "acme-c")):
        found.look(replace(package(name), root=root), "1.3.0")
    assert [url for url, _ in http.asked] == [
        "https://first.example/simple/acme-a/",
        "https://second.example/simple/acme-b/",
        "https://first.example/simple/acme-c/",
    ]
    assert len(set(found._indexes.values())) == 2
