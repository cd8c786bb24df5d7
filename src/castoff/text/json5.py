"""JSON with what people write into it: comments, commas at the end, bare keys, single quotes (JSON5).

The literal that a configuration in JavaScript or TypeScript exports is read too, as long as it computes nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from castoff.errors import CastoffError
from castoff.regexes import regex
from castoff.text.json import parse_json

_COMMENT = r"//[^\n]*+|/\*.*?\*/"
_SKIPPED = regex(rf"(?:\s++|{_COMMENT})*+", re.S)
# A template without values is a text like any other.
_TEXT = regex(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`", re.S)
_NAME = regex(r"[A-Za-z_$][\w$]*")
_NUMBER = regex(r"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_EXPORT = regex(
    r"^[ \t]*(?:module\.exports\s*=|export\s+default)\s*(?:(?=\{)|([A-Za-z_$][\w$]*)\s*;?\s*$)", re.M
)
_TYPED = regex(r"\s*(?:(?:as|satisfies)\s+[\w.<>\[\]| ]+)?\s*;?\s*")
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_DEEPEST = 100


class _NoLiteral(ValueError):
    """Something at a place that is no literal."""


def parse_json5(text: str, file: str) -> Any:
    """Read a document. Errors: ``json-invalid``, as of plain JSON, if it is not JSON5 either."""
    try:
        return parse_json(text, file)
    except CastoffError as error:
        try:
            return _whole(text.removeprefix("\ufeff"))
        except (_NoLiteral, RecursionError):
            raise error from None


def exported_literal(text: str) -> Any:
    """Return the object that a module exports; None if it exports something else, or computes it."""
    export = _EXPORT.search(text)
    if export is None:
        return None
    start, rest = export.end(), ""
    if export[1] is not None:
        made = re.search(rf"^(?:const|let|var)\s+{re.escape(export[1])}\b[^=\n]*=\s*(?=\{{)", text, re.M)
        if made is None:
            return None
        start, rest = made.end(), export[0]
    reader = _Reader(text, start)
    try:
        found = reader.value(0)
    except _NoLiteral:
        return None
    # What follows may change the object, as `export default {...}.plugins` does.
    after = re.sub(_COMMENT, " ", text[reader.at :].replace(rest, "", 1), flags=re.S)
    return found if _TYPED.fullmatch(after) else None


def _whole(text: str) -> Any:
    reader = _Reader(text, 0)
    found = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise _NoLiteral
    return found


class _Reader:
    """Reads literals from a place on."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at

    def skip(self) -> str:
        """Go past spaces and comments; return the next character, "" at the end."""
        match = _SKIPPED.match(self._text, self.at)
        self.at = match.end() if match else self.at
        return self._text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        """Read a value."""
        first = self.skip()
        if depth > _DEEPEST:
            raise _NoLiteral
        if first == "{":
            return dict(self._items("}", depth))
        if first == "[":
            return [one for _, one in self._items("]", depth)]
        if first in ('"', "'", "`", ""):
            return self._string()
        if (word := self._take(_NAME)) is not None:
            if word not in _WORDS:
                raise _NoLiteral
            return _WORDS[word]
        return self._number()

    def _items(self, end: str, depth: int) -> list[tuple[str, Any]]:
        self.at += 1
        found: list[tuple[str, Any]] = []
        while (first := self.skip()) != end:
            key = ""
            if end == "}":
                name = self._string() if first in ('"', "'") else self._take(_NAME)
                if name is None or self.skip() != ":":
                    raise _NoLiteral
                key = name
                self.at += 1
            found.append((key, self.value(depth + 1)))
            if self.skip() == ",":
                self.at += 1
            elif self._text[self.at : self.at + 1] != end:
                raise _NoLiteral
        self.at += 1
        return found

    def _string(self) -> str:
        if (token := self._take(_TEXT)) is None:
            raise _NoLiteral
        if token[0] == '"' and "\\\n" not in token:
            try:
                return str(json.loads(token))
            except ValueError:
                pass
        return re.sub(
            r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)",
            lambda match: _escaped(match[1]),
            token[1:-1],
            flags=re.S,
        )

    def _number(self) -> int | float:
        if (token := self._take(_NUMBER)) is None:
            raise _NoLiteral
        try:
            return int(token, 0)
        except ValueError:
            return float(token)

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[0]


def _escaped(word: str) -> str:
    return chr(int(word[1:], 16)) if len(word) > 1 else _ESCAPES.get(word, word)
