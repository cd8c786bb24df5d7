"""Ranges of npm: which versions they admit, and how they move with a release.

What a range admits is decided by node-semver's rules, through their port to Python. How a range moves is decided here:
one comparator keeps its operator and its width, and what has several moves only by hand.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from castoff.regexes import regex

_COMPARATOR = regex(
    r"(?P<operator>\^|~>|~|>=|=)?(?P<gap>\s*)(?P<v>v?)"
    r"(?P<numbers>\d{1,9}(?:\.(?:\d{1,9}|[xX*])){0,2})(?:-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?"
)
_LONGEST = 500
_EXACT = frozenset({None, "="})


class Moved(Struct, frozen=True):
    """A range after a release; ``admits`` tells whether it lets the new version in."""

    text: str
    admits: bool


@lru_cache(maxsize=4096)  # a workspace has few ranges, in many places
def admits(text: str, version: str) -> bool:
    """Return whether a range admits a version; what is no range (a tag, a URL) admits none."""
    from nodesemver import satisfies

    if len(text) > _LONGEST:
        return False
    try:
        return bool(satisfies(version, text, False))
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return False


def moved(text: str, new: str, *, keeps: bool = False) -> Moved:
    """Move a range to a new version.

    An exact version always moves. Another range that admits the new version stays as it is with ``keeps``.
    """
    stripped = text.strip()
    match = _COMPARATOR.fullmatch(stripped)
    if match is None:
        return Moved(text, admits(stripped, new))
    parts = match["numbers"].split(".")
    is_wild = len(parts) < 3 or any(one in "xX*" for one in parts)
    is_exact = match["operator"] in _EXACT and not is_wild
    if keeps and not is_exact and admits(stripped, new):
        return Moved(text, admits=True)
    numbers = new if "-" in new else _as_wide(new, parts)
    result = f"{match['operator'] or ''}{match['gap']}{match['v']}{numbers}"
    return Moved(text.replace(stripped, result, 1), admits(result, new))


def _as_wide(new: str, parts: list[str]) -> str:
    return ".".join(
        old if old in "xX*" else number for old, number in zip(parts, new.split("."), strict=False)
    )
