"""YAML texts with the line of each value.

Only what configuration files and workflows need: mappings, lists, scalars. Scalars are resolved as YAML 1.1, as the
forge's reader in Ruby does: ``no`` is a boolean, but ``N`` is a text (Psych, ``scalar_scanner.rb``). Anchors, aliases
and merge keys are followed.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

from msgspec import Struct

from castoff.errors import CastoffError, ConfigurationError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

LARGEST_TEXT = 512 * 1024
_DEEPEST = 40
_LETTERS = frozenset("yYnN")
_NAMES = {
    "str": "string",
    "null": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "timestamp": "date",
}


class Scalar(Struct, frozen=True):
    """A single value: ``text`` as written, ``type`` as resolved (string, null, boolean, integer, ...)."""

    text: str
    type: str
    line: int


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple[Value, ...]
    line: int
    type: str = "array"


class YamlEntry(Struct, frozen=True):
    """A key of a mapping with its value; ``line`` is the key's."""

    key: str
    value: Value
    line: int


class Mapping(Struct, frozen=True):
    """A mapping with its entries as they stand, repeated keys included: the last one counts."""

    entries: tuple[YamlEntry, ...]
    line: int
    type: str = "object"

    def get(self, key: str) -> Value | None:
        """Return the value of a key, or ``None`` where it is not there."""
        # Of duplicate keys the last one counts, as for the forge's reader.
        return next((entry.value for entry in reversed(self.entries) if entry.key == key), None)


Value = Scalar | Sequence | Mapping


def read_yaml(text: str, *, file: str) -> Value | None:
    """Read the first document of a text; ``None`` where it is empty.

    Raises:
        ConfigurationError: ``notes-configuration-syntax``, with the file and the line, if the text is not YAML, or is
        too large or too deep.
    """
    if len(text) > LARGEST_TEXT:
        raise ConfigurationError.of(
            "notes-configuration-syntax",
            f"`{file}` is larger than {LARGEST_TEXT // 1024} KiB",
            reason="a file of this kind holds a few lines",
            remedy="shorten it",
            file=file,
        )
    node = _compose(text, file=file)
    return None if node is None else _Values(file=file, made={}).of(node, depth=0)


def _compose(text: str, *, file: str) -> Node | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    try:
        # The forge reads the first document and nothing after it; a later one may be broken.
        first: Node | None = next(iter(yaml.compose_all(text.removeprefix("\ufeff"))), None)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise _no_yaml(file, reason=reason, line=line) from error
    except (YAMLError, ValueError, AttributeError, TypeError, KeyError, AssertionError) as error:
        raise _no_yaml(file, reason=str(error).partition("\n")[0]) from error
    except RecursionError:
        raise _no_yaml(file, reason="it is nested too deeply") from None
    return first


def _no_yaml(file: str, *, reason: str, line: int | None = None) -> CastoffError:
    return ConfigurationError.of(
        "notes-configuration-syntax",
        f"`{file}` is not YAML",
        reason=reason,
        remedy="fix the syntax at this line" if line else "fix the syntax",
        file=file,
        line=line,
    )


class _Values(Struct, frozen=True):
    """Turns nodes of the library into our values, each node once: aliases may name it a million times."""

    file: str
    made: dict[int, Value]

    def of(self, node: Node, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _no_yaml(self.file, reason="it is nested too deeply", line=_line(node))
        # An anchor that is used many times is built once: nested aliases would otherwise grow
        # exponentially.
        if id(node) not in self.made:
            self.made[id(node)] = self._make(node, depth)
        return self.made[id(node)]

    def _make(self, node: Node, depth: int) -> Value:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        if isinstance(node, SequenceNode):
            return Sequence(tuple(self.of(item, depth + 1) for item in node.value), _line(node))
        if isinstance(node, MappingNode):
            return Mapping(self._entries(node, depth), _line(node))
        name = str(node.tag).rpartition(":")[2]
        # YAML 1.1 reads a single `y` or `n` as a boolean, Psych does not.
        if name == "bool" and str(node.value) in _LETTERS:
            name = "str"
        return Scalar(str(node.value), _NAMES.get(name, name), _line(node))

    def _entries(self, node: Node, depth: int) -> tuple[YamlEntry, ...]:
        merged: dict[str, YamlEntry] = {}
        own: list[YamlEntry] = []
        for key, value in node.value:
            if str(key.tag).endswith(":merge"):
                merged.update(_merged(self.of(value, depth + 1)))
            else:
                name = key.value if isinstance(key.value, str) else ""
                own.append(YamlEntry(name, _seen_at(_line(key), self.of(value, depth + 1)), _line(key)))
        # Own keys override merged ones, wherever the merge key is (YAML merge key specification).
        here = {entry.key for entry in own}
        return (*(entry for entry in merged.values() if entry.key not in here), *own)


def _seen_at(line: int, value: Value) -> Value:
    # Nothing after a key is reported where the next thing begins; people look at the key.
    return Scalar("", "null", line) if value == Scalar("", "null", value.line) else value


def _merged(value: Value) -> dict[str, YamlEntry]:
    match value:
        case Mapping(entries):
            return {entry.key: entry for entry in entries}
        case Sequence(items):
            return {key: entry for item in reversed(items) for key, entry in _flat(item)}
        case Scalar():
            return {}


def _flat(value: Value) -> tuple[tuple[str, YamlEntry], ...]:
    return tuple((entry.key, entry) for entry in value.entries) if isinstance(value, Mapping) else ()


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def replace_values(text: str, changes: typing.Mapping[tuple[str, int], str], *, file: str) -> str:
    """Replace the scalars of these keys, each with the line of its value, and nothing else; quotes stay.

    Errors: those of :func:`read_yaml`.
    """
    shift = 1 if text.startswith("\ufeff") else 0
    root = _compose(text, file=file)
    queue = [root] if root is not None else []
    spans: set[tuple[int, int, str]] = set()
    while queue:
        node = queue.pop()
        if not _is_mapping(node):
            queue += node.value if isinstance(node.value, list) else []
            continue
        for key, value in node.value:
            queue.append(value)
            new = changes.get((str(key.value), _line(value)))
            if new is not None and isinstance(value.value, str):
                quote = value.style if value.style in ("'", '"') else ""
                ends = value.start_mark.index + shift, value.end_mark.index + shift
                spans.add((*ends, f"{quote}{new}{quote}"))
    for first, last, new in sorted(spans, reverse=True):
        text = text[:first] + new + text[last:]
    return text


def _is_mapping(node: Node) -> bool:
    from ruamel.yaml.nodes import MappingNode

    return isinstance(node, MappingNode)
