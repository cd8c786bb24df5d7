"""Where the files of a release come from is compared: attested digests, and the job that published them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attesting import Identity, attestation, signed
from castoff.postrelease.verify.result import Verified
from castoff.postrelease.verify.verify import verify
from castoff.session.reporters import Silence
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real

JOB = {"repository": "acme/harbour", "workflow": "castoff-resume.yml", "environment": "release"}
FILES = ("proof-1.1.0-py3-none-any.whl", "proof-1.1.0.tar.gz")


@dataclass(frozen=True)
class Released:
    stage: Stage
    checkout: Path
    job: Identity
    wrong: str
    digests: Mapping[str, str]

    def answered(self, answer: Mapping[str, Any]) -> Verified:
        """Verify with another answer of the integrity API, or a fault; return the check of the first file."""
        held = self.stage.world.python_index.store.provenance("proof", "1.1.0", FILES[0])[1]
        assert held is not None
        before = dict(held)
        rules = [{"service": "python", "path": f"/integrity/*/{FILES[0]}/provenance", "effect": answer}]
        if "attestation_bundles" in answer:
            held.update(answer)
            rules = []
        self.stage.world.gate.replace(parse_faults(json.dumps({"rules": rules})))
        try:
            services = open_setting(Options(directory=self.checkout), Silence(), self.stage.environment)
            checks = verify(services, "1.1.0", trial=False).checks
        finally:
            held.update(before)
            self.stage.world.gate.replace(())
        return next(one for one in checks if one.id == f"attestation:{FILES[0]}")

    def verify(self, code: int) -> Mapping[str, Any]:
        """Run the command; return its checks by id, each with the first finding's code and reason."""
        ended, output = self.stage.run(self.checkout, "verify", "1.1.0", "--json", "--without-trial")
        assert ended == code, output
        return {one["id"]: one for one in json.loads(output)["checks"]}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """Release by a job that signs what it uploads: one file attested wrongly is refused, the rest goes up."""
    folder = tmp_path_factory.mktemp("origins")
    sample = write_small(folder / "sample")
    (sample / "castoff.toml").write_text("[release]\ntokenless = true\n")
    workflows = sample / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "castoff-resume.yml").write_text("on: push\n")
    (workflows / "other.yml").write_text("on: push\n")
    key = make_key(folder)
    seed = WorldSeed(
        job=dict(JOB), python_publishers={"trusted": dict.fromkeys(("proof-core", "proof"), JOB)}
    )
    with stage_of(folder, key, make_source(folder / "source", key, sample), seed=seed) as made:
        checkout = made.checkout()
        for manifest in sorted(checkout.glob("packages/*/pyproject.toml")):
            manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        made.git(checkout, "commit", "--all", "--message", "Make it 1.1.0")
        made.git(checkout, "push", "--quiet", "origin", "main")
        job = Identity(
            repository="acme/harbour",
            workflow="castoff-resume.yml",
            commit=made.git(checkout, "rev-parse", "HEAD").strip(),
        )
        built = folder / "built"
        code, output = made.run(checkout, "build", "1.1.0", "--to", str(built))
        assert code == 0, output
        digests = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in built.iterdir()}
        (folder / "SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()))
        resume = ("resume", "1.1.0", "--execute", "--built", str(built), "--digests", str(folder / "SUMS"))

        def attest(name: str, identity: Identity) -> None:
            text = json.dumps(attestation(name, digests[name], identity))
            (built / f"{name}.publish.attestation").write_text(text)

        for name in digests:
            attest(name, job)
        attest(FILES[0], Identity(repository="acme/harbour", workflow="other.yml"))
        code, wrong = made.run(checkout, *resume, "--wait", "1")
        assert code == 4, wrong
        attest(FILES[0], job)
        code, output = made.run(checkout, *resume, "--yes")
        assert code == 0, output
        yield Released(made, checkout, job, wrong, digests)


def test_an_attestation_of_another_workflow_is_not_uploaded(released: Released) -> None:
    assert f"could not upload `{FILES[0]}`" in released.wrong
    sent = [one for one in released.stage.world.journal.entries() if one.subject == FILES[0] and one.write]
    assert [one.status for one in sent][-1] == 200
    assert {one.status for one in sent[:-1]} == {400}


def test_each_file_is_attested_by_the_job_that_published_it(released: Released) -> None:
    before = len(released.stage.world.journal.entries())

    checks = {name: one for name, one in released.verify(0).items() if name.startswith("attestation:")}

    assert sorted(checks) == [
        *(f"attestation:{name}" for name in FILES),
        "attestation:proof_core-1.1.0-py3-none-any.whl",
        "attestation:proof_core-1.1.0.tar.gz",
    ]
    assert {one["result"] for one in checks.values()} == {"pass"}
    # One page of a package for the origins of all its files; four for their digests and contents.
    asked = [one.path for one in released.stage.world.journal.entries()[before:] if one.method == "GET"]
    assert sum(path.startswith("/integrity/") for path in asked) == 4
    assert sum(path.startswith("/simple/proof/") for path in asked) <= 5
    one = checks[f"attestation:{FILES[0]}"]
    assert one["package"] == "proof"
    assert len(set(one["digest"].values())) == 1
    assert one["publisher"] == {
        "issuer": released.job.issuer,
        "repository": "acme/harbour",
        "workflow": "castoff-resume.yml",
        "commit": released.job.commit,
    }


def test_the_release_has_the_digests_of_the_tag_as_a_file(released: Released) -> None:
    check = released.verify(0)["checksums"]

    text = "".join(sorted(f"{digest}  {name}\n" for name, digest in released.digests.items()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert check["digest"] == {"tag": digest, "registry": digest, "attestation": None}
    assert (check["result"], check["note"]) == ("pass", "`SHA256SUMS` lists the 4 files of the tag")


def test_whatever_does_not_fit_is_found_and_what_cannot_be_read_is_not_known(released: Released) -> None:
    job, digest = released.job, released.digests[FILES[0]]
    publisher = {"kind": "GitHub", "repository": "acme/harbour", "workflow": "castoff-resume.yml"}
    good = attestation(FILES[0], digest, job)

    def shown(*attestations: object, **changed: str) -> dict[str, Any]:
        bundle = {"publisher": {**publisher, **changed}, "attestations": attestations}
        return {"attestation_bundles": [bundle]}

    def by(**changed: str) -> dict[str, Any]:
        return shown(attestation(FILES[0], digest, replace(job, **changed)))

    failed, warned, not_known = "fail", "warn", "unknown"
    differs, other, missing = (
        "verify-attestation-differs",
        "verify-publisher-differs",
        "verify-attestation-missing",
    )
    rows = (
        (shown(good), "pass", "", ""),
        ({"status": 404}, failed, missing, "no attestation of it"),
        ({"status": 503}, not_known, "cannot-be-known", "answered 503"),
        ({"cut": "before"}, not_known, "cannot-be-known", "the connection was cut"),
        ({"status": 200}, not_known, "cannot-be-known", "cannot be read"),
        ({**shown(good), "version": 2}, not_known, "cannot-be-known", "its version is 2"),
        (shown(), not_known, "cannot-be-known", "holds no attestation"),
        (
            shown({**good, "envelope": {"statement": "e30=", "signature": "AAAA"}}),
            not_known,
            "cannot-be-known",
            "",
        ),
        (shown(attestation(FILES[0], "0" * 64, job)), failed, differs, "the registry has"),
        (shown(attestation(FILES[1], digest, job)), failed, differs, "it is about `proof-1.1.0.tar.gz`"),
        (shown(attestation(FILES[0], digest, job, signature=signed(b"x"))), failed, differs, "signature"),
        (by(issuer="https://gitlab.com"), failed, other, "issuer `https://gitlab.com`"),
        (shown(good, kind="GitLab"), failed, other, "issuer `https://gitlab.com`"),
        (by(repository="mallory/harbour"), failed, other, "repository `mallory/harbour`"),
        (shown(good, repository="mallory/harbour"), failed, other, "repository `mallory/harbour`"),
        (by(workflow="ci.yml"), failed, other, "workflow `ci.yml`, which is not a file"),
        (by(commit="a" * 40), failed, other, "not in the history of `main`"),
        (
            shown(attestation(FILES[0], digest, replace(job, workflow="other.yml")), workflow="other.yml"),
            warned,
            other,
            "both are files of the release commit",
        ),
    )
    for answer, result, code, words in rows:
        one = released.answered(answer)
        said = " ".join(f"{found.code}: {found.reason}" for found in one.findings)
        assert (one.result, code in said, words in said) == (result, True, True), (answer, one)
