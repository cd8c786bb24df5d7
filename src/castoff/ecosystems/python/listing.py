"""Files that an index lists of a project: pages of the simple API, as JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urljoin

import msgspec
from msgspec import Struct
from packaging.utils import (
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from castoff.io.http import Reply

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


class ListedFile(Struct, frozen=True, kw_only=True):
    """One file of an index; ``sha256`` is None where the index gives none, ``yanked`` the reason or None.

    ``uploaded`` is None where the index does not give the time (PEP 700), ``provenance`` where it has none (PEP 740).
    """

    filename: str
    url: str
    sha256: str | None = None
    yanked: str | None = None
    requires_python: str | None = None
    uploaded: datetime | None = None
    provenance: str | None = None


class IndexPage(Struct, frozen=True, kw_only=True):
    """All files of a project, and the versions that the index names besides.

    ``has_provenance``: the index says of each file whether it has any (version 1.3 of the simple API).
    """

    files: tuple[ListedFile, ...]
    versions: tuple[str, ...] = ()
    has_provenance: bool = False


class PageInvalid(Exception):
    """The answer is no page of the simple API."""


def read_page(project: str, url: str, reply: Reply) -> IndexPage:
    """Read a page; ``url`` is where it came from. Errors: :class:`PageInvalid`."""
    kind = reply.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    # Some mirrors send PEP 691 pages with the generic type.
    if kind == "application/vnd.pypi.simple.v1+json" or (
        kind == "application/json" and reply.body[:1] == b"{"
    ):
        return _read_json(url, reply.body)
    if kind in ("application/vnd.pypi.simple.v1+html", "text/html"):
        return _read_html(project, url, reply)
    raise PageInvalid(f"it answered with `{kind[:80]}`, which is not a page of the simple API")


def files_of(page: IndexPage, name: str, version: str) -> tuple[ListedFile, ...]:
    """Return the files of one version, whatever the spelling of name and version in their names."""
    wanted = parsed_version(version)
    return tuple(
        one for one in page.files if (wanted is not None and version_in(one.filename, name) == wanted)
    )


def versions_of(page: IndexPage, name: str) -> tuple[str, ...]:
    """List all versions of a page, lowest first, yanked ones included."""
    found = {version for one in page.files if (version := version_in(one.filename, name)) is not None}
    # `versions` (PEP 700) also has versions whose files were all deleted: they are burned as well.
    found |= {version for text in page.versions if (version := parsed_version(text)) is not None}
    return tuple(str(version) for version in sorted(found))


def version_in(filename: str, name: str) -> Version | None:
    """Read the version from a file's name; None where it is no artifact of this project (normalised)."""
    found = project_and_version(filename)
    return found[1] if found is not None and found[0] == name else None


@lru_cache(maxsize=16384)
def project_and_version(filename: str) -> tuple[str, Version] | None:
    """Read the project (normalised) and the version from a file's name; None where it is no wheel and no sdist."""
    try:
        # Parsed by `packaging`, since project names may contain dashes and the version cannot be split off
        # by hand.
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except ValueError:  # all that `packaging` raises for names and versions
        return None
    return name, version


@lru_cache(maxsize=1024)
def parsed_version(text: str) -> Version | None:
    """Read a version; None where it is none."""
    try:
        return Version(text)
    except ValueError:
        return None


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    yanked: bool | str = False
    requires_python: str | None = None
    upload_time: str | None = None
    provenance: str | msgspec.UnsetType | None = msgspec.UNSET


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _Project(msgspec.Struct):
    files: list[_File]
    versions: list[str] = []
    meta: _Meta = msgspec.field(default_factory=_Meta)


_DECODER = msgspec.json.Decoder(_Project)


def _read_json(url: str, body: bytes) -> IndexPage:
    try:
        project = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PageInvalid(f"its page cannot be read: {str(error)[:200]}") from None
    # Clients must refuse a higher major version (PEP 629).
    if project.meta.api_version.partition(".")[0] != "1":
        raise PageInvalid(f"it has version {project.meta.api_version[:20]} of the simple API")
    files = tuple(
        ListedFile(
            filename=one.filename,
            url=_joined(url, one.url),
            sha256=one.hashes.get("sha256"),
            yanked=_reason(one.yanked),
            requires_python=one.requires_python,
            uploaded=_moment(one.upload_time),
            provenance=_joined(url, one.provenance) if one.provenance else None,
        )
        for one in project.files
    )
    has_provenance = any(one.provenance is not msgspec.UNSET for one in project.files)
    return IndexPage(files=files, versions=tuple(project.versions), has_provenance=has_provenance)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    # PEP 700 requires UTC; some indexes leave the offset out.
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)


def _joined(url: str, reference: str) -> str:
    try:
        return urljoin(url, reference)
    except ValueError as error:
        raise PageInvalid(f"it lists a file with an invalid URL: {str(error)[:100]}") from None


def _reason(yanked: bool | str) -> str | None:
    if yanked is False:
        return None
    return yanked if isinstance(yanked, str) else ""


def _read_html(project: str, url: str, reply: Reply) -> IndexPage:
    from pypi_simple import ProjectPage, UnsupportedRepoVersionError

    # A login page or an error in XML with status 200 would otherwise read as a project without files.
    if b"<" not in reply.body or reply.body.lstrip()[:5].lower() == b"<?xml":
        raise PageInvalid("its answer is not HTML")
    try:
        page = ProjectPage.from_html(project, reply.body, base_url=url)
    except (UnsupportedRepoVersionError, ValueError) as error:
        raise PageInvalid(str(error)[:200]) from None
    files = tuple(
        ListedFile(
            filename=one.filename,
            url=one.url,
            sha256=one.digests.get("sha256"),
            yanked=(one.yanked_reason or "") if one.is_yanked else None,
            requires_python=one.requires_python,
        )
        for one in page.packages
    )
    return IndexPage(files=files)
