"""Verification of where the files of a release come from: attested digests, and the job that published them."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.errors import Problem
from castoff.model.addresses import forge_address
from castoff.model.attestations import (
    GITHUB_ISSUER,
    ExpectedPublisher,
    NoProvenance,
    Provenance,
    Publisher,
    merged,
    publisher_faults,
    publishers_of,
    statement_faults,
)
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import REGISTRIES
from castoff.model.versions import spell
from castoff.model.workspace import Package
from castoff.ports import ShowsOrigin
from castoff.postrelease.verify.result import Digests, Verified, failed, judged, unknown
from castoff.session.past_release import PastRelease
from castoff.session.session import Session
from castoff.values import replace
from castoff.workflows.options import PUBLISHING_WORKFLOW

_WORKFLOWS = ".github/workflows/"

_PROOF_OF: Mapping[str, str] = {
    "python": "let the job that uploads make attestations beside the files (`pypi-attestations sign`) before "
    "`castoff resume --built` in the next release",
    "cargo": "enter the trusted publisher that `castoff ci --trust` prints, and let the workflow upload the next "
    "release",
    "npm": "enter the trusted publisher that `castoff ci --trust` prints, and let the workflow upload the next "
    "release",
}
"""How the next release gets what proves its origin; a registry takes nothing for files that it holds."""


class Origins:
    """Compares what registries show of where files come from with the repository and the commits of a release."""

    def __init__(self, session: Session, past: PastRelease) -> None:
        self._session = session
        self._past = past
        self.commit = past.commit
        # One for each ecosystem, so that it can pace its questions.
        self._registries = {one: session.services.registry(one) for one in past.release.workspace.ecosystems}
        address = forge_address(past.release.remote_url, session.services.environment)
        paths = session.clone.tree(past.commit).paths()
        workflows = frozenset(one.removeprefix(_WORKFLOWS) for one in paths if one.startswith(_WORKFLOWS))
        self.expected = (
            None
            if address is None
            else ExpectedPublisher(
                issuer=GITHUB_ISSUER,
                repository=address.slug,
                workflows=workflows,
                castoff_workflow=PUBLISHING_WORKFLOW if PUBLISHING_WORKFLOW in workflows else "",
            )
        )

    def verify(
        self, package: Package, there: Mapping[str, str | None], listed: Mapping[str, str]
    ) -> list[Verified]:
        """Verify the files of a package that are ``there``, each with its SHA-256 if known; ``listed`` is the tag's."""
        return [
            replace(self._verify(package, file, digest, listed.get(file)), package=package.id)
            for file, digest in sorted(there.items())
        ]

    def _verify(self, package: Package, file: str, digest: str | None, listed: str | None) -> Verified:
        name, known = f"attestation:{file}", Digests(tag=listed, registry=digest)
        registry = self._registries[package.ecosystem]
        if not isinstance(registry, ShowsOrigin):
            return Verified(id=name, result="off", note="this registry shows no publisher", digest=known)
        version = spell(self._past.version, package.ecosystem)
        match registry.origin(package, version, file):
            case Unknown(reason=reason):
                fact = f"nobody could tell where `{file}` comes from"
                return replace(unknown(name, fact, reason), digest=known)
            case NoProvenance() as none:
                return replace(self._without(name, package, file, none), digest=known)
            case Provenance() as shown:
                seen = shown.attestations[0].digest if shown.attestations else None
                found = replace(known, attestation=seen and seen.removeprefix("sha256:"))
                verified = self._compared(package, file, shown, listed)
                return replace(verified, digest=found, publisher=merged(publishers_of(shown)))

    def _without(self, name: str, package: Package, file: str, none: NoProvenance) -> Verified:
        if not self._session.configuration.release.tokenless:
            return Verified(id=name, result="off", note=none.reason)
        if not none.could_show:
            return unknown(name, f"nobody could tell where `{file}` comes from", none.reason)
        problem = Problem(
            code="verify-attestation-missing",
            message=f"nothing proves that `{file}` was uploaded without a token",
            reason=f"`release.tokenless` is set, and {none.reason}",
            remedy=f"its digest can still be compared with the tag's; {_PROOF_OF[package.ecosystem]}",
            package=package.id,
        )
        return failed(name, problem)

    def _compared(self, package: Package, file: str, shown: Provenance, listed: str | None) -> Verified:
        name, publisher = f"attestation:{file}", merged(publishers_of(shown))
        problems = [
            _differs(package, f"the attestation of `{file}` does not fit it", why)
            for why in statement_faults(shown, listed)
        ]
        if self.expected is None:
            if problems:
                return judged(name, problems)
            note = "the remote's host is no supported forge, so there is no publisher to compare with"
            return Verified(id=name, result="off", note=note)
        registry = REGISTRIES[package.ecosystem]
        whys = [why for one in publishers_of(shown) for why in publisher_faults(one, self.expected)]
        # Any branch's workflow can publish if the registry trusts the file's name alone; the commit tells
        # which history it was.
        if publisher.commit and not self.is_of_a_branch(publisher.commit):
            branches = ", ".join(f"`{one}`" for one in self._past.branches)
            whys.append(f"commit {publisher.commit[:12]}, which is not in the history of {branches}")
        problems += [
            Problem(
                code="verify-publisher-differs",
                message=f"`{file}` was not published by the job that it should be",
                reason=f"{registry} shows {why}",
                remedy="find out who ran that job; if it was nobody of the project, yank the version, remove the "
                "trusted publisher, and release the next version",
                package=package.id,
            )
            for why in dict.fromkeys(whys)
        ]
        if problems:
            return judged(name, problems)
        if (warning := self._other_workflow(package, file, publisher)) is not None:
            return judged(name, [warning])
        return Verified(id=name, result="pass", note=_note(shown, publisher, self._past.commit))

    def _other_workflow(self, package: Package, file: str, publisher: Publisher) -> Problem | None:
        expected = self.expected
        if expected is None or not expected.castoff_workflow or not publisher.workflow:
            return None
        if publisher.workflow == expected.castoff_workflow:
            return None
        return Problem(
            code="verify-publisher-differs",
            severity="warning",
            message=f"`{file}` was published by the workflow `{publisher.workflow}`",
            reason=f"castoff's workflow is `{expected.castoff_workflow}`; both are files of the release commit",
            remedy=f"remove the trusted publisher of `{publisher.workflow}` if nothing should be uploaded by it",
            package=package.id,
        )

    def is_of_a_branch(self, commit: str) -> bool:
        """Return whether a job's commit is in the history of a release branch: a run is started before or after R."""
        clone = self._session.clone
        if not clone.has(commit):
            return False
        heads = [self._session.snapshot.refs.heads.get(branch) for branch in self._past.branches]
        return any(clone.is_ancestor(commit, one) for one in (self._past.commit, *heads) if one is not None)


def _differs(package: Package, fact: str, why: str) -> Problem:
    return Problem(
        code="verify-attestation-differs",
        message=fact,
        reason=why,
        remedy="fetch the file and compare it with a build of the release commit; if it differs, yank the version "
        "and release the next one",
        package=package.id,
    )


def _note(shown: Provenance, publisher: Publisher, release: str) -> str:
    how = "attested, and published" if shown.attestations else "published"
    if not publisher.repository:
        return f"{how} by a trusted publisher, which the registry does not name"
    return f"{how} by {job_words(publisher, release)}"


def job_words(publisher: Publisher, release: str) -> str:
    """Name a job, and the commit that it was started at."""
    job = f"`{publisher.workflow}`" if publisher.workflow else "a job"
    at = "the release commit" if publisher.commit == release else f"commit {publisher.commit[:12]}"
    return f"{job} of {publisher.repository}" + (f" at {at}" if publisher.commit else "")
