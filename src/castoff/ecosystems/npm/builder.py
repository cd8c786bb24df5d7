"""Build, packing and verification of npm packages, through the workspace's own client."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.clients import (
    CHANGES,
    INSTALL,
    client_in,
    listed_members,
    lock_in,
    pack_command,
    pack_members,
)
from castoff.ecosystems.npm.locks import update_locks
from castoff.ecosystems.npm.manifest.layout import Client
from castoff.ecosystems.npm.packed_rules import mismatches, missing_entries, refusals
from castoff.ecosystems.npm.tarballs import artifact_of, filename_of
from castoff.ecosystems.npm.trial import try_out
from castoff.errors import Problem
from castoff.io.files import prebuilt_folder
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.observations import Unknown
from castoff.model.scope import is_within
from castoff.model.steps import LocalStep
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import BuildFailure, Built, Steps, unreported

_PATIENCE = 3600.0
_SHOWN = 5
_TOGETHER = 16
"""Packages that one run of npm packs: a start takes half a second of a core, and each run is one step of progress."""


class NpmBuilder:
    """Installs from the lock file, builds once, and packs each package; implements :class:`castoff.ports.Builder`.

    ``commit_time`` (seconds, of the release commit) becomes SOURCE_DATE_EPOCH. ``home`` is the user's checkout, where
    tarballs lie that were packed elsewhere (``npm.artifacts``).
    """

    def __init__(
        self, processes: Processes, settings: NpmSettings, commit_time: int, *, home: Path | None = None
    ) -> None:
        self._processes = processes
        self._settings = settings
        self._home = home
        self._changes = {**CHANGES, "SOURCE_DATE_EPOCH": str(commit_time)}

    @property
    def inputs(self) -> str | None:
        """Return the user's command; None where files are built elsewhere."""
        return None if self._settings.artifacts is not None else repr(self._settings.build)

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring committed lock files up to date; return the paths that changed. Errors: ``lock-not-updated``."""
        return update_locks(self._processes, root, workspace)

    def update_neighbour_locks(
        self, root: Path, locks: Sequence[str]
    ) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Return nothing: a lock file beside the workspace names no version of its packages."""
        del root, locks
        return (), ()

    def members(self, root: Path) -> frozenset[str] | Unknown | None:
        """List the members of the workspace in a folder, as its client does."""
        return listed_members(self._processes, root)

    def uncommitted_includes(self, home: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report nothing: builds make the files that `files` names, so only a tarball shows which are missing."""
        del home, packages
        return ()

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = unreported) -> Built:
        """Build and pack all packages, and compare what was packed with the plan.

        Failures: ``install-failed``, ``build-failed``, ``pack-failed``, ``build-incomplete``, ``metadata-mismatch``.
        """
        into.mkdir(parents=True, exist_ok=True)
        taken = {one.id for one in packages if self._take(root, one, into)}
        left = [one for one in packages if one.id not in taken]
        failures: list[BuildFailure] = []
        folders = list(dict.fromkeys(one.root for one in left))
        broken: list[str] = []
        # All folders before the first package: a build may fill the packages of another folder.
        for folder in self._built_alone(root, folders):
            with step(LocalStep("prepare", "the workspace" if folder == "." else folder)):
                problem = self._prepared(root, folder, client_in(root / folder))
            if problem is not None:
                first = next(one.id for one in left if one.root == folder)
                failures.append(BuildFailure(package=first, problem=problem))
                broken.append(folder)
        for folder in folders:
            if any(is_within(folder, above) for above in broken):
                continue
            own = [one for one in left if one.root == folder]
            client = client_in(root / folder)
            together = _TOGETHER if client == "npm" else 1
            for some in (own[at : at + together] for at in range(0, len(own), together)):
                with ExitStack() as steps:
                    for package in reversed(some):  # so that they are reported as done in their order
                        steps.enter_context(step(LocalStep("pack", package.id, len(left))))
                    failures += self._pack(root, some, client, into)
        made = [one for one in packages if (into / filename_of(one)).is_file()]
        artifacts = tuple(artifact_of(one, into / filename_of(one)) for one in made)
        siblings = {one.name: one.version for one in packages}
        for package, artifact in zip(made, artifacts, strict=True):
            found = (
                *mismatches(package, artifact, siblings),
                *refusals(package, artifact),
                *missing_entries(package, artifact),
            )
            failures += (BuildFailure(package=package.id, problem=problem) for problem in found)
        return Built(artifacts=artifacts, failures=tuple(failures))

    def judge(
        self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path
    ) -> tuple[Problem, ...]:
        """Report nothing: what a tarball must hold was judged when it was packed."""
        del packages, artifacts, root
        return ()

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Install a package as users do, and import it. Problems: ``verify-failed``."""
        del artifacts, root
        if self._settings.verify == "none":
            return ()
        failed = try_out(self._processes, package, package.version, imports=self._settings.verify == "import")
        return (failed,) if failed else ()

    def stray_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report tarballs packed elsewhere that are of none of these packages at its version: ``artifact-stray``."""
        if self._settings.artifacts is None:
            return ()
        folder = prebuilt_folder(self._settings.artifacts, root, self._home)
        known = {filename_of(one) for one in packages}
        strays = sorted(one.name for one in folder.glob("*.tgz") if one.name not in known)
        return (_stray(folder, strays),) if strays else ()

    def missing_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report nothing: castoff packs what was not packed elsewhere."""
        del root, packages
        return ()

    def _take(self, root: Path, package: Package, into: Path) -> bool:
        """Copy the tarball that was packed elsewhere, so that nobody changes it meanwhile; False if there is none."""
        if self._settings.artifacts is None:
            return False
        file = prebuilt_folder(self._settings.artifacts, root, self._home) / filename_of(package)
        if not file.is_file():
            return False
        shutil.copyfile(file, into / file.name)
        return True

    def _built_alone(self, root: Path, folders: Sequence[str]) -> Iterator[str]:
        """Give the folders that are built; packages inside of another one are parts of its build.

        napi-rs writes a package for each platform below the one that uses them. What has a lock file of its own is
        installed and built by itself.
        """
        for folder in folders:
            inside = any(is_within(folder, above) for above in folders if above != folder)
            if not inside or lock_in(root / folder, client_in(root / folder)) is not None:
                yield folder

    def _prepared(self, root: Path, folder: str, client: Client) -> Problem | None:
        """Install what the lock file lists, and run the user's build."""
        place = root / folder
        # Without a lock file an install would choose versions of that moment, and two builds could differ.
        if lock_in(place, client) is not None:
            done = self._run(INSTALL[client], place)
            if done.code != 0:
                return _failed(
                    "install-failed", "the dependencies could not be installed", INSTALL[client], folder, done
                )
        if self._settings.build is not None:
            done = self._run(self._settings.build, place)
            if done.code != 0:
                return _failed(
                    "build-failed", "the packages could not be built", self._settings.build, folder, done
                )
        return None

    def _pack(
        self, root: Path, packages: Sequence[Package], client: Client, into: Path
    ) -> Iterator[BuildFailure]:
        """Pack in one run of the client, then each package that this did not pack alone, which says why."""
        place = root / packages[0].root
        names = [one.name for one in packages if _is_member_by_name(place, one)]
        left = packages
        # One start of npm takes half a second; a failure here is not told, since packing one by one names its
        # package.
        if len(names) > 1 and self._run(pack_members(names, into), place).code == 0:
            left = [one for one in packages if not (into / filename_of(one)).is_file()]
        for package in left:
            problem = self._pack_one(root, package, client, into)
            if problem is not None:
                yield BuildFailure(package=package.id, problem=problem)

    def _pack_one(self, root: Path, package: Package, client: Client, into: Path) -> Problem | None:
        file = into / filename_of(package)
        command = pack_command(client, file)
        done = self._run(command, root / package.path)
        if done.code != 0:
            what = f"`{package.name}` could not be packed"
            return _failed("pack-failed", what, command[:2], package.path, done, package)
        # The client's exit code is not enough: `publishConfig` and lifecycle scripts may give the tarball
        # another name.
        if file.is_file():
            return None
        names = ", ".join(_names(into))[:300]
        return Problem(
            code="build-incomplete",
            message=f"packing `{package.name}` produced no `{file.name}`",
            reason=f"`{' '.join(command[:2])}` produced {names or 'no file'}",
            remedy="check whether `publishConfig.directory` or a script gives the package another name or version",
            file=package.manifest,
            package=package.id,
        )

    def _run(self, command: Sequence[str], folder: Path) -> Completed:
        return self._processes.run(
            command, kind=Kind.BUILD, cwd=folder, timeout=_PATIENCE, changes=self._changes
        )


def _is_member_by_name(place: Path, package: Package) -> bool:
    # npm takes the value of `--workspace` for a name, and for a folder whose members it means as well.
    return package.path != package.root and not (place / package.name).exists()


def _names(folder: Path) -> Iterator[str]:
    return (one.name for one in sorted(folder.iterdir()))


def _failed(
    code: str,
    message: str,
    command: Sequence[str],
    folder: str,
    done: Completed,
    package: Package | None = None,
) -> Problem:
    return Problem(
        code=code,
        message=f"{message} by `{' '.join(command)}`",
        reason=done.words_of_both_streams or f"it ended with code {done.code}",
        remedy=f"run it in `{folder}` of a fresh clone and fix the reported problem"
        + withheld_words(Kind.BUILD, done.withheld),
        file=package.manifest if package else None,
        package=package.id if package else None,
    )


def _stray(folder: Path, strays: Sequence[str]) -> Problem:
    more = f" and {len(strays) - _SHOWN} more" if len(strays) > _SHOWN else ""
    shown = ", ".join(f"`{one}`" for one in strays[:_SHOWN])
    return Problem(
        code="artifact-stray",
        message=f"`{folder.name}/` has files that this release would not upload: {shown}{more}",
        reason="`npm.artifacts` is the folder of the release; a file that is left out may be the "
        "only one for its platform",
        remedy=f"remove them; files of the release must be directly in `{folder}`",
    )
