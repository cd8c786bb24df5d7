"""What becomes of a text when one change is taken out of it, and all that came after that stays?

Git's own revert calls neighbours a conflict: a new entry right above the heading that a release cut. Here lines
count by themselves; only a line that was itself changed again stops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher


def taken_out(now: str, *, before: str, after: str) -> str | None:
    """Give ``now`` without the change from ``before`` to ``after``; None where its lines were changed again.

    No line is dropped that the change did not bring.
    """
    old, made, lines = (text.splitlines(keepends=True) for text in (before, after, now))
    place = _places(made, lines)
    found: dict[int, list[str]] = {}
    ahead: dict[int, list[str]] = {}
    for start, end, back in _hunks(made, old):
        at = [place.get(number) for number in range(start, end)]
        spots = [spot for spot in at if spot is not None]
        if len(spots) < len(at):
            return None
        if not spots:
            spot = _beside(place, start)
            if spot is None and any(line.strip() for line in back):
                return None
            if spot is not None:
                ahead[spot] = back
        elif len(spots) == len(back):
            found.update((spot, [line]) for spot, line in zip(spots, back, strict=True))
        elif not back or spots[-1] - spots[0] == len(spots) - 1:
            found.update((spot, []) for spot in spots)
            found[spots[0]] = back
        else:
            return None
    return "".join(_written(lines, found, ahead))


def _places(made: list[str], lines: list[str]) -> dict[int, int]:
    """Say for lines of the change's result where they stand now."""
    blocks = SequenceMatcher(None, made, lines, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _hunks(made: list[str], old: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Give what the change wrote as (first line, line after the last, what stood there before)."""
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, made, old, autojunk=False).get_opcodes():
        if kind != "equal":
            yield i1, i2, old[j1:j2]


def _beside(place: dict[int, int], start: int) -> int | None:
    """Find where to put lines back that the change only took away."""
    if start - 1 in place:
        return place[start - 1] + 1
    return 0 if start == 0 else place.get(start)


def _written(lines: list[str], found: dict[int, list[str]], ahead: dict[int, list[str]]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield from ahead.get(number, ())
        yield from found.get(number, (line,))
    yield from ahead.get(len(lines), ())
