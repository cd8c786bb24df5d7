"""Secondary limits of REST, nodes and points of GraphQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from forge_bench import REPO, Client
from graphql import parse

from castoff.world.forge.answers import Refused
from castoff.world.forge.graph_weight import Weight, weigh
from castoff.world.forge.limits import ContentLimit, Limits

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_is_created_too_fast_is_refused_and_passes_after_the_wait(grow: Callable[..., Client]) -> None:
    now = [NOW]
    client = grow(clock=lambda: now[0], issues=[{"title": "x"}])

    def comment() -> tuple[int, str | None]:
        answer = client.ask("POST", f"{REPO}/issues/1/comments", {"body": "c"}, checked=False)
        return answer.status, answer.headers.get("Retry-After")

    assert [comment()[0] for _ in range(80)] == [201] * 80
    now[0] += timedelta(seconds=20)
    assert comment() == (403, "40")
    assert client.ask("GET", REPO).status == 200
    assert client.as_("other").ask("POST", f"{REPO}/issues", {"title": "x"}).status == 201
    now[0] += timedelta(seconds=40)
    assert comment() == (201, None)


def test_a_seed_gives_more_room(grow: Callable[..., Client]) -> None:
    client = grow(content_limit={"minute": 2, "hour": 3})
    answers = [client.ask("POST", f"{REPO}/issues", {"title": "x"}, checked=False).status for _ in range(3)]
    assert answers == [201, 201, 403]


@pytest.mark.parametrize(
    ("content", "every", "passed", "wait"),
    [
        (ContentLimit(), 1, 80, "1"),
        (ContentLimit(minute=2, hour=9), 20, 2, "20"),
        (ContentLimit(minute=2, hour=3), 30, 3, "3510"),
    ],
)
def test_the_limits_of_a_minute_and_of_an_hour(
    content: ContentLimit, every: int, passed: int, wait: str
) -> None:
    limits, now = Limits(content=content), NOW
    for _ in range(passed):
        limits.spend_content("t", now)
        now += timedelta(seconds=every)
    with pytest.raises(Refused) as caught:
        for _ in range(passed):
            limits.spend_content("t", now)
    assert caught.value.headers == {"Retry-After": wait}


def test_points_are_one_for_a_read_and_five_for_a_write() -> None:
    limits = Limits()
    for _ in range(100):
        limits.spend("t", "core", NOW, write=True, login="a")
    for _ in range(400):
        limits.spend("t", "core", NOW, write=False, login="a")
    with pytest.raises(Refused) as caught:
        limits.spend("t", "core", NOW, write=False, login="a")
    assert caught.value.headers == {"Retry-After": "60"}
    limits.spend("t", "graphql", NOW, write=False, login="a")
    limits.spend("t", "core", NOW + timedelta(seconds=60), write=True, login="a")


@pytest.mark.parametrize(("key", "limit"), [("", 60), ("ghs_x", 1000), ("ghp_x", 5000)])
def test_an_hour_has_less_for_the_anonymous_and_for_workflows(key: str, limit: int) -> None:
    assert Limits().view(key, "core", NOW)["limit"] == limit


NESTED = "{ a(first: 100) { b(last: 50) { c(first: 60) { d } } } }"


@pytest.mark.parametrize(
    ("query", "variables", "nodes", "cost"),
    [
        pytest.param("{ viewer { login } }", {}, 0, 1, id="nothing but fields"),
        pytest.param(NESTED, {}, 100 + 5_000 + 300_000, 51, id="the example of GitHub's documentation"),
        pytest.param("query($n: Int) { a(first: $n) { b } }", {"n": 7}, 7, 1, id="a variable"),
        pytest.param("query($n: Int = 9) { a(first: $n) { b } }", {}, 9, 1, id="its default"),
        pytest.param(
            "{ a(first: 2) { ...F ...F } } fragment F on X { b(first: 3) { c } }", {}, 14, 1, id="spread"
        ),
        pytest.param("{ a(first: 2) { ... on X { b(first: 3) { c } } } }", {}, 8, 1, id="inline"),
        pytest.param("query A { a(first: 1) { b } } query B { a(first: 2) { b } }", {}, 1, 1, id="the first"),
    ],
)
def test_a_query_is_weighed(query: str, variables: dict[str, object], nodes: int, cost: int) -> None:
    weight = weigh(parse(query), None, variables)
    assert (weight.nodes, weight.cost, weight.changes) == (nodes, cost, False)


def test_the_named_operation_is_weighed_and_a_mutation_is_known() -> None:
    text = "query A { a(first: 1) { b } } mutation B { c(first: 2) { d } }"
    assert weigh(parse(text), "B", {}) == Weight(2, 1, True)
    assert weigh(parse(text), "C", {}) == Weight()


def test_a_query_for_too_many_nodes_is_refused_and_others_cost_their_points(client: Client) -> None:
    deep = """{ rateLimit { cost nodeCount remaining } repository(owner: "acme", name: "kit") {
      issues(first: 100) { nodes { labels(first: 100) { nodes { name } } } pageInfo { hasNextPage } } } }"""
    found = json.loads(client.ask("POST", "/graphql", {"query": deep}).body)
    assert found["data"]["rateLimit"] == {"cost": 1, "nodeCount": 10_100, "remaining": 4999}
    more = deep.replace("labels(first: 100) { nodes { name } }", "comments(first: 100) { nodes { id } } ") * 1
    wide = more.replace("issues(first", "x0: issues(first")
    parts = " ".join(
        wide[wide.index("x0: ") :].removesuffix(" } }").replace("x0", f"x{n}") for n in range(50)
    )
    refused = json.loads(
        client.ask(
            "POST", "/graphql", {"query": '{ repository(owner: "acme", name: "kit") {' + parts + "} }"}
        ).body
    )
    assert refused["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "505,000" in refused["errors"][0]["message"]
