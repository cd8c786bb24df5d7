"""The choice of what a release is about: where castoff was started, and what the configuration names."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from castoff.model.versions import Ecosystem


class Scope(Struct, frozen=True, kw_only=True):
    """What decides which packages belong to a release.

    ``start`` is the folder that castoff works from (the current folder or ``-C``), ``joined`` the folders of
    ``release.workspaces`` (empty: the workspace is found from ``start``), ``exclude`` the patterns of
    ``release.exclude``. Folders are POSIX, from the repository's root. ``versions`` says which packages form a release:
    all, which then have one version; those of the newest version; or any, whatever version they have.
    """

    start: str = "."
    joined: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    versions: Literal["one", "newest", "any"] = "one"


def is_excluded(patterns: Iterable[str], ecosystem: Ecosystem, folder: str, *names: str) -> bool:
    """Return whether a pattern of ``release.exclude`` matches a package.

    A pattern matches a name, a folder, or either of them after the ecosystem and a colon (``python:quay``).
    """
    texts = (folder, *names)
    return any(
        fnmatchcase(text, one)
        for pattern in patterns
        for one in _spellings(pattern, ecosystem)
        for text in texts
    )


def folders_above(folder: str) -> tuple[str, ...]:
    """List a folder and those above it up to the root, the nearest first."""
    parts = [] if folder == "." else folder.split("/")
    return tuple("/".join(parts[:count]) or "." for count in range(len(parts), -1, -1))


def common_folder(folders: Iterable[str]) -> str:
    """Return the nearest folder that holds all of these; "." for none."""
    parts = [() if one == "." else tuple(one.split("/")) for one in folders]
    shared = parts[0] if parts else ()
    for one in parts:
        while one[: len(shared)] != shared:
            shared = shared[:-1]
    return "/".join(shared) or "."


def is_within(folder: str, above: str) -> bool:
    """Return whether a folder is another one or lies below it."""
    return above == "." or folder == above or folder.startswith(above + "/")


def _spellings(pattern: str, ecosystem: Ecosystem) -> tuple[str, ...]:
    prefix, colon, rest = pattern.partition(":")
    if not colon or prefix not in ("cargo", "python", "npm"):
        return (pattern.rstrip("/") or pattern,)
    return (rest,) if prefix == ecosystem else ()
