"""The faults of PyPI's exchange of tokens that are tried on the job that uploads without tokens.

Each endpoint on the way to a token is down, cut, limited or answers with garbage, once and for long, before the first
upload and between uploads; then the failures that jobs meet: a publisher that is missing or misspelt, a job without the
right, another event, a called workflow, a token that ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proofs.cargo_faults import Effect, Effects, fault_of
from proofs.faulting import End, Fault

_PASSING: Effects = ({"status": 503}, {"cut": "before"}, {"cut": "after"}, {"rate_limit": 1})
_GARBAGE: Effects = ({"status": 200, "body": "<html>"}, {"status": 200, "body": '{"token": 7}'})
_EXCHANGE: Effect = {"service": "python", "method": "POST", "path": "/_/oidc/mint-token"}
_ENDPOINTS: Mapping[str, Effect] = {
    "identity token": {"service": "identity", "method": "GET"},
    "audience": {"service": "python", "method": "GET", "path": "/_/oidc/audience"},
    "exchange": _EXCHANGE,
}
_PROBES = 1
"""How many requests of an endpoint come before the first upload."""

_REFUSED = (
    '{"message": "Token request failed", "errors": [{"code": "invalid-publisher", "description": "no"}]}'
)
_CALLED = {"workflow": "publish.yml", "caller": "other.yml"}
_JOBS: tuple[tuple[str, str | None, Mapping[str, Any]], ...] = (
    ("the workflow was renamed", "publisher-missing", {"workflow": "release.yml"}),
    ("the job has no environment", "publisher-missing", {"environment": None}),
    ("the workflow is called by another one", "workflow-called", _CALLED),
    ("the owner in another case", None, {"repository": "Acme/harbour"}),
    ("pull_request_target", "event-refused", {"event": "pull_request_target"}),
    ("a runner of one's own", None, {"self_hosted": True}),
)
"""Jobs that differ from the trusted one, and what a run then reports; None where PyPI accepts it."""


def exchange_faults() -> tuple[Fault, ...]:
    """List all faults; each has a name of its own."""
    return (
        *(one for what, where in _ENDPOINTS.items() for one in _endpoint(what, where)),
        *(
            Fault(name=what, ends="person" if code else "done", code=code, job=job)
            for what, code, job in _JOBS
        ),
        Fault(
            name="the job lacks `id-token: write`",
            ends="person",
            code="identity-token-missing",
            machine={"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""},
        ),
        *_refusals(),
    )


def _endpoint(what: str, where: Effect) -> Iterator[Fault]:
    between = {**where, "after": _PROBES}
    for effect in (*_PASSING, *_GARBAGE):
        yield fault_of(what, where, effect, "done", times=1)
        yield fault_of(f"{what}, once uploading", between, effect, "done", times=1)
    # uv has one exit code for every failure, so that a person reads what it says.
    lasting: End = "person"
    for effect in _PASSING[:2]:
        yield fault_of(f"{what}, for long", where, effect, lasting, code="upload-failed", wait=0.5)
    yield fault_of(what, where, {"delay": 0.7}, "done")


def _refusals() -> Iterator[Fault]:
    gone = {**_EXCHANGE, "after": _PROBES}
    effect = {"status": 422, "body": _REFUSED}
    yield fault_of("the publisher went", gone, effect, "person", code="upload-failed", wait=0.5)
    upload = {"service": "python", "method": "POST", "path": "/legacy/"}
    yield fault_of("the token ended", upload, {"status": 403}, "person", code="upload-failed", wait=0.5)
