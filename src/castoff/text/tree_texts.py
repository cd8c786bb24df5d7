"""Texts of files beside a release: one that cannot be read is reported by discovery, and nothing is edited in it."""

from __future__ import annotations

from collections.abc import Callable

from castoff.errors import CastoffError

Read = Callable[[str], str | None]


def text_or_nothing(read: Read, path: str) -> str:
    """Return the text of a file, "" if there is none or it cannot be read."""
    try:
        return read(path) or ""
    except CastoffError:
        return ""
