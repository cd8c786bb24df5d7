"""Code fences and HTML comments in Markdown: lines inside one, and one that is left open.

Only what decides whether a line may be taken for a heading or a list entry; no more of Markdown is read.
"""

from __future__ import annotations

from msgspec import Struct

from castoff.regexes import regex

_FENCE = regex(r" {0,3}(`{3,}|~{3,})(.*)")
_BREAK = regex(r"\r\n|\r|\n")


class OpenBlock(Struct):
    """What is open while lines are read from top to bottom: a fence, a comment of several lines, or nothing."""

    fence: str = ""
    comment: bool = False

    def takes(self, line: str) -> bool:
        """Read the next line; say whether it belongs to a fence or comment, first and last line included."""
        if self.comment:
            self.comment = "-->" not in line
            return True
        if self.fence:
            self.fence = "" if _closes(line, self.fence) else self.fence
            return True
        self.fence = _opens(line)
        self.comment = line.lstrip().startswith("<!--") and "-->" not in line
        return bool(self.fence) or self.comment

    @property
    def closing(self) -> str:
        """The line that closes what is open, empty where nothing is."""
        return "-->" if self.comment else self.fence


def closed(text: str) -> str:
    """Close a fence or comment that a text leaves open, so that what follows is not swallowed."""
    block = OpenBlock()
    for line in _BREAK.split(text):
        block.takes(line)
    return f"{text}\n{block.closing}" if block.closing else text


def _opens(line: str) -> str:
    match = _FENCE.match(line)
    # The info string of a backtick fence may not contain backticks (CommonMark, "Fenced code blocks").
    if match is None or (match[1][0] == "`" and "`" in match[2]):
        return ""
    return match[1]


def _closes(line: str, fence: str) -> bool:
    match = _FENCE.match(line)
    return (
        # A closing fence has the same sign, is at least as long, and has no info string (CommonMark).
        match is not None and match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2].strip()
    )
