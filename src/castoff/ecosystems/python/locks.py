"""Update of committed lock files, through the client that made each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from castoff.ecosystems.lock_files import tracked_files, update_lock
from castoff.ecosystems.python.artifacts import sha256_of
from castoff.errors import Problem, Refusal
from castoff.io.process import Processes
from castoff.model.workspace import Workspace
from castoff.values import replace

_CLIENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "uv.lock": (("uv", "lock", "--offline", "--no-progress"), ("uv", "lock", "--no-progress")),
    "poetry.lock": (("poetry", "lock", "--no-interaction"),),
    "pdm.lock": (("pdm", "lock", "--update-reuse"),),
}


def settle_locks(processes: Processes, root: Path, workspace: Workspace) -> Sequence[str]:
    """Update the lock files that git tracks and that lock packages of this workspace.

    uv is asked without the network first. A lock whose client is not installed is left as it is (the plan
    warns of it). Return the paths that changed. Errors: ``lock-not-updated`` with the client's last words.
    """
    changed: list[str] = []
    for lock in tracked_files(processes, root, _CLIENTS):
        path = PurePosixPath(lock)
        if not workspace.locks_in(path.parent.as_posix(), "python"):
            continue
        commands = _CLIENTS[path.name]
        if processes.find(commands[0][0]) is None:
            continue
        before = sha256_of(root / lock)
        update_lock(processes, root, lock, commands)
        if sha256_of(root / lock) != before:
            changed.append(lock)
    return changed


def update_neighbour_locks(
    processes: Processes, root: Path, locks: Sequence[str]
) -> tuple[Sequence[str], tuple[Problem, ...]]:
    """Bring lock files beside the workspace up to date; one that its client cannot update is left as it was.

    Gives the paths that changed, and warnings: an example that cannot be resolved today must not hold up the release.
    """
    changed: list[str] = []
    problems: list[Problem] = []
    for lock in locks:
        path = PurePosixPath(lock)
        commands = _CLIENTS[path.name]
        if processes.find(commands[0][0]) is None:
            continue
        before = (root / lock).read_bytes()
        try:
            update_lock(processes, root, lock, commands)
        except Refusal as refused:
            (root / lock).write_bytes(before)
            problems += [
                replace(
                    problem,
                    severity="warning",
                    message=f"`{lock}` could not be updated; the file is unchanged",
                    remedy=f"after the release, run `{' '.join(commands[-1])}` in its folder and commit the file",
                )
                for problem in refused.problems
            ]
        if (root / lock).read_bytes() != before:
            changed.append(lock)
    return changed, tuple(problems)
