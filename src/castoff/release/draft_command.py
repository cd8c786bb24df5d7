"""The draft on its own: what is generated for a release, and the draft brought up to date with it."""

from __future__ import annotations

from msgspec import Struct

from castoff.errors import NotYet, Problem, Refusal
from castoff.model.observations import Unknown
from castoff.notes.regenerate import regenerate
from castoff.ports import ForgeRelease
from castoff.preflight.draft_writers import draft_rivals
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.release.notes import WrittenNotes, notes_of_release
from castoff.release.stages import draft_parts
from castoff.session.forge_releases import releases_of
from castoff.session.named_release import open_release, require_tag
from castoff.session.release import NO_FORGE, Release
from castoff.session.services import Services
from castoff.session.session import Session


class WrittenDraft(Struct, frozen=True, kw_only=True):
    """The draft's stage as last seen, and the text that the draft has or would get."""

    release: Release
    state: StageState
    text: str
    problems: tuple[Problem, ...] = ()


def notes_of(session: Session, release: Release) -> WrittenNotes:
    """Write the notes as the forge would generate them for the pushed tag. Errors: those of gathering."""
    return notes_of_release(session, release.commit, release.tag)


def preview_draft(services: Services, version: str | None) -> WrittenDraft:
    """Return what the draft would get; nothing is written."""
    with open_release(services, version) as (session, release):
        stage, written = _stage(session, release)
        (state,) = session.observe(stage)
        return _drafted(session, release, state, written)


def make_draft(services: Services, version: str | None) -> WrittenDraft:
    """Make the draft of a tagged release, or add what is missing in it.

    Errors: ``not-tagged-yet``, ``draft-second-writer``, ``forge-unreachable``, those of the draft stage.
    """
    with open_release(services, version) as (session, release):
        require_tag(session, release)
        others = draft_rivals(services, session.clone.tree(release.commit))
        if problems := [one for one in others if one.code not in services.tolerated]:
            raise Refusal(*problems)
        stage, written = _stage(session, release)
        return _drafted(session, release, session.reconcile(stage), written)


def release_on_forge(session: Session, release: Release) -> ForgeRelease | None:
    """Find the release of the tag on the forge, draft or not; error ``forge-unreachable``."""
    forge = session.services.forge(release.remote_url)
    found = releases_of(forge, release.tag) if forge else ()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "the forge could not be queried for the draft",
            reason=found.reason,
            remedy="run it again later; nothing was written",
        )
    return found[0] if found else None


def _stage(session: Session, release: Release) -> tuple[Stage, WrittenNotes | None]:
    forge = session.services.forge(release.remote_url)
    if forge is None:
        return Stage("draft", (), off=NO_FORGE), None
    written = notes_of(session, release)
    return Stage("draft", draft_parts(session, release, forge, lambda: written.body)), written


def _drafted(
    session: Session, release: Release, state: StageState, written: WrittenNotes | None
) -> WrittenDraft:
    there = release_on_forge(session, release)
    generated = written.body if written else ""
    published = there is not None and not there.draft
    text = regenerate(there.body if there else "", generated).body
    return WrittenDraft(
        release=release,
        state=state,
        text=there.body if published and there else text,
        problems=written.problems if written else (),
    )
