"""Whatever is sent, the forge answers: no failure of its own, nothing run, nothing changed by what it refuses."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from forge_bench import REPO, Client, Work
from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.world.forge import Forge
from castoff.world.forge.service import ROUTES
from castoff.world.messages import Request

ODD = [
    *("--output=/tmp/x", "-h", "main", "1.0.0", "refs/heads/main", "..", "a\x00b", "\ud800", "*", "0" * 40),
    *("9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31", "$(touch x)", "`x`", "a\nb", "%2e%2e/", "é", ""),
]
TEXT = st.one_of(st.text(max_size=20), st.sampled_from(ODD))
VALUE = st.recursive(
    st.one_of(TEXT, st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)
NAMES = sorted(
    {
        "tag_name",
        "name",
        "title",
        "body",
        "draft",
        "labels",
        "milestone",
        "state",
        "due_on",
        "head",
        "base",
        "sha",
    }
    | {
        "message",
        "content",
        "branch",
        "color",
        "new_name",
        "target_commitish",
        "previous_tag_name",
        "ref",
        "force",
    }
    | {
        "merge_method",
        "commit_title",
        "committer",
        "make_latest",
        "object",
        "type",
        "tag",
        "context",
        "query",
    }
    | {"configuration_file_path", "reviewers", "assignees", "generate_release_notes", "author", "variables"}
)
QUERIES = [
    "q",
    "page",
    "per_page",
    "state",
    "milestone",
    "since",
    "sha",
    "path",
    "ref",
    "labels",
    "creator",
    "until",
]


@settings(max_examples=300, deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    parts=st.lists(TEXT, min_size=3, max_size=3),
    query=st.dictionaries(st.sampled_from(QUERIES), st.lists(TEXT, min_size=1, max_size=2), max_size=3),
    body=st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=5),
)
def test_no_request_makes_the_forge_fail(
    route: object, parts: list[str], query: dict[str, list[str]], body: dict[str, object]
) -> None:
    method, template = route.method, route.template  # type: ignore[attr-defined]
    rest = iter(parts)
    path = "/".join(_filled(part, rest) for part in template.split("/"))
    answer = _forge().handle(
        Request(
            method, path, query, {"user-agent": "x", "authorization": "token t"}, json.dumps(body).encode()
        )
    )
    assert 200 <= answer.status < 500, (path, answer.body)


@settings(max_examples=100, deadline=None)
@given(raw=st.one_of(st.binary(max_size=50), st.just(b"[" * 100_000), st.just(b'{"a":' * 50_000)))
def test_no_body_makes_the_forge_fail(raw: bytes) -> None:
    headers = {"user-agent": "x", "authorization": "token t"}
    for url in (f"{REPO}/issues", "/graphql"):
        assert _forge().handle(Request("POST", url, {}, headers, raw)).status in (400, 422)


@pytest.mark.parametrize(
    "query",
    [
        "{" * 20_000,
        "{ repository(owner: 1) }",
        "",
        "mutation { x }",
        "query A{viewer{login}} query B{viewer{login}}",
    ],
)
def test_no_query_makes_the_graph_fail(query: str) -> None:
    pytest.importorskip("graphql")
    headers = {"user-agent": "x", "authorization": "token t"}
    answer = _forge().handle(Request("POST", "/graphql", {}, headers, json.dumps({"query": query}).encode()))
    assert answer.status in (200, 400)
    assert "errors" in json.loads(answer.body) or answer.status == 400


@pytest.mark.parametrize("odd", ["\ud800", "a\x00b", "--output=x"], ids=["surrogate", "NUL", "option"])
def test_no_odd_value_in_any_field_makes_the_forge_fail(odd: str) -> None:
    forge = _forge()
    base: dict[str, object] = {
        "tag_name": "2.0.0",
        "title": "t",
        "name": "n",
        "message": "m",
        "content": "eA==",
    }
    for route in (route for route in ROUTES if route.method != "GET"):
        path = "/".join(_filled(part, iter(("1", "1", "1"))) for part in route.template.split("/"))
        for name in NAMES:
            body = json.dumps(base | {name: odd}).encode()
            headers = {"user-agent": "x", "authorization": f"token {name}"}
            answer = forge.handle(Request(route.method, path, {}, headers, body))
            assert 200 <= answer.status < 500, (path, name, answer.body)
    for url in (
        "/repos/acme/kit/labels",
        "/repos/acme/kit/issues",
        "/repos/acme/kit/releases",
        "/repos/acme/kit/pulls",
    ):
        headers = {"user-agent": "x", "authorization": "token x"}
        assert forge.handle(Request("GET", url, {"q": [odd], "per_page": ["1"]}, headers)).status == 200
    json.dumps(forge.dump())


def test_titles_are_kept_to_the_byte_and_reach_nothing(
    grow: Callable[..., Client], work: Work, tmp_path: Path
) -> None:
    title = "  a  $(touch pwned) `x` <b>\u202e\x1b[31m & \"'|  "
    base = work.git("rev-parse", "main")
    work.commit("topic", {"x": "x"}, "x", onto=base)
    client = grow()
    made = client.post(f"{REPO}/pulls", {"title": title, "head": "topic", "base": "main"})
    assert made["title"] == title
    client.put(f"{REPO}/pulls/1/merge", {"merge_method": "squash"})
    assert work.git("log", "-1", "--format=%s", "main").strip() == f"{title} (#1)".strip()
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize("branch", ["$(touch pwned)", "a'b", 'a"b', "a;b", "*", "`x`"])
def test_the_name_of_a_protected_branch_is_data_in_the_hook(
    grow: Callable[..., Client], work: Work, tmp_path: Path, branch: str
) -> None:
    grow(protected=[branch])
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(work.path), str(clone)], check=True, capture_output=True)
    pushed = subprocess.run(
        ["git", "push", "-q", "origin", "HEAD:refs/heads/other"], cwd=clone, capture_output=True
    )
    assert pushed.returncode == 0, pushed.stderr
    assert list(tmp_path.rglob("pwned")) == []


START = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _forge() -> Forge:
    folder = Path(tempfile.mkdtemp(prefix="castoff-forge-"))
    path = folder / "kit.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    work = Work(path)
    work.commit("main", {"README.md": "x"}, "first")
    work.tag("1.0.0")
    seed: dict[str, object] = {
        "milestones": [{"title": "m"}],
        "issues": [{"title": "i"}],
        "labels": ["a"],
        "default_permission": "admin",
    }
    hours = itertools.count()
    # Each look at the clock is an hour later, so that no limit hides what is tested.
    return Forge("acme/kit", path, seed=seed, clock=lambda: START + timedelta(hours=next(hours)))


def _filled(part: str, rest: Iterator[str]) -> str:
    fixed = {"{owner}": "acme", "{repo}": "kit"}
    if part in fixed:
        return fixed[part]
    return (next(rest, "x") or "x") if part.startswith("{") else part
