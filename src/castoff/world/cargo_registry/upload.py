"""Checks of an upload: the body of ``cargo publish``, judged as crates-io judges it, in its order."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import tomli
from msgspec import Struct

from castoff.world.cargo_registry import rules
from castoff.world.cargo_registry.published import Published, dependencies_of, features_of
from castoff.world.cargo_registry.requirements import check_version
from castoff.world.damaged_archives import UNREADABLE
from castoff.world.messages import Rejected

UNPACK_LIMIT = 512 * 1024 * 1024
_MALFORMED = "uploaded tarball is malformed or too large when decompressed"
_EDITIONS = ("2015", "2018", "2021", "2024")
_TEXTS = ("name", "version", "description", "homepage", "documentation", "license", "license-file", "repository",
          "rust-version", "edition", "links")  # fmt: skip
_LISTS = ("keywords", "categories", "authors")
_INHERITABLE = (*_TEXTS, *_LISTS, "readme")
_TABLES = ("dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies")


def read_manifest(crate: bytes, name: str, version: str) -> dict[str, Any]:
    """Return the manifest of a ``.crate``, with its ``package``; reject what crates-io rejects in the tarball."""
    top = f"{name}-{version}"
    manifests: dict[str, dict[str, Any]] = {}
    paths: set[str] = set()
    for path, content in _files(crate, top):
        paths.add(path)
        if path.lower() == "cargo.toml":
            manifests[path] = _parse(content)
    # Two spellings in one tarball would unpack to one file where names ignore case.
    if len(manifests) > 1:
        found = "`, `".join(sorted(manifests))
        raise Rejected(f"uploaded tarball contains more than one `Cargo.toml` manifest file; found `{found}`")
    if not manifests:
        raise Rejected("uploaded tarball is missing a `Cargo.toml` manifest file")
    ((path, manifest),) = manifests.items()
    if path not in ("Cargo.toml", "cargo.toml"):
        raise Rejected(
            f"uploaded tarball is missing a `Cargo.toml` manifest file; `{path}` was found, but must be named "
            "`Cargo.toml` with that exact casing"
        )
    _check_library(manifest, paths)
    return manifest


def _files(crate: bytes, top: str) -> Iterator[tuple[str, bytes]]:
    """Return each entry by its path below the folder of the package, with its bytes."""
    data = _decompressed(crate)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                _check_member(member, data, top)
                file = archive.extractfile(member) if member.isfile() else None
                path = "/".join(part for part in member.name.split("/")[1:] if part not in ("", "."))
                yield path, file.read() if file is not None and path.lower() == "cargo.toml" else b""
    except UNREADABLE as error:
        raise Rejected(_MALFORMED) from error


def _decompressed(crate: bytes) -> bytes:
    # One gzip member, as crates-io reads it; the rest is checked by `eof`.
    reader = zlib.decompressobj(wbits=31)
    try:
        data = reader.decompress(crate, UNPACK_LIMIT)
    except zlib.error as error:
        raise Rejected(_MALFORMED) from error
    if not reader.eof:
        raise Rejected(_MALFORMED)
    return data


def _check_member(member: tarfile.TarInfo, data: bytes, top: str) -> None:
    # Python takes the size of an extended header for the member's; crates-io requires both to agree.
    plain = data[member.offset_data - 512 : member.offset_data][124:136].rstrip(b"\0 ")
    if "size" in member.pax_headers and plain.isdigit() and int(plain, 8) != member.size:
        raise Rejected("uploaded tarball is malformed")
    # cargo unpacks into a folder of this name: anything outside of it could overwrite files.
    parts = member.name.split("/")
    shown = member.name.encode("utf-8", "replace").decode()
    if parts[0] != top or ".." in parts or shown != member.name:
        raise Rejected(f"invalid path found: {shown}")
    # Links could lead out of the folder; cargo itself packs none.
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        raise Rejected(f"unexpected tar entry type found: {member.name}")


def _parse(manifest: bytes) -> dict[str, Any]:
    try:
        document = tomli.loads(manifest.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unparsable(str(error)) from error
    package = document.get("package", document.get("project", document))  # very old crates have no header
    if not isinstance(package, dict):
        raise _unparsable("invalid `package`")
    if document.get("patch"):
        raise _unparsable("crates cannot be published with `[patch]` tables")
    if "version" not in package:
        raise _unparsable("missing field `version`")
    if any(_is_inherited(package.get(key)) for key in _INHERITABLE):
        raise _unparsable("value from workspace hasn't been set")
    if any(_is_inherited(one) for key in _TABLES for one in _table(document, key).values()):
        raise _unparsable("value from workspace hasn't been set")
    if not isinstance(package.get("name"), str):
        raise _unparsable("missing field `name`")
    _check_types(package)
    return {**document, "package": package}


def _check_types(package: dict[str, Any]) -> None:
    for key in _TEXTS:
        if key in package and not isinstance(package[key], str):
            raise _unparsable(f"`{key}` is not a string")
    for key in _LISTS:
        value = package.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _unparsable(f"`{key}` is not a list of strings")
    if package.get("edition", "2015") not in _EDITIONS:
        raise _unparsable(f"unknown variant `{package['edition']}`, expected one of {', '.join(_EDITIONS)}")


def _check_library(manifest: dict[str, Any], paths: set[str]) -> None:
    library, package = manifest.get("lib"), manifest["package"]
    if not isinstance(library, dict) or library.get("path") is not None or "src/lib.rs" in paths:
        return
    old = package.get("edition", "2015") == "2015"
    if not old or f"src/{library.get('name', package['name'])}.rs" not in paths:
        raise _unparsable("can't find library, rename file to `src/lib.rs` or specify lib.path")


def _is_inherited(value: object) -> bool:
    return isinstance(value, dict) and value.get("workspace") is True


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise _unparsable(f"invalid `{key}`")
    return value


def _unparsable(text: str) -> Rejected:
    return Rejected(f"failed to parse `Cargo.toml` manifest file\n\n{text}")


JSON_LIMIT = 1024 * 1024
CRATE_LIMIT = 10 * 1024 * 1024


class Body(Struct, frozen=True):
    """What was sent: the name and version that the client says, and the crate."""

    name: str
    version: str
    crate: bytes


def read_body(body: bytes) -> Body:
    """Take the two framed parts apart."""
    text, rest = _part(body, "metadata", JSON_LIMIT, "JSON metadata blob too large")
    try:
        metadata: Any = json.loads(text)
        name, version = metadata["name"], metadata["vers"]
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected(f"invalid upload request: {error}") from error
    if not isinstance(name, str) or not isinstance(version, str):
        raise Rejected("invalid upload request: name and vers must be text")
    crate, rest = _part(rest, "tarball", CRATE_LIMIT, f"max upload size is: {CRATE_LIMIT}")
    return Body(name, version, crate)


def check_identity(body: Body) -> None:
    """Check what crates-io checks before it counts an upload: name and version as the client gives them."""
    rules.check_name(body.name)
    check_version(body.version)


def check_upload(body: Body) -> Published:
    """Check the crate; the manifest inside it counts, not what the client says about it."""
    try:
        published = read_published(body.crate, body.name, body.version)
    except (TypeError, ValueError, AttributeError) as error:
        raise Rejected(f"failed to parse `Cargo.toml` manifest file\n\n{error}") from error
    rules.check_not_reserved(body.name)
    return published


def check_links(published: Published, known: Callable[[str], bool]) -> None:
    """Check what crates-io checks last, inside its transaction: dependencies by name, and categories."""
    rules.check_known(published.dependencies, known)
    rules.check_categories({"categories": list(published.categories)})


def read_published(crate: bytes, name: str, version: str) -> Published:
    """Read a ``.crate`` of that name and version."""
    manifest = read_manifest(crate, name, version)
    package: dict[str, Any] = manifest["package"]
    if package["name"] != name:
        raise Rejected(f"metadata name `{name}` does not match manifest name `{package['name']}`")
    if package.get("version") != version:
        raise Rejected(
            f"metadata version `{version}` does not match manifest version `{package.get('version')}`"
        )
    rules.check_package(package)
    features = features_of(manifest)
    rules.check_features(features)
    dependencies = dependencies_of(manifest)
    rules.check_dependencies(dependencies)
    rust_version = package.get("rust-version")
    return Published(
        name=name,
        version=version,
        checksum=hashlib.sha256(crate).hexdigest(),
        crate=crate,
        dependencies=dependencies,
        features=features,
        links=package.get("links"),
        rust_version=None if rust_version is None else str(rust_version),
        description=package.get("description"),
        license=package.get("license", "non-standard"),
        categories=tuple(package.get("categories", ())),
    )


def _part(body: bytes, what: str, limit: int, too_large: str) -> tuple[bytes, bytes]:
    if len(body) < 4:
        raise Rejected(f"invalid {what} length")
    # The frame of cargo's publish API: a 32-bit length, little endian, before each of the two parts.
    length = int.from_bytes(body[:4], "little")
    if length > limit:
        raise Rejected(too_large, 413)
    if len(body) < 4 + length:
        raise Rejected(f"invalid {what} length for remaining payload: {length}")
    return body[4 : 4 + length], body[4 + length :]
