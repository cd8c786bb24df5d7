"""Attestations of a repository: bundles of Sigstore's by the digests of their subjects.

Source: GitHub's OpenAPI description, `repos/create-attestation` and `repos/list-attestations`. What is stored has to be
a signed statement about at least one file. Whose authority made its certificate, and whether a transparency log has its
entry, is not checked: no key of this world is of Sigstore's. Answers are those of version 2022-11-28, with the bundle;
that of 2026-03-10 leaves it out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from castoff.world.certificates import signer_of
from castoff.world.forge.answers import Answer, invalid, not_found
from castoff.world.forge.call import LARGEST_PAGE, USUAL_PAGE, Call
from castoff.world.forge.records import Attested, Json
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/attestations"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KINDS: dict[str, tuple[str, ...]] = {
    "provenance": ("https://slsa.dev/provenance/",),
    "sbom": ("https://spdx.dev/Document/", "https://cyclonedx.org/bom"),
    "release": ("https://in-toto.io/attestation/release/",),
}
"""What a filter stands for, as beginnings of predicate types."""


class _Statement(Struct, frozen=True):
    digests: tuple[str, ...]
    kind: str


def create_attestation(call: Call) -> Answer:
    """Store a bundle; one that is not signed by the key of its certificate is refused."""
    bundle = call.fields().raw("bundle")
    try:
        statement = _read(bundle)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise invalid("Attestation", "bundle", "invalid", f"{type(error).__name__}: {error}"[:200]) from error
    made = Attested(
        id=call.state.next_id(),
        digests=statement.digests,
        kind=statement.kind,
        bundle=json.dumps(bundle),
        initiator=call.actor.login,
    )
    call.state.attestations.append(made)
    return Answer({"id": made.id}, 201)


def list_attestations(call: Call) -> Answer:
    """List what is attested of a digest, the newest first; 404 where there is nothing."""
    digest, kind = call.params["subject_digest"], call.asked("predicate_type")
    found = [
        one
        for one in reversed(call.state.listed(call.state.attestations))
        if digest in one.digests and (not kind or one.kind.startswith(_KINDS.get(kind, (kind,))))
    ]
    if not _DIGEST.fullmatch(digest) or not found:
        raise not_found()
    size = _size(call.asked("per_page"))
    # Pages are found by cursors: the id of the last entry of the page before.
    after = call.asked("after")
    start = next((place + 1 for place, one in enumerate(found) if str(one.id) == after), 0)
    page, rest = found[start : start + size], found[start + size :]
    link = f"{call.here()}?{urlencode({'per_page': size, 'after': page[-1].id})}" if rest else ""
    shown: list[Json] = [
        {
            "bundle": json.loads(one.bundle),
            "repository_id": call.links.repository_id,
            "bundle_url": "",
            "initiator": one.initiator,
        }
        for one in page
    ]
    return Answer({"attestations": shown}, headers={"Link": f'<{link}>; rel="next"'} if link else {})


def _read(bundle: Any) -> _Statement:
    """Read the statement in a bundle, signed by the key of the certificate in it."""
    if not str(bundle["mediaType"]).startswith("application/vnd.dev.sigstore.bundle"):
        raise ValueError("mediaType is not that of a Sigstore bundle")
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    certificate = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
    if not material["tlogEntries"] and not material.get("timestampVerificationData"):
        raise ValueError("neither an entry of a log nor a timestamp")
    (signature,) = envelope["signatures"]
    payload = _decoded(envelope["payload"])
    signer_of(_decoded(certificate["rawBytes"]), payload, _decoded(signature["sig"]))
    said = json.loads(payload)
    digests = tuple(f"sha256:{one['digest']['sha256']}" for one in said["subject"])
    if not digests or not all(_DIGEST.fullmatch(one) for one in digests):
        raise ValueError("subject without a SHA-256 digest")
    return _Statement(digests, str(said["predicateType"]))


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _size(text: str) -> int:
    wanted = int(text) if text.isdecimal() and len(text) < 10 else USUAL_PAGE
    return min(LARGEST_PAGE, wanted) or USUAL_PAGE


ROUTES = (
    Route("POST", _BASE, create_attestation, "write"),
    Route("GET", _BASE + "/{subject_digest}", list_attestations),
)
