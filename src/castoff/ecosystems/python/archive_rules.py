"""Judgement of the archives of sdists and wheels by the rules of PyPI, listed in `registry_rules/pypi.toml`.

Facts follow the file's name: "`x.whl` has no `RECORD`".
"""

from __future__ import annotations

import configparser
import csv
import re
import tarfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from struct import unpack

from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine

# No mark is spelled here as it is in such files: an index would refuse castoff's own.
_MARKS = {
    "PyArmor": re.compile(rb"__pyarmor_{2}\(__name__, __file__,|__pyarmor_(?:enter|exit|assert|bcc)__"),
    "SourceDefender": re.compile(rb"-{3}BEGIN PYE FILE-{3}.*-{3}END PYE FILE-{3}", re.DOTALL),
}
_SCANNED = 5 * 1024 * 1024
_EXPANDED, _RATIO = 64 * 1024 * 1024, 50
_LOCAL = b"PK\x03\x04"
_DATA_DESCRIPTOR = 0x08
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075  # extra fields that decide size and name


def find_archive_defects(file: Path, licence_files: Collection[str]) -> Iterator[str]:
    """List what PyPI would refuse in an archive; an unreadable one is one fact."""
    try:
        if file.name.endswith(".whl"):
            with zipfile.ZipFile(file) as wheel:
                yield from _wheel_defects(file, wheel, licence_files)
        else:
            with tarfile.open(file, "r:gz") as sdist:
                yield from _sdist_defects(sdist, licence_files)
    except UNREADABLE as error:
        require_machine(error)
        yield f"is not a readable archive: {str(error) or type(error).__name__}"


def _wheel_defects(file: Path, wheel: zipfile.ZipFile, licence_files: Collection[str]) -> Iterator[str]:
    members = wheel.infolist()
    expanded = sum(one.file_size for one in members)
    if expanded > max(_EXPANDED, _RATIO * file.stat().st_size):
        yield f"expands to more than {_RATIO} times its size"
    if {one.compress_type for one in members} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        yield "has members that are neither stored nor deflated"
        return
    info = "-".join(file.name.split("-")[:2]) + ".dist-info"
    names = {one.filename for one in members}
    for needed in ("WHEEL", "RECORD", "METADATA"):
        if f"{info}/{needed}" not in names:
            yield f"has no `{info}/{needed}`"
        else:
            wheel.read(f"{info}/{needed}")  # damaged content is an unreadable archive
    if f"{info}/RECORD" in names:
        yield from _list_defects(info, wheel.read(f"{info}/RECORD"))
    for licence in licence_files:
        if f"{info}/licenses/{licence}" not in names:
            yield f"has no licence file `{info}/licenses/{licence}`, which its metadata names"
    if f"{info}/entry_points.txt" in names:
        yield from _entry_point_defects(wheel.read(f"{info}/entry_points.txt"))
    yield from _encrypted(
        (one.filename, wheel.read(one)) for one in members if _is_scanned(one.filename, one.file_size)
    )
    yield from _record_defects(file, wheel)


def _list_defects(info: str, record: bytes) -> Iterator[str]:
    if not _is_text(record):
        yield f"has a `{info}/RECORD` that is not UTF-8"
        return
    try:
        for _ in csv.reader(record.decode().splitlines()):
            pass
    except csv.Error as error:  # such as a field of more than 131,072 characters
        yield f"has a `{info}/RECORD` that cannot be read: {error}"


def _record_defects(file: Path, wheel: zipfile.ZipFile) -> Iterator[str]:
    """Find what makes tools that read from the front see other members than those that read the directory."""
    at = 0
    seen: set[str] = set()
    with file.open("rb") as stream:
        for one in sorted(wheel.infolist(), key=lambda member: member.header_offset):
            stream.seek(at)
            header = stream.read(30)
            if one.header_offset != at or len(header) < 30 or header[:4] != _LOCAL:
                yield "has bytes between its members"
                return
            flags, packed, full, length, more = unpack("<6xH10xLLHH", header)
            if stream.read(length) != one.orig_filename.encode("utf-8") or one.filename in seen:
                yield f"names the member `{one.filename[:80]}` twice, or in two ways"
                return
            if (flags | one.flag_bits) & _DATA_DESCRIPTOR:
                yield "was written as a stream (zip data descriptors)"
                return
            fields = _extra_fields(stream.read(more))
            if fields is None or any(fields.count(once) > 1 for once in (_ZIP64, _UNICODE_PATH)):
                yield f"has extra fields of the member `{one.filename[:80]}` that are cut short or given twice"
                return
            # Sizes that need 64 bits are in their extra field.
            if _ZIP64 not in fields and (packed, full) != (one.compress_size, one.file_size):
                yield f"gives the size of the member `{one.filename[:80]}` twice, and differently"
                return
            if one.comment:
                yield "has comments on its members"
                return
            if any(letter < " " or letter == "\x7f" for letter in one.filename):
                yield "has control characters in the name of a member"
                return
            seen.add(one.filename)
            at += 30 + length + more + one.compress_size
    if at != wheel.start_dir:
        yield "has members that its directory does not list"
    elif file.stat().st_size != _end_of(file, wheel):
        yield "has data after its end"


def _extra_fields(data: bytes) -> list[int] | None:
    """List the ids of a header's extra fields, None if one is cut short (APPNOTE.TXT, 4.5)."""
    found = []
    while data:
        if len(data) < 4 or len(data) < (end := 4 + unpack("<H", data[2:4])[0]):
            return None
        found.append(int(unpack("<H", data[:2])[0]))
        data = data[end:]
    return found


def _end_of(file: Path, wheel: zipfile.ZipFile) -> int:
    """Return where the archive ends: after the directory, the ZIP64 records if there are any, and the end record."""
    with file.open("rb") as stream:
        stream.seek(wheel.start_dir)
        tail = stream.read()
    at = 0
    while tail[at : at + 4] == b"PK\x01\x02":
        at += 46 + sum(unpack("<HHH", tail[at + 28 : at + 34]))
    if tail[at : at + 4] == b"PK\x06\x06":
        at += 12 + int(unpack("<Q", tail[at + 4 : at + 12])[0]) + 20
    return wheel.start_dir + at + 22 + len(wheel.comment)


def _entry_point_defects(content: bytes) -> Iterator[str]:
    if not _is_text(content):
        yield "has an `entry_points.txt` that is not UTF-8"
        return
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode())
    except configparser.Error as error:
        yield f"has an `entry_points.txt` that cannot be read: {' '.join(str(error).split())[:120]}"
        return
    for group in ("console_scripts", "gui_scripts"):
        for name in parser[group] if parser.has_section(group) else ():
            if not re.fullmatch(r"[\w.-]+", name):
                yield f"has the script `{name[:80]}`, whose name is not allowed"


def _sdist_defects(sdist: tarfile.TarFile, licence_files: Collection[str]) -> Iterator[str]:
    members = sdist.getmembers()
    names = {one.name.rstrip("/") for one in members}
    tops = {name.removeprefix("./").partition("/")[0] for name in names}
    if any(one.issparse() for one in members):
        yield "has sparse members"
    if len(tops) != 1 or any(name.startswith("/") for name in names):
        yield "has more than one folder at its top" if tops else "is empty"
        return
    (top,) = tops
    if len(names) == 1 and "/" in (only := min(names)):
        # PyPI takes the common path of all members for the folder: here it is that of the one member.
        yield f"has nothing but `{only[:120]}`, which PyPI takes for its folder"
        return
    if f"{top}/PKG-INFO" not in names:
        yield f"has no `{top}/PKG-INFO`"
    for licence in licence_files:
        if f"{top}/{licence}" not in names:
            yield f"has no licence file `{top}/{licence}`, which its metadata names"
    scanned = (one for one in members if one.isfile() and _is_scanned(one.name, one.size))
    yield from _encrypted((one.name, stream.read()) for one in scanned if (stream := sdist.extractfile(one)))


def _is_scanned(name: str, size: int) -> bool:
    return name.lower().endswith((".py", ".pye")) and size <= _SCANNED


def _encrypted(members: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    for name, content in members:
        for tool, mark in _MARKS.items():
            if mark.search(content):
                yield f"has `{name[:120]}`, which is encrypted with {tool}"


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
