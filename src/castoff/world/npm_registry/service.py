"""What does the embedded npm registry answer? Packuments, publish, tags, tarballs, unpublish."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from castoff.world.clock import WorldClock
from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry.publishing import read_document, read_offer
from castoff.world.npm_registry.store import Package, Store
from castoff.world.npm_registry.tarball import Refused, integrity, minimal_tarball, shasum

Found = dict[str, str]
_SHORT = "application/vnd.npm.install-v1+json"
_SHORT_KEYS = (
    "name", "version", "deprecated", "dependencies", "devDependencies", "optionalDependencies",
    "peerDependencies", "peerDependenciesMeta", "bundleDependencies", "bin", "directories", "dist",
    "engines", "cpu", "os", "hasInstallScript",
)  # fmt: skip


def upload_subject(request: Request) -> str:
    """Say what a request is about: ``name@version`` for a publication, else the path."""
    if request.method == "PUT" and b'"_attachments"' in request.body:
        try:
            versions = read_document(request.body).get("versions")
        except Refused:
            return request.path
        if isinstance(versions, dict) and len(versions) == 1:
            return f"{request.path.lstrip('/')}@{next(iter(versions))}"
    return request.path


class NpmRegistry:
    """An npm registry; ``seeds`` are ``package.json`` documents of what was published before."""

    def __init__(self, *, clock: WorldClock | None = None, seeds: Iterable[dict[str, Any]] = ()) -> None:
        self.store = Store(clock or WorldClock())
        for seed in seeds:
            self._seed(dict(seed))
        name = r"(?P<name>(?:@[^/]+/)?[^/@-][^/]*)"
        self._routes: Sequence[tuple[str, re.Pattern[str], Callable[[Request, Found], Response]]] = [
            ("GET", re.compile(r"/-/ping"), self._ping),
            ("GET", re.compile(r"/-/whoami"), self._whoami),
            ("GET", re.compile(rf"/-/package/{name}/dist-tags"), self._tags),
            ("PUT", re.compile(rf"/-/package/{name}/dist-tags/(?P<tag>[^/]+)"), self._set_tag),
            ("DELETE", re.compile(rf"/-/package/{name}/dist-tags/(?P<tag>[^/]+)"), self._drop_tag),
            ("GET", re.compile(rf"/{name}/-/(?:@[^/]+/)?(?P<file>[^/]+\.tgz)"), self._tarball),
            ("DELETE", re.compile(rf"/{name}/-/(?:@[^/]+/)?(?P<file>[^/]+\.tgz)/-rev/[^/]+"), self._forget),
            ("PUT", re.compile(rf"/{name}/-rev/[^/]+"), self._change),
            ("DELETE", re.compile(rf"/{name}/-rev/[^/]+"), self._withdraw_all),
            ("GET", re.compile(rf"/{name}"), self._packument),
            ("PUT", re.compile(rf"/{name}"), self._publish),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            for method, pattern, route in self._routes:
                match = pattern.fullmatch(request.path)
                if match is not None and method == request.method:
                    if method != "GET":
                        _check_token(request)
                    with self.store.lock:
                        return route(request, match.groupdict())
            raise Refused(f"no such route in the embedded npm registry: {request.method} {request.path}", 404)
        except Refused as refused:
            return json_response(refused.status, {"error": refused.text})
        except (TypeError, ValueError, AttributeError) as error:
            return json_response(400, {"error": f"malformed: {error}"})

    def dump(self) -> dict[str, object]:
        """Give what was uploaded, for the canonical dump of the world."""
        return self.store.dump()

    def _seed(self, package: dict[str, Any]) -> None:
        tarball = minimal_tarball(package)
        manifest = {**package, "dist": {"integrity": integrity(tarball), "shasum": shasum(tarball)}}
        name, number = str(package["name"]), str(package["version"])
        self.store.add(name, number, manifest, tarball, seeded=True)
        self.store.get(name).tags["latest"] = number

    def _ping(self, _request: Request, _found: Found) -> Response:
        return json_response(200, {})

    def _whoami(self, request: Request, _found: Found) -> Response:
        _check_token(request)
        return json_response(200, {"username": "world"})

    def _packument(self, request: Request, found: Found) -> Response:
        package = self.store.get(found["name"])
        short = _SHORT in request.headers.get("accept", "")
        body = json.dumps(_document(package, request.base_url, short=short)).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            "Content-Type": _SHORT if short else "application/json",
            "ETag": etag,
            "Cache-Control": "public, max-age=300",
        }
        if etag == request.headers.get("if-none-match"):
            return Response(304, b"", headers)
        return Response(200, body, headers)

    def _publish(self, request: Request, found: Found) -> Response:
        document = read_document(request.body)
        if "_attachments" not in document:
            return self._change(request, found)
        offer = read_offer(found["name"], document)
        self.store.add(found["name"], offer.number, offer.manifest, offer.tarball, late=request.late)
        for tag in offer.tags:
            self.store.get(found["name"]).tags[tag] = offer.number
        return json_response(201, {"ok": True, "success": True})

    def _change(self, request: Request, found: Found) -> Response:
        """Take over deprecations, and withdraw the versions that the document leaves out."""
        package = self.store.get(found["name"])
        kept = read_document(request.body).get("versions")
        if not isinstance(kept, dict) or not set(kept) <= set(package.versions):
            raise Refused("a change keeps versions that are there")
        for number, version in package.versions.items():
            if number not in kept:
                version.withdrawn = True
            elif isinstance(kept[number], dict):
                version.manifest["deprecated"] = kept[number].get("deprecated")
        package.tags = {tag: at for tag, at in package.tags.items() if not package.versions[at].withdrawn}
        left = [number for number, version in package.versions.items() if not version.withdrawn]
        if left and "latest" not in package.tags:
            package.tags["latest"] = left[-1]
        package.revision += 1
        return json_response(201, {"ok": True})

    def _withdraw_all(self, _request: Request, found: Found) -> Response:
        package = self.store.get(found["name"])
        for version in package.versions.values():
            version.withdrawn = True
        package.tags.clear()
        return json_response(201, {"ok": True})

    def _forget(self, _request: Request, found: Found) -> Response:
        self.store.get(found["name"])
        return json_response(201, {"ok": True})

    def _tags(self, _request: Request, found: Found) -> Response:
        return json_response(200, self.store.get(found["name"]).tags)

    def _set_tag(self, request: Request, found: Found) -> Response:
        package = self.store.get(found["name"])
        number = json.loads(request.body or b"null")
        if number not in package.versions or package.versions[number].withdrawn:
            raise Refused(f"version not found: {number}", 404)
        package.tags[found["tag"]] = number
        return json_response(201, {"ok": True})

    def _drop_tag(self, _request: Request, found: Found) -> Response:
        package = self.store.get(found["name"])
        if found["tag"] == "latest" or package.tags.pop(found["tag"], None) is None:
            raise Refused("no such tag, or one that must stay", 400)
        return json_response(200, {"ok": True})

    def _tarball(self, _request: Request, found: Found) -> Response:
        for version in self.store.get(found["name"]).versions.values():
            if version.filename == found["file"] and not version.withdrawn:
                return Response(200, version.tarball, {"Content-Type": "application/octet-stream"})
        raise Refused("Not found", 404)


def _document(package: Package, base_url: str, *, short: bool) -> dict[str, object]:
    seen = {
        number: version
        for number, version in package.versions.items()
        if version.sight.look() and not version.withdrawn
    }
    if not seen and not any(version.withdrawn for version in package.versions.values()):
        raise Refused("Not found", 404)
    times: dict[str, object] = {number: version.at for number, version in package.versions.items()}
    if not seen:
        gone = {"time": max(map(str, times.values())), "versions": list(times)}
        return {"_id": package.name, "name": package.name, "time": {**times, "unpublished": gone}}
    versions = {}
    for number, version in seen.items():
        dist = {**version.manifest["dist"], "tarball": f"{base_url}/{package.name}/-/{version.filename}"}
        shown = {key: value for key, value in version.manifest.items() if value is not None}
        if short:
            shown = {key: shown[key] for key in _SHORT_KEYS if key in shown}
        versions[number] = {**shown, "dist": dist}
    document: dict[str, object] = {
        "name": package.name,
        "dist-tags": {tag: number for tag, number in package.tags.items() if number in seen},
        "versions": versions,
        "modified": max(version.at for version in package.versions.values()),
    }
    if short:
        return document
    return {"_id": package.name, "_rev": f"{package.revision}-world", **document, "time": times}


def _check_token(request: Request) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Refused("You must be logged in to publish packages.", 401)
