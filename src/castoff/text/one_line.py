"""Text from outside that stays on its line."""

from __future__ import annotations

from castoff.regexes import regex

# Line breaks of every kind, and the control characters but the tab.
_BREAKS = regex("\r\n|[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str) -> str:
    """Keep a text from breaking its line: each line break or control character becomes one space."""
    return _BREAKS.sub(" ", text)
