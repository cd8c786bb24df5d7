"""Checks of an upload: the body of ``cargo publish``, judged as crates-io judges it, in its order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from castoff.world.cargo_registry import rules
from castoff.world.cargo_registry.crate_file import read_manifest
from castoff.world.cargo_registry.published import Published, dependencies_of, features_of
from castoff.world.cargo_registry.rejection import Rejected
from castoff.world.cargo_registry.requirements import check_version

JSON_LIMIT = 1024 * 1024
CRATE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
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
    length = int.from_bytes(body[:4], "little")
    if length > limit:
        raise Rejected(too_large, 413)
    if len(body) < 4 + length:
        raise Rejected(f"invalid {what} length for remaining payload: {length}")
    return body[4 : 4 + length], body[4 + length :]
