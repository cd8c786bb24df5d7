"""Which drafts were made before their version was tagged, to keep its highlights?"""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.flows.survey import Survey
from castoff.ports import ForgeRelease


def early_drafts(seen: Survey, releases: Sequence[ForgeRelease]) -> tuple[ForgeRelease, ...]:
    """List the drafts of versions that are not tagged, the highest first: their highlights wait."""
    named = [
        (version, one)
        for one in releases
        if one.draft
        and one.tag not in seen.refs.tags
        and (version := seen.tag_name.version(one.tag)) is not None
    ]
    return tuple(one for _, one in sorted(named, key=lambda pair: pair[0], reverse=True))


def waiting_elsewhere(seen: Survey, releases: Sequence[ForgeRelease], tag: str) -> tuple[Problem, ...]:
    """Warn of highlights that were written for another version, where this one has no draft."""
    if any(one.tag == tag for one in releases):
        return ()
    return tuple(
        Problem(
            code="highlights-elsewhere",
            severity="warning",
            message=f"highlights wait in the early draft of `{one.tag}`, and this is `{tag}`",
            reason="the draft of a version takes up only what was written for that version",
            remedy=f"if they are meant for this one, move them with `castoff highlights {tag} --execute`",
            url=one.url,
        )
        for one in early_drafts(seen, releases)
    )
