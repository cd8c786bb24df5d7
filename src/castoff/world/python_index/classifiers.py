"""Would PyPI take this classifier? By its own list where that is installed, else by its first word."""

from __future__ import annotations

from functools import cache
from importlib import import_module

_TOP = frozenset(
    {
        "Development Status",
        "Environment",
        "Framework",
        "Intended Audience",
        "License",
        "Natural Language",
        "Operating System",
        "Programming Language",
        "Topic",
        "Typing",
    }
)


def refused_classifier(classifier: str) -> str | None:
    """Say why PyPI refuses a classifier, or ``None`` where it takes it."""
    if classifier.startswith("Private ::"):
        return "it marks what must not be uploaded"
    known = _known()
    if known is not None:
        return None if classifier in known else "it is not in the list"
    parts = classifier.split(" :: ")
    if len(parts) < 2 or parts[0] not in _TOP or any(not part.strip() for part in parts):
        return "no such group of classifiers"
    return None


@cache
def _known() -> frozenset[str] | None:
    try:
        listing = import_module("trove_classifiers")
    except ImportError:
        return None
    return frozenset(listing.classifiers)
