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
"""Written as in `castoff.io.archives`, of which the embedded services use nothing."""
