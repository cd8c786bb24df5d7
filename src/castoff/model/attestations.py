"""Attestations of what a registry holds: which file, by the key of which job; read, and compared with what is right.

An attestation is a signed statement (in-toto, DSSE) with the certificate of its key, in which Sigstore's authority
wrote the identity of the job (Fulcio, `docs/oid-info.md`). The chain of the certificate and the entry in the
transparency log are not checked here: the registries check both before they take an attestation.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from castoff.model.observations import Unknown
from castoff.regexes import regex

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ATTESTATION = ".publish.attestation"
"""The ending of a file with the attestation of the file beside it, as `pypi-attestations` and uv name it."""

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
"""What signs the identity tokens of GitHub's runners."""

_ISSUERS = {
    "github": GITHUB_ISSUER,
    "gitlab": "https://gitlab.com",
    "google": "https://accounts.google.com",
}

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_ISSUER, _REPOSITORY, _COMMIT, _WORKFLOW = (f"1.3.6.1.4.1.57264.1.{number}" for number in (8, 12, 13, 18))
_RUNS = regex(r"[-_.]+")


class Publisher(Struct, frozen=True, kw_only=True):
    """The CI job that published a file; "" for what is not said of it.

    ``issuer`` is the address of what signed its identity token, ``workflow`` the name of a file.
    """

    issuer: str = ""
    repository: str = ""
    workflow: str = ""
    commit: str = ""


class Attestation(Struct, frozen=True, kw_only=True):
    """A statement about a file; ``digest`` is `ALGORITHM:HEX`, ``publisher`` is what its certificate says.

    ``is_signed``: the signature is of the certificate's key.
    """

    subject: str
    digest: str
    publisher: Publisher
    is_signed: bool


class Statement(Struct, frozen=True, kw_only=True):
    """A statement about several files: (name, SHA-256) of each; otherwise as an :class:`Attestation`."""

    subjects: tuple[tuple[str, str], ...]
    publisher: Publisher
    is_signed: bool


class Provenance(Struct, frozen=True, kw_only=True):
    """What a registry shows about where a file comes from.

    ``publisher`` is the registry's own word, None where it gives none; ``attestations`` are statements that it holds.
    ``subject`` is how they name the file, and ``digest`` the registry's of the file, as they have it.
    """

    subject: str = ""
    digest: str = ""
    publisher: Publisher | None = None
    attestations: tuple[Attestation, ...] = ()


class NoProvenance(Struct, frozen=True):
    """The registry shows nothing of where a file comes from; ``reason`` tells what was looked for.

    ``could_show`` is False for a registry that never does, a mirror for example.
    """

    reason: str
    could_show: bool = True


Origin = Provenance | NoProvenance | Unknown


class ExpectedPublisher(Struct, frozen=True, kw_only=True):
    """What the publisher of a release has to be; ``workflows`` are files of the release commit.

    ``castoff_workflow`` is the one that castoff writes, "" where the commit has none.
    """

    issuer: str
    repository: str
    workflows: frozenset[str]
    castoff_workflow: str = ""


def read_attestation(certificate: str, statement: str, signature: str, algorithm: str) -> Attestation:
    """Read an attestation from its parts in base64; ValueError where they are none."""
    read, said, is_signed = _opened(certificate, statement, signature)
    try:
        (subject,) = said["subject"]
        digest = str(subject["digest"][algorithm]).lower()
        return Attestation(
            subject=str(subject["name"]),
            digest=f"{algorithm}:{digest}",
            publisher=_publisher_in(read),
            is_signed=is_signed,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unreadable(error) from error


def read_bundle(bundle: Mapping[str, Any], algorithm: str) -> Attestation:
    """Read one of Sigstore's bundles (versions 0.1 to 0.3); ValueError where it is none."""
    certificate, payload, signature = _bundle_parts(bundle)
    return read_attestation(certificate, payload, signature, algorithm)


def read_statement(bundle: Mapping[str, Any]) -> Statement:
    """Read one of Sigstore's bundles about any number of files, by their SHA-256; ValueError where it is none."""
    certificate, payload, signature = _bundle_parts(bundle)
    read, said, is_signed = _opened(certificate, payload, signature)
    try:
        subjects = tuple((str(one["name"]), str(one["digest"]["sha256"]).lower()) for one in said["subject"])
        return Statement(subjects=subjects, publisher=_publisher_in(read), is_signed=is_signed)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unreadable(error) from error


def statement_faults(shown: Provenance, listed: str | None) -> Iterator[str]:
    """Return what is wrong with the attestations of a file; ``listed`` is its SHA-256 in the tag."""
    for one in shown.attestations:
        if not one.publisher.repository:
            yield "its certificate names no repository"
        if not one.is_signed:
            yield "its signature is not of the key in its certificate"
        if _plain(one.subject) != _plain(shown.subject):
            yield f"it is about `{one.subject[:100]}`, not `{shown.subject}`"
        if shown.digest and one.digest != shown.digest:
            yield f"it is about {one.digest[:23]}, the registry has {shown.digest[:23]}"
        if listed is not None and one.digest.startswith("sha256:") and one.digest != f"sha256:{listed}":
            yield f"it is about {one.digest[:23]}, the tag lists sha256:{listed[:16]}"


def publishers_of(shown: Provenance) -> tuple[Publisher, ...]:
    """Return whom a registry names and whom the certificates are for, each once."""
    named = () if shown.publisher is None else (shown.publisher,)
    return tuple(dict.fromkeys((*named, *(one.publisher for one in shown.attestations))))


def publisher_faults(found: Publisher, expected: ExpectedPublisher) -> Iterator[str]:
    """Return in what a publisher differs from the expected one; what is not said of it does not count."""
    if found.issuer and found.issuer != expected.issuer:
        yield f"issuer `{found.issuer[:100]}`, not `{expected.issuer}`"
    if found.repository and found.repository.lower() != expected.repository.lower():
        yield f"repository `{found.repository[:100]}`, not `{expected.repository}`"
    if found.workflow and found.workflow not in expected.workflows:
        yield f"workflow `{found.workflow[:100]}`, which is not a file of the release commit"


def merged(publishers: tuple[Publisher, ...]) -> Publisher:
    """Return what several accounts of one publisher say together, the first word of each field winning."""
    return Publisher(
        **{
            name: next((text for one in publishers if (text := getattr(one, name))), "")
            for name in ("issuer", "repository", "workflow", "commit")
        }
    )


def issuer_of(provider: str) -> str:
    """Return the issuer of a provider as registries name it; an unknown one by its name, which is no issuer's."""
    return _ISSUERS.get(provider.lower(), provider)


def workflow_file(address: str) -> str:
    """Return the file's name in a workflow's path or address (`.../.github/workflows/FILE@REF`)."""
    return address.partition("@")[0].rpartition("/")[2]


def _bundle_parts(bundle: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return certificate, statement and signature of a bundle, in base64."""
    try:
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        certificate = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
        return certificate["rawBytes"], envelope["payload"], envelope["signatures"][0]["sig"]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("the attestation is no bundle of Sigstore's with a certificate") from error


def _opened(certificate: str, statement: str, signature: str) -> tuple[Certificate, Any, bool]:
    """Return the certificate, what is stated, and whether the certificate's key signed it; ValueError otherwise."""
    from cryptography.x509 import load_der_x509_certificate

    try:
        read = load_der_x509_certificate(_decoded(certificate))
        payload = _decoded(statement)
        return read, json.loads(payload), _is_signed(read, payload, _decoded(signature))
    except (TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ValueError:
    return ValueError(f"the attestation cannot be read: {type(error).__name__}: {error}"[:200])


def _publisher_in(certificate: Certificate) -> Publisher:
    repository = _claim(certificate, _REPOSITORY)
    return Publisher(
        issuer=_claim(certificate, _ISSUER),
        repository=re.sub(r"^https://[^/]+/", "", repository),
        workflow=workflow_file(_claim(certificate, _WORKFLOW)),
        commit=_claim(certificate, _COMMIT),
    )


def _claim(certificate: Certificate, number: str) -> str:
    """Return a claim, which is a UTF8String in DER: a tag, a length in one byte or two, a text; "" if there is none."""
    from cryptography.x509 import ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension

    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(number)).value
    except ExtensionNotFound:
        return ""
    data = value.value if isinstance(value, UnrecognizedExtension) else b""
    start = {0x81: 3, 0x82: 4}.get(data[1], 2) if len(data) > 1 else 0
    if data[:1] != b"\x0c":
        raise ValueError("a claim of the certificate is no text")
    return data[start:].decode()


def _is_signed(certificate: Certificate, payload: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the key of its certificate is not on an elliptic curve")
    message = b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD_TYPE), _PAYLOAD_TYPE.encode(), len(payload), payload)
    try:
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    # pydantic's type for base64, which `pypi-attestations` uses, breaks lines.
    return base64.b64decode(text.replace("\n", ""), validate=True)


def _plain(name: str) -> str:
    return _RUNS.sub("-", name.lower().replace("%40", "@"))
