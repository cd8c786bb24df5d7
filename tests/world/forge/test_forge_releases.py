"""Releases as GitHub has them, and what is listed late."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from forge_bench import REPO, Client, Work

from castoff.world.messages import Late, Request

RELEASES = f"{REPO}/releases"


def test_a_draft_is_listed_for_pushers_only_and_never_found_by_tag(
    grow: Callable[..., Client], work: Work
) -> None:
    work.tag("1.0.0")
    client = grow(tokens={"reader": "read"})
    draft: Any = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True, "body": "words"})
    assert "/releases/tag/untagged-" in draft["html_url"]
    assert [each["id"] for each in client.get(RELEASES)] == [draft["id"]]
    assert client.as_("reader").get(RELEASES) == []
    client.get(f"{RELEASES}/tags/1.0.0", 404)
    client.as_("reader").get(f"{RELEASES}/{draft['id']}", 404)
    client.get(f"{RELEASES}/latest", 404)


def test_publishing_a_draft_makes_the_tag_at_its_target_and_marks_it_latest(
    client: Client, work: Work
) -> None:
    draft: Any = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True, "target_commitish": "main"})
    assert work.git("tag") == ""
    published: Any = client.patch(f"{RELEASES}/{draft['id']}", {"draft": False})
    assert work.git("rev-parse", "1.0.0") == work.git("rev-parse", "main")
    assert work.git("cat-file", "-t", "1.0.0") == "commit"
    assert published["html_url"].endswith("/releases/tag/1.0.0")
    latest: Any = client.get(f"{RELEASES}/latest")
    assert latest["id"] == draft["id"]
    by_tag: Any = client.get(f"{RELEASES}/tags/1.0.0")
    assert by_tag["published_at"] == "2026-11-22T12:00:00Z"


def test_two_drafts_of_one_tag_are_possible_and_a_second_published_one_is_not(client: Client) -> None:
    first: Any = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True})
    second: Any = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True})
    client.patch(f"{RELEASES}/{first['id']}", {"draft": False})
    refused: Any = client.patch(f"{RELEASES}/{second['id']}", {"draft": False}, 422)
    assert refused["errors"] == [{"resource": "Release", "code": "already_exists", "field": "tag_name"}]
    refused = client.post(RELEASES, {"tag_name": "1.0.0"}, 422)
    assert refused["message"] == "Validation Failed"


def test_latest_stays_where_a_hotfix_says_so_and_never_goes_to_a_pre_release(client: Client) -> None:
    client.post(RELEASES, {"tag_name": "2.0.0"})
    client.post(RELEASES, {"tag_name": "1.0.1", "make_latest": "false"})
    client.post(RELEASES, {"tag_name": "3.0.0-rc.1", "prerelease": True})
    latest: Any = client.get(f"{RELEASES}/latest")
    assert latest["tag_name"] == "2.0.0"
    client.post(RELEASES, {"tag_name": "1.0.2"})
    latest = client.get(f"{RELEASES}/latest")
    assert latest["tag_name"] == "1.0.2"
    client.post(RELEASES, {"tag_name": "1.0.3", "make_latest": "legacy"})
    latest = client.get(f"{RELEASES}/latest")
    assert latest["tag_name"] == "2.0.0"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({}, "wasn't supplied", id="no tag"),
        pytest.param({"tag_name": "a b"}, "Validation Failed", id="a tag that git cannot hold"),
        pytest.param(
            {"tag_name": "1.0.0", "draft": "yes"}, "is not a boolean", id="a text for a truth value"
        ),
        pytest.param(
            {"tag_name": "1.0.0", "make_latest": True}, "is not a string", id="make_latest is a word"
        ),
        pytest.param(
            {"tag_name": "1.0.0", "target_commitish": "nowhere"}, "Validation Failed", id="no such target"
        ),
        pytest.param({"tag_name": "1.0.0", "body": "x" * 125_001}, "Validation Failed", id="a body too long"),
    ],
)
def test_what_github_refuses_is_refused(
    client: Client, work: Work, body: dict[str, object], message: str
) -> None:
    refused: Any = client.post(RELEASES, body, 422)
    assert message in refused["message"]
    assert client.get(RELEASES) == []
    assert work.git("tag") == ""


def test_a_body_too_long_is_said_in_githubs_words(client: Client) -> None:
    refused: Any = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True, "body": "x" * 125_001}, 422)
    assert "body is too long" in refused["errors"][0]["message"]
    client.post(RELEASES, {"tag_name": "1.0.0", "draft": True, "body": "x" * 125_000})


def test_a_given_body_stands_before_generated_notes(client: Client, work: Work) -> None:
    made: Any = client.post(RELEASES, {"tag_name": "1.0.0", "body": "hello", "generate_release_notes": True})
    assert made["body"].startswith("hello\n\n")
    assert made["body"].endswith("**Full Changelog**: https://github.com/acme/kit/commits/1.0.0")
    assert made["name"] == "1.0.0"


def test_created_is_the_date_of_the_tagged_commit_and_of_the_draft_before_there_is_a_tag(
    client: Client, work: Work
) -> None:
    draft = client.post(RELEASES, {"tag_name": "1.0.0", "draft": True})
    assert draft["created_at"] == "2026-11-22T12:00:00Z"
    published = client.patch(f"{RELEASES}/{draft['id']}", {"draft": False})
    assert (published["created_at"], published["published_at"]) == (
        "2026-01-01T01:00:00Z",
        "2026-11-22T12:00:00Z",
    )


def test_a_deleted_release_leaves_its_tag(client: Client, work: Work) -> None:
    made: Any = client.post(RELEASES, {"tag_name": "1.0.0"})
    client.delete(f"{RELEASES}/{made['id']}")
    client.get(f"{RELEASES}/{made['id']}", 404)
    assert work.git("tag") == "1.0.0"


def test_a_reader_can_neither_release_nor_generate_notes(grow: Callable[..., Client]) -> None:
    reader = grow(tokens={"reader": "read"}).as_("reader")
    for url in (RELEASES, f"{RELEASES}/generate-notes"):
        refused = reader.ask("POST", url, {"tag_name": "1.0.0"}, checked=False)
        assert refused.status == 404


@pytest.mark.parametrize(
    ("late", "shown"),
    [
        (Late(reads=2), [False, False, True, True]),
        (Late(reads=3, alternating=True), [False, True, False, True]),
        (Late(seconds=4), [False, False, True, True]),
    ],
)
def test_a_late_release_is_there_by_its_id_and_listed_later(
    grow: Callable[..., Client], late: Late, shown: list[bool]
) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    client = grow(clock=lambda: now[0])
    body = json.dumps({"tag_name": "1.0.0", "draft": True}).encode()
    headers = {"user-agent": "tests", "authorization": "Bearer writer"}
    made = client.forge.handle(Request("POST", RELEASES, {}, headers, body, late=late))
    found = []
    for _ in shown:
        now[0] += timedelta(seconds=1.5)
        found.append(bool(client.get(RELEASES)))
    assert (made.status, found) == (201, shown)
    assert client.get(f"{RELEASES}/{json.loads(made.body)['id']}")["tag_name"] == "1.0.0"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("issues", {"title": "t"}),
        ("issues/1/comments", {"body": "c"}),
        ("milestones", {"title": "t"}),
        ("labels", {"name": "t"}),
    ],
)
def test_whatever_is_created_late_is_missing_in_its_list(
    grow: Callable[..., Client], path: str, body: dict[str, str]
) -> None:
    client = grow(issues=[{"title": "first"}])
    before = client.get(f"{REPO}/{path}")
    headers = {"user-agent": "tests", "authorization": "Bearer writer"}
    sent = json.dumps(body).encode()
    client.forge.handle(Request("POST", f"{REPO}/{path}", {}, headers, sent, late=Late(reads=1)))
    assert client.get(f"{REPO}/{path}") == before
    assert len(client.get(f"{REPO}/{path}")) == len(before) + 1
