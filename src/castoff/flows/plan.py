"""The story of `castoff plan`: look, say which version is meant, put the plan together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from castoff.errors import CastoffError
from castoff.flows.planning import as_warnings, make_plan
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey, mind_shallow, survey
from castoff.git import Worktree
from castoff.model.intent import Begin, History, Resume, meant
from castoff.model.merging import require_packages
from castoff.model.plan import Plan

Intend = Callable[[History, str, str | None], Begin | Resume]


def plan_release(setting: Setting, level: str, pre: str | None, *, intend: Intend = meant) -> Plan:
    """Plan a release of a level; nothing is written. ``intend`` says which version a level means."""
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        require_packages(seen.workspace)
        plan = make_plan(
            seen,
            _intended(seen, intend, level, pre),
            level if pre is None else f"{level} --pre {pre}",
            setting.configuration,
            setting.manifests,
            today=setting.now.date(),
            grace=setting.patience.grace,
        )
        problems = dict.fromkeys((*as_warnings(setting.problems), *plan.problems))
        return replace(plan, problems=tuple(problems))


def _intended(seen: Survey, intend: Intend, level: str, pre: str | None) -> Begin | Resume:
    try:
        return intend(seen.history, level, pre)
    except CastoffError:
        mind_shallow(seen)
        raise
