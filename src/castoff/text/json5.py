"""JSON with what people write into it: comments, commas at the end, bare keys, single quotes (JSON5).

The object that a configuration in JavaScript or TypeScript exports is read too, as long as it computes nothing.
"""

from __future__ import annotations

import re
from typing import Any

from castoff.errors import CastoffError
from castoff.regexes import regex
from castoff.text.json import parse_json

_EXPORT = regex(
    r"^[ \t]*(?:module\.exports\s*=|export\s+default)\s*(?:(?=\{)|(?P<name>[A-Za-z_$][\w$]*)\s*;?\s*$)", re.M
)
_COMMENT = regex(r"//[^\n]*+|/\*.*?\*/", re.S)
_TYPED = regex(r"\s*(?:(?:as|satisfies)\s+[\w.<>\[\]| ]+)?\s*;?\s*")


def parse_json5(text: str, file: str) -> Any:
    """Read a document. Errors: ``json-invalid``, as of plain JSON, if it is not JSON5 either."""
    try:
        return parse_json(text, file)
    except CastoffError as error:
        found = _literal(text.removeprefix("\ufeff"), 0, is_whole=True)
        if found is None:
            raise error from None
        return found[0]


def exported_object(text: str) -> Any:
    """Return the object that a module exports; None if it exports something else, or computes it."""
    export = _EXPORT.search(text)
    if export is None:
        return None
    start, rest = export.end(), ""
    if (name := export["name"]) is not None:
        made = re.search(rf"^(?:const|let|var)\s+{re.escape(name)}\b[^=\n]*=\s*(?=\{{)", text, re.M)
        if made is None:
            return None
        start, rest = made.end(), export[0]
    found = _literal(text, start)
    if found is None:
        return None
    # What follows may change the object, as `export default {...}.plugins` does.
    value, end = found
    return value if _TYPED.fullmatch(_COMMENT.sub(" ", text[end:].replace(rest, "", 1))) else None


def _literal(text: str, start: int, *, is_whole: bool = False) -> tuple[Any, int] | None:
    """Read the literal from a place on, the whole rest or as far as it goes; return its value and its end."""
    import json5

    try:
        value, error, end = json5.parse(text, start=start, consume_trailing=is_whole)
    except (ValueError, RecursionError):
        return None
    return None if error is not None else (value, end)
