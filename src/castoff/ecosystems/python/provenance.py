"""Provenance objects of an index (PEP 740): the trusted publisher of a file, and the attestations that came with it."""

from __future__ import annotations

from typing import Any

import msgspec

from castoff.ecosystems.python.listing import ListedFile
from castoff.io.http import Failure, Reply
from castoff.model.attestations import (
    NoProvenance,
    Origin,
    Provenance,
    Publisher,
    issuer_of,
    read_attestation,
    workflow_file,
)
from castoff.model.observations import Unknown

NO_ATTESTATION = "the index has no attestation of it"
PROVENANCE = "application/vnd.pypi.integrity.v1+json"


class _Material(msgspec.Struct):
    certificate: str


class _Envelope(msgspec.Struct):
    statement: str
    signature: str


class _Attestation(msgspec.Struct):
    verification_material: _Material
    envelope: _Envelope


class _Bundle(msgspec.Struct):
    publisher: dict[str, Any]
    attestations: list[_Attestation]


class _Provenance(msgspec.Struct):
    version: int
    attestation_bundles: list[_Bundle]


_DECODER = msgspec.json.Decoder(_Provenance)


def read_provenance(file: ListedFile, reply: Reply | Failure) -> Origin:
    """Read the answer of the integrity API about a file."""
    if isinstance(reply, Failure):
        return Unknown(reason=f"the index: {reply.reason}")
    if reply.status == 404:
        return NoProvenance(NO_ATTESTATION)
    if reply.status != 200:
        return Unknown(reason=f"the index answered {reply.status} for the attestations of `{file.filename}`")
    try:
        found = _DECODER.decode(reply.body)
        if found.version != 1:
            raise ValueError(f"its version is {found.version}")
        attestations = tuple(
            read_attestation(
                one.verification_material.certificate,
                one.envelope.statement,
                one.envelope.signature,
                "sha256",
            )
            for bundle in found.attestation_bundles
            for one in bundle.attestations
        )
        publishers = [_publisher(bundle.publisher) for bundle in found.attestation_bundles]
        if not attestations:
            raise ValueError("it holds no attestation")
        if len(set(publishers)) != 1:
            raise ValueError("it names several publishers")
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        return Unknown(reason=f"the attestations of `{file.filename}` cannot be read: {str(error)[:200]}")
    return Provenance(
        subject=file.filename,
        digest=f"sha256:{file.sha256}" if file.sha256 else "",
        publisher=publishers[0],
        attestations=attestations,
    )


def _publisher(value: dict[str, Any]) -> Publisher:
    workflow = value.get("workflow") or value.get("workflow_filepath") or ""
    return Publisher(
        issuer=issuer_of(str(value.get("kind"))),
        repository=str(value.get("repository") or ""),
        workflow=workflow_file(str(workflow)),
    )
