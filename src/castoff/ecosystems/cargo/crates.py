"""Crates as files: their place in a target folder, and the comparison of two by content.

A lock differs wherever an outside dependency was published in between, so it says nothing about what was
released. The commit that both were packed from must be the same (``.cargo_vcs_info.json``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import tomli
from msgspec import Struct

from castoff.io.machine import require_machine
from castoff.model.observations import Sameness
from castoff.model.workspace import Artifact

_LIMIT = 512 * 1024 * 1024
_READ_WHOLE = frozenset({"Cargo.toml", ".cargo_vcs_info.json"})


class Contents(Struct, frozen=True, kw_only=True):
    """The files of a `.crate` by their path inside it, as digests; the manifest as values; the commit."""

    files: Mapping[str, str]
    manifest: Mapping[str, Any]
    commit: str | None
    folder: str | None


def compare_crates(ours: Path, theirs: Path) -> Sameness:
    """Compare two files: same bytes, same contents of the same commit, different, or not comparable."""
    if _digest(ours) == _digest(theirs):
        return "bytes"
    mine, other = read_crate_file(ours), read_crate_file(theirs)
    # Without the commit of both, equal files could still come from different sources.
    if mine is None or other is None or mine.commit is None or other.commit is None:
        return "not-comparable"
    same = (mine.files, mine.manifest, mine.commit, mine.folder) == (
        other.files,
        other.manifest,
        other.commit,
        other.folder,
    )
    return "contents" if same else "no"


def read_crate_file(file: Path) -> Contents | None:
    """Read a `.crate`; None where it is none, is too large, or holds anything but plain files."""
    import tarfile

    from castoff.io.archives import UNREADABLE

    files: dict[str, str] = {}
    whole: dict[str, bytes] = {}
    left = _LIMIT
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                # Bounded by unpacked bytes: an archive from outside may expand without an end.
                left -= member.size
                stream = archive.extractfile(member) if member.isfile() else None
                if left < 0 or stream is None:
                    return None
                name = member.name.partition("/")[2]
                if name in _READ_WHOLE:
                    whole[name] = stream.read()
                # The lock file depends on the moment of packing, everything else on the commit.
                elif name != "Cargo.lock":
                    files[name] = digest_of(stream)
        manifest = tomli.loads(whole.get("Cargo.toml", b"").decode())
        commit, folder = _commit(whole.get(".cargo_vcs_info.json", b"{}"))
    except UNREADABLE as error:
        require_machine(error)
        return None
    return Contents(files=files, manifest=manifest, commit=commit, folder=folder)


def _commit(text: bytes) -> tuple[str | None, str | None]:
    document = json.loads(text)
    git = document.get("git") if isinstance(document, dict) else None
    commit = git.get("sha1") if isinstance(git, dict) else None
    folder = document.get("path_in_vcs") if isinstance(document, dict) else None
    return (
        commit if isinstance(commit, str) else None,
        folder if isinstance(folder, str) else None,
    )


def digest_of(stream: IO[bytes]) -> str:
    """Return the SHA-256 of what is left in a stream."""
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def target_in(folder: Path) -> Path:
    """Return cargo's target folder for artifacts that lie in a folder: shared by all calls of a run.

    Builds kept elsewhere would not be warm: cargo tells builds apart by the folder of its home, and a rehearsal's
    home is a throw-away one.
    """
    return folder / "cargo-target"


def target_beside(artifact: Artifact) -> Path:
    """Return cargo's target folder for an artifact that was built before."""
    return target_in(Path(artifact.path).parent)


def crate_name(artifact: Artifact) -> tuple[str, str]:
    """Return name and version of a `.crate`."""
    name = artifact.name
    return name, artifact.filename.removeprefix(f"{name}-").removesuffix(".crate")
