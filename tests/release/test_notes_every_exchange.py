"""All commands of this room against the forge: what is sent and what is answered fits GitHub's own description."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from notes_ground import Ground, History, castoff, ground
from tapping import Tap, tap

from openapi import validate, validate_request

SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"
FILES = {
    "castoff/check": "check",
    "castoff/status": "status",
    "castoff/notes": "notes",
    "castoff/release": "run",
    "castoff/draft": "stage",
    "castoff/announce": "stage",
    "castoff/milestone": "stage",
    "castoff/highlights": "stage",
    "castoff/error": "error",
}


def build(history: History) -> None:
    history.squash(1, "Moor ships at night", labels=["changelog-add"], milestone="1.1.0")
    history.squash(2, "Fix tides", labels=["changelog-fix"], author="grace", milestone="1.1.0")
    history.squash(3, "Forgotten", author="renovate[bot]", body="## Migration\n\nSay `dock`.\n")
    history.merge(4, "Draw buoys", ("one", "two"), labels=["changelog-add"], author="linus")
    history.commit("A direct push")


def fits(value: dict[str, Any]) -> None:
    """Hold an object against its own schema."""
    schema = json.loads((SCHEMAS / f"{FILES[value['schema']]}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(value)


def exchanges_fit(tapped: Tap) -> set[str]:
    """Hold every exchange against GitHub's description; gives the operations that were used."""
    used = set()
    for one in tapped.exchanges:
        if one.path.endswith("/graphql"):
            answer = json.loads(one.answer)
            assert "errors" not in answer or answer["data"]["repository"] is not None
            used.add("graphql")
            continue
        used.add(f"{one.method} {validate_request(one.method, one.path, one.query, one.body)}")
        validate(one.method, one.path, one.status, one.answer)
    return used


@pytest.mark.real
def test_every_request_and_every_answer_fits_githubs_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed: dict[str, Any] = {
        "milestones": [{"title": "1.1.0"}],
        "issues": [{"number": 50, "title": "Left over", "milestone": "1.1.0"}],
        "labels": ["changelog-exclude"],
    }
    with ground(tmp_path, build, **seed) as made, tap(made.world.forge.url) as tapped:
        run = _runner(made, tapped, monkeypatch, capsys)
        text = tmp_path / "highlights.md"
        text.write_text("## Highlights\n\nThe tide is in.\n", encoding="utf-8")

        assert run("check", "--only", "labels", "--only", "milestone")["summary"]["fail"] == 0
        assert run("check", "--pull-request", "3", code=4)["checks"][0]["result"] == "fail"
        assert run("check", "--fix", "--execute", "--label", "3=changelog-fix", plain=True) is None
        assert run("check", "--only", "labels", "--only", "milestone")["checks"][0]["result"] == "pass"
        assert run("notes")["left_out"][-1]["reason"] == "no-pull-request"
        assert run("notes", "--compare", plain=True) is None
        assert run("highlights", "--file", str(text), "--execute")["stages"][0]["state"] == "done"
        assert run("status")["due"]["due"] is True
        assert run("release", "minor", "--execute")["version"] == "1.1.0"
        assert run("milestone", "--execute")["acts"] == []
        assert run("draft", "1.1.0", "--execute")["acts"] == []
        assert run("status")["draft"]["age_seconds"] is not None
        assert run("announce", "1.1.0", "--execute", "--yes")["stages"][0]["state"] == "done"
        assert run("highlights", "1.1.0", code=4)["problems"][0]["code"] == "release-published"

        used = exchanges_fit(tapped)
        release = made.forge()["releases"][0]

    assert {
        "graphql",
        "GET /repos/{owner}/{repo}/releases",
        "POST /repos/{owner}/{repo}/releases",
        "PATCH /repos/{owner}/{repo}/releases/{release_id}",
        "POST /repos/{owner}/{repo}/releases/generate-notes",
        "GET /repos/{owner}/{repo}/labels",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
        "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
        "GET /repos/{owner}/{repo}/milestones",
        "POST /repos/{owner}/{repo}/milestones",
        "PATCH /repos/{owner}/{repo}/milestones/{milestone_number}",
        "GET /repos/{owner}/{repo}/issues",
    } <= used
    assert release["body"].startswith("## Highlights\n\nThe tide is in.\n\n<!-- Release notes")
    assert release["latest"]
    assert not release["draft"]
    assert release["name"] == "1.1.0"


def _runner(
    made: Ground, tapped: Tap, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    def run(*arguments: str, code: int = 0, plain: bool = False) -> Any:
        words = arguments if plain else (*arguments, "--json")
        found, out, err = castoff(
            made, *words, monkeypatch=monkeypatch, capsys=capsys, GITHUB_API_URL=tapped.url
        )
        assert found == code, (arguments, out, err)
        if plain:
            return None
        value = json.loads(out)
        fits(value)
        return value

    return run
