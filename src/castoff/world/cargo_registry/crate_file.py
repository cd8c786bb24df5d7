"""What is in this ``.crate``? Its manifest, read from a tarball that may be hostile."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zlib
from typing import Any

from castoff.world.cargo_registry.rejection import Rejected

UNPACK_LIMIT = 512 * 1024 * 1024


def read_manifest(crate: bytes, name: str, version: str) -> dict[str, Any]:
    """Give the ``Cargo.toml`` of a ``.crate``, with its ``package``; reject what crates-io rejects in the tarball."""
    top = f"{name}-{version}"
    manifest: bytes | None = None
    unpacked = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(crate), mode="r:gz") as archive:
            for member in archive:
                unpacked += member.size
                _check_member(member, top, unpacked)
                if member.name == f"{top}/Cargo.toml":
                    file = archive.extractfile(member)
                    manifest = file.read() if file is not None else None
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise Rejected("uploaded tarball is malformed or too large when decompressed") from error
    if manifest is None:
        raise Rejected("uploaded tarball is missing a `Cargo.toml` manifest file")
    return _parse(manifest)


def _check_member(member: tarfile.TarInfo, top: str, unpacked: int) -> None:
    parts = member.name.split("/")
    if parts[0] != top or ".." in parts:
        raise Rejected(f"invalid path found: {member.name}")
    if not member.isfile() and not member.isdir():
        raise Rejected(f"unexpected tar entry type found: {member.name}")
    if len(parts) == 2 and parts[1] != "Cargo.toml" and parts[1].lower() == "cargo.toml":
        raise Rejected(f"uploaded tarball contains incorrectly cased manifest: {member.name}")
    if unpacked > UNPACK_LIMIT:
        raise Rejected("uploaded tarball is malformed or too large when decompressed")


def _parse(manifest: bytes) -> dict[str, Any]:
    try:
        document = tomllib.loads(manifest.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Rejected(f"failed to parse `Cargo.toml` manifest file\n\n{error}") from error
    package = document.get("package", document.get("project"))
    if not isinstance(package, dict) or not isinstance(package.get("name"), str):
        raise Rejected("failed to parse `Cargo.toml` manifest file\n\nmissing `package.name`")
    return {**document, "package": package}
