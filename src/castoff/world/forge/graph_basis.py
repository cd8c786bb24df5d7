"""What all nodes of the graph share."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeVar

from castoff.world.forge import association
from castoff.world.forge.call import Call
from castoff.world.forge.graph_paging import Connection, connect
from castoff.world.forge.graph_weight import Weight
from castoff.world.forge.records import Issue, User
from castoff.world.forge.show import node_id

Item = TypeVar("Item")
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
