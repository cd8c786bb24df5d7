"""A minimal wheel that installs, for a version of which no file is at hand."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Sequence

from msgspec import Struct


class Seed(Struct, frozen=True, kw_only=True):
    """A version that was released before the world began."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    yanked: bool = False


def minimal_wheel(seed: Seed) -> tuple[str, bytes]:
    """Make a wheel with one empty module; give its file name and bytes, always the same."""
    stem = seed.name.replace("-", "_").replace(".", "_").lower()
    info = f"{stem}-{seed.version}.dist-info"
    files = {
        f"{stem}/__init__.py": f'__version__ = "{seed.version}"\n',
        f"{info}/METADATA": _metadata(seed),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: castoff-world\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_record_digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    return f"{stem}-{seed.version}-py3-none-any.whl", _zip(tuple(files.items()))


def _metadata(seed: Seed) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {seed.name}", f"Version: {seed.version}"]
    if seed.requires_python is not None:
        lines.append(f"Requires-Python: {seed.requires_python}")
    lines += [f"Provides-Extra: {extra}" for extra in seed.provides_extra]
    lines += [f"Requires-Dist: {requirement}" for requirement in seed.requires_dist]
    return "\n".join(lines) + "\n"


def _record_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _zip(files: Sequence[tuple[str, str]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files:
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()
