"""What the ecosystems share of lock files: which are committed, and the client's run that updates one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from castoff.errors import Refusal
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind

_PATIENCE = 1800.0


def tracked_files(processes: Processes, root: Path, names: Iterable[str]) -> Sequence[str]:
    """List the files of these names that git tracks, in any folder; none where git has no answer."""
    patterns = [f":(glob)**/{name}" for name in names]
    listed = processes.run(["git", "ls-files", "-z", "--", *patterns], kind=Kind.TOOL, cwd=root)
    if listed.code != 0:
        return []
    # Sorted, so that every machine updates and reports them in one order.
    return sorted(one for one in listed.stdout.decode("utf-8", "replace").split("\0") if one)


def update_lock(
    processes: Processes,
    root: Path,
    lock: str,
    commands: Sequence[Sequence[str]],
    changes: Mapping[str, str | None] | None = None,
) -> None:
    """Run the first of the client's commands that succeeds, in the lock file's folder.

    Errors: ``lock-not-updated`` with the last words of the last one.
    """
    done: Completed | None = None
    # In this order: the cheap one (without the network, say) comes first.
    for command in commands:
        done = processes.run(
            command,
            kind=Kind.BUILD,
            cwd=root / PurePosixPath(lock).parent,
            timeout=_PATIENCE,
            changes=dict(changes or {}),
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
