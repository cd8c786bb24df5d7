"""How do Python packages become artifacts, and do they stand up to what users do with them?"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import dropwhile
from pathlib import Path

from castoff.configuration.values import Python
from castoff.ecosystems.python.artifacts import artifact_of, artifacts_in, mismatches
from castoff.ecosystems.python.indexes import find_endpoints
from castoff.ecosystems.python.judging import judged
from castoff.ecosystems.python.locks import settle_locks
from castoff.ecosystems.python.trial import try_out
from castoff.errors import Problem
from castoff.manifests.requirements import normalised
from castoff.model.tags import TagSource
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import BuildFailure, Built
from castoff.process import Completed, Processes

_UV_BUILD = ("uv", "build", "--no-progress", "--no-create-gitignore", "--out-dir")
_PATIENCE = 1800.0
_LINES, _WIDEST = 12, 400
_FRONT_END = re.compile(r"Building |error: Failed to build|  cause: |hint: |ERROR Backend subprocess exited")


class PythonBuilder:
    """Builds sdists and wheels through the real front end, several at a time.

    ``commit_time`` (seconds, of the release commit) becomes SOURCE_DATE_EPOCH, so that the same commit gives the
    same bytes wherever the back end lets it. ``home`` is the user's checkout, where files lie that were built
    elsewhere (``python.artifacts``).
    """

    def __init__(
        self, processes: Processes, settings: Python, commit_time: int, *, home: Path | None = None
    ) -> None:
        self._processes = processes
        self._settings = settings
        self._home = home
        self._changes = {
            "SOURCE_DATE_EPOCH": str(commit_time),
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": None,
            "VIRTUAL_ENV": None,
            **dict.fromkeys(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES")),
        }

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring committed lock files up to date; gives the paths it changed. Errors: ``lock-not-updated``."""
        return settle_locks(self._processes, root, workspace)

    def build(self, root: Path, packages: Sequence[Package], into: Path) -> Built:
        """Build all artifacts of these packages into a folder, and compare their metadata with the manifests.

        Failures: ``build-failed``, ``build-incomplete``, ``artifact-missing``, ``metadata-mismatch``.
        """
        into.mkdir(parents=True, exist_ok=True)
        prebuilt = self._settings.artifacts
        make: Callable[[Package], tuple[tuple[Artifact, ...], Problem | None]]
        if prebuilt is not None:
            folder = self._prebuilt(root, prebuilt)
            make = lambda package: _collected(package, folder, into)  # noqa: E731
        else:
            make = lambda package: self._built(root, package, into)  # noqa: E731
        lanes = max(1, min(4, os.cpu_count() or 1, len(packages)))
        with ThreadPoolExecutor(lanes, thread_name_prefix="build") as pool:
            results = list(pool.map(make, packages))
        failures = [
            BuildFailure(package=package.name, problem=problem)
            for package, (_, problem) in zip(packages, results, strict=True)
            if problem is not None
        ]
        artifacts = tuple(artifact for found, _ in results for artifact in found)
        failures += _mismatched(packages, artifacts)
        return Built(artifacts=artifacts, failures=tuple(failures))

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Judge the metadata as the index will, then install and import the package as users do.

        Problems: ``metadata-refused``, ``verify-failed``.
        """
        own = [one for one in artifacts if normalised(one.package) == normalised(package.name)]
        problems = judged(package, own)
        if problems:
            return problems
        endpoints = find_endpoints(
            self._processes.environment,
            self._processes.redactor,
            root=self._home or root,
            named=self._settings.index,
        )
        failed = try_out(self._processes, endpoints, package, own)
        return (failed,) if failed else ()

    def _built(self, root: Path, package: Package, into: Path) -> tuple[tuple[Artifact, ...], Problem | None]:
        folder = into / f".{normalised(package.name)}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [*(self._settings.build or _UV_BUILD), str(folder)]
        done = self._processes.run(command, cwd=root / package.path, timeout=_PATIENCE, changes=self._changes)
        try:
            if done.code != 0:
                return (), _build_failed(package, command[:-1], done)
            return _moved(package, folder, into)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _prebuilt(self, root: Path, prebuilt: str) -> Path:
        inside = root / prebuilt
        return inside if inside.is_dir() or self._home is None else self._home / prebuilt


def backend_words(errors: str) -> str:
    """Give what a build's errors end with, twelve lines at most: no frames of a traceback, nothing of the front end."""
    lines = [line.rstrip() for line in errors.splitlines() if line.strip() and not _FRONT_END.match(line)]
    traces = [
        number for number, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")
    ]
    if traces:
        after = lines[traces[-1] + 1 :]
        lines = list(dropwhile(lambda line: line.startswith(" "), after)) or after
    return "\n".join(line[:_WIDEST] for line in lines[-_LINES:])


def _moved(package: Package, folder: Path, into: Path) -> tuple[tuple[Artifact, ...], Problem | None]:
    found = artifacts_in(package, folder)
    names = ", ".join(sorted(one.name for one in folder.iterdir()))[:300]
    if package.tags is not None and (not found or len(found) < len(_dists(folder))):
        return (), _other_version(package, package.tags, names)
    if not found:
        return (), Problem(
            code="build-incomplete",
            message=f"building `{package.name}` gave no artifact of version {package.version}",
            reason=f"it gave {names}" if names else "it gave no file",
            remedy="see that the build command writes into the folder that is its last word",
            file=package.manifest,
            package=package.id,
        )
    return tuple(_placed(package, Path(one.path), into) for one in found), None


def _dists(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.name.endswith((".whl", ".tar.gz", ".zip"))]


def _other_version(package: Package, tags: TagSource, names: str) -> Problem:
    """Tell of a tool that did not make the version of the tag that stands on the commit."""
    return Problem(
        code="built-version-differs",
        message=f"`{package.name}` was not built as {package.version}: building gave {names or 'no file'}",
        reason=f"{tags.tool} makes its version from git tags, and did not take it from the tag of the release, "
        "which stands on the commit that it was built from",
        remedy="see where the tool looks for the repository (`root`, `search_parent_directories`), which tags it "
        "takes, and whether a variable or a fallback version comes first",
        file=tags.file,
        line=tags.line,
        package=package.id,
    )


def _placed(package: Package, file: Path, into: Path) -> Artifact:
    target = into / file.name
    shutil.move(file, target)
    placed = artifact_of(package, target)
    assert placed is not None
    return placed


def _collected(package: Package, folder: Path, into: Path) -> tuple[tuple[Artifact, ...], Problem | None]:
    """Take the files that were built elsewhere; copies, so that nobody changes them meanwhile."""
    found = artifacts_in(package, folder)
    if not found:
        return (), Problem(
            code="artifact-missing",
            message=f"`{folder.name}/` holds no file of `{package.name}` {package.version}",
            reason="`python.artifacts` says that everything was built already",
            remedy="build it there first, or take `artifacts` out of the configuration",
            package=package.id,
        )
    for one in found:
        shutil.copyfile(one.path, into / one.filename)
    return artifacts_in(package, into), None


def _mismatched(packages: Sequence[Package], artifacts: Iterable[Artifact]) -> list[BuildFailure]:
    by_name = {normalised(package.name): package for package in packages}
    siblings = {name: package.version for name, package in by_name.items()}
    return [
        BuildFailure(package=artifact.package, problem=problem)
        for artifact in artifacts
        for problem in mismatches(by_name[normalised(artifact.package)], artifact, siblings)
    ]


def _build_failed(package: Package, command: Sequence[str], done: Completed) -> Problem:
    return Problem(
        code="build-failed",
        message=f"`{package.name}` could not be built by `{' '.join(command[:2])}`",
        reason=backend_words(done.errors) or done.last_words,
        remedy=f"run it in `{package.path}` and mend what it says",
        file=package.manifest,
        package=package.id,
    )
