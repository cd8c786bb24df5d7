"""Settings as lines of a `castoff.toml`, each with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from castoff.config.tables import keys_of
from castoff.release_tools.reading import SettingsEntry

WIDTH = 79
"""Comments and lists are broken at this width, so that the proposal fits a terminal of 80 columns."""
_ORDER = (
    "release", "version", "replace", "check", "cargo", "python", "npm", "notes", "milestone", "draft",
    "changelog", "docs", "website", "website.pages", "due",
)  # fmt: skip


def written(entries: Iterable[SettingsEntry]) -> str:
    """Write entries as TOML, tables in the order of the reference page, each with its reason above."""
    lines: list[str] = []
    open_table = ""
    for entry in sorted(entries, key=lambda one: _ORDER.index(one.table)):
        head = f"[[{entry.table}]]" if entry.many else f"[{entry.table}]"
        block = [f"{name} = {value(setting)}" for name, setting in entry.settings.items()]
        if entry.many or head != open_table:
            lines.append("")
            lines += [*_remarks(entry.reason), head] if entry.many else [head, *_remarks(entry.reason)]
        else:
            lines += _remarks(entry.reason)
        lines += block
        open_table = head
        if entry.commented:
            count = len(block) + (1 if entry.many else 0)
            lines[-count:] = ["# " + line for line in lines[-count:]]
            open_table = ""
    return "\n".join(lines).strip("\n") + "\n" if lines else ""


def differing(made: Any) -> dict[str, Any]:
    """Return the keys of a table of the configuration that are not as they are by default, as TOML values."""
    cls: type = type(made)
    return {
        key.name: _plain(getattr(made, key.field))
        for key in keys_of(cls)
        if getattr(made, key.field) != key.default
    }


def value(made: Any) -> str:
    """Write a value: literal where that spares backslashes."""
    match made:
        case bool():
            return "true" if made else "false"
        case str():
            return _text(made)
        case Mapping():
            return "{ " + ", ".join(f"{name} = {value(one)}" for name, one in made.items()) + " }"
        case list() | tuple():
            whole = "[" + ", ".join(value(one) for one in made) + "]"
            if len(whole) <= WIDTH:
                return whole
            return "[\n" + "".join(f"    {value(one)},\n" for one in made) + "]"
        case _:
            return str(made)


def _text(text: str) -> str:
    if ("\\" in text or '"' in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(made: Any) -> Any:
    if hasattr(type(made), "__dataclass_fields__"):
        return differing(made)
    if isinstance(made, tuple):
        return [_plain(one) for one in made]
    return made


def _remarks(text: str) -> Sequence[str]:
    """Break a reason into comment lines."""
    lines: list[str] = []
    for word in re.sub(r"[\x00-\x1f\x7f]+", " ", text).split():
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH - 2:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return [f"# {line}" for line in lines]
