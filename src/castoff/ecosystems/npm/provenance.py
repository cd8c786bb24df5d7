"""Provenance of npm packages: the statement that npm signs in a CI job, and that the registry keeps.

Form: npm/documentation, "Viewing package provenance"; the bundle is Sigstore's.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from castoff.io.http import Failure, Reply
from castoff.model.attestations import Origin, Provenance, Publisher, read_bundle
from castoff.model.observations import Unknown
from castoff.regexes import regex

_PROVENANCE = "https://slsa.dev/provenance/"
_SHA512 = regex(r"sha512-([A-Za-z0-9+/=]{88})")


def provenance_url(dist: Mapping[str, Any]) -> str | Unknown | None:
    """Return where a version's attestations are, None where it has no provenance."""
    shown = dist.get("attestations")
    if shown is None:
        return None
    if not isinstance(shown, dict) or not isinstance(shown.get("url"), str):
        return Unknown(reason="the registry's document names attestations in a form that cannot be read")
    return str(shown["url"]) if shown.get("provenance") else None


def read_provenance(
    name: str, version: str, dist: Mapping[str, Any], reply: Reply | Failure, trusted: Publisher | None
) -> Origin:
    """Read the answer of the registry about the attestations of a version.

    The registry's own attestation of the publication is passed over: its key is not that of a job.
    """
    if isinstance(reply, Failure):
        return Unknown(reason=f"the registry: {reply.reason}")
    if reply.status != 200:
        return Unknown(
            reason=f"the registry answered {reply.status} for the provenance of `{name}@{version}`"
        )
    try:
        listed = json.loads(reply.body)["attestations"]
        found = tuple(
            read_bundle(one["bundle"], "sha512")
            for one in listed
            # Any version of the predicate: npm moved from v0.2 to v1 in 2023, and old releases keep theirs.
            if str(one["predicateType"]).startswith(_PROVENANCE)
        )
        if not found:
            raise ValueError("it holds no provenance")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return Unknown(reason=f"the provenance of `{name}@{version}` cannot be read: {str(error)[:200]}")
    subject = f"pkg:npm/{quote(name, safe='/')}@{version}"
    return Provenance(subject=subject, digest=_digest(dist), publisher=trusted, attestations=found)


def _digest(dist: Mapping[str, Any]) -> str:
    # `integrity` may list several hashes (W3C, Subresource Integrity).
    match = _SHA512.search(str(dist.get("integrity")))
    try:
        return f"sha512:{base64.b64decode(match[1], validate=True).hex()}" if match else ""
    except (ValueError, binascii.Error):
        return ""
