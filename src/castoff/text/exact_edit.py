"""Proof that an edit of a document changed the strings it was meant to change, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from castoff.errors import CastoffError


def require_exact_edit(
    expected: Any, reread: Callable[[], Any], changes: Mapping[tuple[str | int, ...], str]
) -> None:
    """Compare the edited text, read again, with the document before it and these changes.

    ``expected`` is a document of the caller's own, and is changed. Errors: ``edit-not-exact``; KeyError for a path
    that leads to no string.
    """
    for path, new in changes.items():
        holder: Any = expected
        for part in path[:-1]:
            holder = holder[part]
        if not isinstance(holder[path[-1]], str):
            raise KeyError(path)
        holder[path[-1]] = new
    try:
        same = reread() == expected
    except ValueError:
        # What cannot be read any more is no exact edit either.
        same = False
    if not same:
        raise CastoffError.of(
            "edit-not-exact",
            "an edit of " + ", ".join(f"`{'.'.join(map(str, path))}`" for path in changes) + " went wrong",
            reason="the text would read differently in more than these values",
            remedy="nothing was written; report this as a bug, with the manifest",
        )
