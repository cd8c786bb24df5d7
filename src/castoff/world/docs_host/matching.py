"""The version that docs.rs answers for: the exact one, else (a trap) the highest that the caret admits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from castoff.world.cargo_registry.requirements import precedence

_PLAIN = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,2}(?:-[0-9A-Za-z.-]{1,80})?")


def matching_version(wanted: str, versions: Sequence[str]) -> str | None:
    """Find the version that a request for ``wanted`` gets: ``=x.y.z``, ``x.y.z``, ``x.y``, ``latest``."""
    if wanted.startswith("="):
        return wanted[1:] if wanted[1:] in versions else None
    if wanted in versions:
        return wanted
    ordered = sorted(versions, key=precedence)
    stable = [version for version in ordered if "-" not in version]
    if wanted in ("latest", "*", "newest"):
        return next(reversed(stable or ordered), None)
    if not _PLAIN.fullmatch(wanted.removeprefix("^")):
        return None
    return next((version for version in reversed(stable) if _caret(wanted.removeprefix("^"), version)), None)


def _caret(wanted: str, version: str) -> bool:
    parts = [int(part) for part in wanted.partition("-")[0].split(".")]
    have = [int(part) for part in version.partition("-")[0].split(".")]
    fixed = next((place for place, part in enumerate(parts) if part), len(parts) - 1)
    return have[: fixed + 1] == parts[: fixed + 1] and have >= parts
