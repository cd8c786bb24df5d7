"""Routes of staged publishing: stage, list, view, download, approve, reject.

Source: `npm/api-documentation`, `stage.yaml`; `npm help stage`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry.accounts import Accounts, Token, require_owner
from castoff.world.npm_registry.documents import moment
from castoff.world.npm_registry.publication import Publication, read_document
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.routes import Found, Route, route
from castoff.world.npm_registry.store import Staged, Store
from castoff.world.npm_registry.tarball import shasum

Admit = Callable[[Request, Found, dict[str, Any], str], tuple[Publication, Token]]
_PER_PAGE = 10
_MOST_PER_PAGE = 100


class StageRoutes:
    """What waits for its approval; ``admit`` checks a version as it does before a publication."""

    def __init__(self, store: Store, accounts: Accounts, admit: Admit) -> None:
        self._store = store
        self._accounts = accounts
        self._admit = admit

    @property
    def routes(self) -> Sequence[Route]:
        """Return the rows of these routes."""
        return [
            route("GET", "/-/stage", self._list),
            route("POST", "/-/stage/package/{name}", self._stage),
            route("GET", "/-/stage/{id}/tarball", self._download),
            route("POST", "/-/stage/{id}/approve", self._approve),
            route("GET", "/-/stage/{id}", self._view),
            route("DELETE", "/-/stage/{id}", self._reject),
        ]

    def _stage(self, request: Request, found: Found) -> Response:
        """Stage a version: with any token that may write, and never with a one-time password."""
        publication, token = self._admit(request, found, read_document(request.body), "stage")
        kind = "trusted automation" if token.kind == "oidc" else "user"
        staged = self._store.stage(publication, token.user, kind)
        return json_response(201, {"message": "Package version staged successfully.", "stageId": staged.id})

    def _list(self, request: Request, _found: Found) -> Response:
        token = self._person(request)
        wanted = request.query.get("package", [None])[0]
        page = int(request.query.get("page", ["0"])[0])
        size = int(request.query.get("perPage", [str(_PER_PAGE)])[0])
        if page < 0 or not 0 < size <= _MOST_PER_PAGE:
            raise Refused(f"perPage is at most {_MOST_PER_PAGE}")
        items = [
            _item(one)
            for one in self._store.all_staged()
            if wanted in (None, one.publication.name) and self._sees(token, one)
        ]
        shown = items[page * size : (page + 1) * size]
        return json_response(200, {"items": shown, "page": page, "perPage": size, "total": len(items)})

    def _view(self, request: Request, found: Found) -> Response:
        return json_response(200, _item(self._visible(request, found)))

    def _download(self, request: Request, found: Found) -> Response:
        staged = self._visible(request, found)
        return Response(200, staged.publication.tarball, {"Content-Type": "application/octet-stream"})

    def _approve(self, request: Request, found: Found) -> Response:
        token = self._decider(request, found)
        self._store.approve(found["id"], token.user, request.late)
        return json_response(201, {"message": "Package version approved and published successfully."})

    def _reject(self, request: Request, found: Found) -> Response:
        self._decider(request, found)
        self._store.reject(found["id"])
        return Response(204)

    def _person(self, request: Request) -> Token:
        """Return the token of somebody who may look; tokens of trusted publishing may only publish and stage."""
        token = self._accounts.signed_in(request)
        if token.kind == "oidc":
            raise Refused("Unauthorized", 401)
        return token

    def _sees(self, token: Token, staged: Staged) -> bool:
        package = self._store.get(staged.publication.name)
        return token.covers(package.name) and token.user in package.maintainers

    def _visible(self, request: Request, found: Found) -> Staged:
        token = self._person(request)
        staged = self._store.staged(found["id"])
        if not self._sees(token, staged):
            raise Refused("Not Found - No staged package version found with the provided ID.", 404)
        return staged

    def _decider(self, request: Request, found: Found) -> Token:
        staged = self._visible(request, found)
        name = staged.publication.name
        token = self._accounts.writer(request, name)
        require_owner(token, name, self._store.get(name).maintainers)
        self._accounts.require_second_factor(request, token, always=True)
        return token


def _item(staged: Staged) -> dict[str, object]:
    publication = staged.publication
    return {
        "id": staged.id,
        "packageName": publication.name,
        "version": publication.number,
        "tag": publication.tag,
        "createdAt": moment(staged.at),
        "actor": staged.actor,
        "actorType": staged.actor_type,
        "access": "private" if publication.access == "restricted" else "public",
        "shasum": shasum(publication.tarball),
    }
