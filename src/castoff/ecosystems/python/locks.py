"""Update of committed lock files, through the client that made each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from castoff.ecosystems.python.artifacts import sha256_of
from castoff.errors import Problem, Refusal
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind
from castoff.model.workspace import Workspace

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
    for lock in _tracked(processes, root):
        path = PurePosixPath(lock)
        if not workspace.locks_in(path.parent.as_posix(), "python"):
            continue
        commands = _CLIENTS[path.name]
        if processes.find(commands[0][0]) is None:
            continue
        before = sha256_of(root / lock)
        _run(processes, commands, root / path.parent, lock)
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
            _run(processes, commands, root / path.parent, lock)
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


def _tracked(processes: Processes, root: Path) -> Iterator[str]:
    patterns = [f":(glob)**/{name}" for name in _CLIENTS]
    listed = processes.run(["git", "ls-files", "-z", "--", *patterns], kind=Kind.TOOL, cwd=root)
    if listed.code == 0:
        yield from sorted(one for one in listed.stdout.decode("utf-8", "replace").split("\0") if one)


def _run(processes: Processes, commands: tuple[tuple[str, ...], ...], folder: Path, lock: str) -> None:
    done: Completed | None = None
    for command in commands:
        done = processes.run(command, kind=Kind.BUILD, cwd=folder)
        if done.code == 0:
            return
    raise Refusal.of(
        "lock-not-updated",
        f"`{lock}` could not be updated",
        reason=done.last_words if done else "",
        remedy=f"run `{' '.join(commands[-1])}` in its folder, fix the reported problem, and release again",
        file=lock,
    )
