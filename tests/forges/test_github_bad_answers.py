"""Whatever a forge answers: castoff gets an answer, a reason or a refusal, never an exception, never half a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from attesting import forge_bundle
from castoff.forges.github import GitHub
from castoff.forges.github_changes import GitHubChanges
from castoff.forges.github_issues import GitHubLabels, GitHubMilestones
from castoff.io.clock import SystemClock
from castoff.io.http import Failure, Http, Reply
from castoff.model.acts import Refused, Succeeded, Throttled, Unclear
from castoff.model.observations import Unknown
from castoff.ports import NewRelease
from castoff.redaction import plain

API = "https://forge.invalid/api/v3"


class Script:
    """Answers in turn, the last one for ever; keeps what it was asked."""

    def __init__(self, *answers: Reply | Failure) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply | Failure:
        self.asked.append((method, url, dict(headers or {})))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def clean(self, text: str) -> str:
        return plain(text)


def github(*answers: Reply | Failure) -> tuple[GitHub, Script]:
    script = Script(*answers)
    http = cast(Http, script)
    made = GitHub(http, SystemClock(), api_url=API, web_url="https://f.invalid", slug="o/r", token="secret-t")
    return made, script


def reply(value: object, status: int = 200, **headers: str) -> Reply:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Reply(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body)


PULL: dict[str, Any] = {
    "number": 7,
    "title": "Moor ships",
    "body": "",
    "url": "https://f.invalid/o/r/pull/7",
    "createdAt": "2026-01-01T00:00:00Z",
    "mergedAt": "2026-01-02T00:00:00Z",
    "baseRefName": "main",
    "additions": 1,
    "deletions": 0,
    "author": {"login": "ada", "__typename": "User"},
    "mergeCommit": {"oid": "a" * 40},
    "milestone": None,
    "labels": {"nodes": [{"name": "changelog-add"}]},
    "repository": {"nameWithOwner": "o/r"},
}


def commits_answer(pull: object, **repository: object) -> dict[str, object]:
    found = {"associatedPullRequests": {"nodes": [pull]}}
    return {"data": {"repository": {"nameWithOwner": "o/r", "c0": found, **repository}}}


@pytest.mark.parametrize(
    ("answer", "rights"),
    [
        (reply({"permissions": {"push": True}}), "write"),
        (reply({"permissions": {"push": False}}), "read"),
        (reply({"permissions": {"push": None}}), "write"),
        (reply({"permissions": {"pull": True}}), "write"),
        (reply({"permissions": None}), "write"),
        (reply({}), "write"),
        (reply({}, 401), "bad-token"),
        (reply({}, 404), "not-seen"),
    ],
    ids=["push", "no push", "null", "no word of push", "no object", "no permissions", "401", "404"],
)
def test_only_a_clear_no_makes_a_token_one_that_reads(answer: Reply, rights: str) -> None:
    """Tokens of apps and of workflows get no ``permissions`` in the answer, and may push all the same."""
    assert github(answer)[0].rights() == rights


NO_ANSWERS: dict[str, Reply | Failure] = {
    "no connection": Failure(reason="refused", sent=False),
    "a web page": reply(b"<html>Unicorn!</html>"),
    "nothing": reply(b""),
    "half an answer": reply(b'{"data": {"repo'),
    "a list": reply([]),
    "a text": reply("hello"),
    "a number": reply(3),
    "not UTF-8": reply(b"\xff\xfe\x00"),
    "nested without end": reply(b"[" * 100_000),
    "data is null": reply({"data": None}),
    "data is a list": reply({"data": []}),
    "no repository": reply({"data": {"repository": None}}),
    "the repository is a text": reply({"data": {"repository": "o/r"}}),
    "an error": reply({"data": None, "errors": [{"message": "boom\x1b[2J"}]}),
    "an error beside data": reply(commits_answer(PULL) | {"errors": [{"message": "timeout"}]}),
    "an error that is a text": reply({"data": {}, "errors": ["boom"]}),
    "the repository is not there": reply(
        {
            "data": {"repository": None},
            "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "no"}],
        }
    ),
    "401": reply({"message": "Bad credentials"}, 401),
    "403": reply({"message": "Resource not accessible by integration"}, 403),
    "404": reply({"message": "Not Found"}, 404),
    "429": reply({"message": "slow down"}, 429, retry_after="7"),
    "the limit is used up": reply({}, 403, x_ratelimit_remaining="0", x_ratelimit_reset="1"),
    "500": reply(b"", 500),
    "502 with a page": reply(b"<html>", 502),
    "301 without a goal": reply(b"", 301),
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_no_answer_about_changes_is_unknown_and_has_a_reason(answer: Reply | Failure) -> None:
    forge, _ = github(answer)
    changes = GitHubChanges(forge)

    for found in (
        changes.of_commits(["a" * 40]),
        changes.of_numbers([7]),
        changes.pull_request(7),
        changes.earlier_contributors(["ada"], datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        assert isinstance(found, Unknown), found
        assert found.reason
        assert "\x1b" not in found.reason
        assert "secret-t" not in found.reason


BAD_PULLS: dict[str, object] = {
    "a text": "pull",
    "without number": PULL | {"number": None},
    "number 0": PULL | {"number": 0},
    "number as text": PULL | {"number": "7"},
    "without title": PULL | {"title": None},
    "an invalid time": PULL | {"mergedAt": "yesterday"},
    "a time without offset": PULL | {"mergedAt": "2026-01-02T00:00:00"},
    "a time as number": PULL | {"mergedAt": 5},
    "an author without login": PULL | {"author": {}},
    "an author that is a text": PULL | {"author": "ada"},
    "no labels": PULL | {"labels": None},
    "labels without nodes": PULL | {"labels": {}},
    "a label that is a text": PULL | {"labels": {"nodes": ["bug"]}},
    "a label without name": PULL | {"labels": {"nodes": [{}]}},
    "a merge commit that is a text": PULL | {"mergeCommit": "a" * 40},
    "a milestone that is a number": PULL | {"milestone": 3},
    "no repository": PULL | {"repository": None},
}


@pytest.mark.parametrize("pull", BAD_PULLS.values(), ids=BAD_PULLS.keys())
def test_a_pull_request_that_cannot_be_read_makes_the_whole_answer_unknown(pull: object) -> None:
    forge, _ = github(reply(commits_answer(pull)))

    found = GitHubChanges(forge).of_commits(["a" * 40])

    assert isinstance(found, Unknown)
    assert "not what GitHub documents" in found.reason


def test_what_may_be_missing_is_taken_as_missing() -> None:
    ghost = PULL | {"author": None, "mergeCommit": None, "body": None, "labels": {"nodes": [None]}}
    forge, _ = github(reply(commits_answer(ghost, c1=None)))

    found = GitHubChanges(forge).of_commits(["a" * 40, "b" * 40])

    assert isinstance(found, tuple)
    (change,) = found
    assert (change.author, change.merge_commit, change.labels) == (None, None, ())


@pytest.mark.parametrize(
    ("pull", "count"),
    [(PULL | {"repository": {"nameWithOwner": "fork/r"}}, 0), (PULL | {"mergedAt": None}, 0), (PULL, 1)],
    ids=["of a fork", "not merged", "ours"],
)
def test_only_merged_pull_requests_of_this_repository_count(pull: object, count: int) -> None:
    forge, _ = github(reply(commits_answer(pull)))

    found = GitHubChanges(forge).of_commits(["a" * 40])

    assert isinstance(found, tuple)
    assert len(found) == count


BAD_LISTS: dict[str, Reply | Failure] = {
    **{name: NO_ANSWERS[name] for name in ("no connection", "a web page", "nothing", "403", "500")},
    "an object": reply({"message": "moved"}),
    "a list of texts": reply(["a"]),
    "rows without identity": reply([{"title": "1.1.0", "tag_name": "1.1.0"}]),
    "identity as text": reply([{"id": "1", "number": "1", "title": "1.1.0", "tag_name": "1.1.0"}]),
    "titles that are none": reply([{"id": 1, "number": 1, "title": None, "tag_name": None}]),
}


@pytest.mark.parametrize("answer", BAD_LISTS.values(), ids=BAD_LISTS.keys())
def test_a_list_that_cannot_be_read_is_unknown_and_never_shorter(answer: Reply | Failure) -> None:
    forge, _ = github(answer)

    assert isinstance(forge.releases(), Unknown)
    assert isinstance(GitHubMilestones(forge).milestones(), Unknown)


def test_an_open_milestone_whose_items_cannot_be_read_is_unknown() -> None:
    row = {"number": 1, "title": "1.1.0", "state": "open", "open_issues": 2}
    for items in (reply([{"title": "no number"}]), reply(b"<html>", 502)):
        forge, _ = github(reply([row]), items)

        assert isinstance(GitHubMilestones(forge).milestones(), Unknown)


@pytest.mark.parametrize(
    "link",
    ["https://evil.invalid/steal", "https://forge.invalid.evil/x", API + "evil/x", "file:///etc/passwd"],
)
def test_a_next_page_elsewhere_is_not_followed(link: str) -> None:
    forge, script = github(reply([], link=f'<{link}>; rel="next"'))

    forge.releases()

    assert [url for _, url, _ in script.asked] == [f"{API}/repos/o/r/releases?per_page=100"]


def test_pages_without_end_come_to_an_end() -> None:
    forge, script = github(reply([], link=f'<{API}/repos/o/r/releases?page=2>; rel="next"'))

    forge.releases()

    assert len(script.asked) <= 200


WRITES = {
    "taken": (reply({}, 201), Succeeded),
    "no answer": (Failure(reason="lost", sent=True), Unclear),
    "500": (reply(b"", 500), Unclear),
    "502 with a page": (reply(b"<html>", 502), Unclear),
    "429": (reply({}, 429), Throttled),
    "a second limit": (reply({"message": "secondary"}, 403, retry_after="3"), Throttled),
    "a date to wait for": (reply({}, 403, retry_after="Sun, 22 Nov 2099 12:00:00 GMT"), Throttled),
    "not allowed": (reply({"message": "no"}, 403), Refused),
    "unknown to it": (reply({"message": "Not Found"}, 404), Refused),
    "not taken": (reply({"message": "Validation\nFailed"}, 422), Refused),
    "refused with a page": (reply(b"<html>", 400), Refused),
}


@pytest.mark.parametrize(("answer", "outcome"), WRITES.values(), ids=WRITES.keys())
def test_a_write_is_judged_by_its_status(answer: Reply | Failure, outcome: type) -> None:
    forge, _ = github(answer)

    found = GitHubMilestones(forge).create("1.2.0")

    assert isinstance(found, outcome)
    if isinstance(found, Refused):
        assert "\n" not in found.problem.reason
        assert found.problem.remedy


def test_a_label_that_is_gone_already_counts_as_taken_away() -> None:
    gone, _ = github(reply({"message": "Label does not exist"}, 404), reply([{"name": "other"}]))
    there, _ = github(reply({"message": "Not Found"}, 404), reply([{"name": "a b/c"}]))
    unknown, _ = github(reply({"message": "Not Found"}, 404))

    assert isinstance(GitHubLabels(gone).remove(7, "a b/c"), Succeeded)
    assert isinstance(GitHubLabels(there).remove(7, "a b/c"), Refused)
    assert isinstance(GitHubLabels(unknown).remove(7, "a b/c"), Refused)


def test_the_name_of_a_label_stays_one_part_of_the_address() -> None:
    forge, script = github(reply({}, 200))

    GitHubLabels(forge).remove(7, "../../x?y#z")

    assert script.asked[0][1] == f"{API}/repos/o/r/issues/7/labels/..%2F..%2Fx%3Fy%23z"


def test_a_list_that_did_not_change_is_taken_from_the_last_answer() -> None:
    row = {"id": 1, "tag_name": "1.0.0"}
    forge, script = github(reply([row], etag='"x"'), Reply(status=304))

    assert forge.releases() == forge.releases()
    assert [headers.get("If-None-Match") for _, _, headers in script.asked] == [None, '"x"']


def test_an_unasked_for_304_is_no_answer() -> None:
    forge, _ = github(Reply(status=304))

    assert isinstance(forge.releases(), Unknown)


STATED = {"attestations": [{"bundle": forge_bundle({"a.whl": "a" * 64})}]}
NEXT = f'<{API}/repositories/1/attestations/sha256:{"a" * 64}?after=1>; rel="next"'
ATTESTED: dict[str, tuple[list[Reply | Failure], int | None]] = {
    "one": ([reply(STATED)], 1),
    "two pages": ([reply(STATED, link=NEXT), reply(STATED)], 2),
    "none": ([reply({}, 404), reply({"id": 1})], 0),
    "a repository that is not shown": ([reply({}, 404)], None),
    "no right": ([reply({}, 403)], None),
    "nothing": ([Failure(reason="gone", sent=False)], None),
    "no list": ([reply([])], None),
    "no bundle": ([reply({"attestations": [{"bundle_url": "https://f.invalid/b"}]})], None),
    "no statement": ([reply({"attestations": [{"bundle": {}}]})], None),
    "a second page that fails": ([reply(STATED, link=NEXT), reply({}, 502)], None),
}


@pytest.mark.parametrize(("answers", "count"), ATTESTED.values(), ids=ATTESTED)
def test_attestations_are_read_whole_or_not_at_all(answers: list[Reply | Failure], count: int | None) -> None:
    found = github(*answers)[0].statements("a" * 64)

    assert isinstance(found, Unknown) if count is None else len(cast(Any, found)) == count


ADMIN, NO_ADMIN = reply({"permissions": {"admin": True}}), reply({"permissions": {"admin": False}})
ABSENT = reply({}, 404)
NEWEST = [{"draft": True}, {"draft": False, "immutable": True}, {"draft": False}]
IMMUTABLE: dict[str, tuple[list[Reply | Failure], bool | None]] = {
    "on": ([reply({"enabled": True})], True),
    "off": ([ABSENT, ADMIN], False),
    "not shown, as the newest release is": ([reply({}, 403), NO_ADMIN, reply(NEWEST)], True),
    "not shown, as the newest release is not": ([ABSENT, NO_ADMIN, reply(NEWEST[2:])], None),
    "not shown, without a release": ([reply({}, 403), NO_ADMIN, reply([])], None),
    "an administrator's question that failed": ([reply({}, 502), ADMIN, reply([])], None),
    "nothing answers": ([reply({}, 502)], None),
}


@pytest.mark.parametrize(("answers", "wanted"), IMMUTABLE.values(), ids=IMMUTABLE)
def test_immutability_is_known_or_not_known(answers: list[Reply | Failure], wanted: bool | None) -> None:
    found = github(*answers)[0].immutable()

    assert isinstance(found, Unknown) if wanted is None else found is wanted


REFUSED_NAMES = [
    ({"field": "tag_name", "code": "custom"}, "tag-name-refused"),
    ({"field": "tag_name", "code": "already_exists"}, "forge-refused"),
    ({"field": "body", "code": "custom"}, "forge-refused"),
]


@pytest.mark.parametrize(("error", "code"), REFUSED_NAMES)
def test_a_name_of_a_tag_that_is_used_up_is_told_by_field_and_code(error: dict[str, str], code: str) -> None:
    outcome = github(reply({"message": "Validation Failed", "errors": [error]}, 422))[0].update_release(
        1, NewRelease(tag="1.1.0", name="", body=None, draft=False, prerelease=False, target="main")
    )

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == code
