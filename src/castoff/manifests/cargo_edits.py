"""What do the manifests of a Cargo workspace read for the new version? Only what must change, changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from castoff.errors import Problem
from castoff.manifests.cargo_dependencies import read_dependencies
from castoff.manifests.cargo_document import Notes
from castoff.manifests.cargo_requirements import Moved, moved, names
from castoff.manifests.cargo_values import Crate, Dependency, Place
from castoff.manifests.cargo_workspace import CrateFiles
from castoff.manifests.toml import Path, replace_strings
from castoff.model.semver import Version, read_version
from castoff.model.workspace import Edit


@dataclass(slots=True)
class Edits:
    """The edits of one release: new texts by file, each change, and warnings about what was mended."""

    texts: dict[str, str] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Use:
    """All that depends on one requirement text: a text that several members inherit is one use."""

    dependency: Dependency
    dev: bool


def edit_crates(files: CrateFiles, new: str) -> Edits:
    """Compute the texts for a new version, spelled as Cargo spells it."""
    version = read_version(new)
    result = Edits()
    if version is None:
        return result
    moving = {crate.name: crate for crate in files.crates.crates if _moves(files, crate)}
    changes: dict[str, dict[Path, str]] = defaultdict(dict)
    for place, old in _version_places(moving).items():
        if old != new:
            changes[place.file][place.path] = new
            result.edits.append(_edit(files, place, "version", old, new))
    for place, use in _uses(files, moving).items():
        _move(files, place, use, moving, version, changes, result)
    for file, wanted in changes.items():
        document = files.documents[file]
        result.texts[file] = replace_strings(document.text, wanted, positions=document.positions)
    result.edits.sort(key=lambda edit: (edit.path, edit.line))
    return result


def _moves(files: CrateFiles, crate: Crate) -> bool:
    """Say whether a crate's version moves: it is released, inherits the version, or equals it."""
    crates = files.crates
    if crate.version is None or crate.version_place is None:
        return False
    released = crate.published and crate.name not in crates.excluded
    return released or crate.version_place == crates.version_place or crate.version == crates.version


def _version_places(moving: dict[str, Crate]) -> dict[Place, str]:
    return {
        crate.version_place: crate.version
        for crate in moving.values()
        if crate.version_place is not None and crate.version is not None
    }


def _uses(files: CrateFiles, moving: dict[str, Crate]) -> dict[Place, _Use]:
    uses: dict[Place, _Use] = {}
    for dependency in _all_dependencies(files):
        place, text = dependency.requirement_place, dependency.requirement
        crate = moving.get(dependency.name)
        if place is None or text is None or crate is None:
            continue
        if not _is_ours(dependency, crate):
            continue
        use = uses.get(place)
        if use is None:
            uses[place] = _Use(dependency, dev=dependency.kind == "dev")
        else:
            use.dev = use.dev and dependency.kind == "dev"
    for dependency in _shared_dependencies(files):
        place, crate = dependency.requirement_place, moving.get(dependency.name)
        if place is not None and place not in uses and crate and _is_ours(dependency, crate):
            uses[place] = _Use(dependency, dev=False)
    return uses


def _all_dependencies(files: CrateFiles) -> Iterator[Dependency]:
    for crate in files.crates.crates:
        yield from crate.dependencies


def _shared_dependencies(files: CrateFiles) -> Iterator[Dependency]:
    """Read what stands in ``[workspace.dependencies]``, inherited or not."""
    workspace = files.root.table.get("workspace")
    shared = workspace.get("dependencies") if isinstance(workspace, dict) else None
    if isinstance(shared, dict):
        table = {"dependencies": shared}
        root = replace(files.root, table=table)
        for dependency in read_dependencies(Notes(root), root):
            path: Path = ("workspace", *dependency.place.path)
            place = Place(file=root.file, path=path)
            spot = dependency.requirement_place
            if spot is not None:
                spot = Place(file=root.file, path=("workspace", *spot.path))
            yield replace(dependency, place=place, requirement_place=spot)


def _is_ours(dependency: Dependency, crate: Crate) -> bool:
    """Say whether a requirement moves with the crate; one on a release, without a path, only where it names it."""
    if dependency.git:
        return False
    if dependency.folder is not None:
        return dependency.folder == crate.folder
    version = read_version(crate.version or "")
    if version is None or dependency.requirement is None:
        return False
    return names(dependency.requirement, version)


def _move(
    files: CrateFiles,
    place: Place,
    use: _Use,
    moving: dict[str, Crate],
    version: Version,
    changes: dict[str, dict[Path, str]],
    result: Edits,
) -> None:
    dependency = use.dependency
    old = dependency.requirement or ""
    current = read_version(moving[dependency.name].version or "")
    change = moved(old, current, version, dev=use.dev)
    if change.why is None:
        return
    changes[place.file][place.path] = change.text
    result.edits.append(_edit(files, place, "requirement", old, change.text))
    warning = _warning(files, place, dependency, change)
    if warning is not None:
        result.problems.append(warning)


def _warning(files: CrateFiles, place: Place, dependency: Dependency, change: Moved) -> Problem | None:
    if change.why == "stale":
        return Problem(
            code="stale-requirement",
            severity="warning",
            message=f"the requirement `{dependency.requirement}` on `{dependency.name}` did not name the "
            f"version before; it becomes `{change.text}`",
            reason="it was left behind by an earlier release, or is written by hand",
            remedy="nothing, where the new requirement is right; else correct it before the release",
            file=place.file,
            line=files.line(place),
            package=dependency.name,
        )
    return None


def _edit(files: CrateFiles, place: Place, kind: str, old: str, new: str) -> Edit:
    return Edit(
        path=place.file,
        line=files.line(place) or 1,
        kind="version" if kind == "version" else "requirement",
        old=old,
        new=new,
    )
