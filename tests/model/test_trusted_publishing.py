"""Jobs that may publish without a token, and what a refused exchange means: one row per condition."""

from __future__ import annotations

import base64
import json

import pytest

from castoff.errors import Problem
from castoff.model.acts import Refused, Unclear
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import (
    REQUEST_TOKEN,
    REQUEST_URL,
    CiJob,
    Exchange,
    Exchanged,
    ExchangeRefused,
    ci_job,
    claims_of,
    job_problem,
    outcome_by_exchange,
    refusal_problem,
)

RUNNER = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/harbour",
    "GITHUB_WORKFLOW_REF": "acme/harbour/.github/workflows/release.yml@refs/heads/main",
    "GITHUB_EVENT_NAME": "push",
    "RUNNER_ENVIRONMENT": "github-hosted",
    REQUEST_URL: "https://runner.example",
    REQUEST_TOKEN: "t",
}
JOB = CiJob(
    repository="acme/harbour", workflow="release.yml", event="push", self_hosted=False, may_request=True
)


def test_the_variables_of_a_runner_describe_its_job() -> None:
    assert ci_job(RUNNER) == JOB
    assert ci_job(RUNNER | {"RUNNER_ENVIRONMENT": "self-hosted"}) == CiJob(
        repository="acme/harbour", workflow="release.yml", event="push", self_hosted=True, may_request=True
    )
    assert ci_job({"GITHUB_ACTIONS": "true"}) == CiJob(
        repository="", workflow="", event="", self_hosted=False, may_request=False
    )
    assert ci_job(RUNNER | {"GITHUB_ACTIONS": "false"}) is None
    assert ci_job({}) is None


@pytest.mark.parametrize("name", [REQUEST_URL, REQUEST_TOKEN])
def test_a_job_needs_both_variables_to_request_a_token(name: str) -> None:
    job = ci_job(RUNNER | {name: ""})

    assert job is not None
    assert not job.may_request


@pytest.mark.parametrize(
    ("changed", "ecosystem", "code"),
    [
        (None, "cargo", "tokenless-outside-ci"),
        ({}, "cargo", None),
        ({}, "python", None),
        ({}, "npm", None),
        ({REQUEST_URL: ""}, "npm", "identity-token-missing"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "cargo", "event-refused"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "python", "event-refused"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "npm", None),
        ({"GITHUB_EVENT_NAME": "workflow_run"}, "cargo", "event-refused"),
        ({"GITHUB_EVENT_NAME": "workflow_run"}, "python", None),
        ({"RUNNER_ENVIRONMENT": "self-hosted"}, "npm", "runner-self-hosted"),
        ({"RUNNER_ENVIRONMENT": "self-hosted"}, "cargo", None),
    ],
)
def test_what_keeps_a_job_from_a_token_is_known_before_any_request(
    changed: dict[str, str] | None, ecosystem: str, code: str | None
) -> None:
    problem = job_problem(None if changed is None else ci_job(RUNNER | changed), ecosystem)

    assert (None if problem is None else problem.code) == code
    assert problem is None or (problem.message and problem.reason and problem.remedy)


def token(claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{part}.signature"


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (token({"a": "1"}), {"a": "1"}),
        (token({"a": "12"}), {"a": "12"}),
        (token({"a": "123"}), {"a": "123"}),
        (token([1]), {}),
        ("no token", {}),
        ("head.%.signature", {}),
        ("", {}),
    ],
)
def test_the_claims_of_a_token_are_read_whatever_their_length(text: str, claims: dict[str, object]) -> None:
    assert claims_of(text) == claims


REFUSED = ExchangeRefused(status=403, text="not trusted")
FILE = "acme/harbour/.github/workflows/{}.yml@refs/heads/main"
CLAIMS = {
    "repository": "acme/harbour",
    "workflow_ref": FILE.format("release"),
    "job_workflow_ref": FILE.format("release"),
    "environment": "pypi",
}
CALLED = CLAIMS | {"job_workflow_ref": FILE.format("called")}


@pytest.mark.parametrize(
    ("ecosystem", "package", "claims", "code", "message", "words"),
    [
        (
            "python",
            "harbour",
            CLAIMS,
            "publisher-missing",
            "PyPI gives this job no token for `harbour` (status 403)",
            "exactly so, upper and lower case included: repository `acme/harbour`, workflow `release.yml`, "
            "environment `pypi`; ",
        ),
        (
            "cargo",
            None,
            CLAIMS | {"environment": ""},
            "publisher-missing",
            "crates-io gives this job no token (status 403)",
            "repository `acme/harbour`, workflow `release.yml`, no environment; ",
        ),
        (
            "python",
            "harbour",
            CALLED,
            "workflow-called",
            "PyPI gives no token to the reusable workflow `called.yml`",
            "move the publishing job into `release.yml` itself",
        ),
        (
            "npm",
            "harbour",
            CALLED,
            "publisher-missing",
            "the npm registry gives this job no token for `harbour` (status 403)",
            "workflow `release.yml`",
        ),
    ],
    ids=["no publisher", "no package and no environment", "a called workflow", "a called one, elsewhere"],
)
def test_a_refused_exchange_says_what_the_registry_has_to_know(
    ecosystem: str, package: str | None, claims: dict[str, str], code: str, message: str, words: str
) -> None:
    problem = refusal_problem(ecosystem, package, REFUSED, token(claims))

    assert (problem.code, problem.message, problem.reason) == (code, message, "not trusted")
    assert problem.package == package
    assert words in (problem.remedy or "")


FAILED = Unclear(reason="it ended", problem=Problem(code="upload-failed", message="", reason="", remedy=""))


@pytest.mark.parametrize(
    ("got", "code"),
    [
        pytest.param(Exchanged("t"), "upload-failed", id="the exchange works: the client says why"),
        pytest.param(ExchangeRefused(status=422, text="no"), "publisher-missing", id="refused"),
        pytest.param(Unknown(reason="503"), None, id="no answer: only time helps"),
    ],
)
def test_a_failed_upload_without_tokens_is_what_its_exchange_is(got: Exchange, code: str | None) -> None:
    outcome = outcome_by_exchange(FAILED, (got, ""), "python", None)

    assert isinstance(outcome, Unclear | Refused)
    assert (outcome.problem.code if outcome.problem else None) == code
