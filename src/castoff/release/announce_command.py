"""The announcement on its own: the text that waits, and its publication when a person agreed."""

from __future__ import annotations

from collections.abc import Callable

from castoff.errors import Problem, Refusal
from castoff.model.observations import Unknown
from castoff.notes.draft import draft_problems, split
from castoff.ports import ForgeRelease
from castoff.reconcile import StageState
from castoff.release.announce import no_draft
from castoff.release.draft_command import notes_of, release_on_forge
from castoff.release.stages import forge_stages
from castoff.session.forge_releases import releases_of
from castoff.session.named_release import open_release, require_tag
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session

Agrees = Callable[[ForgeRelease, tuple[Problem, ...]], bool]
"""Asks a person about the final text and what is odd about it; an error among the problems is for them to judge."""


def announce(services: Services, version: str | None, agrees: Agrees) -> tuple[Release, StageState | None]:
    """Publish the draft of a version (or tag) when ``agrees`` says yes to it; None where it said no.

    A release that is published already is left alone. Errors: ``not-tagged-yet``, ``no-draft``,
    ``forge-unreachable``.
    """
    with open_release(services, version) as (session, release):
        require_tag(session, release)
        there = release_on_forge(session, release)
        if there is None and services.forge(release.remote_url) is not None:
            raise Refusal(no_draft(release.tag))
        if there is not None and there.draft and not agrees(there, _problems(session, release, there)):
            return release, None
        _, stage = forge_stages(session, release, _no_text, agreed=True)
        return release, session.reconcile(stage)


def _problems(session: Session, release: Release, draft: ForgeRelease) -> tuple[Problem, ...]:
    """Return which generated lines are missing; a workflow may write a text of its own, with none of them."""
    if session.configuration.draft.by == "ci" and not split(draft.body).generated:
        return ()
    written = notes_of(session, release)
    return (*written.problems, *draft_problems(draft.body, written.body))


def pages_of(services: Services, release: Release) -> tuple[ForgeRelease, ...]:
    """List the forge's pages of the tag, drafts included; none where nobody can tell."""
    forge = services.forge(release.remote_url)
    found = releases_of(forge, release.tag) if forge else ()
    return () if isinstance(found, Unknown) else found


def _no_text() -> str:
    raise AssertionError("announcing does not write text")
