"""Uploads to an index as clients send them: a built file, and the form that repeats its metadata."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping

from packaging.metadata import parse_email

from castoff.world.damaged_archives import UNREADABLE
from castoff.world.messages import Request

TOKEN = "Basic " + base64.b64encode(b"__token__:secret").decode()
BASE = "http://127.0.0.1:1"
_SINGULAR = {
    "platforms": "platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}


def core_metadata(name: str = "acme-core", version: str = "1.0.0", *lines: str, text: str = "") -> str:
    head = () if any(one.startswith("Metadata-Version") for one in lines) else ("Metadata-Version: 2.4",)
    body = f"\n{text}" if text else ""
    return "\n".join((*head, f"Name: {name}", f"Version: {version}", *lines)) + "\n" + body


def wheel(
    metadata: str, stem: str = "acme_core-1.0.0", files: Mapping[str, str | bytes | None] = {}
) -> bytes:
    """Make a wheel; ``files`` are laid over those that it needs, None leaves one out."""
    info = f"{stem}.dist-info"
    needed: dict[str, str | bytes | None] = {
        "acme/__init__.py": "x = 1\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\n",
        f"{info}/RECORD": "acme/__init__.py,,\n",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in {**needed, **files}.items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def sdist(metadata: str, top: str = "acme_core-1.0.0", files: Mapping[str, str | None] = {}) -> bytes:
    """Make an sdist; ``files`` are laid over ``PKG-INFO``, None leaves it out; folders end with `/`."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path, content in {f"{top}/PKG-INFO": metadata, f"{top}/acme.py": "x = 1\n", **files}.items():
            if content is not None:
                member = tarfile.TarInfo(path)
                member.type = tarfile.DIRTYPE if path.endswith("/") else tarfile.REGTYPE
                member.size = len(content.encode())
                archive.addfile(member, io.BytesIO(content.encode()))
    return buffer.getvalue()


def form(
    filename: str, content: bytes, metadata: str | bytes | None = None, **changes: str | None
) -> Request:
    """Make the request of an upload; ``changes`` are laid over the fields (``action``, ``content_type`` too)."""
    fields: dict[str, list[str]] = {
        ":action": ["file_upload"],
        "protocol_version": ["1"],
        "filetype": ["bdist_wheel" if filename.endswith(".whl") else "sdist"],
        "pyversion": ["py3" if filename.endswith(".whl") else "source"],
        "sha256_digest": [hashlib.sha256(content).hexdigest()],
        **_fields(metadata if metadata is not None else _metadata_in(filename, content)),
    }
    kind = changes.pop("content_type", "application/octet-stream")
    for key, value in changes.items():
        name = ":action" if key == "action" else key
        fields.pop(name, None)
        if value is not None:
            fields[name] = [value]
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, values in fields.items()
        for value in values
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n'
    typed = f"Content-Type: {kind}\r\n" if kind else ""
    body = b"".join(parts) + head.encode() + typed.encode() + b"\r\n" + content + b"\r\n--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b", "authorization": TOKEN}
    return Request("POST", "/legacy/", {}, headers, body, BASE)


def _metadata_in(filename: str, content: bytes) -> bytes:
    """Read the metadata of a file as clients do; that of a minimal project if there is none."""
    try:
        if filename.endswith(".whl"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return archive.read(next(one for one in archive.namelist() if one.endswith("/METADATA")))
        with tarfile.open(fileobj=io.BytesIO(content)) as archive_:
            found = next(one for one in archive_.getmembers() if one.name.endswith("/PKG-INFO"))
            if (stream := archive_.extractfile(found)) is not None:
                return stream.read()
    except (StopIteration, *UNREADABLE):
        pass
    return core_metadata().encode()


def _fields(metadata: str | bytes) -> dict[str, list[str]]:
    raw, _ = parse_email(metadata)
    fields: dict[str, list[str]] = {}
    for name, value in raw.items():
        if name == "keywords":
            fields[name] = [",".join(value)]  # type: ignore[arg-type]
        elif isinstance(value, dict):
            fields[name] = [f"{label}, {url}" for label, url in value.items()]
        else:
            fields[_SINGULAR.get(name, name)] = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return fields
