"""Tokens, limits, pages, caches, old names, unknown routes: does the forge behave as GitHub's front door does?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from forge_bench import REPO, Client, Work

from castoff.errors import ConfigurationError
from castoff.world.forge import Forge
from castoff.world.messages import Request

ISSUES = f"{REPO}/issues"


@pytest.mark.parametrize(
    ("level", "method", "url", "body", "status"),
    [
        ("read", "GET", REPO, None, 200),
        ("read", "POST", f"{REPO}/milestones", {"title": "x"}, 404),
        ("triage", "POST", f"{REPO}/milestones", {"title": "x"}, 404),
        ("read", "POST", ISSUES, {"title": "x", "labels": ["a"]}, 201),
        ("read", "POST", f"{ISSUES}/1/comments", {"body": "x"}, 201),
        ("read", "PATCH", f"{ISSUES}/1", {"state": "closed"}, 403),
        ("read", "POST", f"{ISSUES}/1/labels", {"labels": ["a"]}, 403),
        ("triage", "POST", f"{ISSUES}/1/labels", {"labels": ["a"]}, 200),
        ("write", "POST", f"{REPO}/milestones", {"title": "x"}, 201),
        ("write", "GET", f"{REPO}/branches/main/protection", None, 404),
        ("admin", "GET", f"{REPO}/branches/main/protection", None, 200),
        ("none", "GET", REPO, None, 404),
        ("bad", "GET", REPO, None, 401),
    ],
)
def test_a_level_allows_what_it_allows(
    grow: Callable[..., Client], level: str, method: str, url: str, body: object, status: int
) -> None:
    client = grow(tokens={"t": level}, issues=[{"title": "x"}], protected=["main"])
    assert client.as_("t").ask(method, url, body, checked=False).status == status


def test_without_a_token_public_things_are_read_and_nothing_written(grow: Callable[..., Client]) -> None:
    anyone = grow().as_("")
    assert anyone.ask("GET", REPO).status == 200
    assert anyone.ask("POST", ISSUES, {"title": "x"}, checked=False).status == 401
    assert grow(private=True).as_("").ask("GET", REPO).status == 404


def test_a_token_is_known_by_its_kind(grow: Callable[..., Client]) -> None:
    client = grow(
        tokens={"ghs_x": "read", "github_pat_x": "read", "c": {"permission": "write", "scopes": ["repo"]}}
    )
    classic = client.as_("c").ask("GET", "/user")
    assert classic.headers["X-OAuth-Scopes"] == "repo"
    app = client.as_("ghs_x").ask("GET", "/user")
    assert (app.status, "X-OAuth-Scopes" in app.headers) == (403, False)
    fine = client.as_("github_pat_x").ask("POST", ISSUES, {"title": "x"}, checked=False)
    assert json.loads(fine.body)["message"] == "Resource not accessible by personal access token"


def test_rights_are_shown_with_the_repository_and_by_name(grow: Callable[..., Client]) -> None:
    client = grow(tokens={"t": {"permission": "maintain", "login": "ada"}}).as_("t")
    assert client.get(REPO)["permissions"] == {
        "admin": False,
        "maintain": True,
        "push": True,
        "triage": True,
        "pull": True,
    }
    found = client.get(f"{REPO}/collaborators/ada/permission")
    assert (found["permission"], found["role_name"]) == ("write", "maintain")
    assert client.get("/user")["login"] == "ada"
    client.get("/users/nobody", 404)
    assert client.get("/users/ada")["type"] == "User"


def test_the_primary_limit_runs_out_and_comes_back(grow: Callable[..., Client]) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    reset = int(now[0].timestamp()) + 60
    client = grow(clock=lambda: now[0], rate_limit={"limit": 5000, "remaining": 2, "reset": reset})
    first = client.ask("GET", REPO)
    assert (first.headers["X-RateLimit-Remaining"], first.headers["X-RateLimit-Reset"]) == ("1", str(reset))
    client.get(REPO)
    refused = client.ask("GET", REPO, checked=False)
    assert (refused.status, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert client.get("/rate_limit")["rate"]["remaining"] == 0
    assert client.as_("other").ask("GET", REPO).status == 200
    now[0] += timedelta(seconds=61)
    assert client.ask("GET", REPO).headers["X-RateLimit-Remaining"] == "4999"


def test_the_graph_says_with_status_200_that_the_limit_ran_out(grow: Callable[..., Client]) -> None:
    client = grow(rate_limit={"remaining": 0, "reset": 4_000_000_000})
    answer = client.ask("POST", "/graphql", {"query": "{ viewer { login } }"})
    assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert json.loads(answer.body)["errors"][0]["type"] == "RATE_LIMITED"


def test_the_secondary_limit_refuses_some_writes_and_says_when_to_come_back(
    grow: Callable[..., Client],
) -> None:
    client = grow(secondary_limit={"after": 1, "times": 2, "retry_after": 7, "status": 429})
    answers = [client.ask("POST", ISSUES, {"title": "x"}, checked=False) for _ in range(4)]
    assert [answer.status for answer in answers] == [201, 429, 429, 201]
    assert answers[1].headers["Retry-After"] == "7"
    assert b"secondary rate limit" in answers[1].body


def test_what_has_not_changed_is_a_304_and_costs_nothing(client: Client) -> None:
    first = client.ask("GET", REPO)
    again = client.ask("GET", REPO, if_none_match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    client.post(ISSUES, {"title": "x"})
    assert client.ask("GET", REPO, if_none_match=first.headers["ETag"]).status == 200


def test_pages_are_linked_and_never_larger_than_a_hundred(grow: Callable[..., Client]) -> None:
    client = grow(issues=[{"title": f"{n}"} for n in range(250)])
    seen: list[int] = []
    links: dict[str, str] = {}
    url = f"{ISSUES}?per_page=1000&state=all"
    while url:
        answer = client.ask("GET", url)
        seen += [each["number"] for each in json.loads(answer.body)]
        links = _links(answer.headers.get("Link", ""))
        url = links.get("next", "")
    assert sorted(seen) == list(range(1, 251))
    assert set(links) == {"first", "prev"}
    assert "/repositories/" in links["prev"]
    assert client.get(f"{ISSUES}?page=99") == []
    assert "Link" not in client.ask("GET", f"{REPO}/labels").headers


def test_an_old_name_leads_to_the_number(grow: Callable[..., Client]) -> None:
    client = grow(renamed_from=["Old/Name"])
    moved = client.ask("GET", "/repos/old/name/issues/5", checked=False)
    assert moved.status == 301
    assert moved.headers["Location"].endswith("/issues/5")
    client.post(ISSUES, {"title": "x"})
    followed = client.ask(
        "GET", client.ask("GET", "/repos/old/name/issues/1", checked=False).headers["Location"]
    )
    assert followed.status == 200
    assert client.ask("POST", "/repos/old/name/issues", {"title": "x"}, checked=False).status == 307
    assert client.ask("GET", "/repos/other/name").status == 404


def test_an_unknown_route_is_said_and_remembered(client: Client) -> None:
    answer = client.ask("PUT", f"{REPO}/actions/secrets/X", {}, checked=False)
    assert answer.status == 404
    assert b"PUT /repos/acme/kit/actions/secrets/X" in answer.body
    assert client.forge.unknown_routes == ["PUT /repos/acme/kit/actions/secrets/X"]


def test_a_client_must_name_itself_and_ask_for_a_known_version(client: Client) -> None:
    assert client.forge.handle(Request("GET", REPO)).status == 403
    assert client.ask("GET", REPO, checked=False, x_github_api_version="1999-01-01").status == 400
    assert client.ask("GET", REPO, x_github_api_version="2022-11-28").status == 200


def test_the_api_is_also_found_where_private_githubs_have_it(client: Client) -> None:
    found = json.loads(client.ask("GET", f"/api/v3{REPO}").body)
    assert found["url"].endswith(f"/api/v3{REPO}")


def test_issues_and_pull_requests_are_searched(grow: Callable[..., Client]) -> None:
    client = grow(
        milestones=[{"title": "4.0 beta"}],
        issues=[{"title": "docs of kit failed", "body": "log", "labels": ["a b"], "milestone": 1}],
        pull_requests=[
            {"title": "docs", "merged_at": "2026-05-05T10:00:00Z", "author": "ada"},
            {"title": "open one", "author": "bob"},
        ],
    )
    cases = {
        "repo:acme/kit docs": [1, 2],
        "repo:acme/kit is:issue docs in:title": [1],
        'repo:acme/kit label:"a b"': [1],
        'repo:acme/kit milestone:"4.0 beta"': [1],
        "repo:acme/kit is:pr merged:2026-05-05": [2],
        "repo:acme/kit is:pr merged:>2026-05-05": [],
        "repo:acme/kit is:pr merged:2026-05-01..*": [2],
        "repo:acme/kit is:pr -author:ada": [3],
        "repo:acme/kit no:milestone is:open": [3],
    }
    for query, numbers in cases.items():
        answer = client.ask("GET", f"/search/issues?q={query.replace(' ', '+').replace('>', '%3E')}")
        found = json.loads(answer.body)
        assert [each["number"] for each in found["items"]] == numbers, query
        assert answer.headers["X-RateLimit-Resource"] == "search"
    assert client.ask("GET", "/search/issues?q=repo:acme/kit+reactions:5", checked=False).status == 422
    assert client.ask("GET", "/search/issues", checked=False).status == 422


def test_a_search_by_author_knows_bots_and_those_who_came_before(grow: Callable[..., Client]) -> None:
    client = grow(
        known_contributors=["ada"],
        pull_requests=[{"title": "x", "author": "dependabot[bot]", "merged_at": "2026-05-05T10:00:00Z"}],
    )
    for author, before, count in (
        ("app/dependabot", "2026-06-01T00:00:00Z", 1),
        ("app/dependabot", "2026-05-05T10:00:00Z", 0),
        ("ada", "2026-01-01T00:00:00Z", 1),
        ("eve", "2026-06-01T00:00:00Z", 0),
    ):
        words = f"repo:acme/kit+is:pr+is:merged+author:{author}+merged:%3C{before}"
        assert client.get(f"/search/issues?q={words}")["total_count"] == count, (author, before)


def test_files_are_attached_to_a_release_where_it_says(client: Client) -> None:
    made = client.post(f"{REPO}/releases", {"tag_name": "1.0.0", "draft": True})
    url = made["upload_url"].partition("{")[0]
    answer = client.ask("POST", f"{url}?name=a.txt", b"hello", content_type="text/plain")
    asset = json.loads(answer.body)
    assert (answer.status, asset["size"]) == (201, 5)
    assert client.ask("POST", f"{url}?name=a.txt", b"x").status == 422
    raw = client.ask(
        "GET", f"{REPO}/releases/assets/{asset['id']}", checked=False, accept="application/octet-stream"
    )
    assert raw.body == b"hello"
    assert [each["name"] for each in client.get(f"{REPO}/releases/{made['id']}/assets")] == ["a.txt"]
    client.delete(f"{REPO}/releases/assets/{asset['id']}")


def test_immutable_releases_keep_tag_and_files(grow: Callable[..., Client]) -> None:
    client = grow(immutable_releases=True, tokens={"t": "admin"})
    made = client.post(f"{REPO}/releases", {"tag_name": "1.0.0"})
    assert made["immutable"] is True
    client.patch(f"{REPO}/releases/{made['id']}", {"tag_name": "2.0.0"}, 422)
    client.patch(f"{REPO}/releases/{made['id']}", {"body": "words"})
    assert client.ask("POST", f"/uploads{REPO}/releases/{made['id']}/assets?name=a", b"x").status == 422
    assert client.as_("t").get(f"{REPO}/immutable-releases")["enabled"] is True


def test_the_name_of_a_deleted_immutable_release_is_used_up_and_a_draft_finds_out_late(
    grow: Callable[..., Client],
) -> None:
    client = grow(immutable_releases=True, used_tags=["0.9.0"])
    made = client.post(f"{REPO}/releases", {"tag_name": "1.0.0"})
    client.delete(f"{REPO}/releases/{made['id']}")
    used = {"resource": "Release", "code": "custom", "field": "tag_name"}

    for tag in ("0.9.0", "1.0.0"):
        draft = client.post(f"{REPO}/releases", {"tag_name": tag, "draft": True})
        refused = client.patch(f"{REPO}/releases/{draft['id']}", {"draft": False}, 422)
        assert refused["errors"] == [{**used, "message": "tag_name was used by an immutable release"}]
        client.post(f"{REPO}/releases", {"tag_name": tag}, 422)
        assert client.get(f"{REPO}/releases/{draft['id']}")["draft"] is True
    client.post(f"{REPO}/releases", {"tag_name": "1.0.1"})


def test_a_dump_is_the_same_for_the_same_world_whatever_the_ids_and_times(work: Work) -> None:
    def world(year: int, noise: int) -> dict[str, object]:
        seed: dict[str, object] = {"milestones": [{"title": "1"}], "labels": ["b", "a"]}
        forge = Forge("acme/kit", work.path, seed=seed, clock=lambda: datetime(year, 1, 1, tzinfo=UTC))
        client = Client(forge)
        for _ in range(noise):
            kept = client.post(f"{REPO}/releases", {"tag_name": "x", "draft": True})
            client.delete(f"{REPO}/releases/{kept['id']}")
        client.post(ISSUES, {"title": "t", "milestone": 1})
        client.post(f"{ISSUES}/1/comments", {"body": "c"})
        client.post(f"{REPO}/releases", {"tag_name": "9", "draft": True, "body": "b"})
        return forge.dump()

    first, second = world(2026, 0), world(2027, 3)
    assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
    assert first["milestones"] == [
        {"number": 1, "title": "1", "state": "open", "description": None, "issues": [1], "pull_requests": []}
    ]


def test_many_threads_get_a_number_each(client: Client) -> None:
    threads = [
        threading.Thread(target=lambda: client.ask("POST", ISSUES, {"title": "x"}, checked=False))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [each["number"] for each in client.get(f"{ISSUES}?per_page=100")]
    assert sorted(numbers) == list(range(1, 21))


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param({"release": []}, id="an unknown key"),
        pytest.param({"issues": [{"title": "x", "colour": 1}]}, id="an unknown key below"),
        pytest.param({"issues": [{"body": "x"}]}, id="no title"),
        pytest.param(
            {"issues": [{"title": "x", "number": 1}, {"title": "y", "number": 1}]}, id="a number twice"
        ),
        pytest.param({"issues": [{"title": "x", "milestone": "1"}]}, id="an unknown milestone"),
        pytest.param({"tokens": {"t": "god"}}, id="an unknown level"),
        pytest.param({"labels": "a"}, id="a text for a list"),
        pytest.param({"pull_requests": [{"title": "x", "merged_at": "yesterday"}]}, id="no time"),
        pytest.param({"rate_limit": {"limit": True}}, id="a truth value for a number"),
    ],
)
def test_a_seed_that_cannot_be_meant_is_refused(work: Work, seed: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Forge("acme/kit", work.path, seed=seed)
    assert caught.value.problems[0].code == "bad-forge-seed"


def test_an_unknown_key_of_a_seed_is_answered_with_those_that_are_known(work: Work) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Forge("acme/kit", work.path, seed={"labels": [{"nane": "x", "name": "y"}]})

    assert caught.value.problems[0].message == "`labels` 1 has the unknown key `nane`"
    assert caught.value.problems[0].remedy == "use one of `color`, `description`, `name`"


def _links(header: str) -> dict[str, str]:
    parts = [part.split("; ") for part in header.split(", ") if part]
    return {relation[len('rel="') : -1]: address[1:-1] for address, relation in parts}
