"""Verification of the forge's attestations: the files that the tag lists, and the job that attested them.

One statement of castoff's workflow is about all files of a release, so that one question usually answers for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from castoff.errors import Problem
from castoff.model.attestations import Publisher, Statement, merged, publisher_faults
from castoff.model.observations import Unknown
from castoff.ports import ShowsStatements
from castoff.postrelease.verify.origins import Origins, job_words
from castoff.postrelease.verify.result import Verified, failed, judged, unknown
from castoff.session.past_release import PastRelease
from castoff.session.release import NO_FORGE
from castoff.session.session import Session
from castoff.workflows.options import ATTESTING_ACTION, PUBLISHING_WORKFLOW

_NAME = "attestations"
_WORKFLOW = f".github/workflows/{PUBLISHING_WORKFLOW}"


def verify_statements(
    session: Session, past: PastRelease, origins: Origins, listed: Mapping[str, str]
) -> Verified:
    """Does the forge hold attestations of the files that the tag lists, made by a job of this repository?"""
    forge = session.services.forge(past.release.remote_url)
    if forge is None or not isinstance(forge, ShowsStatements):
        return Verified(id=_NAME, result="off", note=NO_FORGE)
    if not listed:
        return Verified(id=_NAME, result="off", note="the tag lists no digests")
    return _covered(forge, origins, listed) or _missing(session, past, listed)


def _covered(forge: ShowsStatements, origins: Origins, listed: Mapping[str, str]) -> Verified | None:
    """Ask for files until all are covered; None as soon as nothing is attested of one."""
    left, publishers = dict(sorted(listed.items())), dict[Publisher, None]()
    while left:
        file, digest = next(iter(left.items()))
        found = forge.statements(digest)
        if isinstance(found, Unknown):
            return unknown(_NAME, f"the forge could not be asked for attestations of `{file}`", found.reason)
        if not found:
            return None
        # A digest may be attested several times: a job that is run again attests again.
        faults = {one: list(_faults(one, origins, file, digest)) for one in found}
        good = [one for one, why in faults.items() if not why]
        if not good:
            return judged(
                _NAME, [_differs(file, why) for why in dict.fromkeys(chain.from_iterable(faults.values()))]
            )
        publishers[good[0].publisher] = None
        del left[file]
        left = {name: one for name, one in left.items() if (name, one) not in set(good[0].subjects)}
    files = "1 file" if len(listed) == 1 else f"{len(listed)} files"
    publisher = merged(tuple(publishers))
    note = f"{files}, attested by {job_words(publisher, origins.commit)}"
    return Verified(id=_NAME, result="pass", note=note, publisher=publisher)


def _faults(statement: Statement, origins: Origins, file: str, digest: str) -> Iterator[str]:
    assert origins.expected is not None, "asked on a supported forge only"
    if not statement.is_signed:
        yield "its signature is not of the key in its certificate"
    if (file, digest) not in statement.subjects:
        yield f"it is not about a file of that name with the digest {digest[:16]}"
    publisher = statement.publisher
    if not (publisher.issuer and publisher.repository and publisher.workflow and publisher.commit):
        yield "its certificate does not name issuer, repository, workflow and commit"
    yield from publisher_faults(publisher, origins.expected)
    if publisher.commit and not origins.is_of_a_branch(publisher.commit):
        yield f"commit {publisher.commit[:12]}, which is not in the history of a release branch"


def _missing(session: Session, past: PastRelease, listed: Mapping[str, str]) -> Verified:
    workflow = session.clone.tree(past.commit).read(_WORKFLOW) or ""
    if ATTESTING_ACTION not in workflow:
        return Verified(id=_NAME, result="off", note="`ci.attest` was not set for this release")
    files = "its file" if len(listed) == 1 else f"all of its {len(listed)} files"
    problem = Problem(
        code="verify-attestation-missing",
        message=f"the forge does not attest {files}",
        reason=f"`{PUBLISHING_WORKFLOW}` of the release commit has a job that attests them before the upload, so they "
        "were uploaded in another way, or somebody deleted the attestations",
        remedy="compare the files with a build of the release commit; let the workflow upload the next release",
    )
    return failed(_NAME, problem)


def _differs(file: str, why: str) -> Problem:
    return Problem(
        code="verify-attestation-differs",
        message=f"the forge's attestation of `{file}` does not fit it",
        reason=why,
        remedy="find out which job made it; fetch the file and compare it with a build of the release commit, and if "
        "it differs, yank the version and release the next one",
    )
