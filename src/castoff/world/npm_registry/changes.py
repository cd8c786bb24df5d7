"""Changes of what is published: deprecation, owners, and withdrawal by the registry's policy.

Source: `npm/documentation`, "npm Unpublish Policy"; refusals as in npm/cli#1686.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from castoff.world.clock import WorldClock
from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry.accounts import Accounts, Token, require_owner
from castoff.world.npm_registry.publication import read_document
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.routes import Found, Route, route
from castoff.world.npm_registry.store import Package, Store, Version

_FREE_FOR = timedelta(hours=72)
_DOWNLOADS = 300
_DEPENDING = ("dependencies", "optionalDependencies", "peerDependencies")


class Changes:
    """Routes that take a whole document back, with what the client changed in it."""

    def __init__(self, store: Store, accounts: Accounts, clock: WorldClock) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock

    @property
    def routes(self) -> Sequence[Route]:
        """Return the rows of these routes."""
        return [
            route("DELETE", "/{name}/-/{file}/-rev/{rev}", self._drop_tarball),
            route("PUT", "/{name}/-rev/{rev}", self.change),
            route("DELETE", "/{name}/-rev/{rev}", self._withdraw_all),
        ]

    def change(self, request: Request, found: Found) -> Response:
        """Take over deprecations and owners, and withdraw the versions that the document leaves out."""
        package, token = self._writable(request, found)
        document = read_document(request.body)
        self._require_current(package, found.get("rev") or document.get("_rev"))
        if "versions" in document:
            self._change_versions(request, package, token, document)
        else:
            self._change_owners(request, package, token, document)
        package.revision += 1
        return json_response(201, {"ok": True, "id": package.name, "rev": package.rev})

    def _change_versions(
        self, request: Request, package: Package, token: Token, document: dict[str, Any]
    ) -> None:
        kept = document["versions"]
        shown = {version.number: version for version in package.kept}
        if not isinstance(kept, dict) or not set(kept) <= set(shown):
            raise Refused("a change keeps versions that are there")
        self._accounts.require_second_factor(request, token)
        dropped = [version for number, version in shown.items() if number not in kept]
        self._require_removable(package, dropped)
        for number, manifest in kept.items():
            text = manifest.get("deprecated") if isinstance(manifest, dict) else None
            if text is not None and not isinstance(text, str):
                raise Refused("deprecated: must be a string")
            shown[number].manifest["deprecated"] = text or None
        self._store.withdraw(package, [version.number for version in dropped])
        tags = document.get("dist-tags")
        if dropped and isinstance(tags, dict):
            package.tags = {str(tag): str(number) for tag, number in tags.items() if number in kept}
        if package.kept and "latest" not in package.tags:
            package.tags["latest"] = package.kept[-1].number

    def _change_owners(
        self, request: Request, package: Package, token: Token, document: dict[str, Any]
    ) -> None:
        self._accounts.require_person(request, token)
        people = document.get("maintainers")
        names = (
            [str(one["name"]) for one in people if isinstance(one, dict)] if isinstance(people, list) else []
        )
        if not names:
            raise Refused("a package has one owner at least")
        package.maintainers = [self._accounts.user(name).name for name in names]

    def _withdraw_all(self, request: Request, found: Found) -> Response:
        package, token = self._writable(request, found)
        self._accounts.require_second_factor(request, token)
        self._require_current(package, found["rev"])
        self._require_removable(package, package.kept)
        self._store.withdraw(package, [version.number for version in package.kept])
        package.revision += 1
        return json_response(200, {"ok": True})

    def _drop_tarball(self, request: Request, found: Found) -> Response:
        """Answer the last request of a withdrawal: the tarball went with its version."""
        package, token = self._writable(request, found)
        self._accounts.require_second_factor(request, token)
        self._require_current(package, found["rev"])
        if any(version.filename == found["file"] for version in package.kept):
            raise Refused("a tarball goes after its version")
        return json_response(200, {"ok": True})

    def _writable(self, request: Request, found: Found) -> tuple[Package, Token]:
        token = self._accounts.writer(request, found["name"])
        if token.kind == "oidc":
            raise Refused("Unauthorized", 401)
        package = self._store.get(found["name"])
        require_owner(token, package.name, package.maintainers)
        return package, token

    def _require_current(self, package: Package, rev: object) -> None:
        """Refuse a change of a document that is not the current one."""
        if rev is not None and rev != package.rev:
            raise Refused(
                "Failed to save packument. A common cause is if you try to publish a new package before the previous "
                "package has been fully processed.",
                409,
            )

    def _require_removable(self, package: Package, versions: Sequence[Version]) -> None:
        if not versions:
            return
        failed = []
        if package.dependents or self._has_dependents(package.name):
            failed.append("has dependent packages in the registry")
        old = any(self._clock.now() - version.at > _FREE_FOR for version in versions)
        if old and package.downloads >= _DOWNLOADS:
            failed.append("has too many downloads")
        if old and len(package.maintainers) > 1:
            failed.append("has more than one maintainer")
        if failed:
            raise Refused(
                "\n".join(["You can no longer unpublish this package.", "Failed criteria: ", *failed]), 405
            )

    def _has_dependents(self, name: str) -> bool:
        return any(
            name in (version.manifest.get(field) or {})
            for package in self._store.packages()
            if package.name != name
            for version in package.kept
            for field in _DEPENDING
        )
