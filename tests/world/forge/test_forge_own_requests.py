"""Every write that castoff sends to the forge, with what GitHub refuses of it: body, right and state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from forge_bench import REPO, Client, Work

import castoff.forges

TAKEN = {"tag_name": "1.0.0", "draft": False}


@dataclass(frozen=True)
class Row:
    """One write: a good body, one that does not fit, and the same write in a state that forbids it."""

    method: str
    path: str
    good: dict[str, object] | None
    unfit: dict[str, object] | None
    wrong_state: tuple[str, dict[str, object] | None, int]
    reader: int = 404
    sent: int = 1


ROWS = {
    "create a release": Row(
        "POST",
        "/releases",
        {"tag_name": "2.0.0", "target_commitish": "main", "name": "n", "draft": True, "prerelease": False},
        {"tag_name": "2.0.0", "draft": "yes"},
        ("/releases", TAKEN, 422),
    ),
    "publish a release": Row(
        "PATCH",
        "/releases/{draft}",
        {"tag_name": "2.0.0", "draft": False, "make_latest": "true"},
        {"make_latest": True},
        ("/releases/{draft}", TAKEN, 422),
    ),
    "delete a draft": Row("DELETE", "/releases/{draft}", None, None, ("/releases/9999", None, 404)),
    "remove a file of a release": Row(
        "DELETE", "/releases/assets/{asset}", None, None, ("/releases/assets/9999", None, 404)
    ),
    "generate notes": Row(
        "POST",
        "/releases/generate-notes",
        {"tag_name": "2.0.0", "target_commitish": "main"},
        {"target_commitish": "main"},
        ("/releases/generate-notes", {"tag_name": "2.0.0", "target_commitish": "none"}, 422),
    ),
    "open an issue": Row(
        "POST", "/issues", {"title": "t", "body": "b"}, {"body": "b"}, ("/issues", {"title": " "}, 422), 201
    ),
    "comment": Row(
        "POST",
        "/issues/1/comments",
        {"body": "b"},
        {"body": 1},
        ("/issues/99/comments", {"body": "b"}, 404),
        201,
    ),
    "open a pull request": Row(
        "POST",
        "/pulls",
        {"title": "t", "head": "topic", "base": "main", "body": "b"},
        {"title": "t", "head": "topic"},
        ("/pulls", {"title": "t", "head": "main", "base": "main"}, 422),
    ),
    "edit a pull request": Row(
        "PATCH", "/pulls/3", {"body": "b"}, {"body": ["b"]}, ("/pulls/1", {"body": "b"}, 404)
    ),
    "give a label": Row(
        "POST",
        "/issues/1/labels",
        {"labels": ["new"]},
        {"labels": "new"},
        ("/issues/1/labels", {"labels": ["x" * 51]}, 422),
        403,
        sent=2,
    ),
    "take a label": Row(
        "DELETE", "/issues/1/labels/bug", None, None, ("/issues/1/labels/none", None, 404), 403
    ),
    "create a milestone": Row(
        "POST", "/milestones", {"title": "9.0.0"}, {}, ("/milestones", {"title": "1.0.0"}, 422)
    ),
    "rename or close a milestone": Row(
        "PATCH",
        "/milestones/1",
        {"title": "9.0.0", "state": "closed"},
        {"state": "done"},
        ("/milestones/1", {"title": "2.0.0"}, 422),
        sent=2,
    ),
    "move to a milestone": Row(
        "PATCH",
        "/issues/1",
        {"milestone": 2},
        {"milestone": [2]},
        ("/issues/1", {"milestone": 99}, 422),
        403,
    ),
}


@pytest.fixture
def seeded(grow: Callable[..., Client], work: Work) -> Client:
    work.commit("topic", {"t": "t"}, onto="main")
    return grow(
        tokens={
            "reader": {"permission": "read", "login": "ada"},
            "unscoped": {"permission": "write", "scopes": []},
            "fine": {"permission": "read", "kind": "fine-grained"},
        },
        labels=["bug"],
        milestones=[{"title": "1.0.0"}, {"title": "2.0.0"}],
        issues=[{"title": "x", "labels": ["bug"], "milestone": 1}, {"title": "y"}],
        pull_requests=[{"number": 3, "title": "p", "head": "other"}],
        releases=[{"tag": "1.0.0"}, {"tag": "2.0.0", "draft": True}],
    )


@pytest.mark.parametrize("name", ROWS)
def test_a_write_of_castoff_is_refused_as_on_github(seeded: Client, name: str) -> None:
    row = ROWS[name]
    draft = next(str(each["id"]) for each in seeded.get(f"{REPO}/releases") if each["draft"])
    seeded.ask("POST", f"/uploads{REPO}/releases/{draft}/assets?name=SHA256SUMS", b"text", checked=False)
    (asset,) = seeded.get(f"{REPO}/releases/{draft}/assets")
    places = {"{draft}": draft, "{asset}": str(asset["id"])}

    def ask(client: Client, path: str, body: object) -> int:
        for place, text in places.items():
            path = path.replace(place, text)
        url = f"{REPO}{path}"
        return client.ask(row.method, url, body, checked=False).status

    path, body, status = row.wrong_state
    before = json.dumps(seeded.forge.dump(), sort_keys=True)
    assert row.unfit is None or ask(seeded, row.path, row.unfit) == 422
    assert ask(seeded, path, body) == status
    assert ask(seeded.as_("unscoped"), row.path, row.good) == 404
    assert ask(seeded.as_("fine"), row.path, row.good) == 403
    assert ask(seeded.as_(""), row.path, row.good) == 401
    assert json.dumps(seeded.forge.dump(), sort_keys=True) == before
    assert ask(seeded.as_("reader"), row.path, row.good) == row.reader
    assert ask(seeded, row.path, row.good) in (200, 201, 204)


def test_each_write_in_castoffs_code_has_a_row() -> None:
    folder = Path(castoff.forges.__file__).parent
    found: Counter[str] = Counter()
    for file in folder.glob("*.py"):
        found.update(re.findall(r'\b(?:write|_ask)\(\s*"(POST|PATCH|PUT|DELETE)"', file.read_text()))
    expected: Counter[str] = Counter()
    for row in ROWS.values():
        expected[row.method] += row.sent
    expected["POST"] += 1  # GraphQL, whose query is checked by its schema
    assert found == expected
