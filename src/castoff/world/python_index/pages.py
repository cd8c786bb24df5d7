"""Pages of the index: the simple API as HTML and JSON, and the JSON API."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from packaging.version import Version

from castoff.world.python_index.artifact import Artifact
from castoff.world.python_index.store import Shown

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"


def wanted_type(accept: str) -> str:
    """Choose the content type of a simple page by the ``Accept`` header; HTML where nothing is said."""
    offers = {
        JSON_TYPE: JSON_TYPE,
        "application/vnd.pypi.simple.latest+json": JSON_TYPE,
        HTML_TYPE: HTML_TYPE,
        "application/vnd.pypi.simple.latest+html": HTML_TYPE,
        "text/html": "text/html",
        "text/*": "text/html",
        "*/*": "text/html",
    }
    best, best_quality = "text/html", 0.0
    for part in accept.split(","):
        kind, _, parameters = part.partition(";")
        quality = _quality(parameters)
        # Of two types that are wanted as much, the first one; none that is wanted at 0 (RFC 9110, "Accept").
        if kind.strip() in offers and quality > best_quality:
            best, best_quality = offers[kind.strip()], quality
    return best


def project_list(names: Iterable[str], content_type: str) -> bytes:
    """Render the list of all projects."""
    if content_type == JSON_TYPE:
        listed = [{"name": name} for name in names]
        return json.dumps({"meta": {"api-version": "1.3"}, "projects": listed}).encode()
    links = "\n".join(f'<a href="/simple/{name}/">{name}</a><br/>' for name in names)
    return _page("Simple index", links)


def project_page(shown: Shown, content_type: str, base_url: str) -> bytes:
    """Render the page of one project."""
    if content_type == JSON_TYPE:
        return json.dumps(_project_json(shown, base_url)).encode()
    links = "\n".join(
        _link(artifact, yanked, _provenance_url(shown, artifact, base_url), base_url)
        for artifact, _, yanked in shown.files
    )
    return _page(f"Links for {shown.name}", f"<h1>Links for {shown.name}</h1>\n{links}")


def project_document(shown: Shown, version: str | None, base_url: str) -> dict[str, object] | None:
    """Make the answer of the JSON API for a project, or one version of it; ``None``: no such version."""
    by_version: dict[Version, list[tuple[Artifact, datetime, str | None]]] = {}
    for file in shown.files:
        by_version.setdefault(file[0].version, []).append(file)
    chosen = _chosen(by_version.keys(), version)
    if chosen is None:
        return None
    urls = [_file_document(*file, base_url) for file in by_version[chosen]]
    document: dict[str, object] = {
        "info": _info(by_version[chosen]),
        "last_serial": len(shown.files),
        "urls": urls,
        "vulnerabilities": [],
    }
    if version is None:
        document["releases"] = {
            str(each): [_file_document(*file, base_url) for file in files]
            for each, files in sorted(by_version.items())
        }
    return document


def file_path(artifact: Artifact) -> str:
    """Return the address of a file below the index."""
    digest = artifact.blake2_256
    return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{artifact.filename}"


def timestamp(moment: datetime) -> str:
    """Write a time as PEP 700 asks for it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _quality(parameters: str) -> float:
    key, _, value = parameters.partition("=")
    if key.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _page(title: str, body: str) -> bytes:
    return (
        '<!DOCTYPE html>\n<html>\n<head>\n<meta name="pypi:repository-version" content="1.3">\n'
        f"<title>{title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _requires_python(artifact: Artifact) -> str | None:
    specifier = artifact.parsed.requires_python
    return None if specifier is None else str(specifier)


def _provenance_url(shown: Shown, artifact: Artifact, base_url: str) -> str | None:
    """Return where the provenance of a file is (PEP 740), None where it has none."""
    if artifact.filename not in shown.attested:
        return None
    return f"{base_url}/integrity/{shown.name}/{artifact.version}/{artifact.filename}/provenance"


def _link(artifact: Artifact, yanked: str | None, provenance: str | None, base_url: str) -> str:
    attributes = [f'href="{base_url}{file_path(artifact)}#sha256={artifact.sha256}"']
    requires_python = _requires_python(artifact)
    if requires_python is not None:
        attributes.append(f'data-requires-python="{html.escape(requires_python)}"')
    # PyPI serves the metadata of wheels alone (PEP 658); both names of the attribute (PEP 714).
    if artifact.kind == "bdist_wheel":
        digest = f"sha256={artifact.metadata_sha256}"
        attributes += [f'data-dist-info-metadata="{digest}"', f'data-core-metadata="{digest}"']
    if yanked is not None:
        attributes.append(f'data-yanked="{html.escape(yanked)}"')
    if provenance is not None:
        attributes.append(f'data-provenance="{provenance}"')
    return f"<a {' '.join(attributes)}>{artifact.filename}</a><br/>"


def _project_json(shown: Shown, base_url: str) -> dict[str, object]:
    versions = sorted({artifact.version for artifact, _, _ in shown.files})
    return {
        "meta": {"api-version": "1.3", "_last-serial": len(shown.files)},
        "name": shown.name,
        "versions": [str(version) for version in versions],
        "alternate-locations": [],
        "files": [
            {**_file_json(*file, base_url), "provenance": _provenance_url(shown, file[0], base_url)}
            for file in shown.files
        ],
    }


def _file_json(artifact: Artifact, moment: datetime, yanked: str | None, base_url: str) -> dict[str, object]:
    core: object = {"sha256": artifact.metadata_sha256} if artifact.kind == "bdist_wheel" else False
    return {
        "filename": artifact.filename,
        "url": base_url + file_path(artifact),
        "hashes": {"sha256": artifact.sha256},
        "requires-python": _requires_python(artifact),
        "size": len(artifact.content),
        "upload-time": timestamp(moment),
        "yanked": False if yanked is None else yanked or True,
        "core-metadata": core,
        "data-dist-info-metadata": core,
    }


def _chosen(versions: Iterable[Version], version: str | None) -> Version | None:
    ordered = sorted(versions)
    if version is not None:
        return next((each for each in ordered if str(each) == version), None)
    # PyPI shows a pre-release only where nothing else was released.
    final = [each for each in ordered if not each.is_prerelease]
    return max(final or ordered, default=None)


def _info(files: Sequence[tuple[Artifact, datetime, str | None]]) -> dict[str, object]:
    artifact, _, yanked = files[0]
    parsed = artifact.parsed
    return {
        "name": parsed.name,
        "version": str(parsed.version),
        "summary": parsed.summary,
        "requires_dist": [str(requirement) for requirement in parsed.requires_dist or ()] or None,
        "requires_python": _requires_python(artifact),
        "license_expression": parsed.license_expression,
        "classifiers": list(parsed.classifiers or ()),
        "yanked": yanked is not None,
        "yanked_reason": yanked or None,
    }


def _file_document(
    artifact: Artifact, moment: datetime, yanked: str | None, base_url: str
) -> dict[str, object]:
    return {
        "filename": artifact.filename,
        "packagetype": artifact.kind,
        "digests": {"sha256": artifact.sha256, "blake2b_256": artifact.blake2_256},
        "size": len(artifact.content),
        "requires_python": _requires_python(artifact),
        "upload_time_iso_8601": timestamp(moment),
        "url": base_url + file_path(artifact),
        "yanked": yanked is not None,
        "yanked_reason": yanked or None,
    }
