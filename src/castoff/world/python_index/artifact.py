"""What is in this sdist or wheel? Name, version, metadata, read as strictly as PyPI reads them."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from typing import Literal

from packaging.metadata import Metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from castoff.world.python_index.classifiers import refused_classifier

Kind = Literal["sdist", "bdist_wheel"]
METADATA_LIMIT = 10 * 1024 * 1024


class UploadRefused(Exception):
    """PyPI would say no, in these words."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
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


def read_artifact(filename: str, content: bytes) -> Artifact:
    """Read a file; raise :class:`UploadRefused` where PyPI would refuse it."""
    kind, name, version = _read_filename(filename)
    try:
        raw = (
            _wheel_metadata(content, filename)
            if kind == "bdist_wheel"
            else _sdist_metadata(content, filename)
        )
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise UploadRefused(f"Invalid distribution file. {error}") from error
    parsed = _parse(raw)
    if canonicalize_name(parsed.name) != name or parsed.version != version:
        raise UploadRefused(
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
    if "/" in filename or "\\" in filename or not filename.isascii() or not filename.isprintable():
        raise UploadRefused("Cannot upload a file with '/' or '\\' in the name.")
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            kind: Kind = "bdist_wheel"
        else:
            name, version = parse_sdist_filename(filename)
            kind = "sdist"
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise UploadRefused(f"Invalid filename: {error}") from error
    if filename.endswith(".zip"):
        raise UploadRefused("Invalid file extension: Use .tar.gz or .whl extension.")
    expected = name.replace("-", "_")
    if filename.split("-")[0].lower().replace(".", "_") != expected:
        raise UploadRefused(f"Start filename for {name!r} with {expected!r}.")
    return kind, name, version


def _wheel_metadata(content: bytes, filename: str) -> bytes:
    stem = "-".join(filename.split("-")[:2])
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        names = set(wheel.namelist())
        for needed in ("METADATA", "WHEEL", "RECORD"):
            if f"{stem}.dist-info/{needed}" not in names:
                raise UploadRefused(f"Wheel {filename!r} does not contain the required {needed} file")
        if wheel.getinfo(f"{stem}.dist-info/METADATA").file_size > METADATA_LIMIT:
            raise UploadRefused("Invalid distribution file. METADATA is too large")
        return wheel.read(f"{stem}.dist-info/METADATA")


def _sdist_metadata(content: bytes, filename: str) -> bytes:
    top = filename.removesuffix(".tar.gz")
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
        for member in sdist:
            if member.name.split("/")[0] != top:
                raise UploadRefused("Invalid distribution file. Incorrect top-level directory in sdist")
            if member.name == f"{top}/PKG-INFO":
                file = sdist.extractfile(member)
                if file is not None and member.size <= METADATA_LIMIT:
                    return file.read()
    raise UploadRefused(f"Invalid distribution file. PKG-INFO not found at {top}/PKG-INFO")


def _parse(raw: bytes) -> Metadata:
    try:
        parsed = Metadata.from_email(raw, validate=True)
    except ExceptionGroup as group:
        texts = "; ".join(str(error) for error in group.exceptions)
        raise UploadRefused(f"Invalid metadata: {texts}") from group
    check_metadata(parsed)
    return parsed


def check_metadata(parsed: Metadata) -> None:
    """Refuse what packaging allows and PyPI does not: local versions, direct references, odd classifiers."""
    if parsed.version.local is not None:
        raise UploadRefused(f"The use of local versions in {str(parsed.version)!r} is not allowed.")
    for requirement in parsed.requires_dist or ():
        if requirement.url is not None:
            raise UploadRefused(f"Can't have direct dependency: {requirement}")
    for classifier in parsed.classifiers or ():
        reason = refused_classifier(classifier)
        if reason is not None:
            raise UploadRefused(f"Classifier {classifier!r} is not a valid classifier: {reason}")


def requirement_of(text: str) -> Requirement:
    """Parse one requirement of an upload form."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise UploadRefused(f"Invalid value for requires_dist. Error: {text!r}: {error}") from error
