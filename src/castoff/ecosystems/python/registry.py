"""What does a Python index hold, and how is it written to?

It is read through the simple API and written to by the user's own client; see :mod:`castoff.ecosystems.python.indexes`
for where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from packaging.specifiers import SpecifierSet

from castoff.clock import SystemClock
from castoff.configuration.values import Python
from castoff.ecosystems.python.indexes import Endpoints, find_endpoints
from castoff.ecosystems.python.listing import (
    ACCEPT,
    ListedFile,
    Page,
    PageInvalid,
    files_of,
    read_page,
    version_in,
    versions_of,
)
from castoff.ecosystems.python.resolving import Resolver
from castoff.ecosystems.python.uploading import Uploader
from castoff.ecosystems.sameness_python import compare_files
from castoff.errors import Problem
from castoff.http import Failure, Http, retry_after
from castoff.manifests.requirements import normalised
from castoff.model.acts import Outcome, Refused
from castoff.model.observations import Answer, Present, Sameness, Unknown, Withdrawn
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Listing
from castoff.process import Processes


class PythonRegistry:
    """One index, looked at over HTTP and written to through uv or twine.

    ``home`` is the user's checkout, whose settings of uv name the indexes.
    """

    ecosystem: Ecosystem = "python"

    def __init__(
        self,
        processes: Processes,
        http: Http,
        settings: Python,
        *,
        home: Path | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._http = http
        self._now = now or SystemClock().now
        self._endpoints: Endpoints = find_endpoints(
            processes.environment, processes.redactor, root=home, named=settings.index
        )
        self._resolver = Resolver(processes, self._endpoints, self._admitted)
        self._uploader = Uploader(processes, self._endpoints, settings.publish, self._now)

    def look(self, package: Package, version: str) -> Listing:
        """List the files of one version: each present with its digest, or withdrawn.

        A name that the index does not know is a listing without files; whatever is not a clear answer (5xx, 429,
        a cut connection, a page that cannot be read, no right to read) is unknown.
        """
        name = normalised(package.name)
        page = self._page(name)
        if isinstance(page, Unknown):
            return Listing(unknown=page.reason, retry_after=page.retry_after)
        if page is None:
            return Listing(new_name=True)
        files = {one.filename: _answer(one) for one in files_of(page, name, version)}
        return Listing(files=files, new_name=False)

    def versions(self, package: Package) -> Sequence[str] | None:
        """List all versions, lowest first, yanked ones included; None where unknown."""
        name = normalised(package.name)
        page = self._page(name)
        if isinstance(page, Unknown):
            return None
        return versions_of(page, name) if page is not None else ()

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Fetch the index's file of that name and compare it with ours; not comparable where that fails."""
        page = self._page(normalised(artifact.package))
        if page is None or isinstance(page, Unknown):
            return "not-comparable"
        found = next((one for one in page.files if one.filename == artifact.filename), None)
        if found is None:
            return "not-comparable"
        reply = self._http.ask("GET", found.url.partition("#")[0], headers=self._headers(found.url))
        if isinstance(reply, Failure) or reply.status != 200:
            return "not-comparable"
        if listed is not None and hashlib.sha256(reply.body).hexdigest() != listed:
            return "not-comparable"
        return compare_files(artifact.filename, Path(artifact.path).read_bytes(), reply.body)

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Ask uv's resolver whether all requirements can be met from this index now; None where unknown."""
        return self._resolver.ask(requirements)

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one file through the configured client."""
        return self._uploader.upload(artifact, root)

    def yank(self, package: Package, version: str) -> Outcome:
        """Say that only a person can yank: no index has an interface for it that a token may use."""
        return Refused(
            Problem(
                code="yank-by-hand",
                message=f"`{package.name}` {version} can only be yanked by a person",
                reason="Python indexes offer no interface for it",
                remedy=f"sign in to the index, open the project `{package.name}`, its releases, and yank {version} "
                "with a reason; files that were yanked stay there, and only a requirement on exactly this version "
                "takes them",
                url=self._page_for_people(package, version),
                package=package.id,
            )
        )

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version."""
        return f"{package.name}=={version}"

    def url(self, package: Package, version: str) -> str | None:
        """Give the page of a version: the project's page where the index is the default one, else its listing."""
        return self._page_for_people(package, version)

    def _page_for_people(self, package: Package, version: str) -> str:
        name = normalised(package.name)
        base = self._endpoints.simple
        if self._endpoints.is_default and base.endswith("/simple/"):
            return f"{base.removesuffix('simple/')}project/{name}/{version}/"
        return f"{base}{name}/"

    def _admitted(self, name: str, specifier: str) -> Sequence[ListedFile] | None:
        """Give the files of a project that a specifier admits, without yanked ones; None where unknown."""
        page = self._page(name)
        if isinstance(page, Unknown):
            return None
        wanted = SpecifierSet(specifier)
        return [
            one
            for one in (page.files if page is not None else ())
            if one.yanked is None
            and (version := version_in(one.filename, name)) is not None
            and wanted.contains(version, prereleases=True)
        ]

    def _page(self, name: str) -> Page | Unknown | None:
        """Fetch a project's page past all caches; None where the index does not know the name."""
        url = f"{self._endpoints.simple}{name}/"
        headers = {"Accept": ACCEPT, "Cache-Control": "max-age=0", **self._headers(url)}
        reply = self._http.ask("GET", url, headers=headers)
        if isinstance(reply, Failure):
            return Unknown(reason=f"the index: {reply.reason}")
        if reply.status == 404:
            return None
        if reply.status != 200:
            return Unknown(
                reason=f"the index answered {reply.status} for `{name}`",
                retry_after=retry_after(reply.headers, self._now()),
            )
        try:
            return read_page(name, url, reply)
        except PageInvalid as error:
            return Unknown(reason=f"the index's page for `{name}` is none: {error}")

    def _headers(self, url: str) -> dict[str, str]:
        """Send the index's credentials to the index alone."""
        login = self._endpoints.authorization
        same = url.split("/")[:3] == self._endpoints.simple.split("/")[:3]
        return {"Authorization": login} if login and same else {}


def _answer(file: ListedFile) -> Answer:
    url = file.url.partition("#")[0]
    if file.yanked is not None:
        return Withdrawn(digest=file.sha256, url=url, reason=file.yanked)
    return Present(digest=file.sha256, url=url)
