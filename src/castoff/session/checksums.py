"""The file of digests at the release on the forge: its name, its text, and whether castoff attaches it."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.config.values import Configuration

CHECKSUMS = "SHA256SUMS"


def wants_checksums(configuration: Configuration) -> bool:
    """Return whether castoff attaches the digests: by `draft.checksums`, else to its drafts of tokenless releases."""
    draft = configuration.draft
    if draft.checksums is None:
        return configuration.release.tokenless and draft.by == "castoff"
    return draft.checksums and draft.by != "off"


def checksums_text(listed: Mapping[str, str]) -> str | None:
    """Write the digests that a tag lists, as `sha256sum -c` reads them; None where it lists none."""
    lines = sorted(f"{digest}  {name}\n" for name, digest in listed.items())
    return "".join(lines) or None
