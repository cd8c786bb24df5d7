"""Files that `castoff build` made, in the place of a build: nothing of the repository runs where they are uploaded."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from castoff.errors import Problem, Refusal
from castoff.io.files import read_text
from castoff.model.attestations import ATTESTATION
from castoff.model.plan import predicted_filename
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import Builder, BuildFailure, Built, Steps, unreported


def require_digests(folder: Path, listed: Path) -> None:
    """Require that a folder holds the files of a list, and no others; the list comes another way than the files.

    Errors: ``built-files-differ``.
    """
    rows = (line.split(maxsplit=1) for line in read_text(listed).splitlines())
    expected = {row[1].removeprefix("*"): row[0].lower() for row in rows if len(row) == 2}
    found = {
        one.name: _digest(one)
        for one in sorted(folder.iterdir())
        # The job that uploads makes attestations beside the files, with its own identity.
        if one.is_file() and one.name.removesuffix(ATTESTATION) not in expected.keys() - {one.name}
    }
    problems = [
        Problem(
            code="built-files-differ",
            message=f"`{name}` is not the file that was built: {_difference(expected.get(name), found.get(name))}",
            reason="the digests were handed on apart from the files, so somebody changed the files in between",
            remedy="find out what wrote to the files (another job, an artifact of the same name), then run the "
            "workflow again from its build; nothing was uploaded",
            file=name,
        )
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
    if problems:
        raise Refusal(*problems)


def _difference(expected: str | None, found: str | None) -> str:
    if found is None:
        return "it is missing"
    return "it is not in the list of digests" if expected is None else f"listed {expected}, found {found}"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class ReadyFiles(Struct, frozen=True):
    """Takes crates and tarballs from a folder; ``inner`` answers what is no build. Python's builder has its own way."""

    inner: Builder
    folder: Path

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Change nothing: the release commit is made."""
        del root, workspace
        return ()

    def update_neighbour_locks(
        self, root: Path, locks: Sequence[str]
    ) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Change nothing."""
        del root, locks
        return (), ()

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = unreported) -> Built:
        """Copy the files of these packages, so that nobody changes them meanwhile. Failures: ``artifact-missing``."""
        del root, step
        into.mkdir(parents=True, exist_ok=True)
        artifacts: list[Artifact] = []
        failures: list[BuildFailure] = []
        for package in packages:
            for kind in package.kinds:
                filename = predicted_filename(package, kind, package.version) or ""
                file = self.folder / filename
                if not filename or not file.is_file():
                    failures.append(
                        BuildFailure(package=package.id, problem=self._missing(package, filename))
                    )
                    continue
                copied = into / filename
                shutil.copyfile(file, copied)
                artifacts.append(
                    Artifact(
                        package=package.id,
                        ecosystem=package.ecosystem,
                        kind=kind,
                        filename=filename,
                        path=str(copied),
                        digest=_digest(copied),
                    )
                )
        return Built(artifacts=tuple(artifacts), failures=tuple(failures))

    def judge(
        self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path
    ) -> Sequence[Problem]:
        """Judge the files as those of a build."""
        return self.inner.judge(packages, artifacts, root)

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Report nothing: what was built was verified there, and it is the same bytes."""
        del package, artifacts, root
        return ()

    def _missing(self, package: Package, filename: str) -> Problem:
        return Problem(
            code="artifact-missing",
            message=f"`{filename or package.name}` is not in `{self.folder.name}`",
            reason="`--built` names a folder of files that were built before, so nothing is built here",
            remedy="run `castoff build` of this version again, and pass its folder",
            package=package.id,
        )
