"""Is the lock file of a Cargo workspace there, and up to date? Cargo alone writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from castoff.errors import Problem, WorkspaceError
from castoff.process import Completed, Processes

_LOCK = "Cargo.lock"
_PATIENCE = 600.0


def ensure_lock(processes: Processes, root: Path) -> Problem | None:
    """Make a lock file where the tree has none: one for packing, verifying and uploading alike."""
    if (root / _LOCK).exists():
        return None
    done = _cargo(processes, root, "generate-lockfile")
    return None if done.code == 0 else _problem(done)


def settle_lock(processes: Processes, root: Path) -> Sequence[str]:
    """Bring the workspace's own entries up to date, without a look at the registry where that is enough.

    Errors: ``lock-not-updated``.
    """
    lock = root / _LOCK
    if not lock.is_file():
        return ()
    before = lock.read_bytes()
    done = _cargo(processes, root, "update", "--workspace", "--offline")
    if done.code != 0:
        lock.write_bytes(before)
        done = _cargo(processes, root, "update", "--workspace")
    if done.code != 0:
        raise WorkspaceError(_problem(done))
    return () if lock.read_bytes() == before else (_LOCK,)


def _cargo(processes: Processes, root: Path, *words: str) -> Completed:
    return processes.run(
        ["cargo", *words, "--quiet"],
        cwd=root,
        timeout=_PATIENCE,
        changes={"CARGO_TERM_COLOR": "never", "CARGO_LOG": None},
    )


def _problem(done: Completed) -> Problem:
    return Problem(
        code="lock-not-updated",
        message=f"cargo could not bring `{_LOCK}` up to date",
        reason=done.last_words,
        remedy="run `cargo update --workspace` in the workspace and mend what it says",
        file=_LOCK,
    )
