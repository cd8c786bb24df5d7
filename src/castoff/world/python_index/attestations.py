"""The checks of attestations (PEP 740) that come with an upload: form, subject, and whose identity made them.

Source: warehouse ``attestations/services.py``. The certificate is read and not trusted: neither its chain nor an
entry of a transparency log is checked, which the table of rules lists as not provable.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlsplit

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from castoff.world.messages import Rejected
from castoff.world.python_index.store import Offered
from castoff.world.python_index.trusted import Publisher

PUBLISH = f"https://docs.{urlsplit(PYPI_SIMPLE_ENDPOINT).hostname}/attestations/publish/v1"
_KINDS = frozenset({PUBLISH, "https://slsa.dev/provenance/v1"})
_BUILD_CONFIG = "1.3.6.1.4.1.57264.1.18"
"""Extension of Fulcio's certificates: the workflow at the top of the run, with its reference."""


def check_attestations(text: str, offered: Offered, publisher: Publisher | None) -> None:
    """Refuse attestations without a trusted publisher, of another file, or of another identity."""
    if publisher is None:
        raise _refused("Attestations are only supported when using Trusted Publishing")
    try:
        attestations = json.loads(text)
        statements = [_statement(one) for one in attestations]
        workflows = [_workflow(one) for one in attestations]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise _refused(f"Malformed attestations: {type(error).__name__}") from error
    if not statements:
        raise _refused("Malformed attestations: an empty attestation set is not permitted")
    if len(statements) > len(_KINDS):
        raise _refused(f"A maximum of {len(_KINDS)} attestations per file are supported")
    expected = f"https://github.com/{publisher.repository}/.github/workflows/{publisher.workflow}"
    seen: set[str] = set()
    for statement, workflow in zip(statements, workflows, strict=True):
        _check_subject(statement, offered)
        if workflow.partition("@")[0].lower() != expected.lower():
            raise _unverified("Certificate's Build Config URI does not match expected Trusted Publisher")
        kind = str(statement.get("predicateType"))
        if kind not in _KINDS:
            raise _refused(f"Attestation with unsupported predicate type: {kind}")
        if kind in seen:
            raise _refused(
                f"Multiple attestations for the same file with the same predicate type ({kind}) are not supported"
            )
        seen.add(kind)


def _check_subject(statement: dict[str, Any], offered: Offered) -> None:
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        raise _unverified("too many subjects in statement (must be exactly one)")
    if subjects[0].get("name") != offered.filename:
        raise _unverified(
            f"subject does not match distribution name: {subjects[0].get('name')} != {offered.filename}"
        )
    if subjects[0].get("digest", {}).get("sha256") != offered.sha256:
        raise _unverified("subject does not match distribution digest")


def _statement(attestation: dict[str, Any]) -> dict[str, Any]:
    if attestation["version"] != 1:
        raise ValueError("version")
    statement = json.loads(base64.b64decode(attestation["envelope"]["statement"], validate=True))
    base64.b64decode(attestation["envelope"]["signature"], validate=True)
    if not isinstance(statement, dict):
        raise TypeError("statement")
    return statement


def _workflow(attestation: dict[str, Any]) -> str:
    from cryptography.x509 import (
        ExtensionNotFound,
        ObjectIdentifier,
        UnrecognizedExtension,
        load_der_x509_certificate,
    )

    certificate = load_der_x509_certificate(
        base64.b64decode(attestation["verification_material"]["certificate"])
    )
    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(_BUILD_CONFIG)).value
    except ExtensionNotFound:
        return ""
    assert isinstance(value, UnrecognizedExtension)
    # A UTF8String in DER: its tag, its length in one byte or more, its text.
    data = value.value
    return data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :].decode()


def _unverified(why: str) -> Rejected:
    return _refused(f"Could not verify the uploaded artifact using the included attestation: {why}")


def _refused(why: str) -> Rejected:
    return Rejected(f"Invalid attestations supplied during upload: {why}")
