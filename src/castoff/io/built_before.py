"""Files that were built and tried for a release, kept until it is out: a run that goes on builds nothing again.

Each release has a folder, whose name stands for all that decides the files. A folder comes into being whole, by a
rename, and what is read is compared with its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from castoff.model.workspace import Artifact
from castoff.values import replace

_RELEASES = 3
"""How many are kept: those that were never finished would stay for ever."""
_INDEX = "index.json"


class BuiltBefore(Struct, frozen=True):
    """Built files by release, in a folder; without one nothing is kept. A folder that fails costs only time."""

    folder: Path | None

    def find(self, name: str, into: Path) -> tuple[Artifact, ...] | None:
        """Copy the files of a release into a folder; None where not all are there as they were kept."""
        if self.folder is None:
            return None
        kept = self.folder / name
        try:
            listed = json.loads((kept / _INDEX).read_text("utf-8"))
            return tuple(
                _copied(Artifact(**one), kept / str(place), into) for place, one in enumerate(listed)
            )
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, name: str, artifacts: Sequence[Artifact]) -> None:
        """Keep the files of a release, and drop the oldest releases."""
        if self.folder is None:
            return
        made = self.folder / f".{name}-{os.getpid()}"
        try:
            if (self.folder / name).exists():
                return
            made.mkdir(parents=True, mode=0o700)
            for place, one in enumerate(artifacts):
                shutil.copyfile(one.path, made / str(place))
            (made / _INDEX).write_text(json.dumps([asdict(one) for one in artifacts]), encoding="utf-8")
            made.rename(self.folder / name)
            found = sorted(self.folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
            for old in found[_RELEASES:]:
                shutil.rmtree(old)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)

    def forget(self, name: str) -> None:
        """Drop the files of a release."""
        if self.folder is not None:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _copied(artifact: Artifact, kept: Path, into: Path) -> Artifact:
    """Copy one file to where a build would put it. Error: ValueError where it is not the file that was kept."""
    target = into / artifact.ecosystem / artifact.filename
    if target.parent.parent != into:
        raise ValueError(artifact.filename)  # an index that somebody edited leads nowhere else
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, target)
    with target.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != artifact.digest:
            raise ValueError(artifact.filename)
    return replace(artifact, path=str(target))
