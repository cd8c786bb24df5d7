"""Texts of files beside a release: one that cannot be read is reported by discovery, and nothing is edited in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from castoff.errors import CastoffError, Problem
from castoff.model.selection import Unreadable

Read = Callable[[str], str | None]


def text_or_nothing(read: Read, path: str) -> str:
    """Return the text of a file, "" if there is none or it cannot be read."""
    try:
        return read(path) or ""
    except CastoffError:
        return ""


def unreadable_of(entries: Iterable[tuple[str, Problem]], read: Read) -> tuple[Unreadable, ...]:
    """Return manifests (path, what is wrong) that cannot be read, templates among them told by their text."""
    return tuple(Unreadable.of(path, problem, text_or_nothing(read, path)) for path, problem in entries)
