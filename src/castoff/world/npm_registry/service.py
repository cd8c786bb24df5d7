"""The embedded npm registry: routes that read, publish and tag."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from castoff.world.clock import WorldClock
from castoff.world.identity import Issuer
from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry import documents
from castoff.world.npm_registry.account_routes import AccountRoutes
from castoff.world.npm_registry.accounts import Accounts, Token, require_owner
from castoff.world.npm_registry.changes import Changes
from castoff.world.npm_registry.names import scope_of
from castoff.world.npm_registry.outside import OutsideRegistry
from castoff.world.npm_registry.publication import (
    Publication,
    check_tag,
    is_version,
    read_document,
    read_publication,
)
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.routes import Found, base_of, dispatch, route
from castoff.world.npm_registry.stage_routes import StageRoutes
from castoff.world.npm_registry.store import Package, Store, Version
from castoff.world.npm_registry.trusted import TrustedPublishers

_ANY_BASE = "http://registry.invalid"
"""Stands for the registry's address, which views have of their own, in documents that are kept."""
_KEYS = {"packages", "users", "tokens", "scopes", "settings"}
_SETTINGS = {"access", "maintainers", "disallow_tokens", "dependents", "downloads", "tags", "trusted"}


def upload_subject(request: Request) -> str:
    """Return what a request is about: `name@version` for what is published or staged, else the path."""
    if request.method in ("PUT", "POST") and b'"_attachments"' in request.body:
        try:
            document = read_document(request.body)
        except Refused:
            return request.path
        versions = document.get("versions")
        if isinstance(versions, dict) and len(versions) == 1:
            return f"{document.get('name')}@{next(iter(versions))}"
    return request.path


class NpmRegistry:
    """An npm registry; ``settings`` are those of the seed, ``outside`` answers for names that are not ours."""

    def __init__(
        self,
        *,
        clock: WorldClock | None = None,
        settings: Mapping[str, Any] | None = None,
        outside: OutsideRegistry | None = None,
        issuer: Issuer | None = None,
    ) -> None:
        given = dict(settings or {})
        if not set(given) <= _KEYS:
            raise ValueError(f"it may have {', '.join(sorted(_KEYS))}")
        clock = clock or WorldClock()
        self.store = Store(clock)
        self.accounts = Accounts(given, clock)
        self.trusted = TrustedPublishers(issuer or Issuer(clock))
        self._scopes = None if given.get("scopes") is None else frozenset(str(one) for one in given["scopes"])
        self._outside = outside
        self._theirs: dict[tuple[str, str], dict[str, Any]] = {}
        self._completed: dict[tuple[object, ...], bytes] = {}
        self.seed(given.get("packages", ()))
        self._apply_settings(given.get("settings", {}))
        changes = Changes(self.store, self.accounts, clock)
        self._routes = [
            route("GET", "/-/package/{name}/dist-tags", self._tags),
            route("PUT", "/-/package/{name}/dist-tags/{tag}", self._set_tag),
            route("DELETE", "/-/package/{name}/dist-tags/{tag}", self._drop_tag),
            *StageRoutes(self.store, self.accounts, self._admit).routes,
            *AccountRoutes(self.store, self.accounts, self.trusted).routes,
            # Before the routes of a name alone, which would take `-` for a version.
            route("GET", "/{name}/-/{file}", self._tarball),
            *changes.routes,
            route("GET", "/{name}", self._packument),
            route("PUT", "/{name}", lambda request, found: self._publish(request, found, changes.change)),
            route("GET", "/{name}/{version}", self._version),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            with self.store.lock:
                answer = dispatch(self._routes, request)
        except _NotOurs as elsewhere:
            # Outside of the lock: others need not wait for the network.
            return elsewhere.answer()
        except _Continued as before:
            return before.answer()
        except Refused as refused:
            return refused.response()
        except (TypeError, ValueError, AttributeError) as error:
            return Refused(f"malformed: {error}").response()
        return answer

    def seed(self, packages: Iterable[Mapping[str, Any]], *, continued: bool = False) -> None:
        """Hold what was released before, as `package.json` documents; the last one of a name is its `latest`.

        ``continued``: these are versions of the user's own registry, whose other ones are shown as well.
        """
        with self.store.lock:
            for manifest in packages:
                self.store.seed(dict(manifest), continued=continued)

    def set_view(self, view: str, names: Iterable[str]) -> None:
        """Set the names of which the registry at `/view/VIEW` shows what was uploaded."""
        with self.store.lock:
            self.store.set_view(view, names)

    def dump(self) -> dict[str, object]:
        """Return what was uploaded, for the canonical dump of the world."""
        return self.store.dump()

    def _apply_settings(self, settings: Mapping[str, Any]) -> None:
        for name, values in settings.items():
            if not isinstance(values, dict) or not set(values) <= _SETTINGS:
                raise ValueError(f"`settings` of `{name}` may have {', '.join(sorted(_SETTINGS))}")
            if "trusted" in values:
                self.trusted.add(name, values["trusted"])
            package = self.store.find(name)
            if package is None:
                raise ValueError(f"`settings` names `{name}`, which is not in `packages`")
            package.access = str(values.get("access", "public"))
            package.maintainers = [str(one) for one in values.get("maintainers", package.maintainers)]
            package.disallow_tokens = bool(values.get("disallow_tokens", False))
            package.dependents = bool(values.get("dependents", False))
            package.downloads = int(values.get("downloads", 0))
            package.tags |= {str(tag): str(number) for tag, number in values.get("tags", {}).items()}

    def _readable(self, request: Request, found: Found) -> Package:
        """Return a package that the client may see; a restricted one is "not found" for everybody else."""
        token = self.accounts.reader(request)
        package = self.store.find(found["name"])
        if package is None:
            raise _NotOurs(self._outside, request, found)
        # 404 and not 403: npm hides from strangers whether a restricted package exists.
        if package.access != "public" and (token is None or not _may_read(token, package)):
            raise Refused("Not found", 404)
        return package

    def _packument(self, request: Request, found: Found) -> Response:
        package = self._readable(request, found)
        short = documents.ABBREVIATED in request.headers.get("accept", "")
        seen = self.store.look(package, found.get("view"))
        # Published, and not visible yet: nodes of the registry lag behind an upload for seconds.
        if not seen and package.kept:
            raise Refused("Not found", 404)
        if seen:
            document = documents.packument(package, seen, base_of(request, found), short=short)
        else:
            document = documents.unpublished(package)
        content_type = documents.ABBREVIATED if short else "application/json"
        # A document that is read to be written back holds what this registry knows, and nothing else.
        if package.continued and self._outside is not None and "write" not in request.query:
            return self._continued(request, found, seen, _cached(request, document, content_type))
        return _cached(request, document, content_type)

    def _continued(self, request: Request, found: Found, seen: Sequence[Version], own: Response) -> Response:
        """Complete a package's document with its versions outside.

        It may have thousands of versions, and each look of each view asks for it: what is outside is read once, and
        completed anew only when the package changes.
        """
        package, base = self.store.get(found["name"]), base_of(request, found)
        kind = own.headers["Content-Type"]
        state = (package.name, kind, package.revision, *(one.number for one in seen))

        def complete(theirs: dict[str, Any]) -> Response:
            self._theirs[package.name, kind] = theirs
            if state not in self._completed:
                short = kind == documents.ABBREVIATED
                document = documents.packument(package, seen, _ANY_BASE, short=short)
                uploaded = {one.number for one in seen if not one.seeded}
                merged = documents.continued(document, uploaded, theirs)
                # Kept as bytes with a placeholder for the address: every view has its own, and a document may
                # have megabytes.
                self._completed[state] = json.dumps(merged).encode()
            body = self._completed[state].replace(_ANY_BASE.encode(), base.encode())
            return _cached(request, body, kind)

        known = self._theirs.get((package.name, kind))
        if not seen:
            return own
        if known is not None:
            return complete(known)
        raise _Continued(_NotOurs(self._outside, request, found, _ANY_BASE), complete, own)

    def _version(self, request: Request, found: Found) -> Response:
        package = self._readable(request, found)
        seen = {one.number: one for one in self.store.settled(package, found.get("view"))}
        # npm takes a dist-tag in the place of a version here.
        number = found["version"] if is_version(found["version"]) else package.tags.get(found["version"], "")
        if package.continued and (number not in seen or seen[number].seeded):
            raise _NotOurs(self._outside, request, found)
        if number not in seen:
            raise Refused(f"version not found: {found['version']}", 404)
        shown = documents.manifest(package, seen[number], base_of(request, found))
        return _cached(request, shown, "application/json")

    def _tarball(self, request: Request, found: Found) -> Response:
        package = self._readable(request, found)
        own = Refused("Not found", 404).response()
        for version in self.store.settled(package, found.get("view")):
            if version.filename == found["file"]:
                own = Response(200, version.tarball, {"Content-Type": "application/octet-stream"})
                if not version.seeded:
                    return own
        if package.continued and self._outside is not None:
            raise _Continued(_NotOurs(self._outside, request, found), None, own)
        return own

    def _tags(self, request: Request, found: Found) -> Response:
        package = self._readable(request, found)
        seen = self.store.settled(package, found.get("view"))
        return _cached(request, documents.shown_tags(package, seen), "application/json")

    def _set_tag(self, request: Request, found: Found) -> Response:
        package = self._tagged(request, found)
        check_tag(found["tag"])
        number = json.loads(request.body or b"null")
        if number not in {version.number for version in self.store.settled(package, None)}:
            raise Refused(f"version not found: {number}", 404)
        package.former.pop(found["tag"], None)
        package.tags[found["tag"]] = number
        package.revision += 1
        return json_response(
            201, {"ok": True, "id": package.name, "rev": package.rev, "dist-tags": package.tags}
        )

    def _drop_tag(self, request: Request, found: Found) -> Response:
        package = self._tagged(request, found)
        if self.accounts.signed_in(request).bypass_2fa:
            # Seen with tokens of CI only: Mentra-Community/MentraOS#4044, esengine/DeepSeek-Reasonix#7477.
            raise Refused("Forbidden", 403)
        if found["tag"] == "latest":
            raise Refused('The "latest" tag cannot be removed')
        if package.tags.pop(found["tag"], None) is None:
            raise Refused(f"{found['tag']} is not a dist-tag on {package.name}", 404)
        package.revision += 1
        return json_response(200, {"ok": True, "id": package.name, "rev": package.rev})

    def _tagged(self, request: Request, found: Found) -> Package:
        token = self.accounts.writer(request, found["name"])
        if token.kind == "oidc":
            raise Refused("Unauthorized", 401)  # npm/cli#8547
        package = self.store.get(found["name"])
        require_owner(token, package.name, package.maintainers)
        self.accounts.require_second_factor(request, token)
        return package

    def _publish(
        self, request: Request, found: Found, change: Callable[[Request, Found], Response]
    ) -> Response:
        document = read_document(request.body)
        # One route for two writes: with a tarball it is an upload, without one a change of the document
        # (deprecation, unpublishing).
        if "_attachments" not in document or not document["_attachments"]:
            return change(request, found)
        publication, token = self._admit(request, found, document, "publish")
        self.accounts.require_second_factor(request, token)
        self.store.publish(publication, token.user, request.late)
        return json_response(200, {"success": True})

    def _admit(
        self, request: Request, found: Found, document: dict[str, Any], action: str
    ) -> tuple[Publication, Token]:
        """Check what is published or staged, and by whom, up to the second factor."""
        name = found["name"]
        token = self.accounts.writer(request, name)
        if token.kind == "oidc" and action not in token.actions:
            raise Refused("OIDC permission denied for this action", 403)
        scope = scope_of(name)
        if scope is not None and self._scopes is not None and scope not in self._scopes:
            raise Refused("Not found: Scope not found", 404)
        package = self.store.find(name)
        if package is not None:
            require_owner(token, name, package.maintainers)
            if package.disallow_tokens and token.kind == "granular" and action == "publish":
                raise Refused(
                    "Two-factor authentication is required to publish this package but tokens are not allowed",
                    403,
                )
        publication = read_publication(name, document)
        if not (package is None and publication.access is None and self._is_outside(name)):
            _check_access(publication, package)
        return publication, token

    def _is_outside(self, name: str) -> bool:
        """Return whether the user's registry has a package already: an upload does not change its access."""
        if self._outside is None or scope_of(name) is None:
            return False
        asked = Request(method="GET", path=f"/{name}", headers={"accept": documents.ABBREVIATED})
        return self._outside.read(asked.path, name, asked, _ANY_BASE).status == 200


class _NotOurs(Exception):
    """A name that is not published here: the question goes on to the user's own registry, if there is one."""

    def __init__(
        self, outside: OutsideRegistry | None, request: Request, found: Found, base: str | None = None
    ) -> None:
        super().__init__(found["name"])
        self._outside = outside
        self._request = request
        self._found = found
        self._base = base

    def answer(self) -> Response:
        """Read it outside, or refuse with 404."""
        if self._outside is None:
            return Refused("Not found", 404).response()
        base = base_of(self._request, self._found)
        path = self._request.path.removeprefix(base.removeprefix(self._request.base_url))
        return self._outside.read(path, self._found["name"], self._request, self._base or base)


class _Continued(Exception):
    """A package with earlier versions outside: the answer there is completed, and ``own`` is the one without it."""

    def __init__(
        self, elsewhere: _NotOurs, complete: Callable[[dict[str, Any]], Response] | None, own: Response
    ) -> None:
        super().__init__()
        self._elsewhere = elsewhere
        self._complete = complete
        self._own = own

    def answer(self) -> Response:
        """Read outside; what cannot be read there, or is of somebody else, changes nothing."""
        there = self._elsewhere.answer()
        if self._complete is not None and there.status == 404:
            return self._complete({})  # nobody has the name, so it is not asked for again
        if there.status != 200 or self._complete is None:
            return there if there.status == 200 else self._own
        theirs = json.loads(there.body)
        return self._complete(theirs) if isinstance(theirs, dict) else self._own


def _check_access(publication: Publication, package: Package | None) -> None:
    """Refuse an access that the account does not have: private packages have to be paid for."""
    scoped = scope_of(publication.name) is not None
    if not scoped and publication.access not in (None, "public"):
        raise Refused("Can't restrict access to unscoped packages.")
    private = publication.access not in (None, "public") or (package is None and publication.access is None)
    if scoped and private:
        raise Refused("You must sign up for private packages", 402)


def _may_read(token: Token, package: Package) -> bool:
    return token.covers(package.name) and (token.kind == "oidc" or token.user in package.maintainers)


def _cached(request: Request, document: object, content_type: str) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "Content-Type": content_type,
        "ETag": etag,
        "Cache-Control": "public, max-age=300",
        "Vary": "accept-encoding, accept",
    }
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return Response(304, b"", headers) if etag in known else Response(200, body, headers)
