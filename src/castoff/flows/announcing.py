"""The announcement on its own: the text that waits, and its publication when a person agreed."""

from __future__ import annotations

from collections.abc import Callable

from castoff.errors import NotYet, Refusal
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, forge_stages, target_of
from castoff.flows.survey import manifest_tree, ordered, read_workspace, survey
from castoff.git import Worktree
from castoff.model.intent import to_resume
from castoff.model.observations import Unknown
from castoff.ports import ForgeRelease
from castoff.reconcile import Reconciler, StageState
from castoff.stages.announce import no_draft
from castoff.stages.draft import releases_of


def announce(
    setting: Setting, version: str | None, agrees: Callable[[ForgeRelease], bool]
) -> tuple[Target, StageState | None]:
    """Publish the draft of a version when ``agrees`` says yes to it; None where it said no.

    A release that is published already is left alone. Errors: ``not-tagged-yet``, ``no-draft``.
    """
    release = setting.configuration.release
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        claim = to_resume(seen.history, version)
        workspace = read_workspace(manifest_tree(worktree, claim.commit), setting.manifests, release.exclude)
        target = target_of(seen, claim, workspace, ordered(workspace, release))
        if target.tag not in seen.refs.tags:
            raise Refusal.of(
                "not-tagged-yet",
                f"{target.title} is not tagged on the remote yet",
                reason="what is announced must be uploaded and tagged first",
                remedy=f"run `castoff resume {target.title} --execute` first",
            )
        draft = _draft_or_nothing_to_do(setting, target)
        if draft is not None and not agrees(draft):
            return target, None
        _, stage = forge_stages(setting, seen, target, _no_text, agreed=True)
        reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
        return target, reconciler.run(stage)


def _draft_or_nothing_to_do(setting: Setting, target: Target) -> ForgeRelease | None:
    """Find the draft that a person is asked about; None where the release is published already."""
    forge = setting.forge(target.remote_url)
    found = releases_of(forge, target.tag) if forge else ()
    if isinstance(found, Unknown):
        raise NotYet.of(
            "forge-unreachable",
            "the forge could not be asked for the draft",
            reason=found.reason,
            remedy="run it again later: nobody was asked, and nothing was published",
        )
    draft = next((release for release in found if release.draft), None)
    if forge is not None and not found:
        raise Refusal(no_draft(target.tag))
    return draft


def waiting_draft(setting: Setting, target: Target) -> ForgeRelease | None:
    """Find the draft that waits for its announcement."""
    forge = setting.forge(target.remote_url)
    found = releases_of(forge, target.tag) if forge else ()
    if isinstance(found, Unknown):
        return None
    return next((release for release in found if release.draft), None)


def _no_text() -> str:
    raise AssertionError("announcing writes no text")
