"""The branches that releases are made from, with their heads on the remote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from castoff.git import Clone, Refs


class Place(Struct, frozen=True):
    """A branch at its head, its remote, and what that holds (None: it did not answer)."""

    branch: str
    head: str
    remote: str | None
    url: str | None
    refs: Refs | None


def is_release_branch(branch: str, allowed: Sequence[str]) -> bool:
    """Return whether releases are made from a branch; ``allowed`` is `release.branches`."""
    return any(fnmatchcase(branch, pattern) for pattern in allowed)


def other_heads(where: Place, clone: Clone, allowed: Sequence[str]) -> Mapping[str, str]:
    """Return the remote's other release branches with their heads, fetched; none where that fails."""
    if where.refs is None or where.url is None:
        return {}
    heads = {
        name: head
        for name, head in sorted(where.refs.heads.items())
        if name != where.branch and is_release_branch(name, allowed)
    }
    missing = [name for name, head in heads.items() if not clone.has(head)]
    return heads if not missing or clone.fetch(where.url, missing) else {}
