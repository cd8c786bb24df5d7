"""Drafts that were made before their version was tagged, to keep its highlights."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.ports import ForgeRelease
from castoff.session.snapshot import Snapshot


def early_drafts(snapshot: Snapshot, releases: Sequence[ForgeRelease]) -> tuple[ForgeRelease, ...]:
    """List the drafts of versions that are not tagged, the highest first: their highlights wait."""
    named = [
        (version, one)
        for one in releases
        if one.draft
        and one.tag not in snapshot.refs.tags
        and (version := snapshot.tag_name.version(one.tag)) is not None
    ]
    return tuple(one for _, one in sorted(named, key=lambda pair: pair[0], reverse=True))


def waiting_elsewhere(snapshot: Snapshot, releases: Sequence[ForgeRelease], tag: str) -> tuple[Problem, ...]:
    """Warn of highlights that were written for another version, where this one has no draft."""
    if any(one.tag == tag for one in releases):
        return ()
    return tuple(
        Problem(
            code="highlights-elsewhere",
            severity="warning",
            message=f"the early draft of `{one.tag}` has highlights, but this release is `{tag}`",
            reason="a draft only includes highlights that were written for its version",
            remedy=f"if they belong to this release, move them with `castoff highlights {tag} --execute`",
            url=one.url,
        )
        for one in early_drafts(snapshot, releases)
    )
