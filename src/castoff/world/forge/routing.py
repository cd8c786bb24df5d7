"""Routes: the handler of each address."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from castoff.world.forge.answers import Answer
from castoff.world.forge.call import Call

Handler = Callable[[Call], Answer]


class Route(Struct, frozen=True):
    """One operation, named as in GitHub's description; ``need`` is the least level that may use it.

    ``{name}`` stands for one part of a path, ``{name*}`` for the rest of it.
    """

    method: str
    template: str
    handler: Handler
    need: str = "read"


class Router:
    """All routes; the first that fits wins, so fixed parts stand before variable ones."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        ordered = sorted(routes, key=_openness)
        self._routes = [(route, re.compile(_pattern(route.template))) for route in ordered]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route for a request and the variable parts of its path."""
        wanted = "GET" if method == "HEAD" else method
        for route, pattern in self._routes:
            if route.method == wanted and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served at a path."""
        return any(pattern.fullmatch(path) for _, pattern in self._routes)


def _openness(route: Route) -> tuple[bool, list[bool]]:
    parts = route.template.split("/")
    return route.template.endswith("*}"), [part.startswith("{") for part in parts]


def _pattern(template: str) -> str:
    parts = re.split(r"(\{\w+\*?\})", template)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    if part.endswith("*}"):
        return f"(?P<{part[1:-2]}>.+)"
    return f"(?P<{part[1:-1]}>[^/]+)"
