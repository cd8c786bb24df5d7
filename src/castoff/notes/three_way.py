"""A new proposal, merged into a header that people have edited since the last one.

Text is compared block by block, a block being a heading with what stands below it, known by the pull request that
it links. What people touched stays as they left it; what they took out stays out; only what nobody touched follows
the new proposal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from castoff.regexes import regex
from castoff.text.fences import OpenBlock, closed

Key = tuple[str, int]

_HEADING = regex(r" {0,3}(#{2,3})[ \t]+(.*)")
_LINKED = regex(r"\]\(https?://[^\s()]+/pull/([0-9]{1,9})\)\s*\Z")
_NUMBERED = regex(r"\(#([0-9]{1,9})\)\s*\Z")


class Merged(Struct, frozen=True, kw_only=True):
    """The merged text, and what happened to the blocks (their headings) that were not simply kept.

    ``waiting`` are those that people edited while the proposal for them changed as well.
    """

    text: str
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class _Block(Struct, frozen=True):
    key: Key
    level: int
    text: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].strip()


def merge(mine: str, proposed: str, *, base: str | None = None) -> Merged:
    """Merge a new proposal into the text as people left it.

    Args:
        mine: the text as it is now.
        proposed: what would be proposed now.
        base: what was proposed last; ``None`` where it is not known, and then everything in ``mine`` counts
            as written by hand.

    Returns:
        The merged text. No line of ``mine`` that was not in ``base`` is lost. Merging again with the same
        proposal as base changes nothing.
    """
    ours, new = _blocks(mine), _blocks(proposed)
    old = {block.key: block for block in _blocks(base)} if base is not None else {}
    wanted = {block.key: block for block in new}
    kept, merged = _kept(ours, old, wanted)
    here = {block.key for block in ours}
    added = [block for block in new if block.key not in old and block.key not in here]
    return Merged(
        text=_joined(_with_added(kept, added, new)),
        added=tuple(block.title for block in added if block.text.strip()),
        updated=merged.updated,
        dropped=merged.dropped,
        waiting=merged.waiting,
    )


def _kept(
    ours: Sequence[_Block], old: Mapping[Key, _Block], wanted: Mapping[Key, _Block]
) -> tuple[list[_Block], Merged]:
    kept: list[_Block] = []
    updated, dropped, waiting = [], [], []
    # Backwards, so that a heading of level 2 is decided after the blocks below it.
    for block in reversed(ours):
        base, now = old.get(block.key), wanted.get(block.key)
        touched = base is None or base.text != block.text
        # Without a base (None) everything counts as written by people: never delete what might be theirs.
        if touched:
            kept.append(block)
            if base is not None and now is not None and now.text not in (base.text, block.text):
                waiting.append(block.title)
        elif now is not None:
            kept.append(now)
            if now.text != block.text:
                updated.append(block.title)
        # A section that the proposal dropped stays while an edited block below needs its heading.
        elif block.level == 2 and kept and kept[-1].level == 3:
            kept.append(block)
        elif block.text.strip():
            dropped.append(block.title)
    told = Merged(
        text="", updated=tuple(updated[::-1]), dropped=tuple(dropped[::-1]), waiting=tuple(waiting[::-1])
    )
    return kept[::-1], told


def _with_added(kept: Sequence[_Block], added: Sequence[_Block], new: Sequence[_Block]) -> list[_Block]:
    """Put each new block after the nearest block before it in the proposal that is here too, else last."""
    present = {block.key for block in kept}
    coming = {block.key for block in added}
    following: dict[Key | None, list[_Block]] = {}
    before: Key | None = None
    for block in new:
        if block.key in present:
            before = block.key
        elif block.key in coming:
            following.setdefault(before, []).append(block)
    result: list[_Block] = []
    for block in kept:
        result += [block, *following.get(block.key, ())]
    # New blocks without a predecessor here go last, behind the text of people.
    return result + following.get(None, [])


def _blocks(text: str) -> list[_Block]:
    """Cut a text at its headings of level 2 and 3; the first block is what stands before them."""
    block = OpenBlock()
    found: list[tuple[str, int, list[str]]] = [("", 2, [])]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        heading = None if block.takes(line) else _HEADING.match(line)
        if heading is not None:
            found.append((_name(heading[2]), len(heading[1]), []))
        found[-1][2].append(line)
    seen: dict[str, int] = {}
    result = []
    for name, level, lines in found:
        # Two blocks with one name are told apart by their order.
        seen[name] = seen.get(name, 0) + 1
        result.append(_Block((name, seen[name]), level, "\n".join(lines).strip("\n").rstrip()))
    return result


def _name(title: str) -> str:
    # The pull request's number survives a rewritten title; the title is only the fallback.
    match = _LINKED.search(title) or _NUMBERED.search(title)
    return f"#{match[1]}" if match else title.strip().casefold()


def _joined(blocks: Sequence[_Block]) -> str:
    # An open code fence of one block must not swallow the next one.
    texts = [closed(block.text) for block in blocks if block.text.strip()]
    return "\n\n".join(texts) + "\n" if texts else ""
