"""How is a version taken back everywhere? Packages facade first, then the page says so; the tag stays."""

from __future__ import annotations

from castoff.errors import CastoffError, UsageError
from castoff.flows.abandoning import given_up
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey, survey
from castoff.flows.withdrawing import (
    Agrees,
    Withdrawal,
    carry_out,
    look_at,
    notice_stage,
    summed_up,
    target_at,
    withdraw_stage,
)
from castoff.git import Worktree
from castoff.model.intent import Claim, to_resume
from castoff.model.versions import read


def yank(setting: Setting, version: str, agrees: Agrees, *, reason: str = "") -> Withdrawal:
    """Take a version back, as far as the registries let it, when ``agrees`` says yes to what was looked at.

    What is withdrawn already is left alone, so that it can be run again. Errors: ``unknown-version``.
    """
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        target = target_at(setting, seen, worktree, claim_of(setting, seen, worktree, version))
        stages = (withdraw_stage(setting, target), notice_stage(setting, seen, target, reason))
        first = summed_up(setting, seen, target, look_at(setting, stages), executed=False)
        if not agrees(first):
            return first
        return summed_up(setting, seen, target, carry_out(setting, stages), executed=True)


def claim_of(setting: Setting, seen: Survey, worktree: Worktree, version: str) -> Claim:
    """Find the release commit of a version: in this branch's history, by the remote's tag, or given up before."""
    try:
        return to_resume(seen.history, version)
    except UsageError as unknown:
        return _elsewhere(setting, seen, worktree, version, unknown)


def _elsewhere(
    setting: Setting, seen: Survey, worktree: Worktree, version: str, unknown: CastoffError
) -> Claim:
    wanted = read(version)
    tag = seen.refs.tags.get(seen.tag_name.of(wanted)) if wanted else None
    if wanted and tag and worktree.has(tag.commit):
        return Claim(version=wanted, commit=tag.commit, tagged=True)
    for claim in given_up(setting, seen, worktree):
        if claim.version == wanted:
            return claim
    raise unknown
