"""Checks for known traps of a release, made of the manifests before anything is uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from castoff.ecosystems.cargo.foresight.locks import judge_locks
from castoff.ecosystems.cargo.foresight.metadata import judge_metadata
from castoff.ecosystems.cargo.foresight.packing import foresee, needed_outside, used_before
from castoff.ecosystems.cargo.manifest.document import Dependency
from castoff.ecosystems.cargo.manifest.workspace import open_crates
from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.ecosystems.npm.manifest.rules import judge_npm_metadata
from castoff.ecosystems.python.foresight.metadata import judge_python_metadata
from castoff.ecosystems.python.foresight.project_rules import judge_by_pypi
from castoff.ecosystems.python.names import normalised
from castoff.ecosystems.record import Record, read_record
from castoff.errors import Problem
from castoff.git.trees import GitTree
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Package, Workspace
from castoff.ports import Recorded, Ruled, Tree
from castoff.preflight.stage import Cannot, Check, Found, Skipped
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.values import replace

NOT_CARGO = "the workspace has no Cargo packages"


def foresight_checks(
    session: Session, version: ReleaseVersion, record: Record | None = None
) -> tuple[Check, ...]:
    """List the checks of foresight and metadata; without a record the registries are asked for theirs."""

    def traps() -> Found:
        if "cargo" not in session.snapshot.ecosystems:
            return Skipped(NOT_CARGO)
        known = record if record is not None else _asked(session)
        if isinstance(known, Cannot):
            return known
        return foreseen(session.snapshot.tree, session.snapshot.workspace, version, known)

    return (
        Check("foresight", "foresight", traps),
        Check("metadata", "metadata", lambda: metadata_found(session)),
    )


def foreseen(tree: Tree, workspace: Workspace, version: ReleaseVersion, record: Record) -> Sequence[Problem]:
    """Return what would go wrong when a tree is released as a version, by a record of what is published."""
    return with_ids(workspace, foresee(tree, workspace, spell(version, "cargo"), record))


def metadata_found(session: Session) -> Found:
    """Report what the registries would refuse in the manifests of the tree."""
    tree, workspace = session.snapshot.tree, session.snapshot.workspace
    python = [one for one in workspace.packages if one.ecosystem == "python"]
    there = tree.has if isinstance(tree, GitTree) else frozenset(tree.paths()).__contains__
    # Other Cargo registries have rules of their own, which nobody knows here.
    public = session.configuration.cargo.registry in (None, "crates-io")
    if not public and workspace.ecosystems == ("cargo",):
        return Skipped(f"the rules of the registry `{session.configuration.cargo.registry}` are not known")
    # Mixed workspaces: only the crates go to the other registry.
    crates = with_ids(workspace, judge_metadata(tree, workspace)) if public else ()
    names = frozenset(normalised(one.name) for one in python)
    return (
        *crates,
        *judge_locks(tree, workspace),
        *judge_python_metadata(tree, python, there),
        *judge_by_pypi(tree, _going_to_pypi(session.services, python), names),
        *judge_npm_metadata(
            NpmManifests().layouts(tree),
            workspace.packages,
            session.snapshot.remote_url,
            dist_tag=session.configuration.npm.dist_tag,
        ),
    )


def _going_to_pypi(services: Services, packages: Sequence[Package]) -> Sequence[Package]:
    """Return the packages that go to the public index."""
    if not packages:
        return ()
    registry = services.registry("python")
    return [one for one in packages if isinstance(registry, Ruled) and registry.has_known_rules(one)]


def with_ids(workspace: Workspace, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Name crates by their ids: what judges manifests knows one ecosystem, in which a name is unique."""
    ids = {one.name: one.id for one in workspace.packages if one.ecosystem == "cargo"}
    return tuple(replace(one, package=ids.get(one.package or "", one.package)) for one in problems)


def offline_checks(
    tree: Tree, workspace: Workspace, version: ReleaseVersion, record: Callable[[], Record]
) -> tuple[Check, ...]:
    """List the check of foresight on files alone: no repository and no network are asked."""

    def traps() -> Found:
        if "cargo" not in workspace.ecosystems:
            return Skipped(NOT_CARGO)
        known = record()
        return (
            *with_ids(workspace, used_before(tree, workspace, spell(version, "cargo"), known)),
            *foreseen(tree, workspace, version, known),
        )

    return (Check("foresight", "foresight", traps),)


def asked_packages(workspace: Workspace, outside: Mapping[str, Dependency]) -> tuple[Package, ...]:
    """Return the crates of which a registry is asked what it holds: those of the release, and what they need outside.

    What is needed outside is asked for in the registry that the requirement names.
    """
    own = tuple(package for package in workspace.packages if package.ecosystem == "cargo")
    others = (
        Package(
            name=name,
            ecosystem="cargo",
            path=one.folder or ".",
            manifest=one.place.file,
            version=one.requirement or "",
            version_file=one.place.file,
            registries=(one.registry,) if one.registry else (),
            root=_root_of(own, one.place.file),
        )
        for name, one in outside.items()
    )
    return (*own, *others)


def _root_of(packages: Sequence[Package], manifest: str) -> str:
    """Return the workspace that a manifest belongs to: a package's own, or the root's, which members inherit from."""
    folder = PurePosixPath(manifest).parent.as_posix()
    return next((one.root for one in packages if manifest == one.manifest or folder == one.root), ".")


def _asked(session: Session) -> Record | Cannot:
    registry = session.services.registry("cargo")
    if not isinstance(registry, Recorded):
        return Cannot("the registry cannot list its packages")
    files = open_crates(session.snapshot.tree, session.snapshot.workspace)
    outside = needed_outside(files) if files is not None else {}
    document, unread = registry.record(asked_packages(session.snapshot.workspace, outside))
    # A record with gaps would make packages that were not read look as if they were never published.
    if unread:
        return Cannot("; ".join(unread))
    return read_record(json.dumps(document), "the registry's own")
