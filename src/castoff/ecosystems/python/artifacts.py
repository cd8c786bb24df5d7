"""What lies in a built file: its name, version and requirements, as its metadata says, read without unpacking."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement

from castoff.ecosystems.python.listing import parsed_version, version_in
from castoff.errors import Problem
from castoff.manifests.requirements import normalised
from castoff.model.workspace import Artifact, ArtifactKind, Package

_METADATA_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Metadata:
    """The core metadata of a file: the text, and its fields as written."""

    text: bytes
    fields: RawMetadata


def artifact_of(package: Package, file: Path) -> Artifact | None:
    """Make the artifact of a file, by its name; None where it is not of this package and version."""
    kind: ArtifactKind = "wheel" if file.name.endswith(".whl") else "sdist"
    if not file.name.endswith((".whl", ".tar.gz", ".zip")):
        return None
    found = version_in(file.name, normalised(package.name))
    if found is None or found != parsed_version(package.version):
        return None
    return Artifact(
        package=package.name,
        ecosystem="python",
        kind=kind,
        filename=file.name,
        path=str(file),
        digest=sha256_of(file),
    )


def artifacts_in(package: Package, folder: Path) -> tuple[Artifact, ...]:
    """Find the artifacts of one package in a folder, sdists first; other files are left alone."""
    files = sorted(one for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
    found = [artifact for file in files if (artifact := artifact_of(package, file)) is not None]
    return tuple(sorted(found, key=lambda one: (one.kind != "sdist", one.filename)))


def sha256_of(file: Path) -> str:
    """Give the SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def metadata_of(file: Path) -> Metadata | None:
    """Read the metadata of a wheel or sdist; None where it has none that can be read."""
    try:
        text = _wheel_metadata(file) if file.name.endswith((".whl", ".zip")) else _sdist_metadata(file)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError):
        return None
    if text is None:
        return None
    return Metadata(text, parse_email(text)[0])


def mismatches(package: Package, artifact: Artifact, siblings: Mapping[str, str]) -> Iterator[Problem]:
    """Compare a file's metadata with the manifests: name, version, and that siblings are let in.

    ``siblings`` maps normalised names to the versions of this release. Problems: ``metadata-mismatch``.
    """
    metadata = metadata_of(Path(artifact.path))
    if metadata is None:
        yield _mismatch(package, artifact, "has no metadata that can be read")
        return
    name, version = metadata.fields.get("name", ""), metadata.fields.get("version", "")
    if normalised(name) != normalised(package.name):
        yield _mismatch(package, artifact, f"names itself `{name[:80]}`")
    if parsed_version(version) is None or parsed_version(version) != parsed_version(package.version):
        yield _mismatch(package, artifact, f"says that it is version `{version[:80]}`")
    for requirement in _requirements(metadata.fields.get("requires_dist", ())):
        expected = siblings.get(normalised(requirement.name))
        if expected is None or requirement.url is not None:
            continue
        if not requirement.specifier.contains(expected, prereleases=True):
            yield _mismatch(package, artifact, f"requires `{requirement}`, which shuts {expected} out")


def _requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _wheel_metadata(file: Path) -> bytes | None:
    ending, depth = (".dist-info/METADATA", 1) if file.name.endswith(".whl") else ("/PKG-INFO", 1)
    with zipfile.ZipFile(file) as archive:
        for one in archive.infolist():
            if one.filename.endswith(ending) and one.filename.count("/") == depth:
                return archive.read(one) if one.file_size <= _METADATA_LIMIT else None
    return None


def _sdist_metadata(file: Path) -> bytes | None:
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith("/PKG-INFO") and member.name.count("/") == 1:
                stream = archive.extractfile(member)
                return stream.read() if stream is not None and member.size <= _METADATA_LIMIT else None
    return None


def _mismatch(package: Package, artifact: Artifact, fact: str) -> Problem:
    return Problem(
        code="metadata-mismatch",
        message=f"`{artifact.filename}` {fact}",
        reason=f"the manifests say `{package.name}` {package.version}",
        remedy="see where the back end takes its metadata from, and that it was built from the release commit",
        package=package.id,
        file=package.manifest,
    )
