"""The faults of exchanges of tokens that are tried on the job that uploads without tokens, for each registry.

Each endpoint on the way to a token is down, cut, limited or answers with garbage, once and for long, before the first
upload and between uploads; then the failures that jobs meet: a publisher that is missing or misspelt, a job without the
right, another event, a called workflow, a token that ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proofs.cargo_faults import Effect, Effects, fault_of
from proofs.faulting import Fault
from proofs.publish_job import Kind

_PASSING: Effects = ({"status": 503}, {"cut": "before"}, {"cut": "after"}, {"rate_limit": 1})
_GARBAGE: Effects = ({"status": 200, "body": "<html>"}, {"status": 200, "body": '{"token": 7}'})
_IDENTITY: Effect = {"service": "identity", "method": "GET"}
_PROBES = 1
"""How many requests of an endpoint come before the first upload, at least."""

Job = tuple[str, str | None, Mapping[str, Any]]
"""What is wrong with a job, what a run then reports (None where the registry accepts it), and how it differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The exchange of one registry.

    ``endpoints`` are all that are asked on the way to a token, the last of which gives it; ``upload`` is what the
    token is for. ``refusal`` is the answer where the publisher went. ``ended`` is the code of a run whose token is
    refused.
    """

    endpoints: Mapping[str, Effect]
    upload: Effect
    refusal: Effect
    ended: str = "upload-failed"
    jobs: tuple[Job, ...]


_RENAMED: Job = ("the workflow was renamed", "publisher-missing", {"workflow": "release.yml"})
_NO_ENVIRONMENT: Job = ("the job has no environment", "publisher-missing", {"environment": None})
_CALLED = {"workflow": "publish.yml", "caller": "other.yml"}
_OTHER_EVENT = ("pull_request_target", "event-refused", {"event": "pull_request_target"})

EXCHANGES: Mapping[Kind, Exchange] = {
    "python": Exchange(
        endpoints={
            "identity token": _IDENTITY,
            "audience": {"service": "python", "method": "GET", "path": "/_/oidc/audience"},
            "exchange": {"service": "python", "method": "POST", "path": "/_/oidc/mint-token"},
        },
        upload={"service": "python", "method": "POST", "path": "/legacy/"},
        refusal={
            "status": 422,
            "body": '{"message": "Token request failed", "errors": [{"code": "invalid-publisher", '
            '"description": "no"}]}',
        },
        jobs=(
            _RENAMED,
            _NO_ENVIRONMENT,
            ("the workflow is called by another one", "workflow-called", _CALLED),
            ("the owner in another case", None, {"repository": "Acme/harbour"}),
            _OTHER_EVENT,
            ("a runner of one's own", None, {"self_hosted": True}),
        ),
    ),
    "cargo": Exchange(
        endpoints={
            "identity token": _IDENTITY,
            "exchange": {"service": "cargo", "method": "POST", "path": "/api/v1/trusted_publishing/tokens"},
        },
        upload={"service": "cargo", "method": "PUT", "path": "/api/v1/crates/new"},
        refusal={"status": 400, "body": '{"errors": [{"detail": "No Trusted Publishing config found"}]}'},
        ended="permission-denied",
        jobs=(
            _RENAMED,
            _NO_ENVIRONMENT,
            ("the owner in another case", None, {"repository": "Acme/harbour"}),
            _OTHER_EVENT,
            ("a runner of one's own", None, {"self_hosted": True}),
        ),
    ),
    "npm": Exchange(
        endpoints={
            "identity token": _IDENTITY,
            "exchange": {
                "service": "npm",
                "method": "POST",
                "path": "/-/npm/v1/oidc/token/exchange/package/*",
            },
        },
        upload={"service": "npm", "method": "PUT"},
        refusal={"status": 404, "body": '{"message": "OIDC token exchange error - package not found"}'},
        ended="permission-denied",
        jobs=(
            _RENAMED,
            _NO_ENVIRONMENT,
            ("a runner of one's own", "runner-self-hosted", {"self_hosted": True}),
        ),
    ),
}


def exchange_faults(kind: Kind) -> tuple[Fault, ...]:
    """List all faults of the exchange of one registry; each has a name of its own."""
    exchange = EXCHANGES[kind]
    return (
        *(one for what, where in exchange.endpoints.items() for one in _endpoint(exchange, what, where)),
        *(
            Fault(name=what, ends="person" if code else "done", code=code, job=job)
            for what, code, job in exchange.jobs
        ),
        Fault(
            name="the job lacks `id-token: write`",
            ends="person",
            code="identity-token-missing",
            machine={"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""},
        ),
        *_refusals(exchange),
    )


def _endpoint(exchange: Exchange, what: str, where: Effect) -> Iterator[Fault]:
    between = {**where, "after": _PROBES}
    for effect in (*_PASSING, *_GARBAGE):
        yield fault_of(what, where, effect, "done", times=1)
        yield fault_of(f"{what}, once uploading", between, effect, "done", times=1)
    for effect in _PASSING[:2]:
        yield fault_of(f"{what}, for long", where, effect, "again", code="write-unclear", wait=0.5)
    yield fault_of(what, where, {"delay": 0.7}, "done")


def _refusals(exchange: Exchange) -> Iterator[Fault]:
    *_, last = exchange.endpoints.values()
    gone, refusal = {**last, "after": _PROBES}, exchange.refusal
    yield fault_of("the publisher went", gone, refusal, "person", code="publisher-missing", wait=0.5)
    ended: Effect = {"status": 403}
    yield fault_of("the token ended", exchange.upload, ended, "person", code=exchange.ended, wait=0.5)
