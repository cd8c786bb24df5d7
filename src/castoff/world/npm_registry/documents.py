"""Packuments: all that clients read of a package, full or abbreviated.

Source: npm/registry, `docs/responses/package-metadata.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from castoff.world.npm_registry.accounts import TRUSTED
from castoff.world.npm_registry.store import Package, Version

ABBREVIATED = "application/vnd.npm.install-v1+json"
_SHORT_KEYS = (
    "name", "version", "deprecated", "dependencies", "acceptDependencies", "optionalDependencies", "devDependencies",
    "bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "bin", "directories",
    "dist", "engines", "funding", "cpu", "os", "libc",
)  # fmt: skip
_HOISTED = (
    "author", "bugs", "contributors", "description", "homepage", "keywords", "license", "readme", "readmeFilename",
    "repository",
)  # fmt: skip
_INSTALL_SCRIPTS = {"preinstall", "install", "postinstall"}
_README = 64 * 1024


def packument(package: Package, seen: Sequence[Version], base_url: str, *, short: bool) -> dict[str, object]:
    """Render the document of a package, of which these versions are seen."""
    render = _abbreviated if short else _full
    document: dict[str, object] = {
        "name": package.name,
        "dist-tags": shown_tags(package, seen),
        "versions": {version.number: render(package, version, base_url) for version in seen},
        "modified": moment(max(version.at for version in seen)),
    }
    return document if short else {**_head(package, seen), **document, "time": _times(package, seen)}


def continued(
    document: dict[str, object], uploaded: Collection[str], theirs: Mapping[str, Any]
) -> dict[str, object]:
    """Complete a document with the versions of the user's registry; those ``uploaded`` here go before theirs.

    If that has none of the versions that were released before, the name is somebody else's there.
    """
    own = dict(_table(document, "versions"))
    before = _table(theirs, "versions")
    if not (set(own) - set(uploaded)) & set(before):
        return document
    merged = {**document, "versions": {**own, **before, **{one: own[one] for one in uploaded}}}
    tags = _table(document, "dist-tags")
    here = {tag: number for tag, number in tags.items() if number in uploaded}
    merged["dist-tags"] = {**tags, **_table(theirs, "dist-tags"), **here}
    if "time" in document:
        times = _table(document, "time")
        kept = {key: times[key] for key in (*uploaded, "modified") if key in times}
        merged["time"] = {**times, **_table(theirs, "time"), **kept}
    return merged


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def unpublished(package: Package) -> dict[str, object]:
    """Render what is left of a package whose versions are all withdrawn."""
    last = max(version.at for version in package.versions.values())
    gone = {
        "name": package.maintainers[0],
        "time": moment(package.unpublished_at or last),
        "tags": {},
        "maintainers": _people(package.maintainers),
        "versions": list(package.versions),
    }
    times = _times(package, ())
    return {
        "_id": package.name,
        "_rev": package.rev,
        "name": package.name,
        "time": {**times, "unpublished": gone},
    }


def shown_tags(package: Package, seen: Sequence[Version]) -> dict[str, str]:
    """Return the tags that name a version which is seen; a late one still names the version before."""
    numbers = {version.number for version in seen}
    tags = {}
    for tag, number in package.tags.items():
        known = number if number in numbers else package.former.get(tag)
        if known in numbers:
            tags[tag] = str(known)
    return tags


def manifest(package: Package, version: Version, base_url: str) -> dict[str, Any]:
    """Render one version in full."""
    return _full(package, version, base_url)


def moment(at: datetime) -> str:
    """Spell a time as the registry does."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _full(package: Package, version: Version, base_url: str) -> dict[str, Any]:
    shown = {key: value for key, value in version.manifest.items() if value is not None and key != "readme"}
    return {
        **shown,
        "_id": f"{package.name}@{version.number}",
        "_npmUser": _publisher(version.user),
        "maintainers": _people(package.maintainers),
        "dist": _dist(package, version, base_url),
    }


def _abbreviated(package: Package, version: Version, base_url: str) -> dict[str, Any]:
    shown = {key: value for key in _SHORT_KEYS if (value := version.manifest.get(key)) is not None}
    scripts = version.manifest.get("scripts")
    if isinstance(scripts, dict) and _INSTALL_SCRIPTS & set(scripts):
        shown["hasInstallScript"] = True
    return {**shown, "dist": _dist(package, version, base_url)}


def _dist(package: Package, version: Version, base_url: str) -> dict[str, Any]:
    dist = {**version.manifest["dist"], "tarball": f"{base_url}/{package.name}/-/{version.filename}"}
    if version.provenance is not None:
        spec = quote(f"{package.name}@{version.number}", safe="@")
        url = f"{base_url}/-/npm/v1/attestations/{spec}"
        dist["attestations"] = {"url": url, "provenance": {"predicateType": "https://slsa.dev/provenance/v1"}}
    return dist


def _head(package: Package, seen: Sequence[Version]) -> dict[str, object]:
    last = seen[-1].manifest
    hoisted = {key: value for key in _HOISTED if (value := last.get(key)) is not None}
    if isinstance(hoisted.get("readme"), str):
        hoisted["readme"] = hoisted["readme"][:_README]
    return {**hoisted, "_id": package.name, "_rev": package.rev, "maintainers": _people(package.maintainers)}


def _times(package: Package, seen: Sequence[Version]) -> dict[str, object]:
    """Return when each version came; a withdrawn one stays listed here, and only here."""
    listed = [version for version in package.versions.values() if version.withdrawn or version in seen]
    times = [version.at for version in listed]
    return {
        "created": moment(min(times)),
        "modified": moment(max(times)),
        **{version.number: moment(version.at) for version in listed},
    }


def _people(names: Sequence[str]) -> list[dict[str, str]]:
    return [_person(name) for name in names]


def _publisher(user: str) -> dict[str, object]:
    """Name who published a version; all uploads by trusted publishing have the same name."""
    if user != TRUSTED:
        return {**_person(user)}
    return {**_person("GitHub Actions"), "trustedPublisher": {"id": "github", "oidcConfigId": "oidc:world"}}


def _person(name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name.replace(' ', '-')}@users.example"}
