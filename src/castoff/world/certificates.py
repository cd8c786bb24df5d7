"""Certificates and signatures of attestations, as far as they prove something without an authority.

Sources: Sigstore's Fulcio, `docs/oid-info.md`; DSSE, `protocol.md`. Neither the chain of a certificate nor an entry of
a transparency log is checked: no key of this world is of Sigstore's authority. The tables of rules list that as not
provable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_REPOSITORY = "1.3.6.1.4.1.57264.1.12"
_BUILD_CONFIG = "1.3.6.1.4.1.57264.1.18"
"""The workflow at the top of the run, with its reference."""


class Signer(Struct, frozen=True):
    """Whom a certificate is for: the address of a repository, and that of a workflow with its reference."""

    repository: str
    workflow: str


def signer_of(certificate: bytes, statement: bytes, signature: bytes) -> Signer:
    """Return who signed a statement; ValueError for a certificate that cannot be read or another key's signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_der_x509_certificate

    read = load_der_x509_certificate(certificate)
    key = read.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the certificate's key is of no known kind")
    try:
        key.verify(signature, signed_bytes(statement), ECDSA(SHA256()))
    except InvalidSignature as error:
        raise ValueError("the signature is not of the certificate's key") from error
    return Signer(_claim(read, _REPOSITORY), _claim(read, _BUILD_CONFIG))


def signed_bytes(statement: bytes) -> bytes:
    """Return what a signature of a statement is over (DSSE's encoding)."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(statement), statement)


def _claim(certificate: Certificate, number: str) -> str:
    from cryptography.x509 import ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension

    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(number)).value
    except ExtensionNotFound:
        return ""
    assert isinstance(value, UnrecognizedExtension)
    # A UTF8String in DER: its tag, its length in one byte or more, its text.
    data = value.value
    return data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :].decode()
