"""Which lines has a text, and where does each begin and end?"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_BREAK = re.compile(r"\r\n|\n|\r")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Lines:
    """A text with its line table.

    Lines count from 0 here, from 1 in everything that is shown. A line ends as CommonMark says: by LF, CRLF
    or a lone CR. A byte order mark is no part of the first line.
    """

    text: str

    @cached_property
    def _table(self) -> tuple[tuple[int, int], ...]:
        """Give the offset of each line's first character and of its line break."""
        start = len(_BOM) if self.text.startswith(_BOM) else 0
        table = []
        for match in _BREAK.finditer(self.text, start):
            table.append((start, match.start()))
            start = match.end()
        if start < len(self.text) or not table:
            table.append((start, len(self.text)))
        return tuple(table)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, line: int) -> str:
        """Give a line without its break."""
        start, stop = self._table[line]
        return self.text[start:stop]

    def start(self, line: int) -> int:
        """Give the offset at which a line begins; the end of the text for the line after the last."""
        return self._table[line][0] if line < len(self._table) else len(self.text)

    def stop(self, line: int) -> int:
        """Give the offset at which a line's own text ends, its break excluded."""
        return self._table[line][1]

    def line_of(self, offset: int) -> int:
        """Give the line that holds an offset."""
        return max(0, bisect_right(self._starts, offset) - 1)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(start for start, _ in self._table)

    def is_blank(self, line: int) -> bool:
        """Say whether a line holds nothing but spaces and tabs."""
        return not self[line].strip(" \t\x0b\x0c")

    @cached_property
    def newline(self) -> str:
        """Give the line break that the text uses most; LF where it has none."""
        crlf = self.text.count("\r\n")
        lone_lf = self.text.count("\n") - crlf
        lone_cr = self.text.count("\r") - crlf
        if crlf > lone_lf and crlf >= lone_cr:
            return "\r\n"
        return "\r" if lone_cr > lone_lf else "\n"

    @property
    def body(self) -> str:
        """Give the text without its byte order mark."""
        return self.text[len(_BOM) :] if self.text.startswith(_BOM) else self.text
