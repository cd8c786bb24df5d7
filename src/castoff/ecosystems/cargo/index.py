"""What does cargo's own copy of a registry's index say of a package? Its cache file, as values.

Cargo keeps the index lines of each package that it was asked for under its home, with the versions, their
checksums and whether they are withdrawn: data, and no host has to be named to get at it. The format (source:
cargo's ``sources/registry/index``) is a byte for its own version, four for the index's, the revision that the
lines were fetched at, and then version and JSON line in turn, each ended by a zero byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CACHE_VERSION = 3
_INDEX_VERSION = 2
_HEAD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLine:
    """One version in the index: its checksum (SHA-256 of the ``.crate``), and whether it is withdrawn."""

    name: str
    version: str
    digest: str
    yanked: bool
    requirements: tuple[Mapping[str, Any], ...] = ()
    features: Mapping[str, tuple[str, ...]]


class UnreadableIndex(ValueError):
    """The cache is not of the format that is known here."""


def cache_path(name: str) -> str:
    """Give where cargo keeps a package's lines below an index folder's ``.cache``, POSIX."""
    lower = name.lower()
    if len(lower) < 4:
        return {1: f"1/{lower}", 2: f"2/{lower}", 3: f"3/{lower[0]}/{lower}"}[len(lower)]
    return f"{lower[:2]}/{lower[2:4]}/{lower}"


def read_cache(data: bytes) -> tuple[IndexLine, ...]:
    """Read a cache file, oldest version first; :class:`UnreadableIndex` where it is of another format."""
    if len(data) < _HEAD or data[0] != _CACHE_VERSION or int.from_bytes(data[1:5], "little") > _INDEX_VERSION:
        raise UnreadableIndex("cargo keeps its index in a format that is not known here")
    _revision, *parts = data[_HEAD:].split(b"\0")
    try:
        return tuple(_line(json.loads(text)) for text in parts[1::2] if text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableIndex(f"cargo's copy of the index cannot be read ({type(error).__name__})") from None


def read_package(home: Path, name: str) -> tuple[IndexLine, ...] | None:
    """Read a package's lines from a home that knows one registry; None where it has none of that name."""
    for index in sorted((home / "registry" / "index").glob("*/.cache")):
        file = index / cache_path(name)
        if file.is_file():
            return tuple(line for line in read_cache(file.read_bytes()) if line.name == name)
    return None


def record_entry(lines: Iterable[IndexLine]) -> dict[str, Any]:
    """Give a package's part of a registry record (``castoff check --registry-record``), fully told."""
    return {
        line.version: {
            "yanked": line.yanked,
            "requirements": [_requirement(one) for one in line.requirements if one.get("kind") != "dev"],
            "features": {name: list(parts) for name, parts in line.features.items()},
        }
        for line in lines
    }


def _line(entry: dict[str, Any]) -> IndexLine:
    features = {**(entry.get("features") or {}), **(entry.get("features2") or {})}
    return IndexLine(
        name=str(entry["name"]),
        version=str(entry["vers"]),
        digest=str(entry["cksum"]).lower(),
        yanked=entry.get("yanked") is True,
        requirements=tuple(one for one in entry.get("deps") or () if isinstance(one, dict)),
        features={str(name): tuple(map(str, parts)) for name, parts in features.items()},
    )


def _requirement(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Spell one requirement as a record does; a renamed package has its own name under ``package``."""
    named = {"key": entry.get("name")} if entry.get("package") else {}
    return named | {
        "name": entry.get("package") or entry.get("name"),
        "requirement": entry.get("req", "*"),
        "kind": entry.get("kind") or "normal",
        "optional": entry.get("optional") is True,
        "features": list(entry.get("features") or ()),
        "default_features": entry.get("default_features", True),
    }
