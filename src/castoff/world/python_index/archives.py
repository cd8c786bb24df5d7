"""Rules for the contents of uploaded archives: layout, required files, licence files, entry points.

Source: warehouse `forklift/legacy.py`, `utils/wheel.py`, `utils/scanner_rules`.
"""

from __future__ import annotations

import configparser
import csv
import io
import os.path
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial

from packaging.metadata import Metadata

from castoff.world.python_index.refusal import UploadRefused
from castoff.world.python_index.zip_records import check_records

_BOMB_SIZE, _BOMB_RATIO = 64 * 1024 * 1024, 50
# Joined when it runs: an index would refuse castoff's own files if one of them held a mark.
_ARMOR, _DASHES = b"__pyarmor_", b"---"
_ENCRYPTED = (
    ("PyArmor", any, (_ARMOR + b"_(__name__, __file__,",)),
    ("PyArmor", any, tuple(_ARMOR + hook + b"__" for hook in (b"enter", b"exit", b"assert", b"bcc"))),
    ("SourceDefender", all, tuple(_DASHES + edge + b" PYE FILE---" for edge in (b"BEGIN", b"END"))),
)
_LARGEST_SCANNED = 5 * 1024 * 1024


def check_archive(filename: str, content: bytes, metadata: Metadata) -> None:
    """Open the file and judge what is in it; raise :class:`UploadRefused`."""
    stream = io.BytesIO(content)
    is_zip = zipfile.is_zipfile(stream)
    stream.seek(0)
    is_tar = tarfile.is_tarfile(stream)
    if is_zip and is_tar:
        raise _invalid("File is both a zip and a tar file")
    try:
        if not filename.endswith(".tar.gz"):
            if not is_zip:
                raise _invalid("File is not a zipfile")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check_zip(filename, content, archive, metadata)
        else:
            if not is_tar:
                raise _invalid("File is not a tarfile")
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
                _check_sdist(filename, sdist, metadata)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise _invalid("None") from error


def _check_zip(filename: str, content: bytes, archive: zipfile.ZipFile, metadata: Metadata) -> None:
    members = archive.infolist()
    expanded = sum(one.file_size for one in members)
    if expanded > _BOMB_SIZE and expanded / len(content) > _BOMB_RATIO:
        raise _invalid(f"File exceeds compression ratio of {_BOMB_RATIO}")
    if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in members):
        raise _invalid("File does not use a supported compression type")
    if filename.endswith(".zip"):
        top = _check_top(archive.namelist())
        if f"{top}/PKG-INFO" not in archive.namelist():
            raise _invalid(f"PKG-INFO not found at {top}/PKG-INFO")
        return  # its name is refused next
    try:
        name, version, _ = filename.split("-", 2)
    except ValueError:
        raise _invalid("Unable to parse name and version from wheel filename") from None
    info = f"{name}-{version}.dist-info"
    names = frozenset(archive.namelist())
    if f"{info}/WHEEL" not in names:
        raise _invalid(f"WHEEL not found at {info}/WHEEL")
    _scan((one.filename, partial(archive.read, one)) for one in members if not one.is_dir())
    if problem := check_records(archive, content):
        raise _invalid(f"ZIP archive not accepted: {problem}. See the help on archives for more information")
    _check_wheel(filename, info, archive, metadata)


def _check_wheel(filename: str, info: str, archive: zipfile.ZipFile, metadata: Metadata) -> None:
    names = frozenset(archive.namelist())
    for licence in metadata.license_files or ():
        if f"{info}/licenses/{licence}" not in names:
            raise _no_licence(licence, filename, f"{info}/licenses/{licence}")
    if not _is_readable_record(archive, f"{info}/RECORD"):
        raise UploadRefused(f"Wheel '{filename}' does not contain the required RECORD file: {info}/RECORD")
    if f"{info}/entry_points.txt" in names and not _are_entry_points(
        archive.read(f"{info}/entry_points.txt")
    ):
        raise UploadRefused(
            f"Wheel '{filename}' has invalid entry points defined in the entry_points.txt file"
        )
    if f"{info}/METADATA" not in names:
        raise UploadRefused(
            f"Wheel '{filename}' does not contain the required METADATA file: {info}/METADATA"
        )


def _check_sdist(filename: str, sdist: tarfile.TarFile, metadata: Metadata) -> None:
    members = sdist.getmembers()
    names = frozenset(one.name for one in members)
    if any(one.issparse() for one in members):
        raise _invalid("tar archive not accepted: Sparse members are not allowed.")
    top = _check_top(names)
    if f"{top}/PKG-INFO" not in names:
        raise _invalid(f"PKG-INFO not found at {top}/PKG-INFO")

    def read(member: tarfile.TarInfo) -> bytes:
        stream = sdist.extractfile(member)
        return stream.read() if stream is not None else b""

    _scan((one.name, partial(read, one)) for one in members if one.isfile())
    for licence in metadata.license_files or ():
        if f"{top}/{licence}" not in names:
            raise _no_licence(licence, filename, f"{top}/{licence}")


def _check_top(names: Iterable[str]) -> str:
    listed = list(names)
    try:
        top = os.path.commonpath(listed) if listed else ""
    except ValueError:  # absolute and relative names together have no common folder
        top = ""
    if top in ("", ".", "/"):
        raise _invalid("Incorrect number of top-level directories in sdist")
    return top


def _scan(members: Iterable[tuple[str, Callable[[], bytes]]]) -> None:
    """Look for code that is encrypted, in Python files of at most 5 MiB."""
    for name, read in members:
        if not name.lower().endswith((".py", ".pye")):
            continue
        content = read()
        if len(content) > _LARGEST_SCANNED:
            continue
        for tool, rule, marks in _ENCRYPTED:
            if rule(mark in content for mark in marks):
                raise _invalid(f"{tool}-encrypted content is not allowed.")


def _is_readable_record(archive: zipfile.ZipFile, path: str) -> bool:
    """Return whether there is a RECORD that can be read; one that differs from the members is not refused."""
    try:
        rows = csv.reader(archive.read(path).decode().splitlines())
        return all(isinstance(row, list) for row in rows)
    except (KeyError, UnicodeError, csv.Error):
        return False


def _are_entry_points(content: bytes) -> bool:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeError):
        return False
    groups = [name for name in ("console_scripts", "gui_scripts") if parser.has_section(name)]
    return all(re.fullmatch(r"[\w.-]+", key) for group in groups for key in parser[group])


def _no_licence(licence: str, filename: str, path: str) -> UploadRefused:
    return UploadRefused(f"License-File {licence} does not exist in distribution file {filename} at {path}")


def _invalid(message: str) -> UploadRefused:
    return UploadRefused(f"Invalid distribution file. {message}")
