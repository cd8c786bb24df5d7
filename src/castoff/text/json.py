"""Positions of values in a JSON text, and edits of strings that change nothing else.

Paths are tuples of keys and indices: ``("dependencies", "left-pad")``, ``("workspaces", 0)``. Of a key that stands
twice, the last one counts, as `JSON.parse` has it. Positions are only asked of texts that :func:`parse_json` accepts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from castoff.errors import CastoffError, WorkspaceError
from castoff.regexes import regex
from castoff.text.exact_edit import require_exact_edit

Path = tuple[str | int, ...]
Span = tuple[int, int]

_TOKEN = regex(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_BOM = "\ufeff"


def parse_json(text: str, file: str) -> Any:
    """Read a document; a leading byte order mark is skipped, as npm does.

    The same text gives the same object, which is not to be changed. Errors: ``json-invalid`` with file and line.
    """
    try:
        return _loads(text.removeprefix(_BOM))
    except json.JSONDecodeError as error:
        raise _invalid(file, f"{error.msg[:1].lower()}{error.msg[1:]}", error.lineno) from None
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        raise _invalid(file, "it is nested too deeply" if deep else str(error)[:200], None) from None


@lru_cache(maxsize=4096)
def _loads(text: str) -> Any:
    return json.loads(text)


class JsonPositions:
    """Where the values of a text stand, computed when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def spans(self) -> Mapping[Path, Span]:
        """Return start and end of every value by its path; of a string with its quotes."""
        return _spans(self._text)

    def nearest_line(self, path: Path) -> int | None:
        """Return the line of a value, or of the nearest one that holds it."""
        for end in range(len(path), 0, -1):
            if (span := self.spans.get(path[:end])) is not None:
                return self._text.count("\n", 0, span[0]) + 1
        return None


def replace_json_strings(text: str, changes: Mapping[Path, str]) -> str:
    """Replace the strings at these paths and nothing else. Errors: ``edit-not-exact``; KeyError for another path."""
    spans = _spans(text)
    result = text
    # From the end, so that the offsets before it stay valid.
    for path in sorted(changes, key=lambda one: spans[one], reverse=True):
        start, end = spans[path]
        result = result[:start] + json.dumps(changes[path], ensure_ascii=False) + result[end:]
    require_exact_edit(
        json.loads(text.removeprefix(_BOM)), lambda: json.loads(result.removeprefix(_BOM)), changes
    )
    return result


@lru_cache(maxsize=512)
def _spans(text: str) -> Mapping[Path, Span]:
    """Return the spans of all values; one pass over its pieces with a stack, so that depth costs no recursion."""
    spans: dict[Path, Span] = {}
    open_at: list[int] = []
    path: list[str | int] = []
    expects_key = False
    for match in _TOKEN.finditer(text, 1 if text.startswith(_BOM) else 0):
        piece = match.group()
        if piece in "{[":
            open_at.append(match.start())
            path.append("" if piece == "{" else 0)
            expects_key = piece == "{"
        elif piece in "}]":
            path.pop()
            spans[tuple(path)] = (open_at.pop(), match.end())
            expects_key = False
        elif piece == ",":
            last = path[-1]
            expects_key = isinstance(last, str)
            if isinstance(last, int):
                path[-1] = last + 1
        elif piece == ":":
            expects_key = False
        elif expects_key:
            path[-1] = json.loads(piece)
        else:
            spans[tuple(path)] = match.span()
    return spans


def _invalid(file: str, reason: str, line: int | None) -> CastoffError:
    return WorkspaceError.of(
        "json-invalid",
        f"`{file}` is not valid JSON",
        reason=reason,
        remedy="correct the file at that line" if line else "correct the file",
        file=file,
        line=line,
    )
