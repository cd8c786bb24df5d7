"""Which comparisons of two versions does a text link to, and does one of them run to a branch?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from castoff.notes.changelog.order import VERSION, bare, is_version

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"`]++")
_TAG = re.compile(rf"(?P<prefix>(?:[\w@.-]{{1,80}}?[-/_@])?)(?P<version>[vV]?{VERSION})")
_BRANCHES = {"main", "master", "head", "develop", "dev", "trunk", "next", "devel", "default"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A link ``root/compare/BASE...HEAD``, with the offsets of the whole, of the base and of the head."""

    at: tuple[int, int]
    root: str
    base: str
    base_at: tuple[int, int]
    head: str
    head_at: tuple[int, int]

    @property
    def to_branch(self) -> bool:
        """Say whether the comparison runs to a branch, and so goes on changing."""
        return self.head.lower() in _BRANCHES


def find_comparisons(text: str, start: int = 0, end: int | None = None) -> Iterator[Comparison]:
    """Find every comparison in a stretch of text."""
    for match in _ADDRESS.finditer(text, start, len(text) if end is None else end):
        address = match[0].rstrip("?!.,:*_~';")
        root, mark, tail = address.partition("/compare/")
        base, dots, head = tail.partition("..")
        if not (mark and dots and base and head.lstrip(".")):
            continue
        at = match.start() + len(root) + len(mark)
        head_from = at + len(base) + 2 + (len(head) - len(head.lstrip(".")))
        yield Comparison(
            at=(match.start(), match.start() + len(address)),
            root=root,
            base=base,
            base_at=(at, at + len(base)),
            head=head.lstrip("."),
            head_at=(head_from, match.start() + len(address)),
        )


def version_of_tag(tag: str) -> str | None:
    """Give the version that a tag names (``v1.2.0``, ``name-1.2.0``, ``name/v1.2.0``); None for other names."""
    match = _TAG.fullmatch(unquote(tag)) if len(tag) <= 200 else None
    if match is None:
        return None
    return bare(match["version"]) if is_version(match["version"]) else None


def project_of_tag(tag: str) -> str:
    """Give what stands before the version in a tag, without the mark between."""
    match = _TAG.fullmatch(unquote(tag)) if len(tag) <= 200 else None
    return match["prefix"].rstrip("-/_@") if match else ""


@dataclass(frozen=True, slots=True)
class ReleaseAddress:
    """What the address of a release says: the repository's address and the tag."""

    root: str
    tag: str


def read_release_address(url: str) -> ReleaseAddress | None:
    """Read the address of a release on a forge (GitHub, Forgejo, Gitea: ``root/releases/tag/TAG``; GitLab)."""
    for mark in ("/releases/tag/", "/-/releases/", "/-/tags/", "/src/tag/", "/tree/"):
        root, found, tag = url.partition(mark)
        if found and tag and root.startswith(("https://", "http://")):
            return ReleaseAddress(root, unquote(tag.split("#", 1)[0].split("?", 1)[0].strip("/")))
    return None
