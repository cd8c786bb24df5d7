"""Lock files of Cargo workspaces, one in each workspace's folder. Cargo alone writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from castoff.errors import Problem, WorkspaceError
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind
from castoff.model.workspace import Member, Package, Workspace
from castoff.values import replace

_LOCK = "Cargo.lock"
_PATIENCE = 600.0


def create_lock(processes: Processes, tree: Path, root: str) -> Problem | None:
    """Create the lock file of a workspace without one: one for packing, verifying and uploading alike.

    ``root`` is the workspace's folder in the ``tree``, POSIX.
    """
    if (tree / root / _LOCK).exists():
        return None
    done = _cargo(processes, tree / root, "generate-lockfile")
    if done.code != 0:
        return _problem(root, done)
    _ignore(processes, tree, _path(root))
    return None


def _ignore(processes: Processes, tree: Path, path: str) -> None:
    """Make git ignore a file of the clone: cargo refuses to pack a package with an untracked file in its folder.

    It does so below the repository's root only, and not for a lock file that it makes itself while it packs.
    """
    found = processes.run(["git", "rev-parse", "--git-path", "info/exclude"], kind=Kind.TOOL, cwd=tree)
    if found.code == 0:
        excluded = tree / found.text.strip()
        excluded.parent.mkdir(parents=True, exist_ok=True)
        with excluded.open("a", encoding="utf-8") as stream:
            stream.write(f"/{path}\n")


def update_locks(processes: Processes, tree: Path, workspace: Workspace) -> Sequence[str]:
    """Update the entries that a release moves in each lock file of its workspaces; return the changed paths.

    Private members count as well: their workspace may lock a released package by its path. Errors:
    ``lock-not-updated``.
    """
    found: list[Package | Member] = [*workspace.packages, *workspace.members]
    roots = sorted({one.root for one in found if one.ecosystem == "cargo"})
    return tuple(path for root in roots for path in _updated(processes, tree, root))


def _updated(processes: Processes, tree: Path, root: str) -> Sequence[str]:
    """Update one lock file; without a look at the registry if that is enough."""
    path = _path(root)
    lock = tree / path
    if not lock.is_file():
        return ()
    before = lock.read_bytes()
    # Offline first: only versions of members change, and no other dependency must move.
    done = _cargo(processes, tree / root, "update", "--workspace", "--offline")
    if done.code != 0:
        lock.write_bytes(before)
        # A cold cache has no index to resolve with.
        done = _cargo(processes, tree / root, "update", "--workspace")
    if done.code != 0:
        lock.write_bytes(before)
        raise WorkspaceError(_problem(root, done))
    return () if lock.read_bytes() == before else (path,)


def _path(root: str) -> str:
    return (PurePosixPath(root) / _LOCK).as_posix()


def update_neighbour_locks(
    processes: Processes, root: Path, locks: Sequence[str]
) -> tuple[Sequence[str], tuple[Problem, ...]]:
    """Bring lock files beside the workspace up to date; one that cargo cannot update is left as it was.

    Gives the paths that changed, and warnings: a fuzz target whose other dependencies cannot be resolved today must
    not hold up the release.
    """
    changed: list[str] = []
    problems: list[Problem] = []
    for path in locks:
        try:
            changed += _updated(processes, root, PurePosixPath(path).parent.as_posix())
        except WorkspaceError as error:
            folder = PurePosixPath(path).parent
            problems += [
                replace(
                    problem,
                    severity="warning",
                    message=f"cargo could not update `{path}`; the file is unchanged",
                    remedy=f"after the release, run `cargo update --workspace` in `{folder}` and commit the file",
                    file=path,
                )
                for problem in error.problems
            ]
    return changed, tuple(problems)


def _cargo(processes: Processes, root: Path, *words: str) -> Completed:
    return processes.run(
        ["cargo", *words, "--quiet"],
        kind=Kind.BUILD,
        cwd=root,
        timeout=_PATIENCE,
        changes={"CARGO_TERM_COLOR": "never", "CARGO_LOG": None},
    )


def _problem(root: str, done: Completed) -> Problem:
    where = "the workspace" if root == "." else f"`{root}`"
    return Problem(
        code="lock-not-updated",
        message=f"cargo could not update `{_path(root)}`",
        reason=done.last_words,
        remedy=f"run `cargo update --workspace` in {where} and fix the reported problem",
        file=_path(root),
    )
