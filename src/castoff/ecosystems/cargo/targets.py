"""Where does cargo build, and which package is a `.crate` of?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from castoff.model.workspace import Artifact

_TARGET = "cargo-target"
_KEPT = "castoff"


def target_in(folder: Path, environment: Mapping[str, str]) -> Path:
    """Give cargo's target folder for artifacts that lie in a folder: shared by all calls of a run.

    Where the user keeps builds in ``CARGO_TARGET_DIR``, they are kept below it, so that the next run is warm.
    """
    kept = environment.get("CARGO_TARGET_DIR", "")
    return Path(kept) / _KEPT if Path(kept).is_absolute() else folder / _TARGET


def target_beside(artifact: Artifact, environment: Mapping[str, str]) -> Path:
    """Give cargo's target folder for an artifact that was built before."""
    return target_in(Path(artifact.path).parent, environment)


def crate_name(artifact: Artifact) -> tuple[str, str]:
    """Give name and version of a `.crate`: SemVer's numbers begin after the last dash before a digit and dot."""
    name = artifact.package.removeprefix("cargo:")
    return name, artifact.filename.removeprefix(f"{name}-").removesuffix(".crate")
