"""Contents of an npm tarball: its manifest, its files, and whether two of them are the same. Nothing is unpacked."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine
from castoff.model.observations import Sameness
from castoff.model.plan import predicted_filename
from castoff.model.workspace import Artifact, Package

_LIMIT = 1 << 30
_MEMBERS = 200_000
_LARGEST_MANIFEST = 8 << 20


class Packed(Struct, frozen=True):
    """What a tarball holds: its `package.json`, and the paths of its files without the folder around them."""

    manifest: Mapping[str, Any]
    files: frozenset[str]
    links: tuple[str, ...] = ()


def filename_of(package: Package) -> str:
    """Return the name that clients give to the tarball of a package."""
    return predicted_filename(package, "tarball", package.version) or ""


def artifact_of(package: Package, file: Path) -> Artifact:
    """Make the artifact of a packed file."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Artifact(
        package=package.id,
        ecosystem="npm",
        kind="tarball",
        filename=file.name,
        path=str(file),
        digest=digest,
    )


def integrity_of(content: bytes) -> str:
    """Return the digest by which registries of npm know a tarball (`dist.integrity`)."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def packed_in(file: Path) -> Packed | None:
    """Read a tarball; None where it has no manifest that can be read."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest: object = None
            files: set[str] = set()
            links: list[str] = []
            for member in archive:
                path = member.name.partition("/")[2]
                if member.issym() or member.islnk():
                    links.append(path)
                if not member.isfile() or not path or len(files) >= _MEMBERS:
                    continue
                files.add(path)
                if path == "package.json" and member.size <= _LARGEST_MANIFEST:
                    stream = archive.extractfile(member)
                    manifest = json.loads(stream.read()) if stream is not None else None
    except UNREADABLE as error:
        require_machine(error)
        return None
    return Packed(manifest, frozenset(files), tuple(links)) if isinstance(manifest, dict) else None


def compare_tarballs(ours: bytes, theirs: bytes) -> Sameness:
    """Compare two tarballs: paths, bytes and the executable bit; the manifest as JSON, since clients write it anew."""
    if ours == theirs:
        return "bytes"
    try:
        return "contents" if _contents(ours) == _contents(theirs) else "no"
    except UNREADABLE:
        return "not-comparable"


def _contents(content: bytes) -> Mapping[str, object]:
    found: dict[str, object] = {}
    left = _LIMIT
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            if member.isdir():
                continue
            left -= member.size
            if left < 0 or len(found) >= _MEMBERS:
                raise tarfile.TarError("too large")
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None:
                raise tarfile.TarError(member.name)
            data = stream.read()
            path = member.name.partition("/")[2]
            is_program = bool(member.mode & 0o100)
            found[path] = (
                json.loads(data) if path == "package.json" else (hashlib.sha256(data).digest(), is_program)
            )
    return found
