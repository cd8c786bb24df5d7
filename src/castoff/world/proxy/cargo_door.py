"""What cargo finds behind its proxy port: our crates by the shape of the path; all else is outside.

The index, the API and the downloads of a registry have hosts of their own; no list of them is kept.
"""

from __future__ import annotations

import http.client
import json
import re
import threading

from castoff.values import replace
from castoff.world.cargo_registry import CargoRegistry, upload_subject
from castoff.world.cargo_registry.index import name_at
from castoff.world.cargo_registry.upload import read_body
from castoff.world.messages import Rejected, Request, Response, json_response
from castoff.world.proxy.passing import Outside, Target
from castoff.world.server import Site

_API = re.compile(r"/api/v1/crates/(?P<name>[^/]+)(?:/.*)?")
_DOWNLOAD = re.compile(r".*/(?P<name>[^/]+)/(?P<version>[^/]+)/download")
_CRATE_FILE = re.compile(r".*/(?P<name>[^/]+)/(?P=name)-(?P<version>\d[^/]*)\.crate")


class CargoDoor:
    """The embedded registry in the place of the one that cargo wants.

    With ``seed_from_outside``, what was really published of a crate before is shown along with what is
    uploaded here, and counts as taken; not so for a crate that the seed describes, which is complete.
    """

    def __init__(self, registry: CargoRegistry, outside: Outside, *, seed_from_outside: bool = True) -> None:
        self._registry = registry
        self._outside = outside
        self._seeding = seed_from_outside and outside.enabled
        self._lock = threading.Lock()
        self._index_of: dict[str, tuple[Target, str]] = {}
        self._seeded: set[str] = set()
        self._site = Site("cargo", self, upload_subject)

    @property
    def site(self) -> Site:
        """Return the site that answers."""
        return self._site

    def normal(self, request: Request) -> Request:
        """Write a path of the API as crates-io does: a mirror may put something before it."""
        _, found, rest = request.path.partition("/api/v1/")
        return replace(request, path=f"/api/v1/{rest}") if found else request

    def is_ours(self, request: Request, target: Target) -> bool:
        """Return whether a request is answered by the embedded registry."""
        if request.method not in ("GET", "HEAD"):
            return request.path.startswith("/api/v1/")
        name = index_name(request.path)
        if name is not None:
            self._index_of[name.lower()] = (target, request.path)
            return self._registry.store.owns(name) or not self._outside.enabled
        return self._is_our_read(request)

    def handle(self, request: Request) -> Response:
        """Answer a request that is ours."""
        try:
            return self._answer(request)
        except Rejected as rejected:
            return json_response(rejected.status, {"errors": [{"detail": rejected.text}]}, rejected.headers)

    def _answer(self, request: Request) -> Response:
        if request.method == "PUT" and request.path == "/api/v1/crates/new":
            self._seed(read_body(request.body).name)
            return self._registry.handle(request)
        name = index_name(request.path) if request.method == "GET" else None
        if name is not None:
            self._seed(name)
            return self._registry.index_answer(request, name)
        match = _DOWNLOAD.fullmatch(request.path) or _CRATE_FILE.fullmatch(request.path)
        if match is not None and request.method == "GET":
            path = f"/api/v1/crates/{match['name']}/{match['version']}/download"
            return self._registry.handle(Request("GET", path, {}, request.headers, b"", request.base_url))
        if request.path.endswith("/config.json") or request.path == "/config.json":
            base = request.base_url
            return json_response(200, {"dl": f"{base}/crates", "api": base})
        return self._registry.handle(request)

    def _is_our_read(self, request: Request) -> bool:
        match = _DOWNLOAD.fullmatch(request.path) or _CRATE_FILE.fullmatch(request.path)
        if match is not None:
            return self._registry.store.find(match["name"], match["version"]) is not None
        match = _API.fullmatch(request.path)
        if match is not None:
            return self._registry.store.owns(match["name"])
        if request.path == "/api/v1/crates":
            wanted = request.query.get("q", [""])[0].lower()
            return any(wanted in name.lower() for name, _ in self._registry.store.crates())
        if not self._outside.enabled and request.path.rpartition("/")[2] == "config.json":
            return True
        return request.path == "/api/v1/me"

    def _seed(self, name: str) -> None:
        """Take over what the outside index says of a crate, once; without an answer, stop."""
        with self._lock:
            known = self._index_of.get(name.lower())
            if not self._seeding or known is None or name.lower() in self._seeded:
                return
            if any(held.seeded for held in self._registry.store.versions(name) or ()):
                return
            target, path = known
            try:
                status, body = self._outside.fetch(target, path)
            except (OSError, http.client.HTTPException) as error:
                raise Rejected(f"the index of {target.url} cannot be read: {error}", 502) from error
            if status == 200:
                self._registry.store.merge_outside(name, _lines(body))
            elif status not in (404, 410, 451):
                raise Rejected(f"the index of {target.url} answers {status}", 502)
            self._seeded.add(name.lower())


def index_name(path: str) -> str | None:
    """Return the crate whose index file a path is, below whatever the index begins with."""
    parts = path.strip("/").split("/")
    for length in (3, 2):
        if len(parts) >= length:
            name = name_at("/".join(parts[-length:]))
            if name is not None:
                return name
    return None


def _lines(body: bytes) -> dict[str, str]:
    lines: dict[str, str] = {}
    for line in body.decode("utf-8", "replace").splitlines():
        if line.strip():
            lines[str(json.loads(line)["vers"])] = line
    return lines
