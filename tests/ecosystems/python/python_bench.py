"""What the tests of the Python ecosystem share: packages, wheels made by hand, doors, answers to hand in."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from castoff.config.values import PythonSettings
from castoff.io.http import Failure, Http, Reply
from castoff.io.process import Completed, Processes
from castoff.model.workspace import Artifact, Package
from castoff.redaction import Redactor

SIMPLE = "https://index.example/simple/"
NOWHERE = {"PATH": "/usr/bin", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/"}
"""The environment of a user whose index does not answer: a world for tests has no outside."""


def package(name: str = "acme-core", version: str = "1.3.0", path: str = ".") -> Package:
    manifest = "pyproject.toml" if path == "." else f"{path}/pyproject.toml"
    return Package(
        name=name,
        ecosystem="python",
        path=path,
        manifest=manifest,
        version=version,
        version_file=manifest,
        kinds=("sdist", "wheel"),
    )


def artifact(file: Path, name: str = "acme-core") -> Artifact:
    return Artifact(
        package=name,
        ecosystem="python",
        kind="wheel" if file.suffix == ".whl" else "sdist",
        filename=file.name,
        path=str(file),
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
    )


def metadata(name: str = "acme-core", version: str = "1.3.0", *lines: str, body: str = "") -> str:
    return "\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines, "", body])


def wheel(
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    pure: bool = True,
    generator: str = "hand",
    year: int = 1980,
) -> bytes:
    """Make the bytes of a wheel: its metadata, its files."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    folder = f"{fields['Name'].replace('-', '_')}-{fields['Version']}.dist-info"
    parts = dict(files if files is not None else {"acme_core/__init__.py": "x = 1\n"})
    parts[f"{folder}/METADATA"] = text
    parts[f"{folder}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: {str(pure).lower()}\nTag: py3-none-any\n"
    )
    parts[f"{folder}/RECORD"] = "".join(f"{name},,\n" for name in [*parts, f"{folder}/RECORD"]) + f"#{year}"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return held.getvalue()


def sdist(files: Mapping[str, str], *, time: int = 0, owner: str = "a") -> bytes:
    """Make the bytes of an sdist."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname = len(content), time, owner
            archive.addfile(member, io.BytesIO(content.encode()))
    return held.getvalue()


def page(*files: tuple[str, str | None, bool | str], versions: Sequence[str] = (), api: str = "1.1") -> Reply:
    """Make a page of the simple API: file name, digest, yanked."""
    listed = [
        {
            "filename": name,
            "url": f"../../files/{name}",
            "hashes": {"sha256": digest} if digest else {},
            "yanked": yanked,
        }
        for name, digest, yanked in files
    ]
    body = {"meta": {"api-version": api}, "name": "acme-core", "files": listed, "versions": list(versions)}
    return Reply(
        status=200,
        headers={"content-type": "application/vnd.pypi.simple.v1+json"},
        body=json.dumps(body).encode(),
    )


class Answers(Http):
    """A door that answers from a script, and keeps what was asked."""

    def __init__(self, answers: Mapping[str, Reply | Failure]) -> None:
        super().__init__(Redactor())
        self.answers = dict(answers)
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply | Failure:
        self.asked.append((url, dict(headers or {})))
        return self.answers.get(url, Reply(status=404))


def ended(code: int, errors: str = "", text: str = "") -> Completed:
    return Completed(code=code, stdout=text.encode(), text=text, errors=errors)


def doors(environment: Mapping[str, str] | None = None) -> Processes:
    """Open the door for real processes, with a plain environment and what is laid over it."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return Processes({**plain, "UV_OFFLINE": "0", **(environment or {})})


def settings(**values: object) -> PythonSettings:
    return PythonSettings(**values)  # type: ignore[arg-type]
