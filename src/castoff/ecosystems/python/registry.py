"""Python indexes, read through the simple API and written to by the user's own client.

See :mod:`castoff.ecosystems.python.indexes` for where they are.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from packaging.specifiers import SpecifierSet

from castoff.config.values import PythonSettings
from castoff.ecosystems.python.artifacts import compare_files
from castoff.ecosystems.python.exchange import probe
from castoff.ecosystems.python.indexes import Endpoints, find_endpoints
from castoff.ecosystems.python.listing import (
    ACCEPT,
    IndexPage,
    ListedFile,
    PageInvalid,
    files_of,
    read_page,
    version_in,
    versions_of,
)
from castoff.ecosystems.python.names import name_of, normalised
from castoff.ecosystems.python.provenance import NO_ATTESTATION, PROVENANCE, read_provenance
from castoff.ecosystems.python.resolver import Resolver
from castoff.ecosystems.python.uploader import Uploader
from castoff.errors import Problem
from castoff.io.clock import SystemClock
from castoff.io.http import Failure, Http, retry_after
from castoff.io.process import Processes
from castoff.model.acts import Outcome, Refused, Unclear
from castoff.model.attestations import NoProvenance, Origin
from castoff.model.observations import Answer, Present, Sameness, Unknown, Withdrawn
from castoff.model.trusted_publishing import Exchange, ci_job, outcome_by_exchange
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import Listing
from castoff.values import replace

_OPEN_FOR = timedelta(days=14)  # warehouse, MAXIMUM_AGE_FOR_NEW_UPLOADS_DAYS


class _Index(Struct, frozen=True):
    """One index, with what asks its resolver and what uploads to it."""

    endpoints: Endpoints
    resolver: Resolver
    uploader: Uploader


_SERVER_FAILED = 500
"""The first status of a server that failed (RFC 9110, section 15.6)."""
_LARGEST_FILE = 1 << 30
"""Bytes of an uploaded file that is compared: the default limit of an index is a tenth of it."""


class PythonRegistry:
    """The indexes of a release, looked at over HTTP and written to through uv or twine.

    ``home`` is the user's checkout; uv's settings in the folder of each workspace in it name the workspace's index.
    """

    ecosystem: Ecosystem = "python"

    def __init__(
        self,
        processes: Processes,
        http: Http,
        settings: PythonSettings,
        *,
        home: Path | None = None,
        now: Callable[[], datetime] | None = None,
        tokenless: bool = False,
    ) -> None:
        self._processes = processes
        self._http = http
        self._settings = settings
        self._home = home
        self._now = now or SystemClock().now
        self._tokenless = tokenless
        self._indexes: dict[str, _Index] = {}
        self._by_endpoints: dict[Endpoints, _Index] = {}
        self._roots: dict[str, str] = {}
        self._lock = threading.Lock()
        self._pages: dict[str, IndexPage] = {}
        """Pages that were read for the origin of a file: one has all files of a package, and what is up stays."""

    def look(self, package: Package, version: str) -> Listing:
        """List the files of one version: each present with its digest, or withdrawn.

        A name that the index does not know is a listing without files; whatever is not a clear answer (5xx, 429,
        a cut connection, a page that cannot be read, no right to read) is unknown.
        """
        name = normalised(package.name)
        page = self._page(name, self._index_of(package))
        if isinstance(page, Unknown):
            return Listing(unknown=page.reason, retry_after=page.retry_after)
        if page is None:
            return Listing(new_name=True)
        found = files_of(page, name, version)
        files = {one.filename: _answer(one) for one in found}
        created = min((one.uploaded for one in page.files if one.uploaded is not None), default=None)
        return Listing(files=files, new_name=False, closed=self._closed(package, found), created=created)

    def _closed(self, package: Package, files: Sequence[ListedFile]) -> str:
        """Return why PyPI takes no more files of a version: its first file is older than 14 days."""
        # Indexes without upload times (PEP 700) give none; then the client's refusal decides.
        first = min((one.uploaded for one in files if one.uploaded is not None), default=None)
        if first is None or self._now() - first <= _OPEN_FOR or not self.has_known_rules(package):
            return ""
        return (
            f"PyPI accepts new files of a release for {_OPEN_FOR.days} days; its first file was uploaded on "
            f"{first.date().isoformat()}"
        )

    def has_known_rules(self, package: Package) -> bool:
        """Return whether a package goes to PyPI."""
        return self._index_of(package).endpoints.is_pypi

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        """List all versions, lowest first, yanked ones included."""
        name = normalised(package.name)
        page = self._page(name, self._index_of(package))
        if isinstance(page, Unknown):
            return page
        return versions_of(page, name) if page is not None else ()

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Fetch the index's file of that name and compare it with ours; not comparable where that fails."""
        theirs = self._fetched(normalised(artifact.name), artifact.filename)
        # A file whose bytes do not match the listed digest is not the listed file.
        if isinstance(theirs, Unknown) or (
            listed is not None and hashlib.sha256(theirs).hexdigest() != listed
        ):
            return "not-comparable"
        return compare_files(artifact.filename, Path(artifact.path).read_bytes(), theirs)

    def fetch(self, package: Package, filename: str) -> bytes | Unknown:
        """Fetch a file from the index."""
        self._index_of(package)
        return self._fetched(normalised(package.name), filename)

    def origin(self, package: Package, version: str, filename: str) -> Origin:
        """Return the attestations of a file, which PyPI's integrity API has (PEP 740)."""
        del version
        index, name = self._index_of(package), normalised(package.name)
        page = self._pages.get(name)
        if page is None or all(one.filename != filename for one in page.files):
            fresh = self._page(name, index)
            if isinstance(fresh, Unknown):
                return fresh
            page = self._pages[name] = fresh or IndexPage(files=())
        found = next((one for one in page.files if one.filename == filename), None)
        if found is None:
            return Unknown(reason=f"the index does not list `{filename}`")
        if found.provenance is None:
            shows = page.has_provenance
            return NoProvenance(NO_ATTESTATION if shows else "the index shows no attestations", shows)
        headers = {"Accept": PROVENANCE, **_headers(index, found.provenance)}
        return read_provenance(found, self._http.ask("GET", found.provenance, headers=headers))

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Ask uv's resolver whether all requirements can be met from their indexes now; None where unknown."""
        by_index: dict[_Index, list[str]] = {}
        for one in requirements:
            by_index.setdefault(self._known_index(name_of(one) or ""), []).append(one)
        # One question per index: a resolver run costs far more than a page.
        answers = [index.resolver.ask(wanted) for index, wanted in by_index.items()]
        return None if None in answers else all(answers)

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one file through the configured client; a failure while the endpoint is down is no person's to fix."""
        index = self._known_index(normalised(artifact.name))
        outcome = index.uploader.upload(artifact, root)
        if not isinstance(outcome, Unclear) or outcome.problem is None:
            return outcome
        if self._is_down(index):
            return replace(outcome, problem=None)
        job = ci_job(self._processes.environment) if self._tokenless else None
        if job is None or not job.may_request:
            return outcome
        return outcome_by_exchange(outcome, self._exchange(index), "python", None)

    def _is_down(self, index: _Index) -> bool:
        """Ask an upload endpoint without credentials, since the exit code of the client does not give its status.

        An endpoint that takes uploads refuses to be read (405); only a failed server counts.
        """
        if index.endpoints.publish is None:
            return False
        reply = self._http.ask("GET", index.endpoints.publish)
        return reply.status >= _SERVER_FAILED if not isinstance(reply, Failure) else True

    def exchange(self, package: Package) -> tuple[Exchange, str]:
        """Exchange an identity token at the index of a package; also return the identity token."""
        return self._exchange(self._index_of(package))

    def _exchange(self, index: _Index) -> tuple[Exchange, str]:
        address = index.endpoints.publish or index.endpoints.simple
        return probe(self._http, self._processes.environment, self._processes.redactor, address)

    def yank(self, package: Package, version: str) -> Outcome:
        """Report that only a person can yank: no index has an interface for it that a token may use."""
        return Refused(
            Problem(
                code="yank-by-hand",
                message=f"`{package.name}` {version} can only be yanked by a person",
                reason="Python indexes have no API for it",
                remedy=f"sign in to the index, open the project `{package.name}`, its releases, and yank {version} "
                "with a reason; yanked files are kept, and only a requirement on exactly this "
                "version selects them",
                url=self._page_for_people(package, version),
                package=package.id,
            )
        )

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version."""
        self._index_of(package)
        return f"{package.name}=={version}"

    def url(self, package: Package, version: str) -> str | None:
        """Return the page of a version: the project's page where the index is the default one, else its listing."""
        return self._page_for_people(package, version)

    def _page_for_people(self, package: Package, version: str) -> str:
        name = normalised(package.name)
        endpoints = self._index_of(package).endpoints
        base = endpoints.simple
        if endpoints.is_default and base.endswith("/simple/"):
            return f"{base.removesuffix('simple/')}project/{name}/{version}/"
        return f"{base}{name}/"

    def _index_of(self, package: Package) -> _Index:
        """Return the index of a package; its workspace is remembered, since artifacts only name packages."""
        self._roots[normalised(package.name)] = package.root
        return self._index(package.root)

    def _known_index(self, name: str) -> _Index:
        return self._index(self._roots.get(name, "."))

    def _index(self, root: str) -> _Index:
        """Return the index of a workspace; workspaces with the same endpoints share one, and its questions."""
        with self._lock:
            if root not in self._indexes:
                endpoints = find_endpoints(
                    self._processes.environment,
                    self._processes.redactor,
                    root=self._home / root if self._home is not None else None,
                    named=self._settings.index,
                )
                # Workspaces with the same index share its resolver, and with that its batches.
                if endpoints not in self._by_endpoints:
                    self._by_endpoints[endpoints] = self._opened(endpoints)
                self._indexes[root] = self._by_endpoints[endpoints]
            return self._indexes[root]

    def _opened(self, endpoints: Endpoints) -> _Index:
        return _Index(
            endpoints,
            Resolver(self._processes, endpoints, self._admitted),
            Uploader(self._processes, endpoints, self._settings.publish, tokenless=self._tokenless),
        )

    def _admitted(self, name: str, specifier: str) -> Sequence[ListedFile] | None:
        """Return the files of a project that a specifier admits, without yanked ones; None where unknown."""
        page = self._page(name, self._known_index(name))
        if isinstance(page, Unknown):
            return None
        wanted = SpecifierSet(specifier)
        return [
            one
            for one in (page.files if page is not None else ())
            if one.yanked is None
            and (version := version_in(one.filename, name)) is not None
            # The specifier is exact for a sibling, so a pre-release must count.
            and wanted.contains(version, prereleases=True)
        ]

    def _fetched(self, name: str, filename: str) -> bytes | Unknown:
        index = self._known_index(name)
        page = self._page(name, index)
        if isinstance(page, Unknown):
            return page
        found = next((one for one in (page.files if page else ()) if one.filename == filename), None)
        if found is None:
            return Unknown(reason=f"the index does not list `{filename}`")
        url = found.url.partition("#")[0]
        reply = self._http.ask("GET", url, headers=_headers(index, found.url), largest=_LARGEST_FILE)
        if isinstance(reply, Failure):
            return Unknown(reason=f"the index: {reply.reason}")
        if reply.status != 200:
            return Unknown(reason=f"the index answered {reply.status} for `{filename}`")
        return reply.body

    def _page(self, name: str, index: _Index) -> IndexPage | Unknown | None:
        """Fetch a project's page past all caches; None where the index does not know the name."""
        url = f"{index.endpoints.simple}{name}/"
        # Asks caches to revalidate (RFC 9111, section 5.2.1): a look must not see the page of minutes ago.
        headers = {"Accept": ACCEPT, "Cache-Control": "max-age=0", **_headers(index, url)}
        reply = self._http.ask("GET", url, headers=headers)
        if isinstance(reply, Failure):
            return Unknown(reason=f"the index: {reply.reason}")
        # The simple API answers 404 for a project without files (PEP 503); every other status proves
        # nothing.
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
            return Unknown(reason=f"the index's page for `{name}` is not valid: {error}")


def _headers(index: _Index, url: str) -> dict[str, str]:
    """Send the index's credentials to the index alone."""
    login = index.endpoints.authorization
    # Scheme and host must match: files are often served from another host, which must not get the login.
    same = url.split("/")[:3] == index.endpoints.simple.split("/")[:3]
    return {"Authorization": login} if login and same else {}


def _answer(file: ListedFile) -> Answer:
    url = file.url.partition("#")[0]
    if file.yanked is not None:
        return Withdrawn(digest=file.sha256, url=url, reason=file.yanked)
    return Present(digest=file.sha256, url=url)
