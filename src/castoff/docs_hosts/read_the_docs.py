"""Read the Docs: state of a project's version, and what is shown; API version 3.

`/api/v3/projects/NAME/versions/VERSION/` is 404 until the tag was seen; a version that nobody activated is never
built. The newest entry of `builds/` below it says how the last build went (`state.code`, `success`).
`READTHEDOCS_TOKEN` is sent where it is set: private projects want it.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from castoff.docs_hosts.docs_rs import unknown
from castoff.io.http import Failure, Http, Reply
from castoff.model.observations import Unknown
from castoff.ports import Clock, DocsBuild, SymbolList
from castoff.text.addresses import split_url

READ_THE_DOCS = "https://app.readthedocs.org"


class ReadTheDocs:
    """Read the Docs, or what answers like it at ``root``."""

    def __init__(
        self, http: Http, clock: Clock, root: str = READ_THE_DOCS, *, token: str | None = None
    ) -> None:
        self._http = http
        self._clock = clock
        self._root = root.rstrip("/")
        self._token = token

    def look(self, name: str, version: str) -> DocsBuild | Unknown:
        """Return how far the build of a version is."""
        found = self._read(self._version(name, version))
        page = f"{self._root}/projects/{quote(name)}/builds/"
        if found is None:
            return DocsBuild(state="queued", url=page)
        if isinstance(found, Unknown):
            return found
        last = self._last(name, version)
        if isinstance(last, Unknown):
            return last
        url = _address(last, "build") or page
        state = _state(last)
        # Order matters: `built` stays true from an earlier build of the same version, so the last build is
        # asked first.
        if state == "failed":
            return DocsBuild(state="failed", url=url)
        if found.get("built") is True:
            return DocsBuild(state="built", url=self._documentation(name, version, found))
        # Read the Docs builds active versions only (its documentation, "Versions"); waiting would not end.
        if not last and found.get("active") is False:
            return Unknown(
                reason=f"the version `{version}` is not active on Read the Docs, so it is not built"
            )
        return DocsBuild(state="building" if state == "building" else "queued", url=url)

    def log(self, name: str, version: str) -> str | Unknown:
        """Return what the last build says about its error; "" where it says nothing."""
        last = self._last(name, version)
        return last if isinstance(last, Unknown) else str(last.get("error") or "")

    def symbols(self, name: str, version: str) -> SymbolList | Unknown:
        """Return the documentation's `objects.inv`."""
        found = self._read(self._version(name, version))
        if found is None or isinstance(found, Unknown):
            return found or Unknown(reason="the version no longer exists")
        root = self._documentation(name, version, found)
        reply = self._http.ask("GET", root + "objects.inv")
        if isinstance(reply, Failure) or reply.status != 200:
            return unknown(reply, self._clock)
        return SymbolList(kind="sphinx", package="", data=reply.body, url=root)

    def page(self, url: str) -> str | Unknown:
        """Read no page: an `objects.inv` names everything."""
        return Unknown(reason=f"castoff does not read from {split_url(url).netloc}")

    def _version(self, name: str, version: str) -> str:
        return f"/api/v3/projects/{quote(name)}/versions/{quote(version)}/"

    def _last(self, name: str, version: str) -> dict[str, object] | Unknown:
        """Read the newest build; {} where there is none."""
        found = self._read(self._version(name, version) + "builds/")
        if found is None or isinstance(found, Unknown):
            return found or {}
        rows = found.get("results")
        # API v3 lists builds with the newest first.
        first = rows[0] if isinstance(rows, list) and rows else {}
        return first if isinstance(first, dict) else {}

    def _documentation(self, name: str, version: str, found: dict[str, object]) -> str:
        address = (
            _address(found, "documentation") or f"{self._root}/projects/{quote(name)}/en/{quote(version)}/"
        )
        return address if address.endswith("/") else address + "/"

    def _read(self, path: str) -> dict[str, object] | Unknown | None:
        """Read one object; None where it is not there."""
        # `Token`, not `Bearer` (Read the Docs, API v3, "Token").
        headers = {"Authorization": f"Token {self._token}"} if self._token else {}
        reply = self._http.ask("GET", self._root + path, headers=headers)
        if isinstance(reply, Reply) and reply.status == 404:
            return None
        if isinstance(reply, Failure) or reply.status != 200:
            return unknown(reply, self._clock)
        try:
            value = json.loads(reply.body)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        return Unknown(reason="the documentation host's answer has an undocumented form")


def _state(build: dict[str, object]) -> str:
    """Return one word for a build: queued, building, failed, built; "" where there is none."""
    state = build.get("state")
    code = state.get("code") if isinstance(state, dict) else None
    if code == "finished":
        return "built" if build.get("success") is True else "failed"
    # A cancelled build (also by a skip of the project's own, exit code 183) decides nothing.
    if code is None or code == "cancelled":
        return ""
    # API v3: triggered, cloning, installing, building, uploading, finished, cancelled.
    return "queued" if code == "triggered" else "building"


def _address(value: dict[str, object], name: str) -> str | None:
    """Return one of the addresses that the host lists, where it is one."""
    urls = value.get("urls")
    found = urls.get(name) if isinstance(urls, dict) else None
    # The address goes into a Markdown link of the notes, so only one that cannot end the link counts.
    if isinstance(found, str) and found.startswith(("https://", "http://")) and not _odd(found):
        return found
    return None


def _odd(url: str) -> bool:
    """Return whether a character would end a Markdown link or a line."""
    return any(c in "<>()[]\"'`\\" or c <= " " for c in url)
