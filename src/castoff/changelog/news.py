"""News of a changelog: content that no release has taken yet, and the headings that wait for it.

The headings that wait under "unreleased" for entries to come, apart from the news themselves.
Many files keep ``### Added``, ``### Changed`` and so on there, empty. They are no news: they stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from castoff.changelog.links import find_comparisons, version_of_tag
from castoff.changelog.sections import Section, parse
from castoff.changelog.structure import is_kind_of_change
from castoff.regexes import regex
from castoff.text.markdown import Blocks, Heading, read_blocks

_ITEM = regex(r" {0,3}(?:[*+-]|\d{1,9}[.)])[ \t]")
_LINK = regex(r"\[([^\[\]]{0,200})\]\([^\s()]{0,500}\)")
_MARKS = regex(r"^[ \t]*(?:[*+-]|\d{1,9}[.)])?[ \t]*")
_WORD = regex(r"[^\W_]+(?:[.'’-][^\W_]+)*")
_POINTING = """
a all and at between can changelog changes commits compare compared comparison diff difference differences
find for found from full git github gitlab here history in is link list main master more of on see since
the this to unreleased version view with
"""
_POINTERS = frozenset(_POINTING.split())
"""What a line is made of that points at a comparison, such as "See all changes since 1.2.0 on GitHub"."""


def is_compare_line(line: str) -> bool:
    """Return whether a line says nothing but where to compare with a branch: `` * see .../compare/1.2.0...main``.

    Such a line is removed and moved as castoff needs it, so each word of it must be known: one more is people's.
    """
    if "/compare/" not in line or len(line) > 600:
        return False
    found = list(find_comparisons(line))
    if len(found) != 1 or not found[0].to_branch:
        return False
    one = found[0]
    ends = _WORD.findall(f"{one.base} {one.head} {version_of_tag(one.base) or ''}".lower())
    rest = _WORD.findall(f"{line[: one.at[0]]} {line[one.at[1] :]}".lower())
    return _POINTERS.issuperset(word for word in rest if word not in ends)


def without_compare_lines(text: str) -> str:
    """Cut the lines that only compare with a branch, outside code, and the blank lines around what is left."""
    blocks = read_blocks(text)
    code = {line for span in blocks.code for line in range(span.start, span.end)}
    lines = blocks.lines
    kept = [lines[n] for n in range(len(lines)) if n in code or not is_compare_line(lines[n])]
    return trimmed("\n".join(kept))


def trimmed(text: str) -> str:
    """Return a text with LF, and without blank lines before and after it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines).rstrip()


def missing_news(news: str, body: str) -> str:
    """Return the part of the news that the notes do not hold already.

    A list is looked at entry by entry; any other text is all or nothing.
    """
    told = {_plain(line) for line in body.split("\n")}
    groups = _entries(news)
    if groups is None:
        known = all(_plain(line) in told for line in news.split("\n") if line.strip())
        return "" if known else news
    kept = [group for group in groups if not all(_plain(line) in told for line in group if line.strip())]
    return trimmed("\n".join(line for group in kept for line in group))


def fold(news: str, body: str) -> str:
    """Put the news before the notes."""
    return f"{news}\n\n{body}" if news else body


def _plain(line: str) -> str:
    return " ".join(_LINK.sub(r"\1", _MARKS.sub("", line)).split())


def _entries(news: str) -> list[list[str]] | None:
    """Split a list into its entries; None where the text is more than a list."""
    groups: list[list[str]] = []
    outer = len(news) - len(news.lstrip(" "))
    for line in news.split("\n"):
        if _ITEM.match(line) and len(line) - len(line.lstrip(" ")) <= outer:
            groups.append([line])
        elif groups and (not line.strip() or line[0] in " \t"):
            groups[-1].append(line)
        elif line.strip():
            return None
    return groups


_NOTHING = regex(r"[ \t]*(?:<!--(?:(?!-->).)*-->|[*+-])?[ \t]*")


class _Group(Struct, frozen=True):
    """A heading with its lines, up to the next heading that is not deeper."""

    heading: Heading
    end: int
    empty: bool


def news_in(text: str) -> str:
    """Return the news in the text under "unreleased": no empty groups, no lines that compare with a branch."""
    news = without_compare_lines(text)
    blocks = read_blocks(news)
    gone = {n for g in _groups(blocks) if g.empty for n in range(g.heading.line, g.end)}
    if not gone:
        return news
    return trimmed("\n".join(line for n, line in enumerate(news.split("\n")) if n not in gone))


def scaffold_in(text: str) -> str:
    """Return the headings that stay under "unreleased" after its news are taken; "" if the file keeps none.

    An empty group shows that the file keeps them; then the usual names stay although they hold entries today.
    """
    plain = without_compare_lines(text)
    blocks = read_blocks(plain)
    groups = list(_groups(blocks))
    if not any(group.empty for group in groups):
        return ""
    top = min(group.heading.level for group in groups)
    lines = plain.split("\n")
    kept = []
    for group in groups:
        if group.heading.level == top and group.empty:
            kept.append(trimmed("\n".join(lines[group.heading.line : group.end])))
        elif group.heading.level == top and is_kind_of_change(group.heading.title):
            kept.append("\n".join(lines[group.heading.line : group.heading.end_line]))
    return "\n\n".join(kept)


def _groups(blocks: Blocks) -> Iterator[_Group]:
    headings = [heading for heading in blocks.headings if not heading.nested]
    of_headings = {n for heading in headings for n in range(heading.line, heading.end_line)}
    for index, heading in enumerate(headings):
        later = (other.line for other in headings[index + 1 :] if other.level <= heading.level)
        end = next(later, len(blocks.lines))
        inside = (n for n in range(heading.end_line, end) if n not in of_headings)
        empty = all(_NOTHING.fullmatch(blocks.lines[n][:500]) for n in inside)
        yield _Group(heading, end, empty)


def waiting_news(text: str, version: str) -> str:
    """Return the news under the version's own heading where it has one, else those that are not released yet.

    Lines that only compare with a branch are left out; empty where there is nothing.
    """
    changelog = parse(text)
    own = changelog.find(version)
    section = own[0] if own else changelog.unreleased
    return news_in(text[section.body : section.end]) if section is not None else ""


def rejoined(text: str) -> str:
    """Join groups of the same heading under "unreleased": the entries of the later one follow the earlier one's.

    A text without such doubles is given as it is; no entry is lost.
    """
    log = parse(text)
    waiting = log.unreleased
    if waiting is None:
        return text
    groups = _same_level(log.blocks.headings, waiting)
    # No group twice: the text is not touched, byte for byte.
    if len({title for title, _, _ in groups}) == len(groups):
        return text
    lines = log.blocks.lines
    starts = [lines.start(line) for _, line, _ in groups]
    bodies = [lines.start(line) for _, _, line in groups]
    ends = [*starts[1:], waiting.end]
    held: dict[str, list[str]] = {}
    for (title, _, _), start, body, end in zip(groups, starts, bodies, ends, strict=True):
        # The heading of the first one stays, those of the later ones go.
        first = title not in held
        held.setdefault(title, []).append(text[start if first else body : end].strip("\r\n"))
    newline = "\r\n" if "\r\n" in text else "\n"
    whole = (newline * 2).join(newline.join(part for part in parts if part) for parts in held.values())
    tail = text[len(text[: waiting.end].rstrip("\r\n")) : waiting.end]
    return text[: starts[0]] + whole + tail + text[waiting.end :]


def _same_level(headings: tuple[Heading, ...], section: Section) -> list[tuple[str, int, int]]:
    """List the headings right below a section's as (title, its line, the line after it)."""
    inner = [one for one in headings if not one.nested and section.body <= one.title_at[0] < section.end]
    level = min((one.level for one in inner), default=0)
    return [(one.title.casefold(), one.line, one.end_line) for one in inner if one.level == level]
