"""Table of routes: a method with a path whose `{name}` is a package, slash of a scope included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from castoff.world.messages import Request, Response
from castoff.world.npm_registry.refusal import Refused

Found = dict[str, str]
Handler = Callable[[Request, Found], Response]
_PARTS = {
    "name": r"(?P<name>(?:@[^/]+/)?[^/@-][^/]*)",
    "file": r"(?:@[^/]+/)?(?P<file>[^/]+\.tgz)",
    "spec": r"(?P<spec>(?:@[^/]+/)?[^/]+)",
}
_VIEW = re.compile(r"/view/(?P<view>[^/]+)(?P<path>/.*)")
Route = tuple[str, re.Pattern[str], Handler]


def route(method: str, path: str, handler: Handler) -> Route:
    """Make a row of the table from a path with `{parts}`."""
    pattern = re.sub(r"\{(\w+)\}", lambda found: _PARTS.get(found[1], rf"(?P<{found[1]}>[^/]+)"), path)
    return method, re.compile(pattern), handler


def dispatch(routes: Iterable[Route], request: Request) -> Response:
    """Answer a request by the first row that takes it; a route that nobody knows is a 404 that names it."""
    view = _VIEW.fullmatch(request.path)
    path = view["path"] if view else request.path
    for method, pattern, handler in routes:
        match = pattern.fullmatch(path)
        if match is not None and method == request.method:
            found = {key: value or "" for key, value in match.groupdict().items()}
            return handler(request, {**found, **({"view": view["view"]} if view else {})})
    raise Refused(f"no such route in the embedded npm registry: {request.method} {request.path}", 404)


def base_of(request: Request, found: Found) -> str:
    """Return the address of the registry as the client knows it, which may be that of a view."""
    return f"{request.base_url}/view/{found['view']}" if "view" in found else request.base_url
