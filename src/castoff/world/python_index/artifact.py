"""A file of the index: its name, version and metadata, read from the file itself."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from typing import Literal

from msgspec import Struct
from packaging.metadata import Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from castoff.world.damaged_archives import UNREADABLE
from castoff.world.messages import Rejected

Kind = Literal["sdist", "bdist_wheel"]
METADATA_LIMIT = 10 * 1024 * 1024


class Artifact(Struct, frozen=True, kw_only=True):
    """A file that the index holds; ``name`` is normalised, ``metadata`` the bytes of METADATA or PKG-INFO."""

    filename: str
    kind: Kind
    name: str
    version: Version
    parsed: Metadata
    metadata: bytes
    content: bytes
    sha256: str
    blake2_256: str
    metadata_sha256: str


def read_artifact(filename: str, content: bytes, form: Metadata | None = None) -> Artifact:
    """Read a file; ``form`` is the metadata that was sent with it, which PyPI shows instead of the file's.

    Raise :class:`Rejected` if the file or its own metadata cannot be read.
    """
    kind, name, version = _read_filename(filename)
    try:
        raw = _wheel_metadata(content, filename) if kind == "bdist_wheel" else _sdist_metadata(content)
    except UNREADABLE as error:
        raise Rejected(f"Invalid distribution file. {error}") from error
    parsed = form if form is not None else _parse(raw)
    if canonicalize_name(parsed.name) != name or parsed.version != version:
        raise Rejected(
            f"Version in filename should be {str(parsed.version)!r} and its name {parsed.name!r}, "
            f"not {filename!r}."
        )
    return Artifact(
        filename=filename,
        kind=kind,
        name=name,
        version=version,
        parsed=parsed,
        metadata=raw,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        blake2_256=hashlib.blake2b(content, digest_size=32).hexdigest(),
        metadata_sha256=hashlib.sha256(raw).hexdigest(),
    )


def _read_filename(filename: str) -> tuple[Kind, str, Version]:
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            return "bdist_wheel", name, version
        name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise Rejected(f"Invalid filename: {error}") from error
    return "sdist", name, version


def _wheel_metadata(content: bytes, filename: str) -> bytes:
    path = "-".join(filename.split("-")[:2]) + ".dist-info/METADATA"
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        if path not in wheel.namelist():
            raise Rejected(f"Wheel {filename!r} does not contain the required METADATA file: {path}")
        if wheel.getinfo(path).file_size > METADATA_LIMIT:
            raise Rejected("Invalid distribution file. METADATA is too large")
        return wheel.read(path)


def _sdist_metadata(content: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
        for member in sdist:
            if not member.isdir() and member.name.endswith("/PKG-INFO") and member.name.count("/") == 1:
                file = sdist.extractfile(member)
                if file is not None and member.size <= METADATA_LIMIT:
                    return file.read()
    raise Rejected("Invalid distribution file. PKG-INFO not found")


def _parse(raw: bytes) -> Metadata:
    try:
        return Metadata.from_email(raw, validate=True)
    except ExceptionGroup as group:
        texts = "; ".join(str(error) for error in group.exceptions)
        raise Rejected(f"Invalid metadata: {texts}") from group
