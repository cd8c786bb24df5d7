"""How do news read whose release was given up, above those that came after it? Each group of a kind once."""

from __future__ import annotations

from castoff.notes.changelog.sections import Section, parse
from castoff.notes.markdown import Heading


def rejoined(text: str) -> str:
    """Join groups of the same heading under "unreleased": the entries of the later one follow the earlier one's.

    A text without such doubles is given as it is; no entry is lost.
    """
    log = parse(text)
    waiting = log.unreleased
    if waiting is None:
        return text
    groups = _groups(log.blocks.headings, waiting)
    if len({title for title, _, _ in groups}) == len(groups):
        return text
    lines = log.blocks.lines
    starts = [lines.start(line) for _, line, _ in groups]
    bodies = [lines.start(line) for _, _, line in groups]
    ends = [*starts[1:], waiting.end]
    held: dict[str, list[str]] = {}
    for (title, _, _), start, body, end in zip(groups, starts, bodies, ends, strict=True):
        first = title not in held
        held.setdefault(title, []).append(text[start if first else body : end].strip("\r\n"))
    newline = "\r\n" if "\r\n" in text else "\n"
    whole = (newline * 2).join(newline.join(part for part in parts if part) for parts in held.values())
    tail = text[len(text[: waiting.end].rstrip("\r\n")) : waiting.end]
    return text[: starts[0]] + whole + tail + text[waiting.end :]


def _groups(headings: tuple[Heading, ...], section: Section) -> list[tuple[str, int, int]]:
    """List the headings right below a section's as (title, its line, the line after it)."""
    inner = [one for one in headings if not one.nested and section.body <= one.title_at[0] < section.end]
    level = min((one.level for one in inner), default=0)
    return [(one.title.casefold(), one.line, one.end_line) for one in inner if one.level == level]
