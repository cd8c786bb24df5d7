"""Where does cargo build, and which package is a `.crate` of?"""

from __future__ import annotations

from pathlib import Path

from castoff.model.workspace import Artifact


def target_in(folder: Path) -> Path:
    """Give cargo's target folder for artifacts that lie in a folder: shared by all calls of a run.

    Builds kept elsewhere would not be warm: cargo tells builds apart by the folder of its home, and a rehearsal's
    home is a throw-away one.
    """
    return folder / "cargo-target"


def target_beside(artifact: Artifact) -> Path:
    """Give cargo's target folder for an artifact that was built before."""
    return target_in(Path(artifact.path).parent)


def crate_name(artifact: Artifact) -> tuple[str, str]:
    """Give name and version of a `.crate`: SemVer's numbers begin after the last dash before a digit and dot."""
    name = artifact.package.removeprefix("cargo:")
    return name, artifact.filename.removeprefix(f"{name}-").removesuffix(".crate")
