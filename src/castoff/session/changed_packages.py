"""Which packages changed since the release of their own version, as git shows it (`release.only-changed`)."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.config.values import Configuration
from castoff.git import Clone
from castoff.model.changed_packages import (
    at_newest,
    changes_of,
    files_of,
    shown_files,
    with_changes,
    with_kept,
)
from castoff.model.intent import Claim
from castoff.model.versions import Ecosystem, ReleaseVersion, read
from castoff.model.workspace import Workspace
from castoff.session.tag_names import TagNaming


def only_changed(
    clone: Clone,
    head: str,
    every: Workspace,
    facade: str | None,
    naming: TagNaming,
    configuration: Configuration,
) -> Workspace:
    """Return the workspace with what changed; where nothing did, with what the last release had.

    ``every`` has all packages that may be released. A package whose version has no tag was never released, so it
    changed.
    """
    own, unchanged = _changed_files(clone, head, every, naming)
    changes = changes_of(every, own, facade, _raised(configuration))
    if not own:
        newest = {one.id for one in at_newest(every.packages)}
        return with_kept(every, {name: why for name, why in unchanged.items() if name not in newest})
    return with_changes(every, changes, unchanged)


def _changed_files(
    clone: Clone, head: str, every: Workspace, naming: TagNaming
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the reasons of what changed, and of what did not, by id."""
    releases = {one.version: one for one in reversed(naming.released)}
    known: dict[ReleaseVersion, Mapping[str, list[str]]] = {}
    changed: dict[str, str] = {}
    unchanged: dict[str, str] = {}
    for package in every.packages:
        version = read(package.version)
        release: Claim | None = releases.get(version) if version is not None else None
        if version is None or release is None:
            changed[package.id] = f"{package.version} has no tag"
            continue
        if version not in known:
            known[version] = files_of(every, clone.changed_files(release.commit, head))
        files = known[version].get(package.id)
        since = release.tag or str(version)
        if files:
            changed[package.id] = shown_files(files, since)
        else:
            unchanged[package.id] = f"unchanged since {since}"
    return changed, unchanged


def _raised(configuration: Configuration) -> frozenset[Ecosystem]:
    """Return the ecosystems in which requirements that admit the new version move as well."""
    found: dict[Ecosystem, str] = {
        "cargo": configuration.cargo.requirements,
        "npm": configuration.npm.requirements,
        "python": configuration.python.requirements,
    }
    return frozenset(one for one, mode in found.items() if mode == "raise")
