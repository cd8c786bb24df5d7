"""Update of committed lock files, through the client that made each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from castoff.ecosystems.npm.clients import CHANGES, LOCK
from castoff.ecosystems.npm.manifest.layout import LOCKS
from castoff.errors import Refusal
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind
from castoff.model.workspace import Workspace

_PATIENCE = 1800.0


def update_locks(processes: Processes, root: Path, workspace: Workspace) -> Sequence[str]:
    """Update the lock files that git tracks and that lock packages of this workspace; return the paths that changed.

    Errors: ``lock-not-updated`` with the client's last words.
    """
    changed: list[str] = []
    for lock in _tracked(processes, root):
        path = PurePosixPath(lock)
        if "node_modules" in path.parts or not workspace.locks_in(path.parent.as_posix(), "npm"):
            continue
        before = (root / lock).read_bytes()
        _update(processes, root, lock)
        if (root / lock).read_bytes() != before:
            changed.append(lock)
    return changed


def _update(processes: Processes, root: Path, lock: str) -> None:
    done: Completed | None = None
    path = PurePosixPath(lock)
    commands = LOCK[LOCKS[path.name]]
    for command in commands:
        done = processes.run(
            command,
            kind=Kind.BUILD,
            cwd=root / path.parent,
            timeout=_PATIENCE,
            changes={**CHANGES, "YARN_ENABLE_IMMUTABLE_INSTALLS": "0"},
        )
        if done.code == 0:
            return
    raise Refusal.of(
        "lock-not-updated",
        f"`{lock}` could not be updated",
        reason=done.last_words if done else "",
        remedy=f"run `{' '.join(commands[-1])}` in its folder, fix the reported problem, and release again",
        file=lock,
    )


def _tracked(processes: Processes, root: Path) -> list[str]:
    patterns = [f":(glob)**/{name}" for name in LOCKS]
    listed = processes.run(["git", "ls-files", "-z", "--", *patterns], kind=Kind.TOOL, cwd=root)
    if listed.code != 0:
        return []
    return sorted(one for one in listed.stdout.decode("utf-8", "replace").split("\0") if one)
