"""Temporary folders: their names, and the removal of those that killed runs left."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache

from castoff.io.clock import SystemClock
from castoff.regexes import regex

_SCRATCH = regex(r"castoff-(?:[a-z]{1,20}-)?(?P<process>[0-9]{1,9})-[a-z0-9_]{8}")
_DAY = 86_400.0


def scratch_prefix(kind: str = "") -> str:
    """Return how the name of a temporary folder of this process begins; what processes that are gone left is removed.

    A process that was killed cannot tidy up. Folders of the user's own that are older than a day are looked at alone.
    """
    _sweep(tempfile.gettempdir())
    return f"castoff-{kind}{'-' if kind else ''}{os.getpid()}-"


@cache
def _sweep(folder: str) -> None:
    if not hasattr(os, "getuid"):
        return  # where nobody can say whose a folder is, it stays
    before = SystemClock().now().timestamp() - _DAY
    # Closed at once, also where an entry is gone in between: other processes tidy up here at the same time.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _SCRATCH.fullmatch(entry.name)
            if found is None or not entry.is_dir(follow_symlinks=False):
                continue
            told = entry.stat(follow_symlinks=False)
            if told.st_mtime < before and told.st_uid == os.getuid() and _is_gone(int(found["process"])):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
