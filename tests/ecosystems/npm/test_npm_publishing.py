from __future__ import annotations

import json
from typing import Any

import pytest
from npm_files import npm_package

from castoff.ecosystems.npm.client_runs import answer_of, error_code_of, reason_of
from castoff.ecosystems.npm.dist_tags import tag_for
from castoff.ecosystems.npm.trial import importable
from castoff.ecosystems.npm.uploader import NpmWrite, outcome_of
from castoff.io.process import Completed
from castoff.model.acts import Refused


@pytest.mark.parametrize(
    ("version", "released", "configured", "tag"),
    [
        ("1.0.0", "", None, "latest"),
        ("2.0.0", "1.0.0 1.9.0 2.0.0-rc.1", None, "latest"),
        ("2.0.0", "2.0.0", None, "latest"),
        ("1.9.1", "1.9.0 2.0.0", None, "release-1.x"),
        ("2.0.1", "2.0.0 2.1.0", None, "release-2.0.x"),
        ("1.9.1", "1.9.0 3.0.0-rc.1", None, "latest"),
        ("2.0.0-rc.1", "1.0.0", None, "rc"),
        ("2.0.0-0", "1.0.0", None, "next"),
        ("2.0.0", "1.0.0", "next", "next"),
        ("1.9.1", "2.0.0", "latest", "release-1.x"),
        ("2.0.0-rc.1", "1.0.0", "latest", "rc"),
        ("2.0.0", "1.0.0", "latest", "latest"),
    ],
)
def test_latest_never_goes_back(version: str, released: str, configured: str | None, tag: str) -> None:
    assert tag_for(version, released.split(), configured) == tag


def completed(code: int, answer: Any = None, errors: str = "") -> Completed:
    stdout = b"" if answer is None else json.dumps(answer).encode()
    return Completed(code=code, stdout=stdout, text=stdout.decode(), errors=errors)


def failed(code: str) -> Completed:
    return completed(1, {"error": {"code": code, "summary": f"{code} happened"}})


@pytest.mark.parametrize(
    ("done", "outcome", "problem"),
    [
        (completed(0, {"id": "a@1.3.0"}), "Succeeded", None),
        (failed("E401"), "Refused", "permission-denied"),
        (failed("ENEEDAUTH"), "Refused", "permission-denied"),
        (failed("E402"), "Refused", "permission-denied"),
        (failed("EOTP"), "Refused", "otp-required"),
        (failed("E400"), "Refused", "upload-refused"),
        (failed("E422"), "Refused", "upload-refused"),
        (failed("E403"), "Unclear", "permission-denied"),
        (failed("E409"), "Unclear", "upload-failed"),
        (failed("E500"), "Unclear", None),
        (failed("E503"), "Unclear", None),
        (failed("ECONNRESET"), "Unclear", None),
        (failed("ETIMEDOUT"), "Unclear", None),
        (failed("E5"), "Unclear", "upload-failed"),
        (failed("ENOENT"), "Unclear", "upload-failed"),
        (failed("E429"), "Throttled", None),
        (completed(1, {"error": {"summary": "published before"}}), "Unclear", "upload-failed"),
        (completed(1, None, "npm error boom"), "Unclear", "upload-failed"),
    ],
)
def test_an_upload_ends_by_the_code_of_npm(done: Completed, outcome: str, problem: str | None) -> None:
    result = outcome_of(NpmWrite(npm_package(), "1.2.0", "upload"), done)
    found = getattr(result, "problem", None)
    assert (type(result).__name__, found.code if found else None) == (outcome, problem)


@pytest.mark.parametrize(
    ("code", "fact"),
    [("ENEEDAUTH", "npm has no token to upload"), ("E401", "the registry does not let this token upload")],
)
def test_a_missing_token_is_told_from_a_refused_one(code: str, fact: str) -> None:
    result = outcome_of(NpmWrite(npm_package(), "1.2.0", "upload"), failed(code))

    assert isinstance(result, Refused)
    assert result.problem.message.startswith(fact)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [({"a": 1}, {"a": 1}), ([{"a": 1}], {"a": 1}), (["1.0.0", "1.1.0"], ["1.0.0", "1.1.0"]), (None, None)],
)
def test_npm_12_answers_in_an_array(answer: Any, expected: Any) -> None:
    assert answer_of(completed(0, answer)) == expected


def test_reasons_are_those_of_npm() -> None:
    assert reason_of(failed("E500")) == "E500: E500 happened"
    assert reason_of(completed(1, None, "npm error boom")) == "npm error boom"
    assert reason_of(completed(3)) == "npm ended with code 3"
    assert error_code_of(completed(1, ["x"])) == ""


@pytest.mark.parametrize(
    ("manifest", "names"),
    [
        ({}, ""),
        ({"main": "index.js"}, "a"),
        ({"module": "index.mjs"}, "a"),
        ({"exports": "./index.js"}, "a"),
        ({"exports": {"import": "./index.mjs"}}, "a"),
        ({"exports": {".": "./a.js", "./b": {"require": "./b.cjs"}, "./c.css": "./c.css", "./*": "./x/*.js"}}, "a a/b"),
        ({"exports": {".": {"types": "./a.d.ts"}}}, ""),
        ({"exports": {".": {"node": ["./a.js"]}}}, "a"),
        ({"main": "index.js", "os": ["darwin"]}, ""),
        ({"main": "index.js", "peerDependencies": {"p": "1"}}, ""),
        ({"main": "index.js", "peerDependencies": {"p": "1"}, "peerDependenciesMeta": {"p": {"optional": True}}}, "a"),
    ],
)  # fmt: skip
def test_what_node_can_import_is_tried(manifest: dict[str, Any], names: str) -> None:
    assert " ".join(importable("a", manifest)) == names
