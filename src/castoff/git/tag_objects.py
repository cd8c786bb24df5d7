"""Tag objects as files: one process makes and signs them, another one, which has no key, pushes them."""

from __future__ import annotations

from msgspec import Struct

from castoff.git.runner import Git
from castoff.regexes import regex

_HEADER = regex(r"object (?P<commit>[0-9a-f]{40,64})\ntype commit\ntag (?P<name>[^\n]+)\n")


class TagText(Struct, frozen=True, kw_only=True):
    """A tag object: its id, the commit and the name in it, and its whole text."""

    object: str
    commit: str
    name: str
    text: str


def read_tag_object(git: Git, name: str) -> bytes:
    """Return the annotated tag of a name as git stores it."""
    return git.data("cat-file", "tag", f"refs/tags/{name}")


def write_tag_object(git: Git, data: bytes) -> TagText | None:
    """Store a tag object, without a ref; None if it is not one of a commit."""
    # `hash-object` refuses what is no valid tag object, unless it gets `--literally`.
    done = git.run("hash-object", "-t", "tag", "-w", "--stdin", given=data)
    text = data.decode("utf-8", "replace")
    header = _HEADER.match(text)
    if done.code != 0 or header is None:
        return None
    return TagText(object=done.text.strip(), commit=header["commit"], name=header["name"], text=text)


def point_tag(git: Git, tag: TagText) -> None:
    """Make the tag's name point to it, here only."""
    git.must("update-ref", f"refs/tags/{tag.name}", tag.object)
