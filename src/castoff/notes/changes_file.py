"""Which fields does the file of changes have (``castoff notes --changes FILE``)?

A file of its own, so that only this door loads the JSON library.
"""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One merged pull request; fields that castoff does not know are left alone.

    A change that the notes leave out needs no title.
    """

    number: int
    merged_at: str
    title: str | None = None
    author: str | None = None
    agent: str | None = None
    labels: tuple[str, ...] = ()
    merge_commit: str | None = None


class ChangesFile(msgspec.Struct, frozen=True):
    """The whole document."""

    repository: str
    tag: str
    changes: tuple[Entry, ...]
    previous_tag: str | None = None
    target: str | None = None
    known_contributors: tuple[str, ...] = ()
