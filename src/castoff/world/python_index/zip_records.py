"""Comparison of a zip file's records with its central directory.

Tools read archives in two ways: from the front, record by record, or from the central directory at the end. PyPI
refuses files that the two would not read alike. Sources: warehouse `utils/zipfiles.py`; APPNOTE.TXT, section 4.3.
"""

from __future__ import annotations

import struct
import zipfile

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
    except (struct.error, IndexError):
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
