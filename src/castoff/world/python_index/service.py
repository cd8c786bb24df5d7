"""The answers of the embedded Python index: simple API, uploads, JSON API, files and views."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from castoff.values import replace
from castoff.world.clock import WorldClock
from castoff.world.identity import Issuer
from castoff.world.messages import Rejected, Request, Response, json_response
from castoff.world.python_index import pages
from castoff.world.python_index.artifact import read_artifact
from castoff.world.python_index.minimal import Seed, minimal_wheel
from castoff.world.python_index.multipart import parse_form
from castoff.world.python_index.store import Store
from castoff.world.python_index.trusted import AUDIENCE, TrustedPublishing
from castoff.world.python_index.upload import receive

# As the real one: a client that does not ask anew may believe an old page for ten minutes.
CACHE_CONTROL = "max-age=600, public"
_INTEGRITY = "application/vnd.pypi.integrity.v1+json"


def upload_subject(request: Request) -> str:
    """Return what a request is about: the file's name for an upload, else the path."""
    if request.method == "POST":
        form = parse_form(request.headers.get("content-type", ""), request.body)
        if form is not None and form.filename is not None:
            return form.filename
    return request.path


class PythonIndex:
    """A Python package index; ``outside`` is the address of the simple API for names that are not ours.

    ``trusted`` and ``pending`` are publishers by the name of their project.
    """

    def __init__(
        self,
        *,
        clock: WorldClock | None = None,
        outside: str | None = None,
        trusted: Mapping[str, Any] | None = None,
        pending: Mapping[str, Any] | None = None,
        issuer: Issuer | None = None,
    ) -> None:
        clock = clock or WorldClock()
        self.store = Store(clock)
        self._trusted = TrustedPublishing(trusted or {}, pending or {}, clock, issuer or Issuer(clock))
        self._outside = outside.rstrip("/") if outside else None
        self._routes: Sequence[tuple[str, re.Pattern[str], Callable[[Request, dict[str, str]], Response]]] = [
            ("GET", re.compile(r"(?:/view/(?P<view>[^/]+))?/simple/?"), self._list),
            (
                "GET",
                re.compile(r"(?:/view/(?P<view>[^/]+))?/simple/(?P<name>[^/]+)(?P<end>/?)"),
                self._project,
            ),
            ("GET", re.compile(r"/pypi/(?P<name>[^/]+)(?:/(?P<version>[^/]+))?/json/?"), self._document),
            (
                "GET",
                re.compile(r"/integrity/(?P<name>[^/]+)/(?P<version>[^/]+)/(?P<filename>[^/]+)/provenance/?"),
                self._provenance,
            ),
            ("GET", re.compile(r"/packages/(?P<digest>../../[^/]+)/(?P<filename>[^/]+)"), self._file),
            ("POST", re.compile(r"/legacy/"), self._upload),
            ("POST", re.compile(r"/legacy"), self._moved),
            ("GET", re.compile(r"/_/oidc/audience"), self._audience),
            ("POST", re.compile(r"/_/oidc/mint-token"), self._mint),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        methods = set()
        for method, pattern, route in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if method == request.method:
                return route(request, {key: value or "" for key, value in match.groupdict().items()})
            methods.add(method)
        if methods:
            return _text(
                405, f"405 {request.method} is not allowed here", {"Allow": ", ".join(sorted(methods))}
            )
        return _text(404, f"404 no such route in the embedded Python index: {request.path}")

    def seed(self, entries: Iterable[Path | Seed]) -> None:
        """Hold what was released before: files, or minimal wheels made from their description."""
        for entry in entries:
            if isinstance(entry, Path):
                filename, content = entry.name, entry.read_bytes()
            else:
                filename, content = minimal_wheel(entry)
            artifact = read_artifact(filename, content)
            self.store.add(artifact, seeded=True)
            if isinstance(entry, Seed) and entry.yanked:
                self.store.yank(entry.name, entry.version, "")

    def dump(self) -> dict[str, object]:
        """Return what was uploaded, for the canonical dump of the world."""
        return {"uploads": self.store.dump()}

    def _list(self, request: Request, _found: dict[str, str]) -> Response:
        content_type = self._type(request)
        body = pages.project_list(self.store.names(), content_type)
        return _cached(request, body, content_type)

    def _project(self, request: Request, found: dict[str, str]) -> Response:
        normal = canonicalize_name(found["name"])
        view = found["view"] or None
        if not self.store.owns(normal):
            return self._not_ours(normal, view)
        if found["name"] != normal or not found["end"]:
            prefix = f"/view/{view}" if view else ""
            return Response(301, headers={"Location": f"{prefix}/simple/{normal}/"})
        shown = self.store.show(normal, view)
        if shown is None or (not shown.files and view is None):
            return _text(404, "404 Not Found")
        content_type = self._type(request)
        return _cached(request, pages.project_page(shown, content_type, request.base_url), content_type)

    def _not_ours(self, name: str, view: str | None) -> Response:
        if self._outside is None or view is not None or not re.fullmatch(r"[a-z0-9-]+", name):
            return _text(404, "404 Not Found")
        return Response(307, headers={"Location": f"{self._outside}/{name}/", "Cache-Control": "no-store"})

    def _document(self, request: Request, found: dict[str, str]) -> Response:
        shown = self.store.show(found["name"])
        document = None
        if shown is not None:
            document = pages.project_document(shown, found["version"] or None, request.base_url)
        if document is None:
            return json_response(404, {"message": "Not Found"})
        return _cached(request, json.dumps(document).encode(), "application/json")

    def _provenance(self, request: Request, found: dict[str, str]) -> Response:
        """Answer PyPI's integrity API (warehouse ``api/integrity.py``)."""
        accepted = [
            part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")
        ]
        if not {_INTEGRITY, "application/*", "*/*"} & set(accepted):
            return json_response(406, {"message": "Request not acceptable"})
        there, provenance = self.store.provenance(found["name"], found["version"], found["filename"])
        if not there:
            return json_response(404, {"message": "Not Found"})
        if provenance is None:
            return json_response(404, {"message": f"No provenance available for {found['filename']}"})
        return _cached(request, json.dumps(provenance).encode(), _INTEGRITY)

    def _file(self, request: Request, found: dict[str, str]) -> Response:
        filename, digest = found["filename"], found["digest"].replace("/", "")
        of_metadata = filename.endswith(".whl.metadata")
        artifact = self.store.find(filename.removesuffix(".metadata"), digest)
        if artifact is None or (of_metadata and artifact.kind != "bdist_wheel"):
            return _text(404, "404 Not Found")
        body = artifact.metadata if of_metadata else artifact.content
        return _ranged(request, _cached(request, body, "application/octet-stream"))

    def _upload(self, request: Request, _found: dict[str, str]) -> Response:
        try:
            receive(request, self.store, self._trusted)
        except Rejected as refused:
            # the reason phrase carries the message: it is what twine prints, and PyPI sends it there
            said = _text(refused.status, f"{refused.status} {refused.text}")
            return replace(said, reason=refused.text)
        return _text(200, "")

    def _audience(self, _request: Request, _found: dict[str, str]) -> Response:
        return json_response(200, {"audience": AUDIENCE})

    def _mint(self, request: Request, _found: dict[str, str]) -> Response:
        return self._trusted.mint(request, self.store.owns, self.store.create)

    def _moved(self, _request: Request, _found: dict[str, str]) -> Response:
        return _text(308, "308 an upload needs the address with a slash at its end", {"Location": "/legacy/"})

    def _type(self, request: Request) -> str:
        asked = request.query.get("format", [""])[0]
        return pages.wanted_type(asked or request.headers.get("accept", ""))


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


def _cached(request: Request, body: bytes, content_type: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "Content-Type": content_type if "+" in content_type else f"{content_type}; charset=utf-8",
        "ETag": etag,
        "Cache-Control": CACHE_CONTROL,
        "Vary": "Accept",
    }
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(304, b"", headers)
    return Response(200, body, headers)


def _ranged(request: Request, response: Response) -> Response:
    headers = {**response.headers, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d{0,12})-(\d{0,12})", request.headers.get("range", ""))
    size = len(response.body)
    if response.status != 200 or match is None or match.group(0) == "bytes=-":
        return Response(response.status, response.body, headers)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(416, b"", {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(206, response.body[start : end + 1], headers)
