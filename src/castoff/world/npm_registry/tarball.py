"""The content of an npm tarball: its `package.json`, digests and sizes; or a minimal one, made up."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from typing import Any

from msgspec import Struct

from castoff.world.damaged_archives import UNREADABLE
from castoff.world.npm_registry.refusal import Refused


class Contents(Struct, frozen=True):
    """What is in a tarball: its manifest, how many files, and their bytes."""

    package: dict[str, Any]
    file_count: int
    unpacked_size: int


def read_tarball(tarball: bytes) -> Contents:
    """Read a tarball; refuse links, and what has no readable `package.json` in its folder."""
    package: dict[str, Any] | None = None
    count = size = 0
    try:
        # As a whole, so that a file that was cut behind the last member is found.
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(tarball)), mode="r:") as archive:
            for member in archive:
                if member.islnk() or member.issym():
                    kind = "Hard" if member.islnk() else "Symbolic"
                    raise Refused(f"{kind} link is not allowed", 415)
                if not member.isfile():
                    continue
                count, size = count + 1, size + member.size
                if member.name.split("/")[1:] == ["package.json"]:
                    file = archive.extractfile(member)
                    read = json.loads(file.read()) if file is not None else None
                    package = read if isinstance(read, dict) else None
    except UNREADABLE as error:
        raise Refused(f"invalid tarball: {error}") from error
    if package is None:
        raise Refused("invalid tarball: it has no package.json")
    return Contents(package, count, size)


def minimal_tarball(package: dict[str, Any]) -> bytes:
    """Make a tarball that holds nothing but its `package.json`."""
    text = json.dumps(package, sort_keys=True).encode()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size, member.mode = len(text), 0o644
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(tar.getvalue(), mtime=0)


def integrity(tarball: bytes) -> str:
    """Return the digest that clients compare, as they write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()


def shasum(tarball: bytes) -> str:
    """Return the old digest, which clients still send."""
    return hashlib.sha1(tarball, usedforsecurity=False).hexdigest()
