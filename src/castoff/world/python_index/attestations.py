"""The checks of attestations (PEP 740) that come with an upload: form, subject, and whose identity made them.

Source: warehouse ``attestations/services.py``, ``attestations/models.py``; the form is that of PEP 740.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlsplit

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from castoff.world.certificates import signer_of
from castoff.world.messages import Rejected
from castoff.world.python_index.store import Offered
from castoff.world.python_index.trusted import Publisher

PUBLISH = f"https://docs.{urlsplit(PYPI_SIMPLE_ENDPOINT).hostname}/attestations/publish/v1"
_KINDS = frozenset({PUBLISH, "https://slsa.dev/provenance/v1"})


def check_attestations(text: str, offered: Offered, publisher: Publisher | None) -> dict[str, object]:
    """Return the provenance of a file; refuse attestations of another file, identity or key, or without a publisher."""
    if publisher is None:
        raise _refused("Attestations are only supported when using Trusted Publishing")
    try:
        attestations = json.loads(text)
        statements = [_statement(one) for one in attestations]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise _refused(f"Malformed attestations: {type(error).__name__}") from error
    if not statements:
        raise _refused("Malformed attestations: an empty attestation set is not permitted")
    if len(statements) > len(_KINDS):
        raise _refused(f"A maximum of {len(_KINDS)} attestations per file are supported")
    expected = f"https://github.com/{publisher.repository}/.github/workflows/{publisher.workflow}"
    seen: set[str] = set()
    for statement, attestation in zip(statements, attestations, strict=True):
        _check_subject(statement, offered)
        if _workflow(attestation).partition("@")[0].lower() != expected.lower():
            raise _unverified("Certificate's Build Config URI does not match expected Trusted Publisher")
        kind = str(statement.get("predicateType"))
        if kind not in _KINDS:
            raise _refused(f"Attestation with unsupported predicate type: {kind}")
        if kind in seen:
            raise _refused(
                f"Multiple attestations for the same file with the same predicate type ({kind}) are not supported"
            )
        seen.add(kind)
    shown = {
        "kind": "GitHub",
        "claims": None,
        "repository": publisher.repository,
        "workflow": publisher.workflow,
        "environment": publisher.environment or None,
    }
    return {"version": 1, "attestation_bundles": [{"publisher": shown, "attestations": attestations}]}


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
    material = attestation["verification_material"]
    if not isinstance(material["transparency_entries"], list) or not material["transparency_entries"]:
        raise ValueError("transparency_entries")
    _decoded(material["certificate"])
    _decoded(attestation["envelope"]["signature"])
    statement = json.loads(_decoded(attestation["envelope"]["statement"]))
    if not isinstance(statement, dict):
        raise TypeError("statement")
    return statement


def _workflow(attestation: dict[str, Any]) -> str:
    envelope = attestation["envelope"]
    certificate = _decoded(attestation["verification_material"]["certificate"])
    try:
        signer = signer_of(certificate, _decoded(envelope["statement"]), _decoded(envelope["signature"]))
    except ValueError as error:
        raise _unverified(str(error)) from error
    return signer.workflow


def _decoded(text: str) -> bytes:
    # Clients write base64 with or without line breaks.
    return base64.b64decode(text.replace("\n", ""), validate=True)


def _unverified(why: str) -> Rejected:
    return _refused(f"Could not verify the uploaded artifact using the included attestation: {why}")


def _refused(why: str) -> Rejected:
    return Rejected(f"Invalid attestations supplied during upload: {why}")
