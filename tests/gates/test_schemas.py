from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from castoff.cli.render.json_shapes import observation_json
from castoff.model.observations import Absent, Observation, Present, Staged, Unknown, Withdrawn

SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"
NAMES = (
    "problem",
    "error",
    "plan",
    "status",
    "check",
    "notes",
    "doctor",
    "run",
    "build",
    "tag",
    "tree",
    "stage",
    "ci",
    "init",
    "proposal",
    "event",
    "changelog",
    "docs",
    "verify",
    "website",
)


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return loaded


def objects(schema: object) -> list[dict[str, Any]]:
    """Give all parts of a schema that describe objects with named keys."""
    if isinstance(schema, list):
        return [one for part in schema for one in objects(part)]
    if not isinstance(schema, dict):
        return []
    inner = [one for part in schema.values() for one in objects(part)]
    return [schema, *inner] if schema.get("type") == "object" and "properties" in schema else inner


def test_each_object_that_is_printed_has_a_schema() -> None:
    sources = (SCHEMAS.parent / "cli").rglob("*.py")
    printed = {
        name for one in sources for name in re.findall(r'print_json\(\s*"([a-z]+)"', one.read_text("utf-8"))
    }
    known = {
        name
        for one in SCHEMAS.glob("*.json")
        for name in re.findall(r'"castoff/([a-z]+)"', one.read_text("utf-8"))
    }

    assert printed - known == set()
    assert "website" in printed


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_lets_no_unknown_key_through(name: str) -> None:
    schema = load(name)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert objects(schema)
    for one in objects(schema):
        assert one["additionalProperties"] is False
        assert set(one["required"]) <= set(one["properties"])


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in ("problem", "event", "notes", "doctor", "tag")]
)
def test_a_problem_looks_the_same_everywhere(name: str) -> None:
    whole = load("problem")

    described = load(name)["$defs"]["problem"]

    assert described == {key: value for key, value in whole.items() if key not in ("$schema", "title")}


PROBLEM = {"code": "a-b", "severity": "error", "message": "m", "reason": "", "remedy": ""}


@pytest.mark.parametrize(
    ("name", "value", "is_valid"),
    [
        ("problem", PROBLEM, True),
        ("problem", {**PROBLEM, "file": "a/b.toml", "line": 3, "pull_request": 7}, True),
        ("problem", {**PROBLEM, "file": ""}, False),
        ("problem", {**PROBLEM, "line": 0}, False),
        ("problem", {**PROBLEM, "code": "Not Kebab"}, False),
        ("problem", {**PROBLEM, "hint": "x"}, False),
        ("problem", {"code": "a"}, False),
        ("event", {"seq": 1, "at": "2026-11-22T10:00:00.123Z", "type": "pass", "detail": "x"}, True),
        (
            "event",
            {"seq": 1, "at": "2026-11-22T10:00:00Z", "type": "act-end", "act": "tag:push", "outcome": "done"},
            True,
        ),
        ("event", {"seq": 1, "at": "2026-11-22T10:00:00Z", "type": "act-end", "act": "tag:push"}, False),
        ("event", {"seq": 1, "at": "2026-11-22T10:00:00Z", "type": "act-begin"}, False),
        ("event", {"seq": 1, "at": "2026-11-22T10:00:00+01:00", "type": "pass"}, False),
        ("event", {"seq": 1, "at": "2026-11-22T10:00:00Z", "type": "act-begin", "act": "tag:move"}, False),
        (
            "event",
            {"seq": 1, "at": "2026-11-22T10:00:00Z", "type": "act-begin", "act": "publish:python:a:a-1.whl"},
            True,
        ),
        (
            "error",
            {"schema": "castoff/error", "schema_version": 2, "exit_code": 2, "problems": [PROBLEM]},
            True,
        ),
        (
            "error",
            {"schema": "castoff/error", "schema_version": 2, "exit_code": 0, "problems": [PROBLEM]},
            True,
        ),
        (
            "error",
            {"schema": "castoff/error", "schema_version": 2, "exit_code": 5, "problems": [PROBLEM]},
            False,
        ),
        (
            "changelog",
            {
                "schema": "castoff/changelog",
                "schema_version": 2,
                "path": "CHANGELOG.md",
                "outcome": "created",
                "line": 3,
                "difference": "",
            },
            True,
        ),
        (
            "website",
            {
                "schema": "castoff/website",
                "schema_version": 2,
                "pages": [],
                "missing_links": [],
                "written": False,
            },
            True,
        ),
        ("website", {"schema": "castoff/website", "schema_version": 2, "pages": [], "written": False}, False),
        (
            "check",
            {
                "schema": "castoff/check",
                "schema_version": 2,
                "checks": [{"id": "branch", "group": "preflight", "result": "warn", "findings": [PROBLEM]}],
                "summary": {"pass": 0, "warn": 1, "fail": 0, "unknown": 0},
            },
            True,
        ),
    ],
)
def test_a_schema_tells_right_from_wrong(name: str, value: object, is_valid: bool) -> None:
    errors = list(jsonschema.Draft202012Validator(load(name)).iter_errors(value))

    assert (errors == []) is is_valid


@pytest.mark.parametrize("name", ["changelog", "docs", "run", "stage", "status", "website", "withdrawal"])
def test_a_schema_knows_every_answer(name: str) -> None:
    answers = (Absent(), Present(), Withdrawn(), Staged(identity="1"), Unknown(reason="down"))
    said = [observation_json(Observation(id="a", answer=one))["answer"] for one in answers]
    known = [
        one["properties"]["answer"]["enum"]
        for one in objects(load(name))
        if "enum" in one["properties"].get("answer", {})
    ]
    assert [sorted(one) for one in known] == [sorted(map(str, said))] * len(known)
    assert known
