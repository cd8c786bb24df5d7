"""Do pull requests behave as GitHub's do?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client, Work

PULLS = f"{REPO}/pulls"


@pytest.fixture
def branched(work: Work) -> Work:
    base = work.git("rev-parse", "main")
    work.commit("topic", {"src/a.txt": "one\ntwo\n", "new.txt": "n\n"}, "change a\n\nwhy", onto=base)
    work.commit("topic", {"b.txt": "b\n"}, "add b")
    work.commit("main", {"README.md": "# kit 2\n"}, "meanwhile")
    return work


def test_a_pull_request_is_opened_once_and_only_with_commits(client: Client, branched: Work) -> None:
    made: Any = client.post(PULLS, {"title": "T", "head": "topic", "base": "main", "body": "b"})
    assert (made["commits"], made["changed_files"], made["additions"]) == (2, 3, 3)
    assert (made["mergeable"], made["head"]["sha"]) == (True, branched.git("rev-parse", "topic"))
    refused: Any = client.post(PULLS, {"title": "T", "head": "acme:topic", "base": "main"}, 422)
    assert refused["errors"][0]["message"] == "A pull request already exists for acme:topic."
    branched.git("branch", "same", "main")
    refused = client.post(PULLS, {"title": "T", "head": "same", "base": "main"}, 422)
    assert refused["errors"][0]["message"] == "No commits between main and same"
    for field in ("head", "base"):
        body = {"title": "T", "head": "topic", "base": "main", field: "nowhere"}
        refused = client.post(PULLS, body, 422)
        assert refused["errors"][0] == {"resource": "PullRequest", "field": field, "code": "invalid"}


def test_pull_requests_are_listed_by_state_base_and_head(grow: Callable[..., Client]) -> None:
    client = grow(
        pull_requests=[
            {"number": 1, "title": "a", "head": "x", "created_at": "2026-01-01T00:00:00Z"},
            {"number": 2, "title": "b", "base": "1.0.x", "head": "y", "created_at": "2026-01-02T00:00:00Z"},
            {"number": 3, "title": "c", "state": "closed", "created_at": "2026-01-03T00:00:00Z"},
            {"number": 4, "title": "d", "merged_at": "2026-01-04T00:00:00Z", "author": "gone[bot]"},
        ]
    )
    assert _numbers(client.get(PULLS)) == [2, 1]
    assert _numbers(client.get(f"{PULLS}?state=closed")) == [4, 3]
    assert _numbers(client.get(f"{PULLS}?state=all&sort=created&direction=asc")) == [1, 2, 3, 4]
    assert _numbers(client.get(f"{PULLS}?base=1.0.x")) == [2]
    assert _numbers(client.get(f"{PULLS}?head=acme:x")) == [1]
    assert _numbers(client.get(f"{PULLS}?head=x")) == [2, 1]
    bot: Any = client.get(f"{PULLS}/4")
    assert (bot["merged"], bot["user"]["type"], bot["merged_at"]) == (True, "Bot", "2026-01-04T00:00:00Z")


def test_an_issue_is_no_pull_request(client: Client) -> None:
    client.post(f"{REPO}/issues", {"title": "x"})
    client.get(f"{PULLS}/1", 404)


def _numbers(found: Any) -> list[int]:
    return [each["number"] for each in found]
