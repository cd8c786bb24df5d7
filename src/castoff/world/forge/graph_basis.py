"""What all nodes of the graph share."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from castoff.world.forge import association
from castoff.world.forge.call import Call
from castoff.world.forge.graph_weight import Weight
from castoff.world.forge.records import Issue, User
from castoff.world.forge.show import node_id

Item = TypeVar("Item")

_LARGEST = 100


class Trouble(Exception):
    """An error with GitHub's ``type``; the endpoint puts it into the answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Connection(Struct, frozen=True):
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


Value = object
Info = object
"""What the library hands to resolvers first; no resolver here needs it."""


class Graph:
    """One request's view of the world; what is costly is worked out once."""

    def __init__(self, call: Call, weight: Weight) -> None:
        self.call = call
        self.weight = weight

    @cached_property
    def merged(self) -> dict[str, list[Issue]]:
        """Merged pull requests by the commits that they brought in."""
        return association.merged_by_commit(self.call.state, self.call.git)

    @cached_property
    def waiting(self) -> dict[str, list[Issue]]:
        """Open pull requests by the commits that they propose."""
        found: dict[str, list[Issue]] = defaultdict(list)
        for issue in self.call.state.pulls():
            if issue.state == "open":
                for sha in association.proposed(self.call.git, issue):
                    found[sha].append(issue)
        return found

    def associated(self, sha: str) -> list[Issue]:
        """Return the pull requests of a commit, by number."""
        both = [*self.merged.get(sha, ()), *self.waiting.get(sha, ())]
        return sorted(both, key=lambda issue: issue.number)

    def account(self, login: str | None) -> Account | None:
        """Return the node of an account; deleted ones are null."""
        return None if login is None else Account(self, self.call.state.user(login))


class Node:
    """A node: ``kind`` is the name of its type, ``id`` its global id."""

    kind: str = ""

    def __init__(self, graph: Graph, number: int | str) -> None:
        self.graph = graph
        self.id = node_id(self.kind, number)

    def connect(
        self, name: str, items: Iterable[Item], asked: dict[str, object], show: type[Node] | None = None
    ) -> Connection:
        """Make a connection; ``show`` turns a record into its node."""
        listed: Sequence[Item] = self.graph.call.state.listed(items)
        return connect(name, listed, asked, (lambda item: show(self.graph, item)) if show else _same)  # type: ignore[arg-type]


class Account(Node):
    """A user or a bot; a bot's login has no ``[bot]`` here, unlike in REST."""

    def __init__(self, graph: Graph, user: User) -> None:
        self.kind = "Bot" if user.type == "Bot" else "User"
        super().__init__(graph, user.id)
        self.login = user.login.removesuffix("[bot]") if self.kind == "Bot" else user.login
        self.databaseId, self.name = user.id, user.name
        web = graph.call.links.web
        self.url = f"{web}/apps/{self.login}" if self.kind == "Bot" else f"{web}/{self.login}"


def ordered(
    items: Iterable[Item], asked: dict[str, object], fields: dict[str, str], usual: str
) -> list[Item]:
    """Sort by ``orderBy``; ``fields`` maps GitHub's names to attributes, ``usual`` is the order unasked."""
    order = asked.get("orderBy")
    name, direction = usual, "ASC"
    if isinstance(order, dict):
        name, direction = fields.get(str(order.get("field")), usual), str(order.get("direction"))
    return sorted(items, key=lambda item: _rank(item, name), reverse=direction == "DESC")


def wanted(asked: dict[str, object], name: str) -> set[str]:
    """Return a list argument as a set, lower case; empty where it was not given."""
    value = asked.get(name)
    return {str(item).lower() for item in value} if isinstance(value, list) else set()


def decoded(identity: str) -> tuple[str, int]:
    """Take a global id apart; what is none is of no kind."""
    try:
        kind, _, number = base64.b64decode(identity, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", 0
    return (kind, int(number)) if number.isdecimal() and len(number) < 19 else ("", 0)


def _rank(item: object, name: str) -> tuple[object, int]:
    value = getattr(item, name)
    return (value.lower() if isinstance(value, str) else value), int(getattr(item, "id", 0) or 0)


def _same(item: object) -> object:
    return item
