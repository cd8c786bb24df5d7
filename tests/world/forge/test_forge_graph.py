"""Does GraphQL answer as GitHub's does, as far as it is served?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from forge_bench import Client, Work

graphql = pytest.importorskip("graphql")

REPOSITORY = 'repository(owner: "acme", name: "kit")'


def test_many_commits_lead_to_their_pull_requests_in_one_request(
    grow: Callable[..., Client], work: Work
) -> None:
    shas = [work.commit("main", {f"{n}": f"{n}"}, f"change {n} (#{n})") for n in range(1, 6)]
    client = grow(
        users=[{"login": "bot[bot]", "type": "Bot"}],
        pull_requests=[
            {
                "number": n,
                "title": f"T{n}",
                "author": "bot[bot]" if n == 1 else None,
                "labels": ["changelog-add"],
            }
            | {"merge_commit": sha, "merged_at": f"2026-02-0{n}T00:00:00Z"}
            for n, sha in enumerate(shas, start=1)
        ],
    )
    aliases = "".join(f'c{n}: object(oid: "{sha}") {{ ...F }} ' for n, sha in enumerate(shas))
    fragment = (
        "fragment F on Commit { oid associatedPullRequests(first: 5) { nodes { number title state mergedAt "
        "author { __typename login } labels(first: 10) { nodes { name } } mergeCommit { oid } baseRefName } } }"
    )
    data = _ask(client, f"query {{ {REPOSITORY} {{ {aliases} }} }} {fragment}")
    found = [data["repository"][f"c{n}"]["associatedPullRequests"]["nodes"] for n in range(5)]
    assert [[each["number"] for each in nodes] for nodes in found] == [[1], [2], [3], [4], [5]]
    assert found[0][0]["author"] == {"__typename": "Bot", "login": "bot"}
    assert found[1][0]["author"] is None
    assert found[1][0] | {"author": 0} == {
        "number": 2,
        "title": "T2",
        "state": "MERGED",
        "mergedAt": "2026-02-02T00:00:00Z",
        "author": 0,
        "labels": {"nodes": [{"name": "changelog-add"}]},
        "mergeCommit": {"oid": shas[1]},
        "baseRefName": "main",
    }


def test_a_list_is_paged_by_cursor(grow: Callable[..., Client]) -> None:
    client = grow(labels=[f"c{n}" for n in range(6)])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        data = _ask(
            client,
            "query($o: String!, $n: String!, $after: String) { repository(owner: $o, name: $n) { "
            "labels(first: 4, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }",
            o="acme",
            n="kit",
            after=cursor,
        )
        page = data["repository"]["labels"]
        assert page["totalCount"] == 6
        seen += [each["name"] for each in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [f"c{n}" for n in range(6)]


def test_pull_requests_are_filtered_and_ordered(grow: Callable[..., Client]) -> None:
    client = grow(
        pull_requests=[
            {"number": 1, "title": "a", "updated_at": "2026-03-01T00:00:00Z"},
            {
                "number": 2,
                "title": "b",
                "merged_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-05-01T00:00:00Z",
            },
            {"number": 3, "title": "c", "state": "closed", "updated_at": "2026-04-01T00:00:00Z"},
            {"number": 4, "title": "d", "base": "1.0.x"},
        ]
    )
    query = f"query {{ {REPOSITORY} {{ pullRequests(%s, first: 10) {{ totalCount nodes {{ number state }} }} }} }}"
    merged = _ask(client, query % "states: [MERGED]")["repository"]["pullRequests"]
    assert merged == {"totalCount": 1, "nodes": [{"number": 2, "state": "MERGED"}]}
    sort = 'baseRefName: "main", orderBy: {field: UPDATED_AT, direction: DESC}'
    found = _ask(client, query % sort)["repository"]["pullRequests"]["nodes"]
    assert [each["number"] for each in found] == [2, 3, 1]


def test_releases_hide_drafts_from_readers_and_name_the_latest(
    grow: Callable[..., Client], work: Work
) -> None:
    work.tag("1.0.0")
    client = grow(
        tokens={"reader": "read"},
        releases=[{"tag": "1.0.0", "body": "b"}, {"tag": "1.1.0", "draft": True}],
    )
    query = (
        f'query {{ {REPOSITORY} {{ release(tagName: "1.1.0") {{ tagName }} '
        "releases(first: 5) { nodes { tagName isDraft isLatest description } } } }"
    )
    found = _ask(client, query)["repository"]
    assert found["release"] == {"tagName": "1.1.0"}
    assert [each["tagName"] for each in found["releases"]["nodes"]] == ["1.0.0", "1.1.0"]
    assert [each["isLatest"] for each in found["releases"]["nodes"]] == [True, False]
    found = _ask(client.as_("reader"), query)["repository"]
    assert found["release"] is None
    assert [each["tagName"] for each in found["releases"]["nodes"]] == ["1.0.0"]


def test_milestones_labels_search_viewer_and_limits_are_served(grow: Callable[..., Client]) -> None:
    client = grow(
        milestones=[{"title": "1.0.0"}, {"title": "0.9.0", "state": "closed"}],
        issues=[{"title": "findme", "milestone": 1}],
        pull_requests=[{"title": "findme too", "merged_at": "2026-01-01T00:00:00Z", "milestone": 1}],
        labels=["a"],
    )
    data = _ask(
        client,
        f"""query {{ {REPOSITORY} {{ viewerPermission nameWithOwner
            milestones(first: 5, states: [OPEN]) {{ nodes {{ number title state }} }}
            labels(first: 5) {{ nodes {{ name }} }} }}
          search(query: "repo:acme/kit is:pr is:merged findme", type: ISSUE, first: 5) {{
            issueCount nodes {{ ... on PullRequest {{ number }} }} }}
          viewer {{ login }} rateLimit {{ cost remaining limit }} }}""",
    )
    assert data["repository"] == {
        "viewerPermission": "WRITE",
        "nameWithOwner": "acme/kit",
        "milestones": {"nodes": [{"number": 1, "title": "1.0.0", "state": "OPEN"}]},
        "labels": {"nodes": [{"name": "a"}]},
    }
    assert data["search"] == {"issueCount": 1, "nodes": [{"number": 2}]}
    assert (data["viewer"]["login"], data["rateLimit"]["limit"]) == ("maintainer", 5000)


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        pytest.param(
            'query { repository(owner: "a", name: "b") { id } }',
            "NOT_FOUND",
            "Could not resolve to a Repository with the name 'a/b'.",
            id="no such repository",
        ),
        pytest.param(
            f"query {{ {REPOSITORY} {{ labels {{ totalCount nodes {{ name }} }} }} }}",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `labels` connection.",
            id="no bound",
        ),
        pytest.param(
            f"query {{ {REPOSITORY} {{ labels(first: 101) {{ totalCount }} }} }}",
            "EXCESSIVE_PAGINATION",
            "Requesting 101 records on the `labels` connection exceeds the `first` limit of 100 records.",
            id="too much",
        ),
        pytest.param(
            f"query {{ {REPOSITORY} {{ pullRequest(number: 5) {{ id }} }} }}",
            "NOT_FOUND",
            "Could not resolve to a PullRequest with the number of 5.",
            id="no such pull request",
        ),
    ],
)
def test_errors_stand_beside_the_data(client: Client, query: str, kind: str, message: str) -> None:
    answer = client.ask("POST", "/graphql", {"query": query})
    document = json.loads(answer.body)
    assert answer.status == 200
    assert (document["errors"][0]["type"], document["errors"][0]["message"]) == (kind, message)
    assert client.forge.unknown_routes == []


def test_what_the_schema_lacks_is_said_and_remembered(client: Client) -> None:
    answer = client.ask("POST", "/graphql", {"query": f"query {{ {REPOSITORY} {{ stargazerCount }} }}"})
    assert "stargazerCount" in json.loads(answer.body)["errors"][0]["message"]
    assert len(client.forge.unknown_routes) == 1


def test_without_a_token_and_without_a_query_there_is_no_answer(client: Client) -> None:
    assert client.as_("").ask("POST", "/graphql", {"query": "{ viewer { login } }"}).status == 401
    assert client.ask("POST", "/graphql", {}).status == 400


def test_a_reader_opens_an_issue_if_the_token_may_write(grow: Callable[..., Client]) -> None:
    client = grow(tokens={"reader": "read", "fine": {"permission": "read", "kind": "fine-grained"}})
    identity = _ask(client, f"query {{ {REPOSITORY} {{ id }} }}")["repository"]["id"]
    query = "mutation($i: CreateIssueInput!) { createIssue(input: $i) { issue { number url } } }"
    made = _ask(client, query, i={"repositoryId": identity, "title": "x"})
    assert made["createIssue"]["issue"]["number"] == 1
    body = {"query": query, "variables": {"i": {"repositoryId": identity, "title": "x"}}}
    assert "errors" not in json.loads(client.as_("reader").ask("POST", "/graphql", body).body)
    document = json.loads(client.as_("fine").ask("POST", "/graphql", body).body)
    assert document["errors"][0]["type"] == "FORBIDDEN"


def test_our_schema_is_a_part_of_githubs() -> None:
    """Needs GitHub's public schema: CASTOFF_GITHUB_SCHEMA names the file (npm: @octokit/graphql-schema)."""
    name = os.environ.get("CASTOFF_GITHUB_SCHEMA")
    if not name:
        pytest.skip("CASTOFF_GITHUB_SCHEMA is not set")
    theirs = graphql.build_schema(Path(name).read_text(), assume_valid=True).type_map
    text = resources.files("castoff.world.forge").joinpath("schema.graphql").read_text()
    for kind, ours in graphql.build_schema(text).type_map.items():
        if kind.startswith("__") or not hasattr(ours, "fields"):
            assert kind in theirs
            continue
        for field, described in ours.fields.items():
            real = theirs[kind].fields[field]
            assert str(described.type) == str(real.type), f"{kind}.{field}"
            for argument, shape in getattr(described, "args", {}).items():
                assert str(shape.type) == str(real.args[argument].type), f"{kind}.{field}({argument})"


def _ask(client: Client, query: str, **variables: object) -> Any:
    answer = client.ask("POST", "/graphql", {"query": query, "variables": variables})
    document = json.loads(answer.body)
    assert "errors" not in document, document["errors"]
    return document["data"]
