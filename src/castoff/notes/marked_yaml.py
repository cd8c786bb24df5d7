"""What does a YAML text say, and on which line does each thing stand?

Only what configuration files and workflows need: mappings, lists, scalars. Scalars are resolved as YAML
1.1, as the forge's reader does (``no`` is a boolean, not a text). Anchors, aliases and merge keys are
followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from castoff.errors import CastoffError, ConfigurationError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

LARGEST_TEXT = 512 * 1024
_DEEPEST = 40
_NAMES = {
    "str": "string",
    "null": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "timestamp": "date",
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: ``text`` as written, ``type`` as resolved (string, null, boolean, integer, ...)."""

    text: str
    type: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Value, ...]
    line: int
    type: str = "array"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with its value; ``line`` is the key's."""

    key: str
    value: Value
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping with its entries as they stand, repeated keys included: the last one counts."""

    entries: tuple[Entry, ...]
    line: int
    type: str = "object"

    def get(self, key: str) -> Value | None:
        """Return the value of a key, or ``None`` where it is not there."""
        return next((entry.value for entry in reversed(self.entries) if entry.key == key), None)


Value = Scalar | Sequence | Mapping


def read_yaml(text: str, *, file: str, code: str) -> Value | None:
    """Read the first document of a text; ``None`` where it is empty.

    Raises:
        ConfigurationError: with ``code``, the file and the line, where the text is no YAML, or too large or
        too deep.
    """
    if len(text) > LARGEST_TEXT:
        raise ConfigurationError.of(
            code,
            f"`{file}` is larger than {LARGEST_TEXT // 1024} KiB",
            reason="a file of this kind holds a few lines",
            remedy="shorten it",
            file=file,
        )
    node = _compose(text, file=file, code=code)
    return None if node is None else _Values(file=file, code=code, made={}).of(node, depth=0)


def _compose(text: str, *, file: str, code: str) -> Node | None:
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
        raise _no_yaml(file, code, reason=reason, line=line) from error
    except (YAMLError, ValueError, AttributeError, TypeError, KeyError, AssertionError) as error:
        raise _no_yaml(file, code, reason=str(error).partition("\n")[0]) from error
    except RecursionError:
        raise _no_yaml(file, code, reason="it is nested too deeply") from None
    return first


def _no_yaml(file: str, code: str, *, reason: str, line: int | None = None) -> CastoffError:
    return ConfigurationError.of(
        code,
        f"`{file}` is not YAML",
        reason=reason,
        remedy="mend the syntax at this line" if line else "mend the syntax",
        file=file,
        line=line,
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """Turns nodes of the library into our values, each node once: aliases may name it a million times."""

    file: str
    code: str
    made: dict[int, Value]

    def of(self, node: Node, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _no_yaml(self.file, self.code, reason="it is nested too deeply", line=_line(node))
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
        return Scalar(str(node.value), _NAMES.get(name, name), _line(node))

    def _entries(self, node: Node, depth: int) -> tuple[Entry, ...]:
        merged: dict[str, Entry] = {}
        own: list[Entry] = []
        for key, value in node.value:
            if str(key.tag).endswith(":merge"):
                merged.update(_merged(self.of(value, depth + 1)))
            else:
                name = key.value if isinstance(key.value, str) else ""
                own.append(Entry(name, _seen_at(_line(key), self.of(value, depth + 1)), _line(key)))
        here = {entry.key for entry in own}
        return (*(entry for entry in merged.values() if entry.key not in here), *own)


def _seen_at(line: int, value: Value) -> Value:
    # Nothing after a key is reported where the next thing begins; people look at the key.
    return Scalar("", "null", line) if value == Scalar("", "null", value.line) else value


def _merged(value: Value) -> dict[str, Entry]:
    match value:
        case Mapping(entries):
            return {entry.key: entry for entry in entries}
        case Sequence(items):
            return {key: entry for item in reversed(items) for key, entry in _flat(item)}
        case Scalar():
            return {}


def _flat(value: Value) -> tuple[tuple[str, Entry], ...]:
    return tuple((entry.key, entry) for entry in value.entries) if isinstance(value, Mapping) else ()


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
