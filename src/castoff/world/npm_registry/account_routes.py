"""Routes about users, access, trusted publishing, search and audits, as far as clients ask.

Sources: `npm/api-documentation`, and what npm, pnpm, lerna and changesets request.
"""

from __future__ import annotations

from collections.abc import Sequence

from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry.accounts import Accounts, require_owner
from castoff.world.npm_registry.documents import manifest, moment
from castoff.world.npm_registry.publication import read_document, read_json
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.routes import Found, Route, route
from castoff.world.npm_registry.store import Package, Store
from castoff.world.npm_registry.trusted import TrustedPublishers


class AccountRoutes:
    """Who is asking, and who may do what."""

    def __init__(self, store: Store, accounts: Accounts, trusted: TrustedPublishers) -> None:
        self._store = store
        self._accounts = accounts
        self._trusted = trusted

    @property
    def routes(self) -> Sequence[Route]:
        """Return the rows of these routes."""
        return [
            route("GET", "/-/ping", lambda _request, _found: json_response(200, {})),
            route("GET", "/-/whoami", self._whoami),
            route("GET", "/-/npm/v1/user", self._profile),
            route("GET", "/-/user/org.couchdb.user:{user}", self._user),
            route("GET", "/-/user/{user}/package", self._packages_of),
            route("GET", "/-/org/{user}/package", lambda _request, _found: _not_found()),
            route("GET", "/-/package/{name}/collaborators", self._collaborators),
            route("GET", "/-/package/{name}/visibility", self._visibility),
            route("GET", "/-/package/{name}/access", self._visibility),
            route("POST", "/-/package/{name}/access", self._set_access),
            route("POST", "/-/npm/v1/oidc/token/exchange/package/{name}", self._exchange),
            route("GET", "/-/package/{name}/trust", self._trust),
            route("POST", "/-/package/{name}/trust", self._enter_trust),
            route("DELETE", "/-/package/{name}/trust/{id}", self._revoke_trust),
            route("GET", "/-/npm/v1/attestations/{spec}", self._attestations),
            route("GET", "/-/npm/v1/keys", lambda _request, _found: _not_found()),
            route("GET", "/-/v1/search", self._search),
            route(
                "POST", "/-/npm/v1/security/advisories/bulk", lambda _request, _found: json_response(200, {})
            ),
            route("POST", "/-/npm/v1/security/audits", self._audit),
            route("POST", "/-/npm/v1/security/audits/quick", self._audit),
        ]

    def _whoami(self, request: Request, _found: Found) -> Response:
        token = self._accounts.signed_in(request)
        if token.kind == "oidc":
            raise Refused(
                "Unauthorized", 401
            )  # npm whoami knows nothing of trusted publishing: release-it#1244
        return json_response(200, {"username": token.user})

    def _profile(self, request: Request, _found: Found) -> Response:
        user = self._accounts.user(self._accounts.signed_in(request).user)
        mode = None if user.two_factor == "off" else {"pending": False, "mode": user.two_factor}
        return json_response(200, {"name": user.name, "email_verified": True, "tfa": mode})

    def _user(self, request: Request, found: Found) -> Response:
        self._accounts.signed_in(request)
        user = self._accounts.user(found["user"])
        return json_response(
            200, {"_id": f"org.couchdb.user:{user.name}", "name": user.name, "email": "user@example"}
        )

    def _packages_of(self, request: Request, found: Found) -> Response:
        self._accounts.signed_in(request)
        user = self._accounts.user(found["user"]).name
        return json_response(
            200, {one.name: "write" for one in self._store.packages() if user in one.maintainers and one.kept}
        )

    def _collaborators(self, request: Request, found: Found) -> Response:
        self._accounts.signed_in(request)
        package = self._store.get(found["name"])
        return json_response(200, dict.fromkeys(package.maintainers, "write"))

    def _visibility(self, request: Request, found: Found) -> Response:
        self._accounts.signed_in(request)
        return json_response(200, {"public": self._store.get(found["name"]).access == "public"})

    def _set_access(self, request: Request, found: Found) -> Response:
        token = self._accounts.writer(request, found["name"])
        package = self._store.get(found["name"])
        require_owner(token, package.name, package.maintainers)
        self._accounts.require_person(request, token)
        document = read_document(request.body)
        if document.get("access") not in (None, "public"):
            raise Refused("You must sign up for private packages", 402)
        if document.get("access") == "public":
            package.access = "public"
        if "publish_requires_tfa" in document:
            overridden = bool(document.get("automation_token_overrides_tfa"))
            package.disallow_tokens = bool(document["publish_requires_tfa"]) and not overridden
        return json_response(200, {"public": package.access == "public"})

    def _exchange(self, request: Request, found: Found) -> Response:
        name = found["name"]
        if self._store.find(name) is None:
            raise Refused("package not found", 404)
        actions = self._trusted.require(name, request)
        return json_response(201, self._accounts.add_oidc(name, actions))

    def _trust(self, request: Request, found: Found) -> Response:
        return json_response(200, self._trusted.listed(self._governed(request, found)))

    def _enter_trust(self, request: Request, found: Found) -> Response:
        name = self._governed(request, found)
        return json_response(200, self._trusted.enter(name, read_json(request.body)))

    def _revoke_trust(self, request: Request, found: Found) -> Response:
        self._trusted.revoke(self._governed(request, found), found["id"])
        return Response(204)

    def _governed(self, request: Request, found: Found) -> str:
        """Return the package whose trusted publishers a person may see and change, here and now."""
        self._accounts.signed_in(request)
        package = self._store.get(found["name"])
        token = self._accounts.writer(request, package.name)
        require_owner(token, package.name, package.maintainers)
        self._accounts.require_person(request, token)
        return package.name

    def _attestations(self, _request: Request, found: Found) -> Response:
        name, _, number = found["spec"].rpartition("@")
        version = self._store.get(name).versions.get(number)
        if version is None or version.provenance is None or version.withdrawn:
            return _not_found()
        listed = [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": version.provenance}]
        return json_response(200, {"attestations": listed})

    def _search(self, request: Request, _found: Found) -> Response:
        text = request.query.get("text", [""])[0].lower()
        size = int(request.query.get("size", ["20"])[0])
        found = [
            one for one in self._store.packages() if one.kept and text in one.name and one.access == "public"
        ]
        listed = [_result(one, request.base_url) for one in found[:size]]
        return json_response(200, {"objects": listed, "total": len(found), "time": "Thu Jan 01 1970"})

    def _audit(self, request: Request, _found: Found) -> Response:
        """Report no advisory: this world knows of none."""
        read_document(request.body or b"{}")
        none = dict.fromkeys(("info", "low", "moderate", "high", "critical"), 0)
        metadata = {"vulnerabilities": none, "dependencies": 0, "devDependencies": 0, "totalDependencies": 0}
        return json_response(200, {"actions": [], "advisories": {}, "muted": [], "metadata": metadata})


def _not_found() -> Response:
    return Refused("Not found", 404).response()


def _result(package: Package, base_url: str) -> dict[str, object]:
    version = package.versions[package.tags.get("latest", package.kept[-1].number)]
    shown = manifest(package, version, base_url)
    people = [{"username": one["name"], "email": one["email"]} for one in shown["maintainers"]]
    described = {
        "name": package.name,
        "version": version.number,
        "description": shown.get("description", ""),
        "keywords": shown.get("keywords", []),
        "date": moment(version.at),
        "links": {},
        "publisher": people[0],
        "maintainers": people,
    }
    return {"package": described, "score": {"final": 1, "detail": {}}, "searchScore": 1}
