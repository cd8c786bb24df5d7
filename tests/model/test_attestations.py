"""What attestations say, and in what they differ from what is right."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from attesting import GITHUB, Identity, attestation, forge_bundle, npm_bundle
from castoff.model.attestations import Attestation, Publisher, read_attestation, read_bundle, read_statement

JOB = Publisher(issuer=GITHUB, repository="acme/rocket", workflow="release.yml", commit="c" * 40)
FILES = {"a.whl": "A" * 64, "b.whl": "b" * 64}


def parts(made: dict[str, Any]) -> tuple[str, str, str]:
    envelope = made["envelope"]
    return made["verification_material"]["certificate"], envelope["statement"], envelope["signature"]


@pytest.mark.parametrize(
    ("identity", "publisher"),
    [
        (Identity(), JOB),
        (Identity(left_out=("8",)), Publisher(repository="acme/rocket", workflow="release.yml", commit="c" * 40)),
        (Identity(left_out=("12",)), Publisher(issuer=GITHUB, workflow="release.yml", commit="c" * 40)),
        (Identity(left_out=("13",)), Publisher(issuer=GITHUB, repository="acme/rocket", workflow="release.yml")),
        (Identity(left_out=("18",)), Publisher(issuer=GITHUB, repository="acme/rocket", commit="c" * 40)),
    ],
    ids=["all claims", "no issuer", "no repository", "no commit", "no workflow"],
)  # fmt: skip
def test_an_attestation_names_a_file_and_the_job_of_its_certificate(
    identity: Identity, publisher: Publisher
) -> None:
    found = read_attestation(*parts(attestation("a.whl", "A" * 64, identity)), "sha256")

    assert found == Attestation(
        subject="a.whl", digest=f"sha256:{'a' * 64}", publisher=publisher, is_signed=True
    )


def test_a_signature_of_another_key_is_seen() -> None:
    assert not read_attestation(*parts(attestation("a", "b", signature=b"0")), "sha256").is_signed
    assert not read_statement(forge_bundle(FILES, signature=b"0")).is_signed


def test_a_bundle_is_read_with_its_own_digest() -> None:
    found = read_bundle(npm_bundle("@acme/rocket", "1.0.0", "ff00"), "sha512")

    assert (found.subject, found.digest) == ("pkg:npm/%40acme/rocket@1.0.0", "sha512:ff00")
    assert (found.publisher, found.is_signed) == (JOB, True)


def test_the_certificate_may_be_the_first_of_a_chain() -> None:
    bundle = npm_bundle("rocket", "1.0.0", "ff00")
    material = bundle["verificationMaterial"]
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate"), {"rawBytes": "other"}]}

    assert read_bundle(bundle, "sha512").publisher == JOB


def test_a_statement_names_each_file_with_its_digest() -> None:
    found = read_statement(forge_bundle(FILES))

    assert found.subjects == (("a.whl", "a" * 64), ("b.whl", "b" * 64))
    assert (found.publisher, found.is_signed) == (JOB, True)


@pytest.mark.parametrize("key", ["verificationMaterial", "dsseEnvelope"])
def test_what_is_no_bundle_is_refused(key: str) -> None:
    bundle = npm_bundle("rocket", "1.0.0", "ff00")
    del bundle[key]

    with pytest.raises(ValueError, match="is no bundle of Sigstore's"):
        read_bundle(bundle, "sha512")


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read: KeyError"):
        read_bundle(npm_bundle("rocket", "1.0.0", "ff00"), "sha256")
    with pytest.raises(ValueError, match="cannot be read"):
        read_attestation("AA==", base64.b64encode(b"{}").decode(), "", "sha256")
