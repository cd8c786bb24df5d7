"""Remedies for files whose origin is not proved, or not right: the next release has the right one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from python_bench import package

from castoff.model.attestations import GITHUB_ISSUER, Attestation, NoProvenance, Origin, Provenance, Publisher
from castoff.model.versions import ReleaseVersion
from castoff.postrelease.verify.origins import Origins
from castoff.values import replace
from remedies.following import Case, cases, follow_row

FILE, DIGEST = "acme_core-1.3.0.tar.gz", "a" * 64
JOB = Publisher(
    issuer=GITHUB_ISSUER, repository="acme/rocket", workflow="castoff-resume.yml", commit="c" * 40
)
STATED = Attestation(subject=FILE, digest=f"sha256:{DIGEST}", publisher=JOB, is_signed=True)
GOOD = Provenance(subject=FILE, digest=f"sha256:{DIGEST}", publisher=JOB, attestations=(STATED,))


class Index:
    ecosystem = "python"

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def origin(self, *_named: object) -> Origin:
        return self._origin


def verified(origin: Origin) -> object:
    """Verify one file with what its registry shows."""
    workflows = [".github/workflows/castoff-resume.yml", ".github/workflows/other.yml"]
    session: Any = SimpleNamespace(
        services=SimpleNamespace(registry=lambda _ecosystem: Index(origin), environment={}),
        configuration=SimpleNamespace(release=SimpleNamespace(tokenless=True)),
        clone=SimpleNamespace(
            tree=lambda _commit: SimpleNamespace(paths=lambda: workflows),
            has=lambda commit: commit == JOB.commit,
            is_ancestor=lambda _commit, _head: True,
        ),
        snapshot=SimpleNamespace(refs=SimpleNamespace(heads={"main": "d" * 40})),
    )
    release = SimpleNamespace(
        remote_url="https://github.com/acme/rocket.git", workspace=SimpleNamespace(ecosystems=("python",))
    )
    past: Any = SimpleNamespace(
        release=release, commit=JOB.commit, branches=("main",), version=ReleaseVersion(1, 3, 0)
    )
    (found,) = Origins(session, past).verify(package(), {FILE: DIGEST}, {FILE: DIGEST})
    return found.findings


ROWS = [
    Case(
        "verify-attestation-missing",
        NoProvenance("the index has no attestation of it"),
        GOOD,
        "`pypi-attestations sign`",
    ),
    Case(
        "verify-attestation-differs",
        replace(GOOD, attestations=(replace(STATED, is_signed=False),)),
        GOOD,
        "yank the version and release the next one",
    ),
    Case(
        "verify-publisher-differs",
        replace(GOOD, publisher=replace(JOB, repository="mallory/rocket")),
        GOOD,
        "release the next version",
    ),
]


@cases(ROWS)
def test_the_origin_of_files_is_put_right(case: Case) -> None:
    follow_row(case, verified)
