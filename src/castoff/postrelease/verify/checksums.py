"""Verification of the file of digests at the published release."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from castoff.errors import Problem
from castoff.model.observations import Unknown
from castoff.ports import Forge, ForgeRelease
from castoff.postrelease.verify.result import Digests, Verified, failed, judged, unknown
from castoff.session.checksums import CHECKSUMS, checksums_text, wants_checksums
from castoff.session.services import Services

_NAME = "checksums"


def verify_checksums(
    services: Services, forge: Forge, release: ForgeRelease, listed: Mapping[str, str]
) -> Verified:
    """Does the published release have the digests that its tag lists?"""
    if not wants_checksums(services.configuration):
        return Verified(id=_NAME, result="off", note="`draft.checksums` is not set")
    text = checksums_text(listed)
    if text is None:
        return Verified(id=_NAME, result="off", note="the tag lists no digests")
    asset = next((one for one in release.assets if one.name == CHECKSUMS and one.is_whole), None)
    if asset is None:
        return judged(_NAME, [_missing(release)])
    digest = asset.digest
    if digest is None:
        content = forge.attached(asset)
        if isinstance(content, Unknown):
            return unknown(_NAME, f"`{CHECKSUMS}` could not be fetched", content.reason)
        digest = hashlib.sha256(content).hexdigest()
    expected = hashlib.sha256(text.encode()).hexdigest()
    if digest != expected:
        return failed(_NAME, _differs(release))
    files = "1 file" if len(listed) == 1 else f"{len(listed)} files"
    note = f"`{CHECKSUMS}` lists the {files} of the tag"
    return Verified(id=_NAME, result="pass", note=note, digest=Digests(tag=expected, registry=digest))


def _missing(release: ForgeRelease) -> Problem:
    return Problem(
        code="checksums-missing",
        severity="warning",
        message=f"the release of `{release.tag}` has no `{CHECKSUMS}`",
        reason="it was published before castoff attached it, or the file was removed",
        remedy="attach it by hand, as `castoff explain checksums-missing` shows, unless the release is immutable",
        url=release.url,
    )


def _differs(release: ForgeRelease) -> Problem:
    return Problem(
        code="checksums-differ",
        message=f"`{CHECKSUMS}` at the release of `{release.tag}` is not the list of digests in the tag",
        reason="somebody or another tool attached or replaced it",
        remedy="delete it from the release, then attach the one that `castoff explain checksums-differ` shows how to "
        "make; if the release is immutable, say in its text that the tag's list counts, and release the next version",
        url=release.url,
    )
