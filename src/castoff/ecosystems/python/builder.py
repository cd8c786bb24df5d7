"""Build and verification of Python packages."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import dropwhile
from pathlib import Path

from castoff.config.values import PythonSettings
from castoff.ecosystems.python.artifacts import (
    artifact_of,
    artifacts_among,
    artifacts_in,
    files_by_project,
    mismatches,
    sha256_of,
    strays_in,
)
from castoff.ecosystems.python.includes import uncommitted_includes
from castoff.ecosystems.python.indexes import Endpoints, find_endpoints
from castoff.ecosystems.python.locks import settle_locks, update_neighbour_locks
from castoff.ecosystems.python.names import normalised
from castoff.ecosystems.python.trial import try_out
from castoff.ecosystems.python.upload_rules import judged
from castoff.errors import Problem
from castoff.io.files import prebuilt_folder, read_regular
from castoff.io.process import Completed, Processes
from castoff.model.attestations import ATTESTATION
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.observations import Unknown
from castoff.model.refs import TagSource
from castoff.model.steps import LocalStep
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import BuildFailure, Built, Steps, unreported
from castoff.regexes import regex
from castoff.values import replace

_UV_BUILD = ("uv", "build", "--no-progress", "--no-create-gitignore", "--out-dir")
_PATIENCE = 1800.0
_LINES, _WIDEST = 12, 400
_SHOWN = 5
_FRONT_END = regex(r"Building |error: Failed to build|  cause: |hint: |ERROR Backend subprocess exited")


class PythonBuilder:
    """Builds sdists and wheels through the real front end, several at a time.

    ``commit_time`` (seconds, of the release commit) becomes SOURCE_DATE_EPOCH, so that the same commit gives the
    same bytes wherever the back end lets it. ``home`` is the user's checkout, where files lie that were built
    elsewhere (``python.artifacts``).
    """

    def __init__(
        self, processes: Processes, settings: PythonSettings, commit_time: int, *, home: Path | None = None
    ) -> None:
        self._processes = processes
        self._settings = settings
        self._home = home
        self._changes = {
            # reproducible-builds.org/specs/source-date-epoch: back ends use it for the times in archives.
            "SOURCE_DATE_EPOCH": str(commit_time),
            # Without it the order of sets can reach generated files.
            "PYTHONHASHSEED": "0",
            # The user's environment must not be importable in a build: it would work here and fail for
            # users.
            "PYTHONPATH": None,
            "VIRTUAL_ENV": None,
            **dict.fromkeys(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES")),
        }

    @property
    def inputs(self) -> str | None:
        """Return the user's command; None where files are built elsewhere."""
        return None if self._settings.artifacts is not None else repr(self._settings.build)

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring committed lock files up to date; returns the paths it changed. Errors: ``lock-not-updated``."""
        return settle_locks(self._processes, root, workspace)

    def update_neighbour_locks(
        self, root: Path, locks: Sequence[str]
    ) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Bring the lock files of a list up to date. Warnings: ``lock-not-updated``."""
        return update_neighbour_locks(self._processes, root, locks)

    def members(self, root: Path) -> frozenset[str] | Unknown | None:
        """List the members of the uv workspace in a folder, as uv does (``uv workspace list``, uv 0.9 and later)."""
        if not _is_uv_workspace(root):
            return None
        done = self._processes.run(
            # Offline: listing members must not resolve or download anything.
            ["uv", "workspace", "list", "--offline"],
            kind=Kind.BUILD,
            cwd=root,
            timeout=_PATIENCE,
        )
        if done.code != 0:
            return Unknown(reason=f"`uv workspace list` ended with code {done.code}: {done.last_words}")
        return frozenset(done.text.split()) or None

    def uncommitted_includes(self, home: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report files that are included by name and that git does not track, as warnings."""
        return uncommitted_includes(self._processes, home, packages)

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = unreported) -> Built:
        """Build all artifacts of these packages into a folder, and compare their metadata with the manifests.

        Failures: ``build-failed``, ``build-incomplete``, ``artifact-missing``, ``metadata-mismatch``.
        """
        into.mkdir(parents=True, exist_ok=True)
        prebuilt = self._settings.artifacts
        folder = prebuilt_folder(prebuilt, root, self._home) if prebuilt is not None else None
        ready = files_by_project(folder) if folder is not None else {}

        def make(package: Package) -> tuple[tuple[Artifact, ...], Problem | None]:
            if folder is not None:
                return _collected(package, artifacts_among(package, ready), folder, into)
            with step(LocalStep("build", package.id, len(packages))):
                return self._built(root, package, into)

        # Builds create an environment each, so disk and memory bound them as much as cores do.
        lanes = max(1, min(4, os.cpu_count() or 1, len(packages)))
        with ThreadPoolExecutor(lanes, thread_name_prefix="build") as pool:
            results = list(pool.map(make, packages))
        failures = [
            BuildFailure(package=package.id, problem=problem)
            for package, (_, problem) in zip(packages, results, strict=True)
            if problem is not None
        ]
        artifacts = tuple(artifact for found, _ in results for artifact in found)
        # Compared as built: back ends take metadata from elsewhere too, and the index shows the file's.
        failures += _mismatched(packages, artifacts)
        return Built(artifacts=artifacts, failures=tuple(failures))

    def judge(
        self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path
    ) -> tuple[Problem, ...]:
        """Judge built files as their index will. Problems: those of :func:`judged`."""
        found: list[Problem] = []
        files: dict[str, list[Artifact]] = {}
        for one in artifacts:
            files.setdefault(normalised(one.name), []).append(one)
        for package in packages:
            # Files carry the normalized name, manifests the written one (PEP 503).
            own = files.get(normalised(package.name), [])
            found += judged(package, own, self._settings, is_pypi=self._endpoints(package, root).is_pypi)
        return tuple(found)

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Install and import the package as users do. Problems: ``verify-failed``."""
        own = [one for one in artifacts if normalised(one.name) == normalised(package.name)]
        failed = try_out(self._processes, self._endpoints(package, root), package, own)
        return (failed,) if failed else ()

    def _endpoints(self, package: Package, root: Path) -> Endpoints:
        return find_endpoints(
            self._processes.environment,
            self._processes.redactor,
            root=(self._home or root) / package.root,
            named=self._settings.index,
        )

    def _built(self, root: Path, package: Package, into: Path) -> tuple[tuple[Artifact, ...], Problem | None]:
        folder = into / f".{normalised(package.name)}"
        # What an interrupted build left must not be taken for this one's files.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [*(self._settings.build or _UV_BUILD), str(folder)]
        done = self._processes.run(
            command, kind=Kind.BUILD, cwd=root / package.path, timeout=_PATIENCE, changes=self._changes
        )
        try:
            if done.code != 0:
                return (), _build_failed(package, command[:-1], done)
            return _moved(package, folder, into)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stray_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report the files built elsewhere that are of none of these packages at its version: ``artifact-stray``."""
        if self._settings.artifacts is None:
            return ()
        folder = prebuilt_folder(self._settings.artifacts, root, self._home)
        strays = strays_in(folder, packages)
        return (_stray(folder, strays),) if strays else ()

    def missing_artifacts(self, root: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report the packages of which no file was built elsewhere: ``artifact-missing``."""
        if self._settings.artifacts is None:
            return ()
        folder = prebuilt_folder(self._settings.artifacts, root, self._home)
        files = files_by_project(folder)
        return tuple(_missing(package, folder) for package in packages if not artifacts_among(package, files))


def _is_uv_workspace(root: Path) -> bool:
    try:
        document = tomllib.loads(read_regular(root / "pyproject.toml") or "")
        return "workspace" in document["tool"]["uv"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return False


def backend_words(errors: str) -> str:
    """Return the last twelve lines of a build's errors, without frames of a traceback or words of the front end."""
    lines = [line.rstrip() for line in errors.splitlines() if line.strip() and not _FRONT_END.match(line)]
    traces = [
        number for number, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")
    ]
    # Of a traceback only the message helps; the frames are those of the back end.
    if traces:
        after = lines[traces[-1] + 1 :]
        lines = list(dropwhile(lambda line: line.startswith(" "), after)) or after
    return "\n".join(line[:_WIDEST] for line in lines[-_LINES:])


def _moved(package: Package, folder: Path, into: Path) -> tuple[tuple[Artifact, ...], Problem | None]:
    found = artifacts_in(package, folder)
    names = ", ".join(sorted(one.name for one in folder.iterdir()))[:300]
    # A tool that computes versions from tags silently falls back to another version.
    if package.tags is not None and (not found or len(found) < len(_dists(folder))):
        return (), _other_version(package, package.tags, names)
    if not found:
        return (), Problem(
            code="build-incomplete",
            message=f"building `{package.name}` produced no artifact of version {package.version}",
            reason=f"it produced {names}" if names else "it produced no file",
            remedy="change the command of `python.build` to write files of this version to the folder "
            "in its last argument",
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
        message=f"`{package.name}` was not built as {package.version}: the build produced {names or 'no file'}",
        reason=f"{tags.tool} computes the version from git tags, but did not "
        "use the release tag of the commit",
        remedy="check where the tool looks for the repository (`root`, `search_parent_directories`), which tags "
        "it accepts, and whether a variable or a fallback version has precedence",
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


def _collected(
    package: Package, found: Sequence[Artifact], folder: Path, into: Path
) -> tuple[tuple[Artifact, ...], Problem | None]:
    """Take the files of a package that were built elsewhere; copies, so that nobody changes them meanwhile.

    An attestation beside a file comes along, to be uploaded with it.
    """
    if not found:
        return (), _missing(package, folder)
    copies: list[Artifact] = []
    for one in found:
        copy = into / one.filename
        shutil.copyfile(one.path, copy)
        # The digests of the tag are those of the copies.
        copies.append(replace(one, path=str(copy), digest=sha256_of(copy)))
        attestation = f"{one.filename}{ATTESTATION}"
        if (folder / attestation).is_file():
            shutil.copyfile(folder / attestation, into / attestation)
    return tuple(copies), None


def _missing(package: Package, folder: Path) -> Problem:
    return Problem(
        code="artifact-missing",
        message=f"`{folder.name}/` has no file of `{package.name}` {package.version}",
        reason="with `python.artifacts`, everything must already be built",
        remedy=f"add its files to `{folder}`, or remove `artifacts` from `[python]` to let castoff build them",
        package=package.id,
    )


def _stray(folder: Path, strays: Sequence[str]) -> Problem:
    more = f" and {len(strays) - _SHOWN} more" if len(strays) > _SHOWN else ""
    return Problem(
        code="artifact-stray",
        message=f"`{folder.name}/` has files that this release would not upload: {', '.join(strays[:_SHOWN])}{more}",
        reason="`python.artifacts` is the folder of the release; a file that is left out may be the "
        "only one for its platform",
        remedy=f"remove them; files of the release must be directly in `{folder}`",
    )


def _mismatched(packages: Sequence[Package], artifacts: Iterable[Artifact]) -> list[BuildFailure]:
    by_name = {normalised(package.name): package for package in packages}
    siblings = {name: package.version for name, package in by_name.items()}
    return [
        BuildFailure(package=artifact.package, problem=problem)
        for artifact in artifacts
        for problem in mismatches(by_name[normalised(artifact.name)], artifact, siblings)
    ]


def _build_failed(package: Package, command: Sequence[str], done: Completed) -> Problem:
    return Problem(
        code="build-failed",
        message=f"`{package.name}` could not be built by `{' '.join(command[:2])}`",
        reason=backend_words(done.errors) or done.last_words,
        remedy=f"run it in `{package.path}` and fix the reported problem{withheld_words(Kind.BUILD, done.withheld)}",
        file=package.manifest,
        package=package.id,
    )


class PythonTrial:
    """Installs exactly one version from the index, as the builder's own verification does at its turn."""

    def __init__(self, builder: PythonBuilder) -> None:
        self._builder = builder

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:  # noqa: ARG002 - the port's
        """Install and import it; problems: ``verify-failed`` with the client's last words."""
        return self._builder.verify(replace(package, version=version), (), Path())
