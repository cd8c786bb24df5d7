"""Which packages changed since the release of their own version, as git shows it (`release.only-changed`)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

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


class ChangedFiles(Struct, frozen=True):
    """Why packages count as changed, and why others do not; by their ids."""

    changed: Mapping[str, str]
    unchanged: Mapping[str, str]


def only_changed(
    every: Workspace, facade: str | None, files: ChangedFiles, configuration: Configuration
) -> Workspace:
    """Return the workspace with what changed; where nothing did, with what the last release had.

    ``every`` has all packages that may be released.
    """
    own, unchanged = files.changed, files.unchanged
    changes = changes_of(every, own, facade, _raised(configuration))
    # Nothing changed: the plan shows the packages of the last release, and a guard stops the level.
    if not own:
        newest = {one.id for one in at_newest(every.packages)}
        return with_kept(every, {name: why for name, why in unchanged.items() if name not in newest})
    return with_changes(every, changes, unchanged)


def changed_files(clone: Clone, head: str, every: Workspace, naming: TagNaming) -> ChangedFiles:
    """Compare each package with the release of its own version; one whose version has no tag was never released."""
    # Reversed, so that of two claims of one version the first one listed stays.
    releases = {one.version: one for one in reversed(naming.released)}
    known: dict[ReleaseVersion, Mapping[str, list[str]]] = {}
    changed: dict[str, str] = {}
    unchanged: dict[str, str] = {}
    for package in every.packages:
        version = read(package.version)
        release: Claim | None = releases.get(version) if version is not None else None
        # Without a tag of its version there is nothing to compare with, and leaving it out would be a guess.
        if version is None or release is None:
            changed[package.id] = f"{package.version} has no tag"
            continue
        # Packages of one version share a comparison: a workspace has few versions and many packages.
        if version not in known:
            known[version] = files_of(every, clone.changed_files(release.commit, head))
        files = known[version].get(package.id)
        since = release.tag or str(version)
        if files:
            changed[package.id] = shown_files(files, since)
        else:
            unchanged[package.id] = f"unchanged since {since}"
    return ChangedFiles(changed, unchanged)


def _raised(configuration: Configuration) -> frozenset[Ecosystem]:
    """Return the ecosystems in which requirements that admit the new version move as well."""
    found: dict[Ecosystem, str] = {
        "cargo": configuration.cargo.requirements,
        "npm": configuration.npm.requirements,
        "python": configuration.python.requirements,
    }
    return frozenset(one for one, mode in found.items() if mode == "raise")
