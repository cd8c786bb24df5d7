"""Content that the verification of a crate depends on, as one digest.

Cargo compiles the packed crate with the versions of its own lock file, so that its files, those of its siblings, the
lock file, the compiler and what configures it decide the result. The commit in ``.cargo_vcs_info.json`` and the
siblings' checksums, which follow from it, differ between two commits of one tree and are left out.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import tomli

from castoff.ecosystems.cargo.crates import crate_name, digest_of
from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine
from castoff.model.workspace import Artifact

_COMMIT = ".cargo_vcs_info.json"
_LOCK = "Cargo.lock"
_CONFIGURED = (".cargo/config.toml", ".cargo/config")
_COMPILER = ("CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_ENCODED_RUSTFLAGS", "RUST")
_NATIVE = frozenset({"CC", "CXX", "AR", "CFLAGS", "CXXFLAGS", "LDFLAGS", "PKG_CONFIG_PATH", "PROTOC"})
_OWN = frozenset({"CARGO_TARGET_DIR", "RUSTUP_HOME"})
"""Folders of a run: they say where something is, not what it is."""


def verification_digest(
    crates: Sequence[Artifact],
    *,
    toolchain: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
) -> str | None:
    """Name all that a verification depends on; None where something is not named by its content.

    Args:
        crates: the crate itself first, then each one of the release that it needs.
        toolchain: what the compiler says of itself, in the crate's folder.
        words: the arguments that select what is compiled.
        environment: that of the build.
        folder: the crate's folder in the tree: configuration of cargo lies in it and above.
    """
    names = {crate_name(one)[0] for one in crates}
    contents = [_contents(Path(one.path), names) for one in crates]
    # Without a lock file cargo chooses the versions of other crates at that moment.
    if not toolchain or any(one is None for one in contents) or _LOCK not in (contents[0] or {}):
        return None
    named = [
        contents,
        toolchain,
        list(words),
        sorted((name, value) for name, value in environment.items() if _counts(name)),
        list(_configuration(folder)),
    ]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _counts(name: str) -> bool:
    return (name in _NATIVE or name.startswith(_COMPILER)) and name not in _OWN


def _configuration(folder: Path) -> Iterator[str]:
    for above in (folder, *folder.parents):
        for name in _CONFIGURED:
            if (above / name).is_file():
                yield hashlib.sha256((above / name).read_bytes()).hexdigest()


def _contents(crate: Path, siblings: Collection[str]) -> dict[str, str] | None:
    """Return the digest of each file of a crate; None where it cannot be read."""
    found: dict[str, str] = {}
    try:
        with tarfile.open(crate, "r:gz") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                name = str(PurePosixPath(*PurePosixPath(member.name).parts[1:]))
                if stream is None or name == _COMMIT:
                    continue
                if name == _LOCK:
                    found[name] = _lock(stream.read(), siblings)
                else:
                    found[name] = digest_of(stream)
    except UNREADABLE as error:
        require_machine(error)
        return None
    return found


def _lock(text: bytes, siblings: Collection[str]) -> str:
    packages = tomli.loads(text.decode()).get("package", [])
    named = [
        [one.get("name"), one.get("version"), one.get("source")]
        + ([] if one.get("name") in siblings else [one.get("checksum")])
        for one in packages
    ]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()
