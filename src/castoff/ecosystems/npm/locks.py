"""Update of committed lock files, through the client that made each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from castoff.ecosystems.lock_files import tracked_files, update_lock
from castoff.ecosystems.npm.clients import CHANGES, LOCK
from castoff.ecosystems.npm.manifest.layout import LOCKS
from castoff.io.process import Processes
from castoff.model.workspace import Workspace
from castoff.text.json import parse_json

# Yarn refuses in CI to change a lock file unless it is told otherwise.
_CHANGES = {**CHANGES, "YARN_ENABLE_IMMUTABLE_INSTALLS": "0"}


def update_locks(processes: Processes, root: Path, workspace: Workspace) -> Sequence[str]:
    """Update the lock files that git tracks and that lock packages of this workspace; return the paths that changed.

    Errors: ``lock-not-updated`` with the client's last words, ``json-invalid``.
    """
    changed: list[str] = []
    for lock in tracked_files(processes, root, LOCKS):
        path = PurePosixPath(lock)
        if "node_modules" in path.parts or not workspace.locks_in(path.parent.as_posix(), "npm"):
            continue
        before = (root / lock).read_bytes()
        if LOCKS[path.name] == "npm":
            # npm makes a lock file that it cannot read anew, with other versions of everything.
            parse_json(before.decode("utf-8", "replace"), lock)
        update_lock(processes, root, lock, LOCK[LOCKS[path.name]], _CHANGES)
        if (root / lock).read_bytes() != before:
            changed.append(lock)
    return changed
