"""What does the description of a pull request say that users of a release should read?

Notices (a `release-note` fence, a section such as "Release notes" or "Migration", an alert) and `diff` fences. The
rest is for reviewers. A description is text from outside: what is taken from it is closed in itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from castoff.notes.fences import OpenBlock, closed

LARGEST_DESCRIPTION = 300_000

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_TELLING = re.compile(
    r"(release[ -]?notes?|notices?|highlights?|migration|migrating|upgrad(e|ing)|breaking changes?"
    r"|(public )?(interface|api) changes?|changelog)\b",
    re.IGNORECASE,
)
_BREAKING_TITLE = re.compile(r"breaking changes?\b", re.IGNORECASE)
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: *\S", re.MULTILINE)
_ALERT = re.compile(r" {0,3}> ?\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,}) *([\w-]*)")
_NOTHING = re.compile(r"[\s_*`.>-]*(none|n/?a|no|nothing|tbd|todo)?[\s_*`.!-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Description:
    """What a description holds: notices and `diff` fences as Markdown, and whether it says "breaking"."""

    notices: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    is_breaking: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    inside: bool


def read_description(body: str) -> Description:
    """Read a description; each text that is returned is complete Markdown, with its headings made small."""
    lines = list(_lines(without_comments(body[:LARGEST_DESCRIPTION])))
    sections = [(title, text) for title, text in _sections(lines) if _says_something(text)]
    fences = list(_fences(lines))
    notices = [text for language, text in fences if language == "release-note" and _says_something(text)]
    notices += [text for title, text in sections if _TELLING.match(title)]
    taken = "\n".join(notices)
    notices += [text for text in _alerts(lines) if text not in taken]
    diffs = [f"```diff\n{text}\n```" for language, text in fences if language == "diff" and text.strip()]
    return Description(
        notices=tuple(closed(_small_headings(text)) for text in dict.fromkeys(notices)),
        diffs=tuple(dict.fromkeys(diff for diff in diffs if diff not in taken)),
        is_breaking=any(_BREAKING_TITLE.match(title) for title, _ in sections)
        or _BREAKING.search(body[:LARGEST_DESCRIPTION]) is not None,
    )


def without_comments(text: str) -> str:
    """Take HTML comments out; one that is never closed reaches to the end."""
    kept = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, text[at:]])


def _lines(text: str) -> Iterator[_Line]:
    block = OpenBlock()
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        yield _Line(line, block.takes(line))


def _sections(lines: list[_Line]) -> Iterator[tuple[str, str]]:
    """Yield the title and text of each section that a telling heading opens, up to a heading as high."""
    title, level = "", 7
    collected: list[str] = []
    for line in lines:
        heading = None if line.inside else _HEADING.match(line.text)
        if heading is not None and len(heading[1]) <= level:
            yield title, "\n".join(collected).strip("\n")
            title, level, collected = heading[2].strip(" #:*"), len(heading[1]), []
            level = level if _TELLING.match(title) else 7
        else:
            collected.append(line.text)
    yield title, "\n".join(collected).strip("\n")


def _fences(lines: list[_Line]) -> Iterator[tuple[str, str]]:
    """Yield language and text of each fence, also of one that is never closed."""
    opened: str | None = None
    text: list[str] = []
    block = OpenBlock()
    for line in lines:
        before = bool(block.fence)
        block.takes(line.text)
        if before and block.fence:
            text.append(line.text)
        elif before:
            yield opened or "", "\n".join(text)
        elif block.fence:
            match = _FENCE.match(line.text)
            opened, text = (match[1].casefold() if match else ""), []
    if block.fence:
        yield opened or "", "\n".join(text)


def _alerts(lines: list[_Line]) -> Iterator[str]:
    text: list[str] | None = None
    for line in [*lines, _Line("", inside=False)]:
        quoted = not line.inside and line.text.lstrip().startswith(">")
        if text is not None and quoted and not _ALERT.fullmatch(line.text):
            text.append(line.text.lstrip()[1:].removeprefix(" "))
            continue
        if text and _says_something("\n".join(text)):
            yield "\n".join(text).strip()
        text = [] if quoted and _ALERT.fullmatch(line.text) else None


def _says_something(text: str) -> bool:
    return _NOTHING.fullmatch(text.strip()[:40]) is None


def _small_headings(text: str) -> str:
    """Make headings smaller, so that they stay below the heading of the highlight (level 3)."""
    result = []
    for line in _lines(text):
        heading = None if line.inside else _HEADING.match(line.text)
        if heading is not None:
            result.append(f"{'#' * min(6, max(4, len(heading[1]) + 1))} {heading[2]}")
        else:
            result.append(line.text)
    return "\n".join(result).strip("\n")
