"""Types of configuration values, and what is wrong with a value of another type.

A form reads what the TOML reader gave, notes what is wrong with it at its place, and describes itself as a
JSON schema. Where something was wrong, what it gives back does not matter: the problems are raised.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Protocol

from msgspec import Struct

from castoff.config.positions import Impossible, TablePath, nearest, shown

Schema = dict[str, Any]


class Form(Protocol):
    """One kind of value."""

    @property
    def expects(self) -> str:
        """Say in words what is expected: "a list of texts"."""
        ...

    def read(self, value: object, place: TablePath) -> object:
        """Turn what the TOML reader gave into a value of ours; problems are noted at the place."""
        ...

    def schema(self) -> Schema:
        """Describe the form as JSON schema."""
        ...


Check = Callable[[str], Impossible | None]


class FreeText(Struct, frozen=True, kw_only=True):
    """A text, checked by a rule of its own; an empty one must be allowed."""

    expects: str = "a text"
    check: Check | None = None
    empty: bool = False
    pattern: str | None = None

    def read(self, value: object, place: TablePath) -> str:
        """Read a text."""
        if not isinstance(value, str):
            wrong_type(value, place, self.expects)
            return ""
        if not value.strip() and not self.empty:
            place.wrong(
                "impossible-value", f"`{place.name}` is empty", remedy="set a value or remove the key"
            )
        elif self.check is not None and (found := self.check(value)) is not None:
            place.wrong(
                found.code, f"`{place.name}`: {found.message}", reason=found.reason, remedy=found.remedy
            )
        return value

    def schema(self) -> Schema:
        """Describe a text."""
        least: Schema = {} if self.empty else {"minLength": 1}
        return {"type": "string", **least, **({"pattern": self.pattern} if self.pattern else {})}


class Flag(Struct, frozen=True):
    """True or false."""

    expects: str = "true or false"

    def read(self, value: object, place: TablePath) -> bool:
        """Read a flag."""
        if isinstance(value, bool):
            return value
        wrong_type(value, place, self.expects)
        return False

    def schema(self) -> Schema:
        """Describe a flag."""
        return {"type": "boolean"}


class Integer(Struct, frozen=True, kw_only=True):
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: int = 1_000_000

    @property
    def expects(self) -> str:
        """Return what is expected."""
        return "a whole number"

    def read(self, value: object, place: TablePath) -> int:
        """Read a number."""
        # `bool` is a subclass of `int` in Python.
        if isinstance(value, bool) or not isinstance(value, int):
            wrong_type(value, place, self.expects)
            return self.least
        if not self.least <= value <= self.most:
            place.wrong(
                "impossible-value",
                f"`{place.name}` is out of range: {shown(str(value)) if abs(value) < 10**20 else 'too large'}",
                remedy=f"use a number from {self.least} to {self.most}",
            )
        return value

    def schema(self) -> Schema:
        """Describe the number."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Choice(Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def expects(self) -> str:
        """Name the words."""
        return "one of " + ", ".join(f'"{word}"' for word in self.words)

    def read(self, value: object, place: TablePath) -> str:
        """Read one of the words."""
        if not isinstance(value, str):
            wrong_type(value, place, self.expects)
            return self.words[0]
        if value not in self.words:
            near = nearest(value, self.words)
            place.wrong(
                "impossible-value",
                f"`{place.name}` cannot be `{shown(value)}`",
                reason=f"it is {self.expects}",
                remedy=f"did you mean `{near}`?" if near else "choose one of these",
            )
        return value

    def schema(self) -> Schema:
        """Describe the words."""
        return {"enum": list(self.words)}


class Seconds(Struct, frozen=True, kw_only=True):
    """A time span: a number of seconds, or a number with a unit: `30s`, `10m`, `2h`, `1d`."""

    expects: str = 'a number of seconds, or a string like "10m"'

    def read(self, value: object, place: TablePath) -> float:
        """Read a time span in seconds."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            wrong_type(value, place, self.expects)
            return 0.0
        seconds = _span(value) if isinstance(value, str) else float(value)
        # More than a year is a mistake in the unit.
        if seconds is None or not 0 < seconds <= 366 * 86_400:
            place.wrong(
                "impossible-value",
                f"`{place.name}` is not a time span: `{shown(str(value))}`",
                reason="a time span is longer than zero and at most a year",
                remedy='write seconds, or a number with `s`, `m`, `h` or `d`: "10m"',
            )
            return 0.0
        return seconds

    def schema(self) -> Schema:
        """Describe both spellings."""
        return {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,6})? ?[smhd]$"},
            ]
        }


class CommandWords(Struct, frozen=True):
    """A command: a list of words, or a text that is split into words as a shell would; no shell runs it."""

    check: Check | None = None
    expects: str = "a command: a list of words, or a string"

    def read(self, value: object, place: TablePath) -> tuple[str, ...]:
        """Read the words of a command."""
        words = self._words(value, place)
        if words is None:
            return ()
        if not words or not words[0].strip():
            place.wrong(
                "impossible-value",
                f"`{place.name}` does not name a program",
                remedy='write `["program", "word"]`',
            )
        elif any("\0" in word for word in words):
            place.wrong("impossible-value", f"`{place.name}` has a zero byte", remedy="remove it")
        for word in words:
            if self.check is not None and (found := self.check(word)) is not None:
                place.wrong(found.code, f"`{place.name}`: {found.message}", remedy=found.remedy)
        return words

    def schema(self) -> Schema:
        """Describe both spellings."""
        return {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                {"type": "string", "minLength": 1},
            ]
        }

    def _words(self, value: object, place: TablePath) -> tuple[str, ...] | None:
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
        if not isinstance(value, str):
            wrong_type(value, place, self.expects)
            return None
        try:
            # Split as a shell would, but run without one.
            return tuple(shlex.split(value))
        except ValueError as error:
            place.wrong(
                "impossible-value",
                f"`{place.name}` cannot be split into words",
                reason=str(error).lower().rstrip("."),
                remedy='close the quotes, or write a list: `["program", "word"]`',
            )
            return None


class ListOf(Struct, frozen=True):
    """A list of values of one form, at least ``least`` of them."""

    item: Form
    of: str
    least: int = 0

    @property
    def expects(self) -> str:
        """Return what is expected."""
        return f"a list of {self.of}"

    def read(self, value: object, place: TablePath) -> tuple[object, ...]:
        """Read the items."""
        if not isinstance(value, list):
            example = f"write `[{_as_toml(value)}]`" if isinstance(value, str | int | float) else ""
            wrong_type(value, place, self.expects, remedy=example)
            return ()
        if len(value) < self.least:
            place.wrong(
                "impossible-value", f"`{place.name}` is empty", remedy="name at least one, or remove the key"
            )
        return tuple(self.item.read(item, place.below(index)) for index, item in enumerate(value))

    def schema(self) -> Schema:
        """Describe the list."""
        least: Schema = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(), **least}


class Pairs(Struct, frozen=True):
    """A table of names to values of one form, as pairs in file order."""

    words: Form
    expects: str = "a table of strings"

    def read(self, value: object, place: TablePath) -> tuple[tuple[str, object], ...]:
        """Read the pairs."""
        if not isinstance(value, dict):
            wrong_type(value, place, self.expects)
            return ()
        # In file order: `dict` keeps it, and TOML readers insert keys as they appear.
        return tuple((str(key), self.words.read(word, place.below(str(key)))) for key, word in value.items())

    def schema(self) -> Schema:
        """Describe the table."""
        return {"type": "object", "additionalProperties": self.words.schema()}


class StringOrTable(Struct, frozen=True):
    """A text, or a table in its place."""

    text: Form
    table: Form

    @property
    def expects(self) -> str:
        """Name both."""
        return f"{self.text.expects} or {self.table.expects}"

    def read(self, value: object, place: TablePath) -> object:
        """Read whichever it is."""
        if not isinstance(value, str | dict):
            wrong_type(value, place, self.expects)
            return None
        # The type decides which form is meant, so the error is about that form only.
        return (self.table if isinstance(value, dict) else self.text).read(value, place)

    def schema(self) -> Schema:
        """Describe both."""
        return {"anyOf": [self.text.schema(), self.table.schema()]}


class FlagOrText(Struct, frozen=True):
    """True, false, or a text that gives what true leaves to castoff."""

    text: FreeText | Choice

    @property
    def expects(self) -> str:
        """Name both."""
        return f"true, false or {self.text.expects}"

    def read(self, value: object, place: TablePath) -> bool | str:
        """Read whichever it is."""
        if isinstance(value, bool):
            return value
        if not isinstance(value, str):
            wrong_type(value, place, self.expects)
            return False
        return self.text.read(value, place)

    def schema(self) -> Schema:
        """Describe both."""
        return {"anyOf": [{"type": "boolean"}, self.text.schema()]}


def wrong_type(value: object, place: TablePath, expects: str, *, remedy: str = "") -> None:
    """Note that a value has another type than the one that is expected."""
    place.wrong(
        "wrong-type",
        f"`{place.name}` must be {expects}, it is {_kind(value)}",
        remedy=remedy or f"write {expects}",
    )


def _kind(value: object) -> str:
    for types, words in _KINDS.items():
        if isinstance(value, types):
            return words
    return "something else"


def _as_toml(value: str | int | float) -> str:
    return f'"{shown(value)}"' if isinstance(value, str) else str(value)


def _span(text: str) -> float | None:
    # Not a regular expression: `isdigit` accepts other scripts' digits too, hence `isascii`.
    number, unit = text.strip()[:-1].rstrip(), text.strip()[-1:]
    if (
        unit not in _UNITS
        or not number.replace(".", "", 1).isdigit()
        or not number.isascii()
        or len(number) > 16
    ):
        return None
    return float(number) * _UNITS[unit]


_UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_KINDS: Mapping[type | tuple[type, ...], str] = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    (datetime, date, time): "a date or time",
}
