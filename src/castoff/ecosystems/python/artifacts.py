"""What lies in a built file: its name, version and requirements, as its metadata says, read without unpacking.

Comparison of two Python artifacts that were built from the same files, although their bytes differ.
Sdists are the same when paths and bytes are, without times, owners and order. Pure wheels are the same when their
files are, without ``RECORD`` and the line of ``WHEEL`` that names the generator. What was compiled, and what
cannot be read within bounds, is not comparable. Nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement

from castoff.ecosystems.python.listing import parsed_version, project_and_version, version_in
from castoff.ecosystems.python.names import normalised
from castoff.errors import Problem
from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine
from castoff.model.observations import Sameness
from castoff.model.workspace import Artifact, ArtifactKind, Package

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

_METADATA_LIMIT = 16 * 1024 * 1024


class Metadata(Struct, frozen=True):
    """The core metadata of a file: the text, and its fields as written."""

    text: bytes
    fields: RawMetadata


def artifact_of(package: Package, file: Path, digest: str | None = None) -> Artifact | None:
    """Make the artifact of a file, by its name; None where it is not of this package and version.

    Without a ``digest``, it is computed.
    """
    kind: ArtifactKind = "wheel" if file.name.endswith(".whl") else "sdist"
    if not file.name.endswith((".whl", ".tar.gz", ".zip")):
        return None
    found = version_in(file.name, normalised(package.name))
    if found is None or found != parsed_version(package.version):
        return None
    return Artifact(
        package=package.id,
        ecosystem="python",
        kind=kind,
        filename=file.name,
        path=str(file),
        digest=sha256_of(file) if digest is None else digest,
    )


def artifacts_in(package: Package, folder: Path) -> tuple[Artifact, ...]:
    """Find the artifacts of one package in a folder, sdists first; other files are left alone."""
    return artifacts_among(package, files_by_project(folder))


def files_by_project(folder: Path) -> Mapping[str, Sequence[Path]]:
    """Return the wheels and sdists in a folder by the name of their project (normalised)."""
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208  # paths of a thousand packages' files take long
    found: dict[str, list[Path]] = {}
    for one in names:
        if (named := project_and_version(one)) is not None:
            found.setdefault(named[0], []).append(folder / one)
    return found


def artifacts_among(package: Package, files: Mapping[str, Sequence[Path]]) -> tuple[Artifact, ...]:
    """Make the artifacts of one package of the files of a folder, sdists first."""
    own = [file for file in files.get(normalised(package.name), ()) if file.is_file()]
    found = [one for file in own if (one := artifact_of(package, file)) is not None]
    # The sdist first: if a release stops in between, users can at least build from source.
    return tuple(sorted(found, key=lambda one: (one.kind != "sdist", one.filename)))


def strays_in(folder: Path, packages: Sequence[Package]) -> tuple[str, ...]:
    """Describe the wheels and sdists in a folder, and in those below, that are of none of these packages."""
    files = sorted(one for one in folder.rglob("*") if one.name.endswith((".whl", ".tar.gz", ".zip")))
    by_name = {normalised(one.name): one for one in packages}
    found = ((one, _why_stray(folder, one, by_name)) for one in files if one.is_file())
    return tuple(f"`{one.relative_to(folder)}` ({why})" for one, why in found if why is not None)


def _why_stray(folder: Path, file: Path, packages: Mapping[str, Package]) -> str | None:
    """Return why a file is not taken, None if it is; ``packages`` are by their normalised names."""
    if file.parent != folder:
        return "in a folder below"
    named = project_and_version(file.name)
    owner = packages.get(named[0]) if named is not None else None
    if owner is None:
        return "of no package of this release"
    return None if artifact_of(owner, file, digest="") else f"not {owner.version}"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def metadata_of(file: Path) -> Metadata | None:
    """Read the metadata of a wheel or sdist; None where it has none that can be read."""
    try:
        text = _wheel_metadata(file) if file.name.endswith((".whl", ".zip")) else _sdist_metadata(file)
    except UNREADABLE as error:
        require_machine(error)
        return None
    if text is None:
        return None
    # A plan reads no files, and this one loads `email` and a list of licences.
    from packaging.metadata import parse_email

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
        yield _mismatch(package, artifact, f"has the name `{name[:80]}`")
    if parsed_version(version) is None or parsed_version(version) != parsed_version(package.version):
        yield _mismatch(package, artifact, f"says the version `{version[:80]}`")
    for requirement in _requirements(metadata.fields.get("requires_dist", ())):
        expected = siblings.get(normalised(requirement.name))
        # Requirements by URL are judged by the rules of uploads.
        if expected is None or requirement.url is not None:
            continue
        if not requirement.specifier.contains(expected, prereleases=True):
            yield _mismatch(package, artifact, f"requires `{requirement}`, which excludes {expected}")


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
        reason=f"the manifests have `{package.name}` {package.version}",
        remedy="check where the build back end reads its metadata, and that it was built from the release commit",
        package=package.id,
        file=package.manifest,
    )


_LIMIT = 1024 * 1024 * 1024
_MEMBERS = 200_000
_SIGNATURES = ("/RECORD", "/RECORD.jws", "/RECORD.p7s")

Contents = Mapping[str, str]


class ArchiveNotComparable(ValueError):
    """An archive that says nothing certain about what it was built from."""


def compare_files(filename: str, ours: bytes, theirs: bytes) -> Sameness:
    """Compare two artifacts of one file name."""
    if ours == theirs:
        return "bytes"
    read = _wheel if filename.endswith(".whl") else _sdist
    try:
        return "contents" if read(ours) == read(theirs) else "no"
    except UNREADABLE:
        return "not-comparable"


def _sdist(archive: bytes) -> Contents:
    contents: dict[str, str] = {}
    left = _LIMIT
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            if member.isdir():
                continue
            left -= member.size
            # A name twice in an archive is read differently by different tools, so it proves nothing.
            if left < 0 or len(contents) >= _MEMBERS or member.name in contents:
                raise ArchiveNotComparable(member.name)
            contents[member.name] = _member(tar, member)
    return contents


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"link {member.linkname}"
    stream = tar.extractfile(member)
    if stream is None:
        raise ArchiveNotComparable(member.name)
    return hashlib.sha256(stream.read()).hexdigest()


def _wheel(archive: bytes) -> Contents:
    contents: dict[str, str] = {}
    is_pure = False
    left = _LIMIT
    with zipfile.ZipFile(io.BytesIO(archive)) as wheel:
        for member in wheel.infolist():
            left -= member.file_size
            if left < 0 or len(contents) >= _MEMBERS or member.filename in contents:
                raise ArchiveNotComparable(member.filename)
            # `RECORD` lists the digests of the others, so it differs whenever anything does.
            if member.is_dir() or member.filename.endswith(_SIGNATURES):
                continue
            data = wheel.read(member)
            if member.filename.endswith(".dist-info/WHEEL") and member.filename.count("/") == 1:
                lines = [line.strip() for line in data.decode("utf-8").splitlines() if line.strip()]
                is_pure = "root-is-purelib: true" in (line.lower() for line in lines)
                # The generator's version may differ between two builds of the same files.
                data = "\n".join(line for line in lines if not line.startswith("Generator:")).encode()
            contents[member.filename] = hashlib.sha256(data).hexdigest()
    # Compiled code is rarely reproducible byte for byte, and a difference says nothing.
    if not is_pure:
        raise ArchiveNotComparable("compiled")
    return contents
