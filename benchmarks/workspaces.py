"""How does a made-up workspace lie on disk? Manifests in a repository with a history and a tag; built files."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from graphs import Made

VERSION = "1.4.0"
MOMENT = "2026-01-31T12:00:00+00:00"
ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": MOMENT,
    "GIT_COMMITTER_DATE": MOMENT,
    "CASTOFF_NOW": MOMENT,
    "NO_COLOR": "1",
}


def write_uv(root: Path, packages: Sequence[Made]) -> Path:
    """Write a uv workspace in which siblings are pinned exactly; gives its folder."""
    sources = "".join(f"{one.name} = {{ workspace = true }}\n" for one in packages)
    _write(
        root / "pyproject.toml",
        f'[tool.uv.workspace]\nmembers = ["packages/*"]\n\n[tool.uv.sources]\n{sources}',
    )
    for one in packages:
        folder = root / "packages" / one.name
        needs = "".join(f'    "{need}=={VERSION}",\n' for need in one.needs)
        _write(
            folder / "pyproject.toml",
            f'[project]\nname = "{one.name}"\nversion = "{VERSION}"\n'
            f'description = "Package {one.name}"\nrequires-python = ">=3.11"\ndependencies = [\n{needs}]\n\n'
            '[build-system]\nrequires = ["uv_build>=0.9,<1"]\nbuild-backend = "uv_build"\n',
        )
        _write(folder / "src" / one.name.replace("-", "_") / "__init__.py", f'"""{one.name}."""\n')
    return root


def commit_history(root: Path, remote: Path, *, commits: int = 200) -> None:
    """Commit the workspace, some of the commits before its tag and some after it, and push it to a bare remote."""
    if not remote.exists():
        _git(root.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    _git(root, "init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", "Bench"), ("user.email", "bench@example.invalid")):
        _git(root, "config", key, value)
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "-m", "First (#1)")
    _git(root, "fast-import", "--quiet", given=_history(commits).encode())
    _git(root, "reset", "--quiet", "--hard", "main")
    _git(root, "remote", "add", "origin", remote.as_uri())
    _git(root, "push", "--quiet", "--set-upstream", "origin", "main", "--tags")


def raise_versions(root: Path, version: str) -> None:
    """Commit and push the next version, as a claim is."""
    for manifest in root.glob("packages/*/pyproject.toml"):
        manifest.write_text(manifest.read_text("utf-8").replace(VERSION, version), encoding="utf-8")
    _git(root, "commit", "--quiet", "--all", "-m", f"release {version}")
    _git(root, "push", "--quiet", "origin", "main")


def build_by_hand(folder: Path, packages: Sequence[Made], version: str) -> list[Path]:
    """Write a wheel and an sdist of each package without building; gives the files, needed ones first."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for one in packages:
        module = one.name.replace("-", "_")
        metadata = (
            f"Metadata-Version: 2.3\nName: {one.name}\nVersion: {version}\nSummary: Package {one.name}\n"
            "Requires-Python: >=3.11\n" + "".join(f"Requires-Dist: {need}=={version}\n" for need in one.needs)
        ).encode()
        files.append(_wheel(folder, module, version, metadata))
        files.append(_sdist(folder, module, version, metadata))
    return files


def _history(commits: int) -> str:
    parts = []
    for number in range(2, commits + 1):
        message, body = f"Change number {number} (#{number})", f"change {number}\n"
        start = "from refs/heads/main^0\n" if number == 2 else ""
        when = f"Bench <bench@example.invalid> {1_700_000_000 + number * 3600} +0000"
        parts.append(
            f"commit refs/heads/main\ncommitter {when}\ndata {len(message)}\n{message}\n{start}"
            f"M 100644 inline notes/{number}.txt\ndata {len(body)}\n{body}\n"
        )
        if number == commits // 2:
            tag = f"v{VERSION}"
            parts.append(f"tag {tag}\nfrom refs/heads/main\ntagger {when}\ndata {len(tag)}\n{tag}\n")
    return "".join(parts)


def _wheel(folder: Path, module: str, version: str, metadata: bytes) -> Path:
    info = f"{module}-{version}.dist-info"
    files: dict[str, bytes] = {
        f"{module}/__init__.py": b"",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = _record(files, info).encode()
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return path


def _record(files: Mapping[str, bytes], info: str) -> str:
    rows = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join(rows) + f"{info}/RECORD,,\n"


def _sdist(folder: Path, module: str, version: str, metadata: bytes) -> Path:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in (
            ("PKG-INFO", metadata),
            (f"src/{module}/__init__.py", b""),
            ("pyproject.toml", b""),
        ):
            member = tarfile.TarInfo(f"{module}-{version}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path = folder / f"{module}-{version}.tar.gz"
    path.write_bytes(gzip.compress(held.getvalue(), mtime=0))
    return path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> None:
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **ALONE},
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        check=True,
    )
