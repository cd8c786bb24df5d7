"""Checkouts in the temporary clone that a release is built from: what must be there, and what it is compared with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from castoff.errors import Problem, Refusal
from castoff.git import Clone
from castoff.git.comparison import CheckoutComparison, compare
from castoff.git.submodules import MissingSubmodule
from castoff.model.workspace import Package, Workspace

_SHOWN = 5


class Checkout(Struct):
    """The files of one commit, put on disk once; checks and commands use them one after the other."""

    clone: Clone
    commit: str
    workspace: Workspace
    lock: threading.RLock = field(default_factory=threading.RLock)
    _notes: tuple[Problem, ...] | None = None

    def ready(self) -> tuple[Problem, ...]:
        """Put the files on disk; returns what is left out. Errors: ``checkout-failed``, ``submodule-missing``."""
        with self.lock:
            if self._notes is None:
                self._notes = check_out(self.clone, self.commit, self.workspace)
            return self._notes

    def problems(self) -> Sequence[Problem]:
        """Compare the files with what the user's git checks out."""
        with self.lock:
            notes = self.ready()
            user = self.clone.user
            if user is None:
                return notes
            scratch = self.clone.folder("comparison")
            try:
                # Under the lock: packages are checked in parallel, and the comparison is the same for all.
                found = compare(self.clone.git, user, self.commit, scratch)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            return (*notes, *comparison_problems(found, self.workspace.packages))


def check_out(clone: Clone, commit: str, workspace: Workspace) -> tuple[Problem, ...]:
    """Put a commit and its submodules on disk; returns warnings of what is left out.

    Errors: ``checkout-failed``, ``submodule-missing``.
    """
    clone.check_out(commit)
    problems = submodule_problems(clone.populate(), workspace.packages)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refusal(*errors)
    return tuple(problems)


def submodule_problems(missing: Sequence[MissingSubmodule], packages: Sequence[Package]) -> list[Problem]:
    """Report submodules that cannot be had: an error inside a package, one line for all others."""
    found: list[Problem] = []
    outside: list[MissingSubmodule] = []
    for one in missing:
        owner = owner_of(one.path, packages)
        # A submodule that the user's configuration leaves out (`submodule.active`, `update = none`) is
        # missing on purpose.
        if owner is None or one.chosen:
            outside.append(one)
        else:
            found.append(_missing(one, owner))
    if outside:
        count = "1 submodule is" if len(outside) == 1 else f"{len(outside)} submodules are"
        found.append(
            Problem(
                code="submodule-left-out",
                severity="warning",
                message=f"{count} not checked out: {_listed(one.path for one in outside)}",
                reason=outside[0].reason,
                remedy="if a package needs it, make sure that `git submodule update --init` works; "
                "otherwise ignore this",
                file=outside[0].path,
            )
        )
    return found


def comparison_problems(found: CheckoutComparison, packages: Sequence[Package]) -> list[Problem]:
    """Report how a clone differs from a plain checkout, and what was not compared."""
    problems: list[Problem] = []
    if found.differences:
        paths = [one.path for one in found.differences]
        causes = list(dict.fromkeys(one.cause for one in found.differences))
        problems.append(
            Problem(
                code="clone-differs",
                message=f"the temporary clone differs from a checkout by git: {_listed(paths)}",
                reason=f"the release would differ from a clean checkout; cause: {', '.join(causes)}",
                remedy="make sure that the filter produces the same bytes each time and in each folder, and "
                "that `git status` in a fresh clone is empty",
                file=paths[0],
            )
        )
    if found.not_compared:
        problems.append(
            Problem(
                code="clone-not-compared",
                severity="warning",
                message=f"{found.compared} files that git converts could not be compared with a plain checkout",
                reason=found.not_compared,
                remedy="make sure that `git checkout` works for these files",
            )
        )
    if inside := [path for path in found.pointers if owner_of(path, packages) is not None]:
        problems.append(pointer_problem(inside, severity="warning"))
    return problems


def pointer_problem(paths: Sequence[str], *, severity: str = "error", package: str | None = None) -> Problem:
    """Report files that hold a pointer of git-lfs instead of their content."""
    return Problem(
        code="lfs-pointer",
        severity="warning" if severity == "warning" else "error",
        message=f"git-lfs did not fetch the content of {_listed(paths)}",
        reason="the checkout has only pointers, which would be published",
        remedy="run `git lfs install` once, and unset `GIT_LFS_SKIP_SMUDGE`; or exclude the files from the package",
        file=paths[0],
        package=package,
    )


def owner_of(path: str, packages: Sequence[Package]) -> Package | None:
    """Find the package with the deepest folder that holds a path."""
    holding = [one for one in packages if one.path == "." or path.startswith(f"{one.path}/")]
    # The deepest: packages may lie inside of each other's folders, and each packs only what is not another's.
    return max(holding, key=lambda one: len(one.path), default=None)


def _missing(one: MissingSubmodule, owner: Package) -> Problem:
    return Problem(
        code="submodule-missing",
        message=f"the submodule `{one.path}` of `{owner.name}` cannot be checked out at {one.commit[:12]}",
        reason=one.reason,
        remedy=f"make sure that `git submodule update --init --recursive -- {one.path}` works in your "
        "checkout, and that the commit was pushed",
        file=one.path,
        package=owner.id,
    )


def _listed(paths: Iterable[str]) -> str:
    named = list(paths)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(f"`{path}`" for path in named[:_SHOWN]) + more
