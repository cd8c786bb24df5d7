"""Tarballs and packages of npm for tests."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from castoff.ecosystems.npm.tarballs import artifact_of
from castoff.model.workspace import Artifact, Package


def npm_package(name: str = "a", version: str = "1.3.0", **more: Any) -> Package:
    return Package(
        name=name,
        ecosystem="npm",
        path=f"packages/{name}",
        manifest=f"packages/{name}/package.json",
        version=version,
        version_file=f"packages/{name}/package.json",
        kinds=("tarball",),
        **more,
    )


def tarball(manifest: dict[str, Any], *files: str, mode: int = 0o644, folder: str = "package") -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path in ("package.json", *files):
            data = json.dumps(manifest).encode() if path == "package.json" else path.encode()
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def packed(folder: Path, package: Package, *files: str, **manifest: Any) -> Artifact:
    file = folder / f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"
    file.write_bytes(tarball({"name": package.name, "version": package.version, **manifest}, *files))
    return artifact_of(package, file)
