"""Search of built files: what a registry would refuse in them, and pointers of git-lfs instead of content."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from castoff.ecosystems.cargo.foresight.crate_rules import CrateRefusal
from castoff.ecosystems.cargo.foresight.metadata import (
    ArchiveEntry,
    PackedCrate,
    find_packed_refusals,
    refusal,
)
from castoff.errors import Problem
from castoff.git import Clone
from castoff.git.comparison import is_pointer
from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.session.checkout import pointer_problem

# What crates-io unpacks; it refuses archives with links and devices (rule `crate-links`).
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
# No manifest is near this size; reading more would let an archive fill the memory.
_LARGEST_MANIFEST = 4 * 1024 * 1024


def packed_crate_problems(
    workspace: Workspace, artifacts: Iterable[Artifact], registry: str | None
) -> Iterator[Problem]:
    """Report what crates-io would refuse in the crates; ``registry`` is the configured one, which decides."""
    for artifact in artifacts:
        package = workspace.owner(artifact)
        if artifact.kind == "crate" and goes_to_crates_io(package, registry):
            try:
                packed = _read(Path(artifact.path), package)
            except UNREADABLE as error:
                require_machine(error)
                yield _unreadable(package, artifact, error)
                continue
            for finding in find_packed_refusals(packed):
                yield refusal(package.id, finding, package.manifest)


def _unreadable(package: Package, artifact: Artifact, error: Exception) -> Problem:
    finding = CrateRefusal(
        (),
        f"`{Path(artifact.path).name}` is not a readable archive: {error}",
        f"run `cargo package -p {package.name}`, which packs it again; if that archive is not readable either, "
        "check the disk and reinstall cargo",
    )
    return refusal(package.id, finding, package.manifest)


def goes_to_crates_io(package: Package, registry: str | None) -> bool:
    """Return whether a package is uploaded to the default registry."""
    return (registry or next(iter(package.registries), "crates-io")) == "crates-io"


def _read(file: Path, package: Package) -> PackedCrate:
    entries: list[ArchiveEntry] = []
    unpacked, manifest = 0, None
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            unpacked += member.size
            entries.append(ArchiveEntry(path=member.name, plain=member.type in _PLAIN))
            if (
                member.name.partition("/")[2] in ("Cargo.toml", "cargo.toml")
                and member.size < _LARGEST_MANIFEST
            ):
                stream = archive.extractfile(member)
                manifest = stream.read().decode("utf-8", "replace") if stream is not None else None
    return PackedCrate(
        name=package.name,
        version=file.name.removeprefix(f"{package.name}-").removesuffix(".crate"),
        size=file.stat().st_size,
        unpacked=unpacked,
        entries=entries,
        manifest=manifest,
    )


# A pointer file of git-lfs is shorter than 1024 bytes (git-lfs, docs/spec.md).
_LONGEST = 1024


def packed_pointers(clone: Clone, commit: str, artifacts: Iterable[Artifact]) -> Iterator[Problem]:
    """Report each artifact that holds a pointer; a repository without git-lfs is not searched."""
    if not _uses_lfs(clone, commit):
        return
    for artifact in artifacts:
        try:
            paths = [path for path, data in _small_files(Path(artifact.path)) if is_pointer(data)]
        except UNREADABLE as error:
            require_machine(error)
            continue  # the rules of its registry report it
        if paths:
            yield pointer_problem(
                [f"{artifact.filename}: {path}" for path in paths], package=artifact.package
            )


def _uses_lfs(clone: Clone, commit: str) -> bool:
    words = ("grep", "--quiet", "--fixed-strings", "-e", "filter=lfs")
    return clone.git.run(*words, commit, "--", ":(glob)**/.gitattributes").code == 0


def _small_files(file: Path) -> Iterator[tuple[str, bytes]]:
    """Return the small files in an archive, without the folder that a crate or an sdist puts around them."""
    if file.name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(file) as archive:
            for one in archive.infolist():
                if 0 < one.file_size < _LONGEST:
                    yield one.filename, archive.read(one)
        return
    with tarfile.open(file, "r:gz") as packed:
        for member in packed:
            if member.isfile() and 0 < member.size < _LONGEST and (stream := packed.extractfile(member)):
                yield member.name.partition("/")[2], stream.read()
