"""What stands in a section that is no release's notes yet: news, a comparison, nothing?"""

from __future__ import annotations

import re

from castoff.notes.changelog.compare import find_comparisons
from castoff.notes.markdown import read_blocks

_ITEM = re.compile(r" {0,3}(?:[*+-]|\d{1,9}[.)])[ \t]")
_LINK = re.compile(r"\[([^\[\]]{0,200})\]\([^\s()]{0,500}\)")
_MARKS = re.compile(r"^[ \t]*(?:[*+-]|\d{1,9}[.)])?[ \t]*")


def is_compare_line(line: str) -> bool:
    """Say whether a line says nothing but where to compare with a branch: `` * see .../compare/1.2.0...main``."""
    if "/compare/" not in line or len(line) > 600:
        return False
    found = list(find_comparisons(line))
    if len(found) != 1 or not found[0].to_branch:
        return False
    rest = line[: found[0].at[0]] + line[found[0].at[1] :]
    return len(rest) <= 60 and "http" not in rest


def without_compare_lines(text: str) -> str:
    """Cut the lines that only compare with a branch, outside code, and the blank lines around what is left."""
    blocks = read_blocks(text)
    code = {line for span in blocks.code for line in range(span.start, span.end)}
    lines = blocks.lines
    kept = [lines[n] for n in range(len(lines)) if n in code or not is_compare_line(lines[n])]
    return trimmed("\n".join(kept))


def trimmed(text: str) -> str:
    """Give a text with LF, and without blank lines before and after it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines).rstrip()


def missing_news(news: str, body: str) -> str:
    """Give the part of the news that the notes do not hold already.

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
