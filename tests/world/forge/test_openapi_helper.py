"""Does the judge of requests and answers see what is wrong? A judge that nods proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from forge_bench import REPO, Client

from openapi import SUBSET, Unfit, find, validate, validate_request


def test_a_good_answer_passes_and_names_its_operation(client: Client) -> None:
    body = client.ask("GET", REPO, checked=False).body
    assert validate("GET", REPO, 200, body) == "/repos/{owner}/{repo}"
    assert validate("GET", "/api/v3" + REPO, 200, json.loads(body)) == "/repos/{owner}/{repo}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"id": "1"}, "id", id="a text for a number"),
        pytest.param({"owner": None}, "owner", id="null where there is none"),
        pytest.param({"name": ...}, "'name' is a required property", id="a key is missing"),
    ],
)
def test_a_bad_answer_is_unfit_and_says_where(client: Client, change: dict[str, Any], message: str) -> None:
    document = client.get(REPO) | change
    document = {key: value for key, value in document.items() if value is not ...}
    with pytest.raises(Unfit, match=message):
        validate("GET", REPO, 200, document)


def test_a_status_that_never_comes_is_unfit_and_an_undocumented_failure_is_not() -> None:
    with pytest.raises(Unfit, match="never answers 202"):
        validate("POST", f"{REPO}/issues", 202, {})
    validate("GET", REPO, 502, b"<html>")


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        pytest.param("GET", "/repos/o/r/dreams", {}, b"", id="no such operation"),
        pytest.param("PUT", f"{REPO}/releases/1", {}, b"{}", id="no such method"),
        pytest.param("GET", f"{REPO}/issues", {"colour": ["red"]}, b"", id="no such parameter"),
        pytest.param("GET", f"{REPO}/issues", {"state": ["half"]}, b"", id="a word that is not allowed"),
        pytest.param("GET", f"{REPO}/issues", {"per_page": ["many"]}, b"", id="no number"),
        pytest.param("POST", f"{REPO}/releases", {}, b"", id="no body"),
        pytest.param("POST", f"{REPO}/releases", {}, b"{}", id="a field is missing"),
        pytest.param("POST", f"{REPO}/releases", {}, b'{"tag_name": 1}', id="a number for a text"),
        pytest.param(
            "POST", f"{REPO}/releases", {}, b'{"tag_name": "1", "make_latest": true}', id="no such word"
        ),
        pytest.param(
            "POST", f"{REPO}/releases", {}, b'{"tag_name": "1", "tagname": "1"}', id="an unknown field"
        ),
    ],
)
def test_a_bad_request_is_unfit(method: str, path: str, query: dict[str, list[str]], body: bytes) -> None:
    with pytest.raises(Unfit):
        validate_request(method, path, query, body)


def test_good_requests_pass() -> None:
    validate_request(
        "POST", f"{REPO}/releases", {}, b'{"tag_name": "1", "draft": true, "make_latest": "false"}'
    )
    validate_request(
        "GET", f"{REPO}/issues", {"milestone": ["1"], "state": ["all"], "per_page": ["100"]}, b""
    )
    validate_request("PATCH", f"{REPO}/issues/1", {}, b'{"milestone": null, "state": "closed"}')


@pytest.mark.parametrize(
    ("path", "template"),
    [
        (f"{REPO}/releases/latest", "/repos/{owner}/{repo}/releases/latest"),
        (f"{REPO}/releases/7", "/repos/{owner}/{repo}/releases/{release_id}"),
        (f"{REPO}/releases/tags/kube/1.0", "/repos/{owner}/{repo}/releases/tags/{tag}"),
        (f"{REPO}/commits/a/b/status", "/repos/{owner}/{repo}/commits/{ref}/status"),
        (f"{REPO}/contents/a/b.md", "/repos/{owner}/{repo}/contents/{path}"),
        ("/repositories/5/issues", "/repos/{owner}/{repo}/issues"),
    ],
)
def test_paths_find_their_operation(path: str, template: str) -> None:
    assert find("GET", path)[0] == template


def test_the_description_is_small_and_names_its_origin() -> None:
    text = SUBSET.read_text()
    assert len(text) < 300_000
    assert "@octokit/openapi" in json.loads(text)["x-origin"]
    assert SUBSET.with_name("github-openapi.licence.txt").read_text().startswith("MIT License")
