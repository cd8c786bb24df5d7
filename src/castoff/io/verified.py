"""Memory of what was verified before, by content: a second rehearsal compiles nothing that did not change.

Only successes are kept, each as an empty file whose name is the digest of all that the verification depended on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from castoff.ports import Clock

_LONGEST = timedelta(days=30)
"""How long a success counts: no digest covers the libraries of the system that a build links against."""


class VerifiedBefore(Struct, frozen=True):
    """Digests of verifications that succeeded, in a folder; without one nothing is kept."""

    folder: Path | None
    clock: Clock

    def holds(self, digest: str) -> bool:
        """Return whether that verification succeeded lately. What cannot be read was not verified."""
        if self.folder is None:
            return False
        try:
            return self._counts(self.folder / digest)
        except OSError:
            return False

    def keep(self, digest: str) -> None:
        """Keep a success; a folder that takes nothing costs only time."""
        if self.folder is None:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / digest).touch()

    def drop_old(self) -> None:
        """Drop what does not count any more: once in a run, since it looks at every one."""
        if self.folder is None or not self.folder.is_dir():
            return
        with suppress(OSError):
            for one in self.folder.iterdir():
                if not self._counts(one):
                    one.unlink(missing_ok=True)

    def _counts(self, file: Path) -> bool:
        return self.clock.now().timestamp() - file.stat().st_mtime < _LONGEST.total_seconds()
