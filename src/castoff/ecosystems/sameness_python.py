"""Were two Python artifacts built from the same thing, although their bytes differ?

Sdists are the same when paths and bytes are, without times, owners and order. Pure wheels are the same when their
files are, without ``RECORD`` and the line of ``WHEEL`` that names the generator. What was compiled, and what
cannot be read within bounds, is not comparable. Nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping

from castoff.model.observations import Sameness

_LIMIT = 1024 * 1024 * 1024
_MEMBERS = 200_000
_SIGNATURES = ("/RECORD", "/RECORD.jws", "/RECORD.p7s")

Contents = Mapping[str, str]


class NotComparable(Exception):
    """An archive that says nothing certain about what it was built from."""


def compare_files(filename: str, ours: bytes, theirs: bytes) -> Sameness:
    """Compare two artifacts of one file name."""
    if ours == theirs:
        return "bytes"
    read = _wheel if filename.endswith(".whl") else _sdist
    try:
        return "contents" if read(ours) == read(theirs) else "no"
    except (NotComparable, tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, UnicodeDecodeError):
        return "not-comparable"


def _sdist(archive: bytes) -> Contents:
    contents: dict[str, str] = {}
    left = _LIMIT
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            if member.isdir():
                continue
            left -= member.size
            if left < 0 or len(contents) >= _MEMBERS or member.name in contents:
                raise NotComparable(member.name)
            contents[member.name] = _member(tar, member)
    return contents


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"link {member.linkname}"
    stream = tar.extractfile(member)
    if stream is None:
        raise NotComparable(member.name)
    return hashlib.sha256(stream.read()).hexdigest()


def _wheel(archive: bytes) -> Contents:
    contents: dict[str, str] = {}
    is_pure = False
    left = _LIMIT
    with zipfile.ZipFile(io.BytesIO(archive)) as wheel:
        for member in wheel.infolist():
            left -= member.file_size
            if left < 0 or len(contents) >= _MEMBERS or member.filename in contents:
                raise NotComparable(member.filename)
            if member.is_dir() or member.filename.endswith(_SIGNATURES):
                continue
            data = wheel.read(member)
            if member.filename.endswith(".dist-info/WHEEL") and member.filename.count("/") == 1:
                lines = [line.strip() for line in data.decode("utf-8").splitlines() if line.strip()]
                is_pure = "root-is-purelib: true" in (line.lower() for line in lines)
                data = "\n".join(line for line in lines if not line.startswith("Generator:")).encode()
            contents[member.filename] = hashlib.sha256(data).hexdigest()
    if not is_pure:
        raise NotComparable("compiled")
    return contents
