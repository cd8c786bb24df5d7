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
    versions = {package.id: read(package.version) for package in every.packages}
    releases = _releases(naming, frozenset(one for one in versions.values() if one is not None))
    known: dict[str, Mapping[str, list[str]]] = {}
    changed: dict[str, str] = {}
    unchanged: dict[str, str] = {}
    for package in every.packages:
        version = versions[package.id]
        release = releases.get((package.name, version), releases.get((None, version)))
        # Without a tag of its version there is nothing to compare with, and leaving it out would be a guess.
        if version is None or release is None:
            changed[package.id] = f"{package.version} has no tag"
            continue
        # Packages of one release share a comparison: a workspace has few releases and many packages.
        if release.commit not in known:
            known[release.commit] = files_of(every, clone.changed_files(release.commit, head))
        files = known[release.commit].get(package.id)
        since = release.tag or str(version)
        if files:
            changed[package.id] = shown_files(files, since)
        else:
            unchanged[package.id] = f"unchanged since {since}"
    return ChangedFiles(changed, unchanged)


def _releases(
    naming: TagNaming, versions: frozenset[ReleaseVersion]
) -> Mapping[tuple[str | None, ReleaseVersion | None], Claim]:
    """Find the releases of these versions: those of single packages by name, those of all packages under None.

    A package that was released alone has a tag of its own; that of another package with the same version marks
    another commit.
    """
    found: dict[tuple[str | None, ReleaseVersion | None], Claim] = {}
    for claim in naming.released:
        is_of_a_package = naming.each and claim.tag and naming.each.version(claim.tag) is not None
        if claim.version in versions and not (
            is_of_a_package and naming.tag.version(claim.tag or "") is None
        ):
            found.setdefault((None, claim.version), claim)
    if naming.each is None:
        return found
    commits = {one.name: one.commit for one in naming.reachable}
    for version in versions:
        for name, tag in naming.each.of(version):
            if commit := commits.get(tag):
                found[name, version] = Claim(version=version, commit=commit, tagged=True, tag=tag)
    return found


def _raised(configuration: Configuration) -> frozenset[Ecosystem]:
    """Return the ecosystems in which requirements that admit the new version move as well."""
    found: dict[Ecosystem, str] = {
        "cargo": configuration.cargo.requirements,
        "npm": configuration.npm.requirements,
        "python": configuration.python.requirements,
    }
    return frozenset(one for one, mode in found.items() if mode == "raise")
