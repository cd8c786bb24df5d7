"""Issues and pull requests through the forge's interface: every request fits GitHub's own description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from castoff.forges.github import GitHub
from castoff.forges.github_issues import GitHubIssueTracker
from castoff.io.clock import SystemClock
from castoff.io.http import Failure, Http, Reply
from castoff.model.acts import Refused, Succeeded, Unclear
from castoff.model.observations import Unknown
from castoff.ports import NewPull
from castoff.redaction import Redactor
from openapi import validate_request
from postrelease.after_bench import SLUG, Yard, yard

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Checked(Http):
    """An HTTP door that holds every request against GitHub's description."""

    def __init__(self) -> None:
        super().__init__(Redactor())
        self.templates: list[str] = []

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply | Failure:
        parts = urlsplit(url)
        path = unquote(parts.path)
        self.templates.append(
            f"{method} {validate_request(method, path, parse_qs(parts.query), body or b'')}"
        )
        return super().ask(method, url, headers=headers, body=body)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Yard]:
    with yard(tmp_path) as made:
        yield made


def tracker(here: Yard, token: str = "writer") -> tuple[GitHubIssueTracker, Checked]:
    door = Checked()
    github = GitHub(
        door,
        SystemClock(),
        api_url=here.world.forge.url,
        web_url="https://github.com",
        slug=SLUG,
        token=token,
    )
    return GitHubIssueTracker(github), door


def test_issues_are_opened_commented_and_listed_with_requests_that_github_knows(here: Yard) -> None:
    at, door = tracker(here)

    assert at.open_issue("Title", "Body") == Succeeded()
    assert at.comment(1, "More") == Succeeded()
    issues = at.issues(LONG_AGO)

    assert not isinstance(issues, Unknown)
    assert [(one.number, one.body, one.is_open) for one in issues] == [(1, "Body", True)]
    assert at.comments(1) == ("More",)
    assert door.templates == [
        "POST /repos/{owner}/{repo}/issues",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "GET /repos/{owner}/{repo}/issues",
        "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    ]


def test_what_is_older_and_what_is_a_pull_request_is_no_issue(here: Yard) -> None:
    at, _ = tracker(here)
    here.git("checkout", "--quiet", "-b", "topic")
    here.commit({"a": "b"}, "a")
    here.push("topic")
    at.open_pull(NewPull(head="topic", base="main", title="T", body="B"))
    at.open_issue("Title", "Body")

    issues = at.issues(LONG_AGO)

    assert not isinstance(issues, Unknown)
    assert [one.body for one in issues] == ["Body"]
    assert at.issues(datetime.now(UTC) + timedelta(days=400)) == ()


def test_a_pull_request_is_opened_and_found_by_its_branch(here: Yard) -> None:
    at, door = tracker(here)
    here.git("checkout", "--quiet", "-b", "castoff/changelog-1.1.0")
    here.commit({"a": "b"}, "a")
    here.push("castoff/changelog-1.1.0")

    assert at.pulls("castoff/changelog-1.1.0") == ()
    assert isinstance(
        at.open_pull(NewPull(head="castoff/changelog-1.1.0", base="main", title="T", body="B")), Succeeded
    )
    found = at.pulls("castoff/changelog-1.1.0")

    assert not isinstance(found, Unknown)
    assert [(one.base, one.state) for one in found] == [("main", "open")]
    assert at.pulls("castoff/changelog-1.1") == ()
    assert set(door.templates) == {"GET /repos/{owner}/{repo}/pulls", "POST /repos/{owner}/{repo}/pulls"}


def test_a_pull_request_gets_its_label(here: Yard) -> None:
    at, door = tracker(here)
    here.git("checkout", "--quiet", "-b", "castoff/x")
    here.commit({"a": "b"}, "a")
    here.push("castoff/x")

    at.open_pull(NewPull(head="castoff/x", base="main", title="T", body="B", label="ignore-for-release"))

    assert "POST /repos/{owner}/{repo}/issues/{issue_number}/labels" in door.templates


BAD = {
    "a title of nothing": ("issue", "", "x", Refused),
    "a body too long": ("issue", "x", "x" * 70_000, Refused),
    "a comment on nothing": ("comment", "", "x", Refused),
    "no such branch": ("pull", "x", "x", Refused),
}


@pytest.mark.parametrize(("kind", "title", "body", "outcome"), BAD.values(), ids=BAD)
def test_what_github_refuses_is_refused(here: Yard, kind: str, title: str, body: str, outcome: type) -> None:
    at, _ = tracker(here)
    writes = {
        "issue": lambda: at.open_issue(title, body),
        "comment": lambda: at.comment(99, body),
        "pull": lambda: at.open_pull(NewPull(head="nowhere", base="main", title=title, body=body)),
    }

    assert isinstance(writes[kind](), outcome)


def test_a_forge_that_is_not_there_is_unknown_and_a_write_to_it_unclear(here: Yard) -> None:
    github = GitHub(
        Http(Redactor()), SystemClock(), api_url="http://127.0.0.1:1", web_url="", slug=SLUG, token=None
    )
    at = GitHubIssueTracker(github)

    assert isinstance(at.issues(LONG_AGO), Unknown)
    assert isinstance(at.comments(1), Unknown)
    assert isinstance(at.pulls("x"), Unknown)
    assert isinstance(at.open_issue("x", "y"), Unclear | Refused)
