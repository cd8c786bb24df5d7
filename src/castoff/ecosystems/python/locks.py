"""How do committed lock files follow the new version? Through the client that made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from castoff.ecosystems.python.artifacts import sha256_of
from castoff.errors import Refusal
from castoff.model.workspace import Workspace
from castoff.process import Completed, Processes

_CLIENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "uv.lock": (("uv", "lock", "--offline", "--no-progress"), ("uv", "lock", "--no-progress")),
    "poetry.lock": (("poetry", "lock", "--no-interaction"),),
    "pdm.lock": (("pdm", "lock", "--update-reuse"),),
}


def settle_locks(processes: Processes, root: Path, workspace: Workspace) -> Sequence[str]:
    """Bring the lock files up to date that git tracks and that lock packages of this workspace.

    uv is asked without the network first. A lock whose client is not installed is left as it is (the plan
    warns of it). Gives the paths that changed. Errors: ``lock-not-updated`` with the client's last words.
    """
    folders = {one.path for one in workspace.packages} | {one.path for one in workspace.members}
    changed: list[str] = []
    for lock in _tracked(processes, root):
        path = PurePosixPath(lock)
        if not any(_is_within(folder, path.parent.as_posix()) for folder in folders):
            continue
        commands = _CLIENTS[path.name]
        if processes.find(commands[0][0]) is None:
            continue
        before = sha256_of(root / lock)
        _run(processes, commands, root / path.parent, lock)
        if sha256_of(root / lock) != before:
            changed.append(lock)
    return changed


def _tracked(processes: Processes, root: Path) -> Iterator[str]:
    patterns = [f":(glob)**/{name}" for name in _CLIENTS]
    listed = processes.run(["git", "ls-files", "-z", "--", *patterns], cwd=root)
    if listed.code == 0:
        yield from sorted(one for one in listed.stdout.decode("utf-8", "replace").split("\0") if one)


def _is_within(folder: str, base: str) -> bool:
    return base == "." or folder == base or folder.startswith(base + "/")


def _run(processes: Processes, commands: tuple[tuple[str, ...], ...], folder: Path, lock: str) -> None:
    done: Completed | None = None
    for command in commands:
        done = processes.run(command, cwd=folder)
        if done.code == 0:
            return
    raise Refusal.of(
        "lock-not-updated",
        f"`{lock}` could not be brought up to date",
        reason=done.last_words if done else "",
        remedy=f"run `{' '.join(commands[-1])}` in its folder, mend what it says, and release again",
        file=lock,
    )
