"""Rules for the contents of uploaded archives: layout, required files, licence files, entry points.

Source: warehouse `forklift/legacy.py`, `utils/wheel.py`, `utils/scanner_rules`.
"""

from __future__ import annotations

import configparser
import csv
import io
import os.path
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from functools import partial

from packaging.metadata import Metadata

from castoff.world.damaged_archives import UNREADABLE
from castoff.world.messages import Rejected

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_FULL = 0xFFFFFFFF


class _Wrong(Exception):
    """The records are not acceptable, for this reason."""


def check_records(archive: zipfile.ZipFile, content: bytes) -> str | None:
    """Return why the records are refused, None if they are accepted."""
    try:
        _Walk(archive, content).run()
    except _Wrong as wrong:
        return str(wrong)
    except (struct.error, IndexError, OverflowError):
        return "Malformed zip file"
    return None


class _Walk:
    """One pass over the records, from the first byte to the last."""

    def __init__(self, archive: zipfile.ZipFile, content: bytes) -> None:
        self.content = content
        self.sizes = {one.orig_filename: (one.compress_size, one.file_size) for one in archive.filelist}
        self.at = 0
        self.local: set[bytes] = set()
        self.central: set[bytes] = set()
        self.directory_at: int | None = None
        self.directory_size = 0
        self.end64: tuple[int, int, int] | None = None
        self.located = False

    def run(self) -> None:
        """Read record after record; raise :class:`_Wrong`."""
        while True:
            signature = self._take(4)
            if signature == _LOCAL:
                self._read_local()
            elif signature == _CENTRAL:
                self._read_central()
            elif signature == _END64:
                self._read_end64()
            elif signature == _LOCATOR64:
                self._take(16)
                self.located = True
            elif signature == _END:
                self._read_end()
                break
            else:
                raise _Wrong("Unknown record signature")
        if self.central != self.local:
            raise _Wrong("Mis-matched local headers and central directory")
        if self.at != len(self.content):
            raise _Wrong("Trailing data")

    def _take(self, count: int) -> bytes:
        data = self.content[self.at : self.at + count]
        if len(data) < count:
            raise _Wrong("Malformed zip file")
        self.at += count
        return data

    def _read_local(self) -> None:
        flags, method, packed, full, named, more = struct.unpack("<2xHH8xLLHH", self._take(26))
        name = _printable(self._take(named))
        packed, full = _with_extras(self._take(more), method, packed, full)
        if flags & 0x08:
            raise _Wrong("ZIP contains a data descriptor")
        try:
            expected = self.sizes.get(name.decode())
        except UnicodeError:
            raise _Wrong("Filename not unicode") from None
        if expected is None:
            raise _Wrong("Filename not in central directory")
        if expected[0] != packed:
            raise _Wrong("Mis-matched data size")
        if expected[1] != full:
            raise _Wrong("Mis-matched file size")
        self.at += packed
        if name in self.local:
            raise _Wrong("Duplicate filename in local headers")
        self.local.add(name)

    def _read_central(self) -> None:
        if self.directory_at is None:
            self.directory_at = self.at - 4
        named, more, comment = struct.unpack("<24xHHH12x", self._take(42))
        if comment:
            raise _Wrong("Comment in central directory")
        name = _printable(self._take(named))
        self._take(more)
        self.directory_size += 46 + named + more
        if name in self.central:
            raise _Wrong("Duplicate filename in central directory")
        if name not in self.local:
            raise _Wrong("Missing filename in local headers")
        self.central.add(name)

    def _read_end64(self) -> None:
        size, here, count, length, start = struct.unpack("<Q12xQQQQ", self._take(52))
        if here != count:
            raise _Wrong("Malformed zip file")
        if size != 44:
            raise _Wrong("ZIP64 extensible data not allowed")
        self.end64 = (count, length, start)

    def _read_end(self) -> None:
        if self.end64 is not None and not self.located:
            raise _Wrong("Malformed zip file")
        here, count, length, start, comment = struct.unpack("<4xHHLLH", self._take(18))
        if here != count:
            raise _Wrong("Malformed zip file")
        at = self.at - 22 if self.directory_at is None else self.directory_at
        self.at += comment
        count, length, start = self.end64 or (count, length, start)
        if count != len(self.central):
            raise _Wrong("Mismatched central directory records")
        if start != at:
            raise _Wrong("Mismatched central directory offset")
        if length != self.directory_size:
            raise _Wrong("Mismatched central directory size")


def _printable(name: bytes) -> bytes:
    if any(one < 0x20 or one == 0x7F for one in name):
        raise _Wrong("Invalid character in filename")
    return name


def _with_extras(extra: bytes, method: int, packed: int, full: int) -> tuple[int, int]:
    """Read the extra fields of a local header; return both sizes, from ZIP64 fields where they are there."""
    seen: set[int] = set()
    while extra:
        kind, length = struct.unpack("<HH", extra[:4])
        value, extra = extra[4 : 4 + length], extra[4 + length :]
        if len(value) != length:
            raise _Wrong("Malformed zip file")
        if kind in seen and kind in (_ZIP64, _UNICODE_PATH):
            raise _Wrong("Invalid duplicate extra in local file")
        seen.add(kind)
        if kind == _ZIP64:
            packed, full = _zip64_sizes(value, method, packed, full)
        elif kind == _UNICODE_PATH:
            try:
                _printable(value[5:]).decode()
            except UnicodeError:
                raise _Wrong("Filename not valid UTF-8") from None
    return packed, full


def _zip64_sizes(value: bytes, method: int, packed: int, full: int) -> tuple[int, int]:
    match len(value):
        case 0 if _FULL not in (packed, full):
            return packed, full
        case 8 if method == zipfile.ZIP_STORED:
            (size,) = struct.unpack("<Q", value)
            return size, size if full == _FULL else full
        case 16 | 24 | 28:
            first, second = struct.unpack("<QQ", value[:16])
            return second, first if full == _FULL else full
        case _:
            raise _Wrong("Malformed zip file")


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
    """Open the file and judge what is in it; raise :class:`Rejected`."""
    stream = io.BytesIO(content)
    is_zip = zipfile.is_zipfile(stream)
    stream.seek(0)
    is_tar = tarfile.is_tarfile(stream)
    # A file that is both shows different contents to different tools.
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
    except UNREADABLE as error:
        raise _invalid("None") from error


def _check_zip(filename: str, content: bytes, archive: zipfile.ZipFile, metadata: Metadata) -> None:
    members = archive.infolist()
    expanded = sum(one.file_size for one in members)
    # Both bounds together: small archives of text compress better than 50 to 1.
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
    archive.read(f"{info}/WHEEL")  # damaged content is refused as well
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
        raise Rejected(f"Wheel '{filename}' does not contain the required RECORD file: {info}/RECORD")
    if f"{info}/entry_points.txt" in names and not _are_entry_points(
        archive.read(f"{info}/entry_points.txt")
    ):
        raise Rejected(f"Wheel '{filename}' has invalid entry points defined in the entry_points.txt file")
    if f"{info}/METADATA" not in names:
        raise Rejected(f"Wheel '{filename}' does not contain the required METADATA file: {info}/METADATA")


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
        # PyPI's own bound; larger files are data more often than code.
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


def _no_licence(licence: str, filename: str, path: str) -> Rejected:
    return Rejected(f"License-File {licence} does not exist in distribution file {filename} at {path}")


def _invalid(message: str) -> Rejected:
    return Rejected(f"Invalid distribution file. {message}")
