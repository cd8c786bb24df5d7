"""Do milestones, labels, issues and comments behave as GitHub's do?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client

MILESTONES = f"{REPO}/milestones"
LABELS = f"{REPO}/labels"
ISSUES = f"{REPO}/issues"


def test_a_milestone_counts_open_and_closed_issues_and_pull_requests(grow: Callable[..., Client]) -> None:
    client = grow(
        milestones=[{"title": "1.0.0"}],
        issues=[{"title": "a", "milestone": "1.0.0"}, {"title": "b", "milestone": 1, "state": "closed"}],
        pull_requests=[{"title": "c", "milestone": 1, "merged_at": "2026-01-02T03:04:05Z"}],
    )
    found: Any = client.get(f"{MILESTONES}/1")
    assert (found["open_issues"], found["closed_issues"]) == (1, 2)


def test_milestones_are_made_changed_closed_and_deleted(client: Client) -> None:
    made: Any = client.post(MILESTONES, {"title": "1.0.0", "due_on": "2026-12-01T00:00:00Z"})
    refused: Any = client.post(MILESTONES, {"title": "1.0.0"}, 422)
    assert refused["errors"] == [{"resource": "Milestone", "code": "already_exists", "field": "title"}]
    issue: Any = client.post(ISSUES, {"title": "x", "milestone": made["number"]})
    client.post(MILESTONES, {"title": "1.1.0"})
    closed: Any = client.patch(f"{MILESTONES}/1", {"state": "closed"})
    assert closed["closed_at"] == "2026-11-22T12:00:00Z"
    assert [each["title"] for each in client.get(MILESTONES)] == ["1.1.0"]
    assert [each["title"] for each in client.get(f"{MILESTONES}?state=all")] == ["1.0.0", "1.1.0"]
    client.delete(f"{MILESTONES}/1")
    client.get(f"{MILESTONES}/1", 404)
    alone: Any = client.get(f"{ISSUES}/{issue['number']}")
    assert alone["milestone"] is None


def test_labels_are_unique_in_any_case_and_issues_follow_their_names(client: Client) -> None:
    client.post(LABELS, {"name": "changelog-add", "color": "F0a0A0", "description": "d"})
    refused: Any = client.post(LABELS, {"name": "Changelog-Add"}, 422)
    assert refused["errors"][0]["code"] == "already_exists"
    client.post(LABELS, {"name": "x", "color": "#ffffff"}, 422)
    issue: Any = client.post(ISSUES, {"title": "t", "labels": ["CHANGELOG-ADD", "new/one"]})
    assert [each["name"] for each in issue["labels"]] == ["changelog-add", "new/one"]
    client.patch(f"{LABELS}/changelog-add", {"new_name": "added"})
    client.get(f"{LABELS}/new/one")
    names: Any = client.get(f"{ISSUES}/1/labels")
    assert [each["name"] for each in names] == ["added", "new/one"]
    client.delete(f"{ISSUES}/1/labels/new/one", status=200)
    client.delete(f"{ISSUES}/1/labels/new/one", status=404)
    client.delete(f"{LABELS}/added")
    assert client.get(f"{ISSUES}/1/labels") == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("", [4, 3, 1], id="open ones, newest first, pull requests too"),
        pytest.param("state=all&direction=asc", [1, 2, 3, 4], id="all, oldest first"),
        pytest.param("milestone=1&state=all", [2, 1], id="of a milestone"),
        pytest.param("milestone=none", [4, 3], id="in no milestone"),
        pytest.param("milestone=*", [1], id="in any milestone"),
        pytest.param("labels=a,B", [3], id="with all of several labels"),
        pytest.param("creator=eve", [3], id="by one person"),
        pytest.param("since=2026-06-01T00:00:00Z", [4], id="changed since"),
    ],
)
def test_issues_are_filtered_as_asked(grow: Callable[..., Client], query: str, numbers: list[int]) -> None:
    at = "2026-01-01T00:00:00Z"
    client = grow(
        milestones=[{"title": "m"}],
        issues=[
            {"title": "1", "milestone": 1, "created_at": at},
            {"title": "2", "milestone": 1, "state": "closed", "created_at": at},
            {"title": "3", "labels": ["a", "b"], "author": "eve", "created_at": at},
        ],
        pull_requests=[{"number": 4, "title": "4", "created_at": "2026-07-01T00:00:00Z"}],
    )
    found: Any = client.get(f"{ISSUES}?{query}")
    assert [each["number"] for each in found] == numbers


def test_an_unknown_milestone_is_refused_as_filter_and_as_value(client: Client) -> None:
    client.get(f"{ISSUES}?milestone=7", 422)
    refused: Any = client.post(ISSUES, {"title": "x", "milestone": 7}, 422)
    assert refused["errors"][0]["field"] == "milestone"


def test_comments_are_added_read_changed_and_deleted(client: Client) -> None:
    client.post(ISSUES, {"title": "x"})
    made: Any = client.post(f"{ISSUES}/1/comments", {"body": "one"})
    client.patch(f"{ISSUES}/comments/{made['id']}", {"body": "two"})
    assert [each["body"] for each in client.get(f"{ISSUES}/1/comments")] == ["two"]
    client.delete(f"{ISSUES}/comments/{made['id']}")
    assert client.get(f"{ISSUES}/comments") == []


def test_an_issue_is_closed_with_its_reason_and_opened_again(client: Client) -> None:
    client.post(ISSUES, {"title": "x"})
    closed: Any = client.patch(f"{ISSUES}/1", {"state": "closed", "state_reason": "not_planned"})
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    opened: Any = client.patch(f"{ISSUES}/1", {"state": "open"})
    assert (opened["closed_at"], opened["state_reason"]) == (None, "reopened")


def test_an_issue_of_a_deleted_account_is_the_ghosts(grow: Callable[..., Client]) -> None:
    found: Any = grow(issues=[{"title": "x", "author": None}]).get(f"{ISSUES}/1")
    assert found["user"]["login"] == "ghost"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no title"),
        pytest.param({"title": "  "}, id="an empty title"),
        pytest.param({"title": "x" * 257}, id="a title too long"),
        pytest.param({"title": "x", "body": "y" * 65_537}, id="a body too long"),
        pytest.param({"title": "x", "labels": "a"}, id="a text for a list"),
        pytest.param({"title": "x", "body": 5}, id="a number for a text"),
    ],
)
def test_bad_issues_are_refused_and_leave_nothing(client: Client, body: dict[str, object]) -> None:
    client.post(ISSUES, body, 422)
    assert client.forge.dump()["issues"] == []


@pytest.mark.parametrize(
    ("raw", "message"), [(b"{", "Problems parsing JSON"), (b"[]", "Body should be a JSON object")]
)
def test_a_body_that_is_no_object_is_a_400(client: Client, raw: bytes, message: str) -> None:
    answer = client.ask("POST", ISSUES, raw)
    assert answer.status == 400
    assert message.encode() in answer.body
