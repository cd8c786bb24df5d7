"""The forge's attestations of a release: whose they are, of which files, and what is right without any."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from attesting import Identity, forge_bundle
from castoff.model.attestations import GITHUB_ISSUER, Publisher, Statement, read_statement
from castoff.model.observations import Unknown
from castoff.postrelease.verify.origins import Origins
from castoff.postrelease.verify.result import Verified
from castoff.postrelease.verify.statements import verify_statements
from castoff.values import replace

A, B = ("a.crate", "a" * 64), ("b.crate", "b" * 64)
LISTED = dict((A, B))
COMMIT = "c" * 40
JOB = Publisher(issuer=GITHUB_ISSUER, repository="acme/rocket", workflow="castoff-resume.yml", commit=COMMIT)
GOOD = Statement(subjects=(A, B), publisher=JOB, is_signed=True)
ATTESTS = "      - uses: actions/attest@" + "1" * 40 + "\n"


class ForgeOf:
    """Knows statements by their digests, and counts the questions."""

    def __init__(self, *held: Statement, fails: bool = False) -> None:
        self.held, self.fails, self.asked = held, fails, 0

    def statements(self, digest: str) -> tuple[Statement, ...] | Unknown:
        self.asked += 1
        if self.fails:
            return Unknown(reason="the forge answered 503")
        return tuple(one for one in self.held if digest in {found for _, found in one.subjects})


def verified(forge: object, listed: Mapping[str, str] = LISTED, workflow: str = ATTESTS) -> Verified:
    paths = [".github/workflows/castoff-resume.yml", ".github/workflows/other.yml"]
    session: Any = SimpleNamespace(
        services=SimpleNamespace(registry=lambda _ecosystem: None, environment={}, forge=lambda _url: forge),
        clone=SimpleNamespace(
            tree=lambda _commit: SimpleNamespace(paths=lambda: paths, read=lambda _path: workflow),
            has=lambda commit: commit == COMMIT,
            is_ancestor=lambda _commit, _head: True,
        ),
        snapshot=SimpleNamespace(refs=SimpleNamespace(heads={"main": "d" * 40})),
    )
    release = SimpleNamespace(
        remote_url="https://github.com/acme/rocket.git", workspace=SimpleNamespace(ecosystems=())
    )
    past: Any = SimpleNamespace(release=release, commit=COMMIT, branches=("main",))
    return verify_statements(session, past, Origins(session, past), listed)


def test_one_statement_about_all_files_is_asked_for_once() -> None:
    forge = ForgeOf(GOOD)
    found = verified(forge)

    assert (found.result, found.publisher, forge.asked) == ("pass", JOB, 1)
    assert found.note == "2 files, attested by `castoff-resume.yml` of acme/rocket at the release commit"


def test_files_may_be_attested_by_several_runs() -> None:
    forge = ForgeOf(replace(GOOD, subjects=(A,)), replace(GOOD, subjects=(B,)))

    assert (verified(forge).result, forge.asked) == ("pass", 2)


def test_a_good_statement_counts_beside_one_of_somebody_else() -> None:
    theirs = replace(GOOD, publisher=replace(JOB, repository="mallory/rocket"))

    assert verified(ForgeOf(theirs, GOOD)).result == "pass"


WRONG: dict[str, tuple[Statement, str]] = {
    "another key": (replace(GOOD, is_signed=False), "not of the key in its certificate"),
    "another name": (replace(GOOD, subjects=(("x.crate", A[1]),)), "not about a file of that name"),
    "another issuer": (replace(GOOD, publisher=replace(JOB, issuer="https://i.example")), "issuer"),
    "another repository": (replace(GOOD, publisher=replace(JOB, repository="mallory/rocket")), "repository"),
    "another workflow": (
        replace(GOOD, publisher=replace(JOB, workflow="gone.yml")),
        "not a file of the release",
    ),
    "another commit": (replace(GOOD, publisher=replace(JOB, commit="e" * 40)), "not in the history"),
    "nothing said of it": (replace(GOOD, publisher=replace(JOB, commit="")), "does not name"),
}


@pytest.mark.parametrize(("statement", "why"), WRONG.values(), ids=WRONG)
def test_a_statement_that_does_not_fit_is_an_error(statement: Statement, why: str) -> None:
    found = verified(ForgeOf(statement))

    assert (found.result, {one.code for one in found.findings}) == ("fail", {"verify-attestation-differs"})
    assert why in found.findings[0].reason


def test_without_statements_the_workflow_of_the_release_commit_decides() -> None:
    assert verified(ForgeOf()).findings[0].code == "verify-attestation-missing"
    assert verified(ForgeOf(replace(GOOD, subjects=(A,)))).result == "fail"
    assert verified(ForgeOf(), workflow="on: push\n").result == "off"


def test_what_cannot_be_asked_is_not_known_and_without_a_forge_or_a_list_nothing_is_asked() -> None:
    assert verified(ForgeOf(fails=True)).result == "unknown"
    assert verified(None).result == "off"
    assert verified(object()).result == "off"
    assert verified(ForgeOf(GOOD), {}).result == "off"


def test_a_bundle_of_the_forge_is_read_with_all_its_subjects() -> None:
    read = read_statement(
        forge_bundle(LISTED, Identity(repository="acme/rocket", workflow="castoff-resume.yml"))
    )

    assert read == GOOD
    assert not read_statement(forge_bundle(LISTED, signature=b"another")).is_signed
    for broken in ({}, {"verificationMaterial": {}}, {**forge_bundle(LISTED), "dsseEnvelope": {}}):
        with pytest.raises(ValueError, match="attestation"):
            read_statement(broken)
    without = forge_bundle({"a": "b"})
    without["dsseEnvelope"]["payload"] = "e30="
    with pytest.raises(ValueError, match="cannot be read"):
        read_statement(without)
