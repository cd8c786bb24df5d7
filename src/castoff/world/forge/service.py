"""Path of a request through the forge to its answer."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from castoff.values import replace
from castoff.world.forge import (
    api_actions,
    api_attestations,
    api_commits,
    api_contents,
    api_git,
    api_issues,
    api_labels,
    api_milestones,
    api_pulls,
    api_releases,
    api_repository,
    graph,
    merging,
    searching,
    seed,
)
from castoff.world.forge.access import Actor, require
from castoff.world.forge.answers import Answer, RateLimited, Refused, not_found
from castoff.world.forge.call import Call, Links
from castoff.world.forge.dump import canonical
from castoff.world.forge.fields import require_valid
from castoff.world.forge.merging import follow_pushes
from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.protecting import install_hooks
from castoff.world.forge.records import Json
from castoff.world.forge.routing import Route, Router
from castoff.world.messages import Late, Request, Response
from castoff.world.visibility import Visibility

ROUTES = (
    *api_releases.ROUTES,
    *api_milestones.ROUTES,
    *api_labels.ROUTES,
    *api_issues.ROUTES,
    *api_pulls.ROUTES,
    *merging.ROUTES,
    *api_commits.ROUTES,
    *api_contents.ROUTES,
    *api_git.ROUTES,
    *api_repository.ROUTES,
    *api_attestations.ROUTES,
    *api_actions.ROUTES,
    *searching.ROUTES,
    *graph.ROUTES,
)


_ROUTER = Router(ROUTES)
_READS = ("GET", "HEAD")
_CREATE = ("POST", "PUT")
_FREE = ("/rate_limit",)
_VERSIONS = ("2022-11-28", "2026-03-10")


class Forge:
    """One repository on an embedded GitHub, and ``others`` beside it that REST reaches by their names.

    ``slug`` is ``owner/name``; ``repository`` a bare git repository that exists; ``seed`` what is there at
    the start (see ``seed.py``); ``clock`` gives aware times. ``unknown_routes`` collects what was asked
    for in vain, as ``METHOD path``.
    """

    def __init__(
        self,
        slug: str,
        repository: Path,
        *,
        seed: dict[str, object] | None = None,
        clock: Callable[[], datetime] | None = None,
        others: Sequence[Forge] = (),
    ) -> None:
        self.slug = slug
        self.unknown_routes: list[str] = []
        self._clock = clock or _now
        self._git = BareRepository(repository)
        planted = _plant(slug, seed or {}, self._clock())
        self._state, self._access, self._limits = planted.state, planted.access, planted.limits
        self._lock = threading.RLock()
        self._count = 0
        self._others = {other.slug.lower(): other for other in others}
        # Rules of branches hold for pushes by git as well, which never come through here.
        install_hooks(repository, self._state.protections, self._state.default_branch)

    @property
    def web(self) -> str:
        """Return the address where people look."""
        return self._state.web

    def handle(self, request: Request) -> Response:
        """Answer one request, whole and alone: no other runs at the same time."""
        _, path = _split(request)
        other = (
            self._others.get("/".join(path.split("/")[2:4]).lower()) if path.startswith("/repos/") else None
        )
        if other is not None:
            return other.handle(request)
        with self._lock:
            self._count += 1
            return self._serve(request)

    def dump(self) -> dict[str, object]:
        """Return what is there in a form that two worlds can be compared by: no ids, no times, sorted."""
        with self._lock:
            self._follow(self._clock())
            return canonical(self._state, self._git)

    def pulls_of(self, slug: str) -> object:
        """Return the pull requests of one of the repositories, as :meth:`dump` has them."""
        return self._others.get(slug.lower(), self).dump()["pull_requests"]

    def _follow(self, now: datetime) -> None:
        follow_pushes(self._state, self._git, now, self._access.viewer)

    def _serve(self, request: Request) -> Response:
        now = self._clock()
        api, path = _split(request)
        resource = _resource(path)
        actor: Actor | None = None
        try:
            actor = self._admit(request)
            answer = self._answer(request, path, api, actor, now)
        except Refused as refused:
            answer = _refusal(refused, path)
        response = _finish(request, answer)
        # An answer that nothing changed costs an authorized client nothing (GitHub Docs, "Best practices for using
        # the REST API").
        if response.status == 304 and actor is not None and actor.kind != "anonymous":
            self._limits.give_back(actor.key, resource)
        return Response(
            response.status, response.body, {**self._headers(actor, resource, now), **response.headers}
        )

    def _admit(self, request: Request) -> Actor:
        # GitHub Docs, "Getting started with the REST API", "User agent".
        if not request.headers.get("user-agent"):
            raise Refused(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            )
        version = request.headers.get("x-github-api-version")
        if version is not None and version not in _VERSIONS:
            raise Refused(400, f"API version '{version}' is not supported.")
        return self._access.actor(request.headers.get("authorization", ""))

    def _answer(self, request: Request, path: str, api: str, actor: Actor, now: datetime) -> Answer:
        # GraphQL is always a POST; its own limit is by nodes.
        writing = request.method not in _READS and path != "/graphql"
        if path not in _FREE:
            self._limits.spend(actor.key, _resource(path), now, write=writing, login=actor.login)
        # Secondary limits count what creates content; generated notes are a question that is sent by POST.
        if request.method in _CREATE and path != "/graphql" and not path.endswith("/generate-notes"):
            self._limits.spend_content(actor.key, now)
        route, params, path = self._route(request, path, api)
        call = Call(
            request=replace(request, path=path),
            params=params,
            actor=actor,
            state=self._state,
            git=self._git,
            limits=self._limits,
            links=Links(api, self._state.web, self._state.slug, self._state.repository_id),
            now=now,
            complaints=self.unknown_routes,
        )
        # Rights come before the shape of the body: who may not write learns nothing about what would be valid.
        require(actor, route.need, private=self._state.private, writing=writing)
        require_valid(route.template, replace(request, path=path))
        self._follow(now)
        answer = route.handler(call)
        # Only what was created can be late; a change shows at once.
        if request.late is not None and answer.status == 201:
            self._hold_back(answer, request.late)
        return answer

    def _hold_back(self, answer: Answer, late: Late) -> None:
        """Keep what was created out of lists for a while; it is there by its id, as on the real service."""
        made = answer.value.get("id") if isinstance(answer.value, dict) else None
        if isinstance(made, int):
            self._state.late[made] = Visibility(late, _Elapsed(self._clock))

    def _route(self, request: Request, path: str, api: str) -> tuple[Route, dict[str, str], str]:
        """Find the route; numbers stand for names, and old names lead to the number."""
        by_number = f"/repositories/{self._state.repository_id}"
        if path == by_number or path.startswith(by_number + "/"):
            path = f"/repos/{self._state.slug}{path[len(by_number) :]}"
        found = _ROUTER.find(request.method, path)
        if found is None:
            self.unknown_routes.append(f"{request.method} {path}")
            raise Refused(404, f"Not Found: the embedded forge has no route {request.method} {path}")
        route, params = found
        if "owner" in params:
            self._same_repository(request, f"{params['owner']}/{params['repo']}", path, api)
        return route, params, path

    def _same_repository(self, request: Request, slug: str, path: str, api: str) -> None:
        if slug.lower() == self._state.slug.lower():
            return
        # A name that was never this repository is the same as one that the token may not see.
        if slug.lower() not in {old.lower() for old in self._state.renamed_from}:
            raise not_found()
        rest = path[len("/repos/") + len(slug) :]
        target = f"{api}/repositories/{self._state.repository_id}{rest}"
        reading = request.method in _READS
        # A client that follows a 301 may turn a POST into a GET (RFC 9110, section 15.4.2), so a write gets 307.
        status, message = (301, "Moved Permanently") if reading else (307, "Temporary Redirect")
        raise Refused(status, message, headers={"Location": target}, extra={"url": target})

    def _headers(self, actor: Actor | None, resource: str, now: datetime) -> dict[str, str]:
        key = actor.key if actor else ""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": _VERSIONS[0],
            "X-GitHub-Request-Id": f"CAST:{self._count:08X}",
            **self._limits.headers(key, resource, now),
        }
        if actor is not None and actor.kind == "classic":
            headers["X-OAuth-Scopes"] = ", ".join(actor.scopes)
            headers["X-Accepted-OAuth-Scopes"] = "repo"
        if actor is not None and actor.expires:
            headers["GitHub-Authentication-Token-Expiration"] = actor.expires
        return headers


class _Elapsed:
    """The world's clock as one that counts."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def seconds(self) -> float:
        """Return the seconds since 1970."""
        return self._clock().timestamp()


def _plant(slug: str, values: dict[str, object], now: datetime) -> seed.Planted:
    return seed.plant(slug, values, now)


def _now() -> datetime:
    return datetime.now(UTC)


def _split(request: Request) -> tuple[str, str]:
    """Tell the API's root from the path: plain, or under ``/api/v3`` as clients of a private GitHub ask."""
    base = request.base_url.rstrip("/") or "https://api.github.com"
    path = request.path.rstrip("/") or "/"
    if path.startswith("/api/v3/") or path == "/api/v3":
        return base + "/api/v3", path[len("/api/v3") :] or "/"
    if path == "/api/graphql":
        return base + "/api/v3", "/graphql"
    return base, path


def _resource(path: str) -> str:
    if path.startswith("/search/"):
        return "search"
    return "graphql" if path == "/graphql" else "core"


def _refusal(refused: Refused, path: str) -> Answer:
    if isinstance(refused, RateLimited) and path == "/graphql":
        error = {"type": "RATE_LIMITED", "message": refused.message}
        return Answer({"errors": [error]}, headers=refused.headers)
    return Answer(refused.value(), refused.status, refused.headers)


def _finish(request: Request, answer: Answer) -> Response:
    """Write the body, with an ETag for what was read; the same ETag sent back makes a 304."""
    body = _body(answer)
    headers = dict(answer.headers)
    if request.method in _READS and answer.status == 200:
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        headers |= {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
        if etag in known or etag.removeprefix("W/") in known:
            return Response(304, b"", headers)
    return Response(answer.status, b"" if request.method == "HEAD" else body, headers)


def _body(answer: Answer) -> bytes:
    if answer.value is None:
        return b""
    if isinstance(answer.value, bytes):
        return answer.value
    value: Json | object = answer.value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
