"""Which known traps lie on the way of a Cargo workspace? Asked of the manifests, before anything is uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.foresight.cargo import foresee, used_before
from castoff.foresight.cargo_metadata import judge_metadata
from castoff.foresight.python_metadata import judge_python_metadata
from castoff.foresight.record import Record, read_record
from castoff.git.trees import GitTree
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Workspace
from castoff.ports import Recorded, Tree
from castoff.stages.preflight import Cannot, Check, Found, Skipped

NOT_CARGO = "there are no Cargo packages"


def foresight_checks(
    setting: Setting, seen: Survey, version: ReleaseVersion, record: Record | None = None
) -> tuple[Check, ...]:
    """List the checks of foresight and metadata; without a record the registries are asked for theirs."""
    release = setting.configuration.release

    def traps() -> Found:
        if "cargo" not in seen.ecosystems:
            return Skipped(NOT_CARGO)
        known = record if record is not None else _asked(setting, seen)
        if isinstance(known, Cannot):
            return known
        return foreseen(seen.tree, release.exclude, version, known)

    return (
        Check("foresight", "foresight", traps),
        Check("metadata", "metadata", lambda: metadata_found(seen.tree, seen.workspace, release.exclude)),
    )


def foreseen(
    tree: Tree, exclude: Sequence[str], version: ReleaseVersion, record: Record
) -> Sequence[Problem]:
    """Say what would go wrong when a tree is released as a version, by a record of what is published."""
    return foresee(tree, exclude, spell(version, "cargo"), record)


def metadata_found(tree: Tree, workspace: Workspace, exclude: Sequence[str]) -> Found:
    """Say what the registries would refuse in the manifests of a tree."""
    python = [one for one in workspace.packages if one.ecosystem == "python"]
    there = tree.has if isinstance(tree, GitTree) else frozenset(tree.paths()).__contains__
    crates = judge_metadata(tree, exclude) if tree.read("Cargo.toml") is not None else ()
    return (*crates, *judge_python_metadata(tree, python, there))


def offline_checks(
    tree: Tree, exclude: Sequence[str], version: ReleaseVersion, record: Callable[[], Record]
) -> tuple[Check, ...]:
    """List the check of foresight on files alone: no repository and no network are asked."""

    def traps() -> Found:
        if tree.read("Cargo.toml") is None:
            return Skipped(NOT_CARGO)
        known = record()
        return (
            *used_before(tree, exclude, spell(version, "cargo"), known),
            *foreseen(tree, exclude, version, known),
        )

    return (Check("foresight", "foresight", traps),)


def _asked(setting: Setting, seen: Survey) -> Record | Cannot:
    registry = setting.registry("cargo")
    if not isinstance(registry, Recorded):
        return Cannot("the registry cannot say what it holds")
    packages = [package for package in seen.workspace.packages if package.ecosystem == "cargo"]
    document, unread = registry.record(packages)
    if unread:
        return Cannot("; ".join(unread))
    return read_record(json.dumps(document), "the registry's own")
