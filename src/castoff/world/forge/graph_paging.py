"""Pages of lists in GraphQL."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

_LARGEST = 100


class Trouble(Exception):
    """An error with GitHub's ``type``; the endpoint puts it into the answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Connection:
    """One page: GitHub's shape, ready for the default resolvers; a part that is an error is raised by them."""

    nodes: list[object] | Trouble
    edges: list[dict[str, object]] | Trouble
    pageInfo: dict[str, object] | Trouble  # noqa: N815 - GitHub's name
    totalCount: int  # noqa: N815 - GitHub's name

    @property
    def issueCount(self) -> int:
        """What a search calls its total."""
        return self.totalCount

    @property
    def repositoryCount(self) -> int:
        """What a search for repositories would count."""
        return 0


def connect(
    name: str, items: Sequence[Item], asked: dict[str, object], show: Callable[[Item], object]
) -> Connection:
    """Return the page that ``first``/``after`` or ``last``/``before`` ask for; without a bound, only the total."""
    start, end = _position(asked.get("after"), 0), _position(asked.get("before"), len(items) + 1) - 1
    first, last = _bound(name, "first", asked), _bound(name, "last", asked)
    if first is None and last is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        trouble = Trouble("MISSING_PAGINATION_BOUNDARIES", text)
        return Connection(trouble, trouble, trouble, len(items))
    end = max(start, min(end, len(items)))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    nodes = [show(item) for item in items[start:end]]
    cursors = [_cursor(place) for place in range(start + 1, end + 1)]
    info: dict[str, object] = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }
    edges: list[dict[str, object]] = [
        {"cursor": cursor, "node": node} for cursor, node in zip(cursors, nodes, strict=True)
    ]
    return Connection(nodes, edges, info, len(items))


def _bound(name: str, word: str, asked: dict[str, object]) -> int | None:
    value = asked.get(word)
    if not isinstance(value, int):
        return None
    if value > _LARGEST:
        message = f"Requesting {value} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
        raise Trouble("EXCESSIVE_PAGINATION", message)
    if value < 0:
        raise Trouble(
            "INVALID_CURSOR_ARGUMENTS", f"`{word}` on the `{name}` connection cannot be less than zero."
        )
    return value


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode()


def _position(cursor: object, default: int) -> int:
    if cursor is None:
        return default
    try:
        text = base64.b64decode(str(cursor), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    word, _, place = text.partition(":")
    if word != "cursor" or not place.isdecimal() or len(place) > 18:
        raise Trouble("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.")
    return int(place)
