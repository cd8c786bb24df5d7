"""The draft on its own: what is generated for a release, and the draft brought up to date with it."""

from __future__ import annotations

from dataclasses import dataclass

from castoff.errors import NotYet, Problem, Refusal
from castoff.flows.checking import second_writers
from castoff.flows.notes import WrittenNotes, notes_of_release
from castoff.flows.setting import Setting
from castoff.flows.staging import NO_FORGE, Target, draft_part
from castoff.flows.survey import Survey
from castoff.flows.targeting import Aim, aim_at
from castoff.git import Worktree
from castoff.model.observations import Unknown
from castoff.notes.regenerate import regenerate
from castoff.ports import ForgeRelease
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.draft import releases_of
from castoff.stages.part import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The draft's stage as last seen, and the text that the draft has or would get."""

    target: Target
    state: StageState
    text: str
    problems: tuple[Problem, ...] = ()


def notes_of(setting: Setting, seen: Survey, worktree: Worktree, target: Target) -> WrittenNotes:
    """Write the notes as the forge would generate them for the pushed tag. Errors: those of gathering."""
    return notes_of_release(setting, seen, worktree, target.claim.commit, target.tag)


def preview_draft(setting: Setting, version: str | None) -> Drafted:
    """Say what the draft would get; nothing is written."""
    with aim_at(setting, version) as aim:
        stage, written = _stage(aim)
        (state,) = observe((stage,))
        return _drafted(aim, state, written)


def make_draft(setting: Setting, version: str | None) -> Drafted:
    """Make the draft of a tagged release, or add what is missing in it.

    Errors: ``not-tagged-yet``, ``draft-second-writer``, ``forge-unreachable``, those of the draft stage.
    """
    with aim_at(setting, version) as aim:
        aim.require_tag()
        if problems := second_writers(setting, aim.worktree.tree(aim.target.claim.commit)):
            raise Refusal(*problems)
        stage, written = _stage(aim)
        reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
        return _drafted(aim, reconciler.run(stage), written)


def release_on_forge(aim: Aim) -> ForgeRelease | None:
    """Find the release of the tag on the forge, draft or not; error ``forge-unreachable``."""
    forge = aim.setting.forge(aim.target.remote_url)
    found = releases_of(forge, aim.target.tag) if forge else ()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "the forge could not be asked for the draft",
            reason=found.reason,
            remedy="run it again later; nothing was written",
        )
    return found[0] if found else None


def _stage(aim: Aim) -> tuple[Stage, WrittenNotes | None]:
    forge = aim.setting.forge(aim.target.remote_url)
    if forge is None:
        return Stage("draft", (), off=NO_FORGE), None
    written = notes_of(aim.setting, aim.seen, aim.worktree, aim.target)
    return Stage("draft", (draft_part(aim.target, forge, lambda: written.body),)), written


def _drafted(aim: Aim, state: StageState, written: WrittenNotes | None) -> Drafted:
    there = release_on_forge(aim)
    generated = written.body if written else ""
    published = there is not None and not there.draft
    text = regenerate(there.body if there else "", generated).body
    return Drafted(
        target=aim.target,
        state=state,
        text=there.body if published and there else text,
        problems=written.problems if written else (),
    )
