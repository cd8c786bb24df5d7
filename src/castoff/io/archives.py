"""What Python's readers of archives raise for a file that is damaged, cut short or of a kind that they do not know."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib

UNREADABLE: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    LookupError,
    RuntimeError,
    ValueError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Neither module documents what else than its own error it lets through: a name in no encoding, a sparse map of two
words, a compression or a version that is not implemented, an offset before the file. Found with changed bytes."""
