"""Requests of clients that go to the world's proxy: the forge's are answered here, other reads go on.

The environment of the world leads every client here, so a request for the forge never leaves with the
world's token, whatever client sends it and however it was told the address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from castoff.values import replace
from castoff.world.messages import Request
from castoff.world.proxy.passing import Target
from castoff.world.server import Site

_FORGE = "github.com"


class ForgeDoor:
    """The forge at its usual addresses, ``api.`` and ``uploads.`` included; ``web`` is its address for people.

    Pages of other repositories are reads like any other (git fetches a dependency from there).
    """

    def __init__(self, site: Site, slug: str, web: str) -> None:
        self._site = site
        self._slug = slug.lower()
        self._web = {_FORGE, urlsplit(web).hostname or _FORGE}
        self._api = {f"{part}.{host}" for host in self._web for part in ("api", "uploads")}

    @property
    def site(self) -> Site:
        """Return the site that answers."""
        return self._site

    def normal(self, request: Request) -> Request:
        """Write an upload's path as the API's own answers write it."""
        host = urlsplit(request.base_url).hostname or ""
        if host not in self._api or not host.startswith("uploads."):
            return request
        base = request.base_url.replace("//uploads.", "//api.", 1)
        return replace(request, path=f"/uploads{request.path}", base_url=base)

    def is_ours(self, request: Request, target: Target) -> bool:
        """Return whether the embedded forge answers a request."""
        if target.host in self._api:
            return True
        path = request.path.lower() + "/"
        return target.host in self._web and path.startswith(
            ("/api/", f"/{self._slug}/", f"/{self._slug}.git/")
        )
