"""Positions of values in a TOML text, and edits that change nothing else.

tomli reads what a document means (TOML 1.1, as cargo does since 1.94); positions are found here. ``pyproject.toml``
is TOML 1.0 by its specification, and build back ends read it with the standard library. Paths are tuples of keys
and, in arrays and arrays of tables, indices: ``("project", "dependencies", 0)``. Offsets count characters of the text
as given, a byte order mark and carriage returns included; lines count from 1.

Positions are only asked of texts that :func:`parse` accepts; in others, what follows a mistake is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import tomli

from castoff.errors import CastoffError, WorkspaceError
from castoff.regexes import regex
from castoff.text.exact_edit import require_exact_edit

Path = tuple[str | int, ...]
Span = tuple[int, int]
_Spot = tuple[int, int, int, int]
"""Start and end of the key, start and end of the value; -1 where there is none."""

_BARE_KEY = r"[A-Za-z0-9_-]++"
_BASIC = r'"(?!"")(?:[^"\\\n]++|\\.)*+"'
_LITERAL = r"'(?!'')[^'\n]*+'"
_LONG_BASIC = r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
_LONG_LITERAL = r"'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
_KEY_PART = f"(?:{_BARE_KEY}|{_BASIC}|{_LITERAL})"
_KEY = rf"{_KEY_PART}(?:[ \t]*+\.[ \t]*+{_KEY_PART})*+"
_STRING = f"(?:{_LONG_BASIC}|{_LONG_LITERAL}|{_BASIC}|{_LITERAL})"
_BLANK_LINES = r"(?:[ \t]*+(?:\#[^\n]*+)?\r?\n)*+"

_STATEMENT = regex(
    rf"{_BLANK_LINES}[ \t]*+(?:"
    rf"(?P<key>{_KEY})[ \t]*+=[ \t]*+(?P<value>{_STRING}|[^\s\#\"'\[{{][^\#\n]*+)?"
    rf"|\[(?P<array>\[)?[ \t]*+(?P<table>{_KEY})[ \t]*+\]\]?+)",
    re.DOTALL,
)
_KEY_PARTS = regex(_KEY_PART, re.DOTALL)
_REST_OF_LINE = regex(r"[ \t]*+(?:\#[^\n]*+)?(?:\r?\n|\Z)")
_BRACKETS = regex(rf"{_STRING}|\#[^\n]*+|[\[\]{{}}]", re.DOTALL)
_GAP = regex(r"(?:[\s,]++|\#[^\n]*+)*+")
_INNER_KEY = regex(rf"({_KEY})\s*+=\s*+", re.DOTALL)
_ATOM = regex(rf"{_STRING}|[^\s,\]}}\#](?:[^,\]}}\#\n]*[^\s,\]}}\#])?", re.DOTALL)
_ERROR_LINE = regex(r"\(at line (\d+), column \d+\)")
_NEWER = regex(r"\\[ex]|\d:\d\d(?!:)|,[ \t]*+\}")
_ONE_LINE_TABLE = regex(r"""\{(?:[^{}"'\n\\#]|"[^"{}\n\\]*+"|'[^'{}\n]*+')*+\}""")
_BRACE = regex(r"[{}]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_NOT_LITERAL = regex(r"['\x00-\x08\x0a-\x1f\x7f]")
_TO_ESCAPE = regex(r"[\"\\\x00-\x1f\x7f]")
_BOM = "\ufeff"


def parse(text: str, file: str) -> dict[str, Any]:
    """Read a document: TOML 1.0 where ``file`` is a ``pyproject.toml``, else TOML 1.1.

    A leading byte order mark is skipped. The same text gives the same object, which is not to be changed: history is
    read commit by commit, and most manifests stay as they are. Errors: ``toml-invalid`` with file and line.
    """
    is_python = file.rpartition("/")[2] == "pyproject.toml"
    try:
        # The specification of pyproject.toml is TOML 1.0, and build back ends read it with `tomllib`.
        return (_loads_1_0 if is_python else _loads)(text.removeprefix(_BOM))
    except RecursionError:
        raise _invalid(file, None, "arrays or tables are nested too deeply") from None
    except ValueError as error:
        # The parsers' own errors are subclasses. Python converts at most 4300 digits (`sys.set_int_max_str_digits`),
        # and both pass its error on.
        if type(error) is ValueError:
            raise _invalid(file, None, str(error).partition(";")[0]) from None
        # Both parsers name the place in the message only.
        found = _ERROR_LINE.search(str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        reason = _ERROR_LINE.sub("", str(error)).strip()
        # Whoever reads the file with a newer tool would otherwise see no mistake.
        newer = "; TOML 1.1 allows it, `pyproject.toml` is TOML 1.0" if is_python and _is_valid(text) else ""
        raise _invalid(file, line, reason[:1].lower() + reason[1:] + newer) from None


@lru_cache(maxsize=4096)
def _loads(text: str) -> dict[str, Any]:
    return tomli.loads(text)


@lru_cache(maxsize=4096)
def _loads_1_0(text: str) -> dict[str, Any]:
    # tomli is compiled, and six times as fast. What could be TOML 1.1, and every error, is the standard library's.
    if not _may_be_newer(text):
        with suppress(tomli.TOMLDecodeError):
            return _loads(text)
    import tomllib  # most documents never need it

    return tomllib.loads(text)


def _may_be_newer(text: str) -> bool:
    r"""Return whether a text may hold what TOML 1.1 brought; False only where it surely holds nothing of that.

    That is: `\e` and `\x41` in strings, times without seconds, and line ends and a last comma in inline tables.
    """
    return _NEWER.search(text) is not None or _BRACE.search(_ONE_LINE_TABLE.sub(" ", text)) is not None


def _is_valid(text: str) -> bool:
    try:
        _loads(text.removeprefix(_BOM))
    except (ValueError, RecursionError):
        return False
    return True


def scan(text: str) -> Positions:
    """Return the positions of a document; the work is done at the first question."""
    return Positions(text)


def replace_strings(
    text: str,
    changes: Mapping[Path, str],
    *,
    positions: Positions | None = None,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Return the text with these string values changed, each in the quotes that it has.

    The result is read again: nothing but these values may have changed. ``data`` is what the text reads as,
    where that is known. Errors: KeyError where a path is not in the document or holds no string;
    ``edit-not-exact`` where the result reads differently.
    """
    positions = positions or Positions(text)
    pieces: list[tuple[int, int, str]] = []
    for path, new in changes.items():
        span = positions.value_span(path)
        if span is None or text[span[0]] not in "\"'":
            raise KeyError(path)
        pieces.append((*span, quoted_like(text[span[0] : span[1]], new)))
    result = splice(text, pieces)
    # The quick comparison with the known data first; the exact one also distinguishes `1.0` from `1.00`.
    if data is None or not _reads_as(result, data, changes):
        require_exact_edit(_exact(text), lambda: _exact(result), changes)
    return result


def splice(text: str, pieces: Iterable[tuple[int, int, str]]) -> str:
    """Put new text into spans that do not overlap: start, end, what comes there."""
    parts: list[str] = []
    at = 0
    # From front to back, so that offsets of the original text stay valid.
    for start, end, new in sorted(pieces):
        parts += (text[at:start], new)
        at = end
    parts.append(text[at:])
    return "".join(parts)


def quoted_like(source: str, new: str) -> str:
    """Write a string with the quotes of another one's source; escapes only where they are needed."""
    quote = source[:3] if source[:3] in ('"""', "'''") else source[:1]
    # Literal strings know no escapes; a value that needs one gets basic quotes.
    if quote[0] == "'" and not _NOT_LITERAL.search(new):
        return quote + new + quote
    if quote[0] == "'":
        quote = '"'
    escaped = _TO_ESCAPE.sub(lambda match: _escape(match.group()), new)
    return quote + escaped + quote


class Positions:
    """Where the parts of one document stand; built at the first question, inner parts when asked for."""

    __slots__ = ("_expanded", "_spots", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._spots: dict[Path, _Spot] | None = None
        self._expanded: set[Path] = set()

    def value_span(self, path: Path) -> Span | None:
        """Return start and end of a value's source, quotes or brackets included; None for headed tables."""
        spot = self._find(path)
        return None if spot is None or spot[2] < 0 else (spot[2], spot[3])

    def line(self, path: Path) -> int | None:
        """Return the line of a key, of a table's first mention, or of an array's element."""
        # A table may exist through its subtables alone: `[a.b]` makes `a`.
        spot = self._find(path) or self._first_under(path)
        if spot is None:
            return None
        return self._text.count("\n", 0, spot[0] if spot[0] >= 0 else spot[2]) + 1

    def nearest_line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest part above it that is written down."""
        while path:
            line = self.line(path)
            if line is not None:
                return line
            path = path[:-1]
        return None

    def _find(self, path: Path) -> _Spot | None:
        if self._spots is None:
            self._spots = _statements(self._text)
        spot = self._spots.get(path)
        if spot is not None:
            return spot
        # Arrays and inline tables are only scanned when somebody asks for a value inside.
        for length in range(1, len(path)):
            self._expand(path[:length])
        return self._spots.get(path)

    def _expand(self, path: Path) -> None:
        spot = self._spots.get(path) if self._spots else None
        if spot is None or spot[2] < 0 or path in self._expanded or self._spots is None:
            return
        self._expanded.add(path)
        if self._text[spot[2]] == "[":
            _array(self._text, spot[2], path, self._spots)
        elif self._text[spot[2]] == "{":
            _inline_table(self._text, spot[2], path, self._spots)

    def _first_under(self, path: Path) -> _Spot | None:
        length = len(path)
        under = (spot for key, spot in (self._spots or {}).items() if key[:length] == path)
        return min(under, default=None, key=lambda spot: spot[0] if spot[0] >= 0 else spot[2])


def _statements(text: str) -> dict[Path, _Spot]:
    spots: dict[Path, _Spot] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 1 if text.startswith(_BOM) else 0
    while match := _STATEMENT.match(text, at):
        key, value, _, header = match.groups()
        at = match.end()
        if header is not None:
            start = match.start("table")
            table = _table_path(_parts(header), counts, is_array=match.start("array") >= 0)
            # The first mention counts: later headers of an array have an index.
            spots.setdefault(table, (start, start + len(header), -1, -1))
        else:
            start = match.start("key")
            value_start = match.start("value") if value is not None else at
            # A value ends before the blanks that lead to a comment.
            end = value_start + len(value.rstrip()) if value is not None else _bracket_end(text, at)
            spots[table + _parts(key)] = (start, start + len(key), value_start, end)
            at = end
        rest = _REST_OF_LINE.match(text, at)
        if rest is None:
            break
        at = rest.end()
    return spots


def _table_path(parts: tuple[str, ...], counts: dict[Path, int], *, is_array: bool) -> Path:
    path: Path = ()
    for part in parts[:-1]:
        path += (part,)
        if path in counts:
            # A dotted name below an array of tables means its last element (TOML, "Array of Tables").
            path += (counts[path],)
    path += (parts[-1],)
    if is_array:
        counts[path] = counts.get(path, -1) + 1
        return (*path, counts[path])
    return path


def _parts(key: str) -> tuple[str, ...]:
    if "." not in key and key[-1] not in "\"'":
        return (key,)
    return tuple(_unquoted(part) for part in _KEY_PARTS.findall(key))


def _unquoted(part: str) -> str:
    if part[0] == "'" or (part[0] == '"' and "\\" not in part):
        return part[1:-1]
    if part[0] != '"':
        return part
    value: str = tomli.loads(f"k = {part}")["k"]
    return value


def _array(text: str, at: int, path: Path, spots: dict[Path, _Spot]) -> None:
    at = _past_gap(text, at + 1)
    index = 0
    while at < len(text) and text[at] != "]":
        end = _value_end(text, at)
        # No progress: not valid TOML, and an endless loop otherwise.
        if end == at:
            return
        spots[(*path, index)] = (-1, -1, at, end)
        index += 1
        at = _past_gap(text, end)


def _inline_table(text: str, at: int, path: Path, spots: dict[Path, _Spot]) -> None:
    at = _past_gap(text, at + 1)
    while match := _INNER_KEY.match(text, at):
        end = _value_end(text, match.end())
        spots[path + _parts(match.group(1))] = (match.start(1), match.end(1), match.end(), end)
        at = _past_gap(text, end)


def _past_gap(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


def _value_end(text: str, at: int) -> int:
    if text[at : at + 1] in ("[", "{"):
        return _bracket_end(text, at)
    match = _ATOM.match(text, at)
    return match.end() if match else at


def _bracket_end(text: str, at: int) -> int:
    depth = 0
    for match in _BRACKETS.finditer(text, at):
        mark = text[match.start()]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth <= 0:
                return match.end()
    return len(text)


def _reads_as(result: str, data: Any, changes: Mapping[Path, str]) -> bool:
    """Return whether a text reads as the data with these strings changed; what has a `nan` is never equal."""
    try:
        found = tomli.loads(result.removeprefix(_BOM))
        for path, new in changes.items():
            was: Any = data
            holder: Any = found
            for part in path[:-1]:
                was, holder = was[part], holder[part]
            if not isinstance(was[path[-1]], str) or holder[path[-1]] != new:
                return False
            holder[path[-1]] = was[path[-1]]
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    same: bool = found == data
    return same


def _exact(text: str) -> dict[str, Any]:
    # Floats stay text, so that a reformatted number counts as a change.
    return tomli.loads(text.removeprefix(_BOM), parse_float=lambda source: (source,))


def _escape(character: str) -> str:
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _invalid(file: str, line: int | None, reason: str) -> CastoffError:
    return WorkspaceError.of(
        "toml-invalid",
        f"`{file}` is not valid TOML",
        reason=reason,
        remedy="correct the file at that line",
        file=file,
        line=line,
    )
