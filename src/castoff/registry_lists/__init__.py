"""The closed lists of crates-io as data: reserved names, category slugs, licences of the SPDX list.

The embedded registry and the checks read the same lists, and judge by them in code of their own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("crates-io.toml")


@cache
def _lists() -> dict[str, frozenset[str]]:
    import tomli

    return {key: frozenset(words.split()) for key, words in tomli.loads(_FILE.read_text("utf-8")).items()}


def reserved_names() -> frozenset[str]:
    """Return the names that nobody can publish, as the registry spells them."""
    return _lists()["reserved_names"]


def categories() -> frozenset[str]:
    """Return the slugs of all categories, those below others as `science::geo`."""
    return _lists()["categories"]


def licences() -> frozenset[str]:
    """Return the ids of the SPDX licence list, deprecated ones included; none ends with `+`."""
    return _lists()["licences"]


def licence_exceptions() -> frozenset[str]:
    """Return the ids of the SPDX exception list."""
    return _lists()["licence_exceptions"]
