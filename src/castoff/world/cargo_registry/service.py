"""Routes of the embedded Cargo registry: sparse index, publish, download, yank, owners, search."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from castoff.world.cargo_registry.index import name_at
from castoff.world.cargo_registry.limits import parse_limits
from castoff.world.cargo_registry.record import read_record
from castoff.world.cargo_registry.requirements import precedence
from castoff.world.cargo_registry.store import OWNER, Held, Store
from castoff.world.cargo_registry.trusted import TrustedPublishing
from castoff.world.cargo_registry.upload import (
    check_identity,
    check_links,
    check_upload,
    read_body,
    read_published,
)
from castoff.world.clock import WorldClock
from castoff.world.identity import Issuer
from castoff.world.messages import Rejected, Request, Response, json_response


def crate_document(name: str, versions: Sequence[Held]) -> dict[str, object]:
    """Describe a crate."""
    ordered = sorted(versions, key=lambda held: precedence(held.published.version))
    stable = [held for held in ordered if "-" not in held.published.version and not held.yanked]
    latest = (stable or ordered)[-1].published
    return {
        "id": name,
        "name": name,
        "description": latest.description,
        "max_version": ordered[-1].published.version,
        "newest_version": versions[-1].published.version,
        "max_stable_version": stable[-1].published.version if stable else None,
        "default_version": latest.version,
        "exact_match": False,
        "downloads": 0,
        "created_at": _time(versions[0].at),
        "updated_at": _time(versions[-1].at),
    }


def version_document(held: Held) -> dict[str, object]:
    """Describe one version."""
    published = held.published
    return {
        "crate": published.name,
        "num": published.version,
        "checksum": published.checksum,
        "crate_size": len(published.crate),
        "dl_path": f"/api/v1/crates/{published.name}/{published.version}/download",
        "features": {name: list(values) for name, values in published.features},
        "license": published.license,
        "links": {"dependencies": f"/api/v1/crates/{published.name}/{published.version}/dependencies"},
        "rust_version": published.rust_version,
        "yanked": held.yanked,
        "yank_message": None,
        "published_by": user_document(OWNER) if held.trusted is None else None,
        "trustpub_data": held.trusted,
        "created_at": _time(held.at),
        "updated_at": _time(held.at),
    }


def user_document(login: str) -> dict[str, object]:
    """Describe a user; the number is made of the login, so that it is always the same."""
    number = sum(ord(letter) * (place + 1) for place, letter in enumerate(login))
    return {
        "id": number,
        "login": login,
        "name": login,
        "kind": "team" if ":" in login else "user",
        "avatar": None,
        "url": f"https://github.com/{login}",
    }


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


Found = dict[str, str]
_API = "/api/v1/crates"
_SETTINGS = {"packages", "crates", "outside", "limits", "owners", "trusted"}
_TOKENS = "/api/v1/trusted_publishing/tokens"
_NO_PUBLISHER = (
    "this crate exists but you don't seem to be an owner. If you believe this is a mistake, perhaps you need to accept "
    "an invitation to be an owner before publishing."
)
_NO_YANKER = "must already be an owner to yank or unyank"
_NO_OWNER = "only owners have permission to modify owners"


def upload_subject(request: Request) -> str:
    """Return what a request is about: ``name@version`` for an upload or a yank, else the path."""
    if request.method == "PUT" and request.path == f"{_API}/new":
        try:
            body = read_body(request.body)
        except Rejected:
            return request.path
        return f"{body.name}@{body.version}"
    match = re.fullmatch(rf"{_API}/([^/]+)/([^/]+)/(?:yank|unyank|download)", request.path)
    return f"{match.group(1)}@{match.group(2)}" if match else request.path


class CargoRegistry:
    """A Cargo registry; ``settings`` is what the seed says under ``cargo``.

    ``on_upload`` is told the name and version of each crate that is published.
    """

    def __init__(
        self,
        *,
        clock: WorldClock | None = None,
        settings: dict[str, Any] | None = None,
        issuer: Issuer | None = None,
    ) -> None:
        values = settings or {}
        for key in values:
            if key not in _SETTINGS:
                raise ValueError(f"`cargo` has the unknown key `{key}`; it may have {sorted(_SETTINGS)}")
        self._clock = clock or WorldClock()
        self.on_upload: Callable[[str, str], None] = lambda _name, _version: None
        self._outside: object = values.get("outside", "any")
        self.store = Store(self._clock, parse_limits(values.get("limits", {})))
        for published, yanked in read_record(values.get("packages", {})):
            self.store.add(published, seeded=True, yanked=yanked)
        for path in values.get("crates", ()):
            self.seed_file(Path(path))
        for name, owners in values.get("owners", {}).items():
            self.store.give_to(name, [str(login) for login in owners])
        self._trusted = TrustedPublishing(
            values.get("trusted", {}), self._clock, issuer or Issuer(self._clock)
        )
        one, two = r"(?P<name>[^/]+)", r"(?P<name>[^/]+)/(?P<version>[^/]+)"
        self._routes: Sequence[tuple[str, re.Pattern[str], Callable[[Request, Found], Response]]] = [
            ("GET", re.compile(r"/index/config\.json"), self._config),
            ("GET", re.compile(r"/index/(?P<path>.+)"), self._index),
            ("PUT", re.compile(rf"{_API}/new"), self._publish),
            ("POST", re.compile(_TOKENS), self._exchange_token),
            ("DELETE", re.compile(_TOKENS), self._revoke_token),
            ("GET", re.compile(_API), self._search),
            ("GET", re.compile(rf"(?:{_API}|/dl|/crates)/{two}/download"), self._download),
            ("DELETE", re.compile(rf"{_API}/{two}/yank"), self._yank),
            ("PUT", re.compile(rf"{_API}/{two}/unyank"), self._unyank),
            ("PATCH", re.compile(rf"{_API}/{two}"), self._update),
            ("GET", re.compile(rf"{_API}/{one}/owners"), self._owners),
            ("PUT", re.compile(rf"{_API}/{one}/owners"), self._add_owners),
            ("DELETE", re.compile(rf"{_API}/{one}/owners"), self._remove_owners),
            ("GET", re.compile(rf"{_API}/{one}"), self._crate),
            ("GET", re.compile(rf"{_API}/{two}"), self._version),
            ("GET", re.compile(r"/api/v1/me|/me"), self._me),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            for method, pattern, route in self._routes:
                match = pattern.fullmatch(request.path)
                if match is not None and method == request.method:
                    _check_agent(request)
                    return route(request, {key: value or "" for key, value in match.groupdict().items()})
            raise Rejected(f"no such route in the embedded Cargo registry: {request.path}", 404)
        except Rejected as rejected:
            return json_response(rejected.status, {"errors": [{"detail": rejected.text}]}, rejected.headers)

    def seed_file(self, file: Path) -> None:
        """Hold a ``.crate`` that was published before."""
        match = re.fullmatch(r"(.+?)-(\d+\.\d+\.\d+.*)\.crate", file.name)
        if match is None:
            raise ValueError(f"`{file.name}` is not named like a crate")
        self.store.add(read_published(file.read_bytes(), *match.groups()), seeded=True)

    def knows(self, name: str) -> bool:
        """Return whether a dependency on the name may be published; crates-io compares names exactly there."""
        spelling = self.store.spelling(name)
        if spelling is not None or self._outside == "any":
            return spelling in (name, None)
        return isinstance(self._outside, list) and name in self._outside

    def is_yanked(self, name: str, version: str) -> bool:
        """Return whether a version is there and yanked."""
        held = self.store.find(name, version)
        return held is not None and held.yanked

    def index_answer(self, request: Request, name: str) -> Response:
        """Answer a read of a crate's index file."""
        lines = self.store.index(name)
        if lines is None:
            raise Rejected("Not Found", 404)
        body = ("\n".join(lines) + "\n").encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            "Content-Type": "text/plain",
            "ETag": etag,
            "Last-Modified": format_datetime(self._clock.now(), usegmt=True),
            "Cache-Control": "public,max-age=600",
        }
        known = [
            part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")
        ]
        return Response(304, b"", headers) if etag in known else Response(200, body, headers)

    def dump(self) -> dict[str, object]:
        """Return what was uploaded, for the canonical dump of the world."""
        return self.store.dump()

    def _config(self, request: Request, _found: Found) -> Response:
        return json_response(200, {"dl": f"{request.base_url}/dl", "api": request.base_url})

    def _index(self, request: Request, found: Found) -> Response:
        name = name_at(found["path"])
        if name is None:
            raise Rejected("Not Found", 404)
        return self.index_answer(request, name)

    def _publish(self, request: Request, _found: Found) -> Response:
        _check_token(request)
        body = read_body(request.body)
        check_identity(body)
        trusted = self._trusted.require(_token(request), body.name, is_new=not self.store.owns(body.name))
        self.store.spend(body.name)
        published = check_upload(body)
        self.store.require_owner(body.name, _NO_PUBLISHER)
        check_links(published, lambda name: name == body.name or self.knows(name))
        self.store.add(published, late=request.late, trusted=trusted)
        self.on_upload(published.name, published.version)
        versions = self.store.versions(body.name) or ()
        warnings: dict[str, list[str]] = {"invalid_categories": [], "invalid_badges": [], "other": []}
        return json_response(200, {"crate": crate_document(body.name, versions), "warnings": warnings})

    def _exchange_token(self, request: Request, _found: Found) -> Response:
        jwt = _object(request).get("jwt")
        if not isinstance(jwt, str):
            raise Rejected("invalid json request")
        return json_response(200, {"token": self._trusted.exchange(jwt, urlsplit(request.base_url).netloc)})

    def _revoke_token(self, request: Request, _found: Found) -> Response:
        self._trusted.revoke(_token(request))
        return Response(204)

    def _download(self, _request: Request, found: Found) -> Response:
        held = self.store.find(found["name"], found["version"])
        if held is None:
            raise Rejected("the crate file is not here", 403)
        return Response(200, held.published.crate, {"Content-Type": "application/gzip"})

    def _yank(self, request: Request, found: Found) -> Response:
        return self._set_yanked(request, found, True)

    def _unyank(self, request: Request, found: Found) -> Response:
        return self._set_yanked(request, found, False)

    def _update(self, request: Request, found: Found) -> Response:
        """Yank or unyank, perhaps with a message, which nobody is shown here."""
        change = _object(request).get("version")
        held = self.store.find(found["name"], found["version"])
        if not isinstance(change, dict):
            raise Rejected("invalid json request")
        if change.get("yank_message") is not None:
            if change.get("yanked") is False:
                raise Rejected("Cannot set yank message when unyanking")
            if change.get("yanked") is None and held is not None and not held.yanked:
                raise Rejected("Cannot update yank message for a version that is not yanked")
        yanked = change.get("yanked")
        self._set_yanked(request, found, bool(held and held.yanked) if yanked is None else bool(yanked))
        return self._version(request, found)

    def _set_yanked(self, request: Request, found: Found, yanked: bool) -> Response:
        _check_token(request)
        self.store.require_owner(found["name"], _NO_YANKER)
        self.store.yank(found["name"], found["version"], yanked)
        return json_response(200, {"ok": True})

    def _owners(self, _request: Request, found: Found) -> Response:
        logins = self.store.owners(found["name"])
        return json_response(200, {"users": [user_document(login) for login in logins]})

    def _add_owners(self, request: Request, found: Found) -> Response:
        _check_token(request)
        logins = _logins(request)
        self.store.require_owner(found["name"], _NO_OWNER)
        for login in logins:
            _check_login(login)
        return json_response(
            200, {"ok": True, "msg": ",".join(self.store.invite(found["name"], login) for login in logins)}
        )

    def _remove_owners(self, request: Request, found: Found) -> Response:
        _check_token(request)
        logins = _logins(request)
        self.store.require_owner(found["name"], _NO_OWNER)
        self.store.remove_owners(found["name"], logins)
        return json_response(200, {"ok": True, "msg": "owners successfully removed"})

    def _search(self, request: Request, _found: Found) -> Response:
        wanted = request.query.get("q", [""])[0].lower()
        asked = request.query.get("per_page", ["10"])[0]
        # crates-io lists at most 100 crates on a page, and refuses what is no number (its `pagination.rs`).
        if not re.fullmatch("[0-9]{1,3}", asked) or not 1 <= int(asked) <= 100:
            raise Rejected("`per_page` is a number from 1 to 100")
        size = int(asked)
        found = [
            crate_document(name, versions)
            for name, versions in self.store.crates()
            if wanted in name.lower() and versions
        ]
        return json_response(200, {"crates": found[:size], "meta": {"total": len(found)}})

    def _crate(self, _request: Request, found: Found) -> Response:
        versions = self.store.versions(found["name"])
        if not versions:
            raise Rejected(f"crate `{found['name']}` does not exist", 404)
        listed = [version_document(held) for held in reversed(versions)]
        return json_response(
            200, {"crate": crate_document(versions[0].published.name, versions), "versions": listed}
        )

    def _version(self, _request: Request, found: Found) -> Response:
        if not self.store.versions(found["name"]):
            raise Rejected(f"crate `{found['name']}` does not exist", 404)
        held = self.store.find(found["name"], found["version"])
        if held is None:
            raise Rejected(f"crate `{found['name']}` does not have a version `{found['version']}`", 404)
        return json_response(200, {"version": version_document(held)})

    def _me(self, request: Request, _found: Found) -> Response:
        _check_token(request)
        return json_response(200, {"user": user_document(OWNER), "owned_crates": []})


def _check_token(request: Request) -> None:
    if not _token(request):
        raise Rejected("this action requires authentication", 403)


def _token(request: Request) -> str:
    """Return the token of a request, which stands alone or after `Bearer`."""
    scheme, space, token = request.headers.get("authorization", "").strip().partition(" ")
    if not space:
        return scheme
    if scheme.lower() != "bearer":
        raise Rejected(
            f"Invalid `Authorization` header: Found unexpected authentication scheme `{scheme}`", 401
        )
    return token.strip()


def _check_agent(request: Request) -> None:
    if request.path.startswith("/api/") and not request.headers.get("user-agent"):
        raise Rejected("We require that all requests include a `User-Agent` header.", 403)


def _logins(request: Request) -> list[str]:
    document = _object(request)
    logins = document.get("users", document.get("owners"))
    if not isinstance(logins, list):
        raise Rejected("invalid json request")
    if len(logins) > 10:
        raise Rejected("too many invites for this request - maximum 10")
    return [str(login) for login in logins]


def _object(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(request.body)
    except ValueError as error:
        raise Rejected("invalid json request") from error
    if not isinstance(document, dict):
        raise Rejected("invalid json request")
    return document


def _check_login(login: str) -> None:
    """Reject a team that crates-io cannot look up by its name."""
    if ":" not in login:
        return
    system, organisation, *team = login.split(":")
    if system != "github":
        raise Rejected("unknown organization handler, only 'github:org:team' is supported")
    if not team:
        raise Rejected("missing github team argument; format is github:org:team")
    if odd := re.search(r"[^A-Za-z0-9_-]", organisation):
        raise Rejected(f"organization cannot contain special characters like {odd.group()}")
