"""Checks of trusted publishing: each exchange is tried before anything is irreversible (`release.tokenless`).

An exchange writes nothing, with one exception: where PyPI has a pending publisher, it makes the new project. So a
release with a Python project that is not there yet is not tried at PyPI before its upload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from castoff.config.values import Configuration
from castoff.errors import Problem
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import (
    CiJob,
    ExchangeRefused,
    ci_job,
    job_problem,
    new_name_problem,
    refusal_problem,
)
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package
from castoff.ports import Exchanges, Registry, Ruled
from castoff.preflight.stage import Cannot, Check, Found, Skipped
from castoff.session.services import Services
from castoff.session.session import Session

JOB = "ci-job"
"""The check for a CI job: a release needs one where it uploads, `check` and a proposal do not."""


def exchange_checks(session: Session) -> tuple[Check, ...]:
    """List one check for each registry, and one for the job; none where uploads use tokens."""
    services = session.services
    if not services.configuration.release.tokenless:
        return ()
    packages: dict[Ecosystem, list[Package]] = {}
    for one in session.snapshot.workspace.packages:
        packages.setdefault(one.ecosystem, []).append(one)
    registries = {ecosystem: services.registry(ecosystem) for ecosystem in packages}
    return (
        Check(JOB, "preflight", lambda: _job(services, packages)),
        *(
            Check(
                f"exchange:{ecosystem}",
                "preflight",
                partial(_exchanges, services, registries[ecosystem], packages[ecosystem]),
                vital=True,
            )
            for ecosystem in sorted(packages)
        ),
    )


def _job(services: Services, packages: Mapping[Ecosystem, Sequence[Package]]) -> Found:
    job = ci_job(services.environment)
    problems = {problem.code: problem for one in packages if (problem := job_problem(job, one))}
    return tuple(problems.values())


def _exchanges(services: Services, registry: Registry, packages: Sequence[Package]) -> Found:
    job = ci_job(services.environment)
    if job is None or not job.may_request:
        return Skipped("this is no CI job that may request identity tokens")
    if not isinstance(registry, Exchanges):
        return Cannot("castoff does not know how this registry exchanges tokens")
    return found_by_exchanges(job, registry, packages, services.configuration)


class ExchangesVersions(Exchanges, Protocol):
    """A registry that exchanges, and lists versions."""

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """List all versions that were ever released."""
        ...


def found_by_exchanges(
    job: CiJob, registry: ExchangesVersions, packages: Sequence[Package], configuration: Configuration
) -> Found:
    """Try the exchanges of one registry: one a package at npm, one for all elsewhere."""
    ecosystem = packages[0].ecosystem
    if problem := job_problem(job, ecosystem):
        return (problem,)
    if own := [one for one in packages if _is_elsewhere(one, configuration.cargo.registry)]:
        return tuple(map(_not_offered, own))
    if ecosystem == "python" and configuration.python.publish == "twine" and isinstance(registry, Ruled):
        own = [one for one in packages if not registry.has_known_rules(one)]
        if own:
            return tuple(map(_not_by_twine, own))
    new = _new_names(registry, packages)
    if isinstance(new, Unknown):
        return Cannot(new.reason)
    # A refused exchange before the claim costs nothing; a project that was made by one stays, also if the
    # release never comes.
    if new and ecosystem == "python":
        names = ", ".join(f"`{one.name}`" for one in new)
        return Cannot(
            f"an exchange makes the projects of pending publishers, so none is tried before the upload of {names}"
        )
    tried = [one for one in packages if one not in new]
    # One exchange speaks for all: crates-io and PyPI give a token for the whole job, npm one for each
    # package.
    if ecosystem != "npm":
        tried = tried[:1]
    return _found(tuple(map(new_name_problem, new)), _refusals(registry, tried, is_shared=ecosystem != "npm"))


def _found(problems: Sequence[Problem], refusals: Iterator[Problem | Cannot]) -> Found:
    unknown: Cannot | None = None
    found = list(problems)
    for one in refusals:
        if isinstance(one, Cannot):
            unknown = one
        else:
            found.append(one)
    # A known fault stops the release anyway, so it is shown also where another question had no answer.
    return tuple(found) if found or unknown is None else unknown


def _refusals(
    registry: Exchanges, packages: Sequence[Package], *, is_shared: bool
) -> Iterator[Problem | Cannot]:
    for package in packages:
        got, identity = registry.exchange(package)
        if isinstance(got, Unknown):
            yield Cannot(got.reason)
        elif isinstance(got, ExchangeRefused):
            name = None if is_shared else package.name
            yield refusal_problem(package.ecosystem, name, got, identity)


def _new_names(registry: ExchangesVersions, packages: Sequence[Package]) -> list[Package] | Unknown:
    new: list[Package] = []
    for package in packages:
        versions = registry.versions(package)
        if isinstance(versions, Unknown):
            return versions
        if not versions:
            new.append(package)
    return new


def _is_elsewhere(package: Package, named: str | None) -> bool:
    """Return whether a crate goes to a registry of which no exchange is known."""
    registry = named or "".join(package.registries[:1])
    return package.ecosystem == "cargo" and registry not in ("", "crates-io")


def _not_offered(package: Package) -> Problem:
    return Problem(
        code="tokenless-not-offered",
        message=f"`{package.name}` goes to a registry that castoff knows no trusted publishing of",
        reason="`release.tokenless` is set, and of cargo's registries crates-io alone offers it",
        remedy="remove `tokenless`, or release this package apart",
        package=package.id,
        file=package.manifest,
    )


def _not_by_twine(package: Package) -> Problem:
    return Problem(
        code="tokenless-not-offered",
        message=f"`{package.name}` goes to an index at which twine exchanges no identity token",
        reason="`release.tokenless` is set, and twine exchanges one at PyPI alone; uv does at any index",
        remedy='set `publish = "uv"` in `[python]`, or remove `tokenless`',
        package=package.id,
        file=package.manifest,
    )
