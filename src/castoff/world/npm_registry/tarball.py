"""What is in this npm tarball? Its ``package.json``, and its digests; or a minimal one, made up."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zlib
from typing import Any


class Refused(Exception):
    """The npm registry would say no, in these words."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def read_package(tarball: bytes) -> dict[str, Any]:
    """Give the ``package.json`` of a tarball."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
            for member in archive:
                if member.name.split("/")[1:] == ["package.json"]:
                    file = archive.extractfile(member)
                    document = json.loads(file.read()) if file is not None else None
                    if isinstance(document, dict):
                        return document
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise Refused(f"invalid tarball: {error}") from error
    raise Refused("invalid tarball: it has no package.json")


def minimal_tarball(package: dict[str, Any]) -> bytes:
    """Make a tarball that holds nothing but its ``package.json``."""
    text = json.dumps(package, sort_keys=True).encode()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size, member.mode = len(text), 0o644
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(tar.getvalue(), mtime=0)


def integrity(tarball: bytes) -> str:
    """Give the digest that clients compare, as they write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()


def shasum(tarball: bytes) -> str:
    """Give the old digest, which clients still send."""
    return hashlib.sha1(tarball, usedforsecurity=False).hexdigest()
