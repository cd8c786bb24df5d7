"""The announcement on its own: the text that waits, and its publication when a person agreed."""

from __future__ import annotations

from collections.abc import Callable

from castoff.errors import Problem, Refusal
from castoff.flows.drafting import notes_of, release_on_forge
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, forge_stages
from castoff.flows.targeting import Aim, aim_at
from castoff.model.observations import Unknown
from castoff.notes.draft import draft_problems, split
from castoff.ports import ForgeRelease
from castoff.reconcile import Reconciler, StageState
from castoff.stages.announce import no_draft
from castoff.stages.draft import releases_of

Agrees = Callable[[ForgeRelease, tuple[Problem, ...]], bool]
"""Asks a person about the final text and what is odd about it; an error among the problems is for them to judge."""


def announce(setting: Setting, version: str | None, agrees: Agrees) -> tuple[Target, StageState | None]:
    """Publish the draft of a version (or tag) when ``agrees`` says yes to it; None where it said no.

    A release that is published already is left alone. Errors: ``not-tagged-yet``, ``no-draft``,
    ``forge-unreachable``.
    """
    with aim_at(setting, version) as aim:
        aim.require_tag()
        there = release_on_forge(aim)
        if there is None and setting.forge(aim.target.remote_url) is not None:
            raise Refusal(no_draft(aim.target.tag))
        if there is not None and there.draft and not agrees(there, _problems(aim, there)):
            return aim.target, None
        _, stage = forge_stages(setting, aim.seen, aim.target, _no_text, agreed=True)
        reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
        return aim.target, reconciler.run(stage)


def _problems(aim: Aim, draft: ForgeRelease) -> tuple[Problem, ...]:
    """Say which generated lines are gone; a workflow may write a text of its own, with none of them."""
    if aim.setting.configuration.draft.by == "ci" and not split(draft.body).generated:
        return ()
    written = notes_of(aim.setting, aim.seen, aim.worktree, aim.target)
    return (*written.problems, *draft_problems(draft.body, written.body))


def pages_of(setting: Setting, target: Target) -> tuple[ForgeRelease, ...]:
    """List the forge's pages of the tag, drafts included; none where nobody can tell."""
    forge = setting.forge(target.remote_url)
    found = releases_of(forge, target.tag) if forge else ()
    return () if isinstance(found, Unknown) else found


def _no_text() -> str:
    raise AssertionError("announcing writes no text")
