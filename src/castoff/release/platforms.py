"""Comparison of the platforms of a release's wheels with those of the release before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from castoff.ecosystems.python.platforms import missing_platforms, platforms_of
from castoff.errors import Problem
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Artifact
from castoff.session.release import Release
from castoff.session.services import Services


def platform_problems(
    services: Services, release: Release, artifacts: Sequence[Artifact], previous: ReleaseVersion | None
) -> Iterator[Problem]:
    """Report platforms that the last release has on the index and this one lacks, as warnings.

    Only packages with wheels of one platform are asked for, on the index that users have, also in a rehearsal: the
    embedded one knows the last release by its manifests only. Warnings: ``platform-missing``, ``registry-unknown``.
    """
    if previous is None:
        return
    built = release.workspace.by_owner(artifacts)
    for package in release.workspace.packages:
        names = [one.filename for one in built.get(package.id, ())]
        platforms = {one for name in names for one in platforms_of(name)}
        # A wheel for any platform serves all of them, and an sdist alone never had platforms to lose.
        if package.ecosystem != "python" or not platforms or "any" in platforms:
            continue
        listing = services.users_registry("python").look(package, spell(previous, "python"))
        if listing.unknown is not None:
            yield _unknown(package.id, package.name, listing.unknown)
        elif missing := missing_platforms(listing.files, names):
            yield _missing(package.id, package.name, spell(previous, "python"), missing)


def _missing(package: str, name: str, previous: str, platforms: Sequence[str]) -> Problem:
    return Problem(
        code="platform-missing",
        severity="warning",
        message=f"`{name}` has no wheel for {', '.join(f'`{one}`' for one in platforms)}",
        reason=f"{previous} has wheels for {'it' if len(platforms) == 1 else 'them'} on the index; without one, "
        "users there build from the sdist, or cannot install it",
        remedy="build the missing wheels and add them to the others; if you dropped the platform, "
        "mention it in the notes",
        package=package,
    )


def _unknown(package: str, name: str, reason: str) -> Problem:
    return Problem(
        code="registry-unknown",
        severity="warning",
        message=f"the platforms of `{name}` could not be compared with those of its last release",
        reason=reason,
        remedy="compare the wheels with those on the index by hand, or run it again when the index answers",
        package=package,
    )
