"""The one spelling of a project's name."""

from __future__ import annotations

from functools import lru_cache

from castoff.regexes import regex

_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_SEPARATORS = regex(r"[-_.]+")


@lru_cache(maxsize=8192)
def normalised(name: str) -> str:
    """Return the one spelling of a project's name (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def name_of(text: str) -> str | None:
    """Return the normalised name that a requirement begins with; quick, the rest is not looked at."""
    match = _NAME.match(text)
    return normalised(match.group(1)) if match else None
