"""Attestations as the clients make them, of keys that no authority knows: those of Sigstore need its services."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

GITHUB = "https://token.actions.githubusercontent.com"
PUBLISH = "publish/v1"
SLSA = "https://slsa.dev/provenance/v1"
COMMIT = "c" * 40
_TYPE = b"application/vnd.in-toto+json"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The job that a certificate is for, as Fulcio writes it (`docs/oid-info.md`)."""

    repository: str = "acme/rocket"
    workflow: str = "release.yml"
    commit: str = COMMIT
    issuer: str = GITHUB
    left_out: tuple[str, ...] = field(default=())

    def claims(self) -> dict[str, str]:
        home = f"https://github.com/{self.repository}"
        config = f"{home}/.github/workflows/{self.workflow}@refs/heads/main"
        claims = {
            "8": self.issuer,
            "9": config,
            "12": home,
            "13": self.commit,
            "14": "refs/heads/main",
            "18": config,
        }
        return {number: text for number, text in claims.items() if number not in self.left_out}


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(identity: Identity) -> bytes:
    """Make a certificate that no authority signed."""
    name, now = x509.Name([]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_key().public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(minutes=10))
    for number, text in identity.claims().items():
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        made = made.add_extension(x509.UnrecognizedExtension(oid, _utf8(text)), critical=False)
    return made.sign(_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def _utf8(text: str) -> bytes:
    data = text.encode()
    length = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return b"\x0c" + length + data


def signed(statement: bytes) -> bytes:
    """Sign a statement as DSSE says."""
    message = b"DSSEv1 %d %s %d %s" % (len(_TYPE), _TYPE, len(statement), statement)
    return _key().sign(message, ec.ECDSA(hashes.SHA256()))


def attestation(
    subject: str,
    digest: str,
    identity: Identity | None = None,
    *,
    kind: str | None = None,
    signature: bytes | None = None,
) -> dict[str, Any]:
    """Make an attestation of PEP 740 with the models of `pypi-attestations`."""
    from pypi_attestations import Attestation, AttestationType, Envelope, VerificationMaterial

    statement = json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": subject, "digest": {"sha256": digest}}],
            "predicateType": kind or AttestationType.PYPI_PUBLISH_V1.value,
            "predicate": None,
        }
    ).encode()
    made = Attestation(
        version=1,
        verification_material=VerificationMaterial(
            certificate=base64.b64encode(certificate(identity or Identity())),
            transparency_entries=[{"logIndex": "0"}],  # type: ignore[list-item]
        ),
        envelope=Envelope(
            statement=base64.b64encode(statement),
            signature=base64.b64encode(signed(statement) if signature is None else signature),
        ),
    )
    document: dict[str, Any] = json.loads(made.model_dump_json())
    return document


def npm_bundle(
    name: str, version: str, sha512: str, identity: Identity | None = None, **changed: Any
) -> dict[str, Any]:
    """Make the bundle that npm sends with a tarball (Sigstore's bundle 0.3); ``changed`` replaces parts of it."""
    made_by = identity or Identity()
    workflow = {
        "ref": "refs/heads/main",
        "repository": f"https://github.com/{made_by.repository}",
        "path": f".github/workflows/{made_by.workflow}",
    }
    statement = json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": f"pkg:npm/{name.replace('@', '%40')}@{version}", "digest": {"sha512": sha512}}
            ],
            "predicateType": SLSA,
            "predicate": {"buildDefinition": {"externalParameters": {"workflow": workflow}}},
        }
    ).encode()
    return _bundle(statement, made_by) | changed


def forge_bundle(
    files: Mapping[str, str],
    identity: Identity | None = None,
    *,
    kind: str = SLSA,
    signature: bytes | None = None,
) -> dict[str, Any]:
    """Make the bundle that GitHub's action sends for a list of files, name to SHA-256."""
    subjects = [{"name": name, "digest": {"sha256": digest}} for name, digest in files.items()]
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind}
    made = _bundle(json.dumps({**statement, "predicate": {}}).encode(), identity or Identity())
    if signature is not None:
        made["dsseEnvelope"]["signatures"] = [{"sig": base64.b64encode(signature).decode()}]
    return made


def _bundle(statement: bytes, made_by: Identity) -> dict[str, Any]:
    encoded = base64.b64encode
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": encoded(certificate(made_by)).decode()},
            "tlogEntries": [{"logIndex": "0"}],
        },
        "dsseEnvelope": {
            "payload": encoded(statement).decode(),
            "payloadType": _TYPE.decode(),
            "signatures": [{"sig": encoded(signed(statement)).decode()}],
        },
    }


def main(_command: str, *files: str) -> None:
    """Stand in for `pypi-attestations sign` in a job, with the identity of its variables; a key of its own signs."""
    checkout = os.environ["GITHUB_WORKSPACE"]
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout.strip()
    workflow = os.environ["GITHUB_WORKFLOW_REF"].partition("@")[0].rpartition("/")[2]
    job = Identity(repository=os.environ["GITHUB_REPOSITORY"], workflow=workflow, commit=commit)
    for name in files:
        digest = hashlib.sha256(Path(name).read_bytes()).hexdigest()
        Path(f"{name}.publish.attestation").write_text(json.dumps(attestation(name, digest, job)))


if __name__ == "__main__":
    main(*sys.argv[1:])
