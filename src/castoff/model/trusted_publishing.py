"""Trusted publishing: the CI job that may request identity tokens, and what registries answer to an exchange.

An identity token says which job asks; a registry exchanges it for a short-lived token of its own if the package trusts
that job's repository, workflow file and environment. Nothing is written by an exchange, so it is a probe as well.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Outcome, Refused, Unclear
from castoff.model.observations import Unknown
from castoff.model.workspace import Package

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
"""GitHub, "OpenID Connect reference": a runner sets both in jobs with `id-token: write`."""

_REFUSED_EVENTS: Mapping[str, frozenset[str]] = {
    "pull_request_target": frozenset({"cargo", "python"}),
    "workflow_run": frozenset({"cargo"}),
}
"""Events whose jobs get no token (crates-io `trustpub/github`, warehouse `oidc/models/github.py`)."""

REGISTRIES: Mapping[str, str] = {"cargo": "crates-io", "python": "PyPI", "npm": "the npm registry"}


_WAYS_OF_NEW: Mapping[str, str] = {
    "cargo": "publish its first version with a token (`cargo publish`), then enter the trusted publisher",
    "npm": "publish a first version with a token (`npm publish`), then run `npm trust github NAME`",
    "python": "enter a pending publisher at PyPI, with the values of `castoff ci --trust`",
}


def new_name_problem(package: Package) -> Problem:
    """Report a package that no registry can trust a job for yet, with the way to its first version."""
    name, registry = package.name, REGISTRIES[package.ecosystem]
    pending = package.ecosystem == "python"
    return Problem(
        code="publisher-new-name",
        severity="warning" if pending else "error",
        message=f"`{name}` is new: {registry} makes it for a pending publisher only"
        if pending
        else f"`{name}` is new, and {registry} has no trusted publishers of packages that are not there",
        reason="`release.tokenless` is set, and no token can be exchanged for it",
        remedy=f"{_WAYS_OF_NEW[package.ecosystem].replace('NAME', name)}; or exclude it from this release with "
        "`release.exclude`",
        package=package.id,
        file=package.manifest,
    )


class CiJob(Struct, frozen=True, kw_only=True):
    """The job that this process runs in, by the variables of GitHub's runner; ``workflow`` is a file's name.

    With a reusable workflow, it is the calling one that the variables name.
    """

    repository: str
    workflow: str
    event: str
    self_hosted: bool
    may_request: bool


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A registry gave a token."""

    token: str = field(repr=False)


class ExchangeRefused(Struct, frozen=True, kw_only=True):
    """A registry gave no token; ``text`` is its reason."""

    status: int
    text: str


Exchange = Exchanged | ExchangeRefused | Unknown


def ci_job(environment: Mapping[str, str]) -> CiJob | None:
    """Return the job, None outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    path = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    return CiJob(
        repository=environment.get("GITHUB_REPOSITORY", ""),
        workflow=path.rpartition("/")[2],
        event=environment.get("GITHUB_EVENT_NAME", ""),
        self_hosted=environment.get("RUNNER_ENVIRONMENT") == "self-hosted",
        may_request=bool(environment.get(REQUEST_URL) and environment.get(REQUEST_TOKEN)),
    )


def claims_of(token: str) -> Mapping[str, object]:
    """Return what an identity token says, unchecked, for messages; nothing if it cannot be read."""
    part = "".join(token.split(".")[1:2])
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def job_problem(job: CiJob | None, ecosystem: str) -> Problem | None:
    """Return why no job of this kind gets a token of the ecosystem's registry, if that is known before any request."""
    registry = REGISTRIES[ecosystem]
    if job is None:
        return Problem(
            code="tokenless-outside-ci",
            message=f"`release.tokenless` is set, and this is not a job of GitHub Actions ({registry})",
            reason="only a CI job can request the identity token that a registry exchanges for one of its own",
            remedy="run the workflow that `castoff ci` writes, or remove `tokenless` to upload with tokens",
        )
    if not job.may_request:
        return Problem(
            code="identity-token-missing",
            message=f"this job may not request an identity token for {registry}",
            reason=f"`{REQUEST_URL}` is not set: the job, or the job that calls its workflow, lacks `id-token: write`",
            remedy="add `id-token: write` to the `permissions` of the job, as `castoff ci` does, and of each job that "
            "calls it",
        )
    if ecosystem in _REFUSED_EVENTS.get(job.event, ()):
        return Problem(
            code="event-refused",
            message=f"{registry} gives no token to a job that `{job.event}` started",
            reason="such a job can run code of a stranger's pull request with the repository's rights",
            remedy="start the release by `workflow_dispatch`, `push` or `pull_request`, as the workflows of "
            "`castoff ci` do",
        )
    if ecosystem == "npm" and job.self_hosted:
        return Problem(
            code="runner-self-hosted",
            message="the npm registry gives no token to a job on a self-hosted runner",
            reason="it accepts jobs on runners that GitHub hosts",
            remedy="set `runs-on: ubuntu-latest` for the job that publishes",
        )
    return None


def refusal_problem(ecosystem: str, package: str | None, refused: ExchangeRefused, token: str) -> Problem:
    """Return what a refused exchange means; ``token`` is the identity token, of which the claims are shown."""
    claims = claims_of(token)
    workflow, called = _workflow(claims, "workflow_ref"), _workflow(claims, "job_workflow_ref")
    registry = REGISTRIES[ecosystem]
    what = f" for `{package}`" if package else ""
    identity = _identity(claims, called if ecosystem == "python" else workflow)
    if ecosystem == "python" and claims.get("workflow_ref") != claims.get("job_workflow_ref"):
        return Problem(
            code="workflow-called",
            message=f"PyPI gives no token to the reusable workflow `{called}`",
            reason=refused.text,
            remedy=f"move the publishing job into `{workflow}` itself: PyPI does not support reusable workflows; "
            "`castoff ci` writes it so",
            package=package,
        )
    return Problem(
        code="publisher-missing",
        message=f"{registry} gives this job no token{what} (status {refused.status})",
        reason=refused.text,
        remedy=f"enter the trusted publisher at {registry} exactly so, upper and lower case included: {identity}; "
        "`castoff ci --trust` lists all packages; then run the same command again",
        package=package,
    )


def outcome_by_exchange(
    failed: Outcome, tried: tuple[Exchange, str], ecosystem: str, package: str | None
) -> Outcome:
    """Return what a failed upload without tokens comes to, by an exchange that was ``tried`` after it.

    uv, twine and npm do not tell a refused exchange from one without an answer, which only time can help.
    """
    got, identity = tried
    if isinstance(got, Unknown):
        return Unclear(reason=got.reason)
    if isinstance(got, ExchangeRefused):
        return Refused(refusal_problem(ecosystem, package, got, identity), unasked=True)
    return failed


def _workflow(claims: Mapping[str, object], claim: str) -> str:
    return str(claims.get(claim, "")).partition("@")[0].rpartition("/")[2]


def _identity(claims: Mapping[str, object], workflow: str) -> str:
    environment = claims.get("environment")
    return f"repository `{claims.get('repository')}`, workflow `{workflow}`, " + (
        f"environment `{environment}`" if environment else "no environment"
    )
