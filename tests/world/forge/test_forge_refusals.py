"""Refusals that GitHub makes, by its description of the API and by reports of what it answered."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client, Work

from castoff.world.forge.fields import operations
from castoff.world.forge.service import ROUTES
from openapi import description

_REPO = "/repos/{owner}/{repo}"
ISSUES, PULLS, RELEASES = f"{REPO}/issues", f"{REPO}/pulls", f"{REPO}/releases"


@pytest.mark.parametrize(
    ("url", "field"),
    [
        (f"{ISSUES}?state=bogus", "state"),
        (f"{ISSUES}?sort=age", "sort"),
        (f"{ISSUES}?direction=down", "direction"),
        (f"{ISSUES}?per_page=many", "per_page"),
        (f"{ISSUES}?state=open&state=bogus", "state"),
        (f"{PULLS}?state=merged", "state"),
        (f"{PULLS}?sort=number", "sort"),
        (f"{REPO}/milestones?state=done", "state"),
        (f"{REPO}/milestones?sort=title", "sort"),
        (f"{REPO}/branches?protected=yes", "protected"),
        ("/search/issues?q=repo:acme/kit&sort=age", "sort"),
        ("/search/issues?q=repo:acme/kit&order=up", "order"),
    ],
)
def test_a_value_that_a_query_cannot_have_is_refused(client: Client, url: str, field: str) -> None:
    answer = client.ask("GET", url, checked=False)
    assert (answer.status, json.loads(answer.body)["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    "url",
    [
        f"{ISSUES}?state=all&sort=comments&direction=asc&per_page=100&page=2",
        f"{ISSUES}?milestone=*&assignee=none&labels=a,b&since=2026-01-01T00:00:00Z",
        f"{ISSUES}?state=",
        f"{ISSUES}?colour=red",
        f"{PULLS}?state=closed&sort=long-running&head=acme:topic&base=main",
        f"{REPO}/milestones?state=closed&sort=completeness&direction=desc",
        f"{REPO}/branches?protected=true",
        "/search/issues?q=repo:acme/kit&sort=reactions-heart&order=asc",
    ],
)
def test_a_query_with_allowed_values_passes(client: Client, url: str) -> None:
    client.get(url)


@pytest.mark.parametrize(
    "name", ["repo:acme/none", "user:nobody", "org:nobody", "repo:acme/none repo:acme/no"]
)
def test_a_search_in_what_cannot_be_seen_is_refused(client: Client, name: str) -> None:
    answer = client.ask("GET", f"/search/issues?q={name.replace(' ', '+')}+x", checked=False)
    assert answer.status == 422
    assert b"cannot be searched" in answer.body


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", RELEASES, {}, '"tag_name" wasn\'t supplied'),
        ("POST", RELEASES, {"tag_name": 1}, "is not a string"),
        ("POST", RELEASES, {"tag_name": None}, "nil is not a string"),
        ("POST", RELEASES, {"tag_name": "1", "draft": "true"}, "is not a boolean"),
        ("POST", RELEASES, {"tag_name": "1", "make_latest": "yes"}, "is not a member of"),
        ("POST", RELEASES, {"tag_name": "1", "make_latest": True}, "is not a string"),
        ("POST", ISSUES, {}, '"title" wasn\'t supplied'),
        ("POST", ISSUES, {"title": "x", "labels": "a"}, "is not an array"),
        ("POST", ISSUES, {"title": "x", "labels": [1]}, "does not match"),
        ("PATCH", f"{ISSUES}/1", {"state": "done"}, "is not a member of"),
        ("PATCH", f"{ISSUES}/1", {"milestone": {"number": 1}}, "does not match"),
        ("POST", f"{ISSUES}/1/comments", {}, '"body" wasn\'t supplied'),
        ("POST", f"{ISSUES}/1/labels", {"labels": []}, "too few"),
        ("POST", f"{REPO}/milestones", {"title": "x", "due_on": 1}, "is not a string"),
        ("POST", f"{REPO}/labels", {"name": ["x"]}, "is not a string"),
        ("POST", f"{REPO}/git/refs", {"ref": "refs/heads/x"}, '"sha" wasn\'t supplied'),
        ("POST", f"{REPO}/statuses/main", {"state": "good"}, "is not a member of"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    grow: Callable[..., Client], method: str, path: str, body: object, words: str
) -> None:
    answer = grow(issues=[{"title": "x"}]).ask(method, path, body, checked=False)
    assert answer.status == 422
    assert words in json.loads(answer.body)["message"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"'])
def test_a_body_that_is_no_object_is_a_bad_request(client: Client, body: bytes) -> None:
    assert client.ask("POST", ISSUES, body, checked=False).status == 400


def test_labels_may_be_a_list_an_object_or_objects(grow: Callable[..., Client]) -> None:
    client = grow(issues=[{"title": "x"}])
    for body in (["a"], {"labels": ["b"]}, {"labels": [{"name": "c"}]}):
        client.post(f"{ISSUES}/1/labels", body, 200)
    assert [each["name"] for each in client.put(f"{ISSUES}/1/labels", ["a", "b"])] == ["a", "b"]


class TestLatest:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"prerelease": True, "make_latest": "true"}, 422),
            ({"prerelease": True, "draft": True, "make_latest": "true"}, 422),
            ({"prerelease": True, "make_latest": "false"}, 201),
            ({"prerelease": True, "make_latest": "legacy"}, 201),
            ({"prerelease": True}, 201),
            ({"draft": True, "make_latest": "true"}, 201),
            ({"make_latest": "true"}, 201),
        ],
    )
    def test_a_new_release(self, client: Client, body: dict[str, Any], status: int) -> None:
        assert client.ask("POST", RELEASES, {"tag_name": "1", **body}).status == status

    @pytest.mark.parametrize(
        ("before", "change", "status"),
        [
            ({"draft": True}, {"make_latest": "true"}, 422),
            ({"draft": True}, {"draft": False, "make_latest": "true"}, 200),
            ({"draft": True, "prerelease": True}, {"draft": False, "make_latest": "true"}, 422),
            ({"prerelease": True}, {"prerelease": False, "make_latest": "true"}, 200),
            ({}, {"prerelease": True, "make_latest": "true"}, 422),
        ],
    )
    def test_a_release_that_is_there(
        self, client: Client, before: dict[str, Any], change: dict[str, Any], status: int
    ) -> None:
        made = client.post(RELEASES, {"tag_name": "1", **before})
        assert client.ask("PATCH", f"{RELEASES}/{made['id']}", change).status == status
        kept = client.get(f"{RELEASES}/{made['id']}")
        assert status == 200 or (kept["draft"], kept["prerelease"]) == (made["draft"], made["prerelease"])


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        ({"permission": "write", "scopes": []}, "POST", RELEASES, 404),
        ({"permission": "write", "scopes": []}, "POST", ISSUES, 404),
        ({"permission": "write", "scopes": []}, "GET", ISSUES, 200),
        ({"permission": "write", "scopes": ["public_repo"]}, "POST", RELEASES, 201),
        ({"permission": "write"}, "POST", RELEASES, 201),
        ({"permission": "read", "kind": "fine-grained"}, "POST", RELEASES, 403),
        ({"permission": "read", "kind": "fine-grained"}, "POST", ISSUES, 403),
        ({"permission": "write", "kind": "fine-grained"}, "POST", RELEASES, 201),
        ({"permission": "read", "kind": "app"}, "POST", RELEASES, 403),
        ({"permission": "read", "kind": "classic"}, "POST", RELEASES, 404),
        ({"permission": "read", "kind": "classic"}, "POST", ISSUES, 201),
    ],
)
def test_a_token_is_refused_as_its_kind_is(
    grow: Callable[..., Client], token: dict[str, object], method: str, path: str, status: int
) -> None:
    client = grow(tokens={"t": {"login": "ada", **token}}).as_("t")
    body = {"tag_name": "1", "title": "x"} if method == "POST" else None
    assert client.ask(method, path, body, checked=False).status == status


def test_an_author_without_more_rights_changes_what_is_their_own(grow: Callable[..., Client]) -> None:
    client = grow(
        tokens={"ada": {"permission": "read", "login": "ada"}}, issues=[{"title": "x", "author": "bob"}]
    )
    ada = client.as_("ada")
    number = ada.post(ISSUES, {"title": "t", "labels": ["a"]})["number"]
    changed = ada.patch(f"{ISSUES}/{number}", {"state": "closed", "labels": ["a"]})
    assert (changed["state"], changed["labels"]) == ("closed", [])
    own = ada.post(f"{ISSUES}/1/comments", {"body": "x"})["id"]
    other = client.post(f"{ISSUES}/1/comments", {"body": "y"})["id"]
    ada.patch(f"{ISSUES}/comments/{own}", {"body": "z"})
    ada.patch(f"{ISSUES}/comments/{other}", {"body": "z"}, 404)
    ada.delete(f"{ISSUES}/comments/{other}", status=404)
    ada.delete(f"{ISSUES}/comments/{own}")


class TestRefs:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("DELETE", "heads/main", None),
            ("DELETE", "heads/kept", None),
            ("DELETE", "heads/none", None),
            ("POST", "", {"ref": "refs/pull/1/head"}),
            ("PATCH", "heads/kept", {"force": True}),
            ("PATCH", "pull/1/head", {"force": True}),
        ],
    )
    def test_what_cannot_be_written(
        self, grow: Callable[..., Client], work: Work, method: str, path: str, body: dict[str, object] | None
    ) -> None:
        first, _ = work.git("rev-parse", "main"), work.commit("main", {"b": "b"})
        work.git("branch", "kept", "main")
        client = grow(protected=[{"branch": "kept", "rules": ["non_fast_forward", "deletion"]}])
        before = work.git("for-each-ref")
        sent = None if body is None else {"sha": first, **body}
        answer = client.ask(method, f"{REPO}/git/refs/{path}".rstrip("/"), sent, checked=False)
        assert (answer.status, work.git("for-each-ref")) == (422, before)

    def test_what_can(self, grow: Callable[..., Client], work: Work) -> None:
        client = grow(protected=[{"branch": "free", "rules": ["pull_request"]}])
        for name in ("topic", "free"):
            work.git("branch", name, "main")
            client.delete(f"{REPO}/git/refs/heads/{name}")
        client.post(f"{REPO}/git/refs", {"ref": "refs/castoff/1.0.0", "sha": work.git("rev-parse", "main")})
        client.delete(f"{REPO}/git/refs/castoff/1.0.0")

    @pytest.mark.parametrize(
        ("pushed", "words"),
        [
            (":refs/heads/trunk", "refusing to delete the current branch"),
            ("main:refs/pull/1/head", "deny updating a hidden ref"),
        ],
    )
    def test_a_push_is_refused_as_well(
        self, grow: Callable[..., Client], work: Work, pushed: str, words: str
    ) -> None:
        work.git("branch", "trunk", "main")
        grow(default_branch="trunk")
        command = ["git", "--git-dir", str(work.path), "push", str(work.path), pushed]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1
        assert words in done.stderr


def test_every_route_is_held_to_the_description() -> None:
    """A route without an entry would let everything pass: only what takes no values has none."""
    known = operations()
    for route in ROUTES:
        plain = route.template.replace("*}", "}").removeprefix("/uploads")
        found = description()["paths"].get(plain, {}).get(route.method.lower())
        if found is None:
            assert plain in ("/graphql", f"{_REPO}/contents"), plain
            continue
        takes = bool(found.get("requestBody", {}).get("content", {}).get("application/json")) or any(
            "query" in (each.get("in"), _in(each)) for each in found.get("parameters", [])
        )
        assert takes == (f"{route.method} {plain}" in known), plain


def _in(parameter: dict[str, str]) -> str:
    name = parameter.get("$ref", "").rpartition("/")[2]
    found: str = description()["components"]["parameters"].get(name, {}).get("in", "")
    return found
