"""Releases on the forge, listed: a draft is found under no tag, so a look-up by tag would miss it."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.model.observations import Absent, Observation, Present, Staged, Unknown, Withdrawn
from castoff.ports import Forge, ForgeRelease


def releases_of(forge: Forge, tag: str) -> tuple[ForgeRelease, ...] | Unknown:
    """List the releases of one tag, drafts included."""
    found = all_releases(forge)
    return found if isinstance(found, Unknown) else tuple(one for one in found if one.tag == tag)


def all_releases(forge: Forge) -> tuple[ForgeRelease, ...] | Unknown:
    """List all releases, drafts included."""
    match forge.releases():
        case Unknown() as unknown:
            return unknown
        case Absent() | Present() | Withdrawn() | Staged():
            return ()
        case listed:
            return tuple(listed)


def describe_releases(found: Sequence[ForgeRelease] | Unknown) -> tuple[Observation, ...]:
    """Make one observation a release; where a tag has several, their ids are added."""
    if isinstance(found, Unknown):
        return (Observation(id="draft", answer=found),)
    kinds = ["draft" if release.draft else "published" for release in found]
    return tuple(
        Observation(
            id=kind if kinds.count(kind) == 1 else f"{kind}:{release.id}",
            answer=Present(url=release.url),
            identity=str(release.id),
        )
        for kind, release in zip(kinds, found, strict=True)
    ) or (Observation(id="draft", answer=Absent()),)
