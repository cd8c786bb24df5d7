"""What does the world show right now? The observing half of a release, on its own; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from castoff.errors import Problem
from castoff.flows.abandoning import revert_stage
from castoff.flows.announcing import pages_of
from castoff.flows.cadence import Cadence, cadence, waiting_problem, waiting_since
from castoff.flows.drafting import notes_of
from castoff.flows.editing import shown
from castoff.flows.ending import last_stages
from castoff.flows.planning import as_warnings
from castoff.flows.setting import Setting
from castoff.flows.staging import (
    Target,
    claim_stage,
    forge_stages,
    milestone_stage,
    presence_stage,
    tag_stage,
    target_of,
)
from castoff.flows.survey import Survey, manifest_tree, ordered, read_workspace, survey
from castoff.flows.ways_out import WayOut, is_withdrawn, ways_out
from castoff.flows.withdrawing import next_free, no_draft_stage, notice_stage, withdraw_stage
from castoff.flows.yanking import claim_of
from castoff.git import Worktree
from castoff.model.intent import Claim, to_resume
from castoff.model.refs import PROPOSED
from castoff.notes.due import Due
from castoff.ports import ForgeRelease
from castoff.reconcile import StageState, observe
from castoff.stages.notice import is_marked
from castoff.stages.part import Stage

Phase = Literal["none", "in-flight", "complete", "abandoned"]
FoundBy = Literal["tag", "transition", "ref", "given", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at the release that is under way, or at the last one.

    ``taken_back`` says that its page tells people not to use it, though some of its files are still offered.
    """

    version: str | None
    phase: Phase
    commit: str | None
    found_by: FoundBy
    states: tuple[StageState, ...] = ()
    others: tuple[Claim, ...] = ()
    draft: ForgeRelease | None = None
    now: datetime | None = None
    seen: Survey | None = None
    ways_out: tuple[WayOut, ...] = ()
    waiting_since: datetime | None = None
    cadence: Cadence | None = None
    taken_back: bool = False
    problems: tuple[Problem, ...] = ()

    def draft_json(self) -> dict[str, object] | None:
        """Give the draft that waits, with its age in seconds."""
        if self.draft is None:
            return None
        since, now = self.waiting_since, self.now
        age = max(0, int((now - since).total_seconds())) if since and now else None
        return {"url": self.draft.url, "age_seconds": age}

    def due_json(self) -> dict[str, object]:
        """Say whether a release is due, and why."""
        due = (
            self.cadence.due
            if self.cadence
            else Due(due=False, reasons=(), days=None, changes=(), important=())
        )
        return {
            "due": due.due,
            "reasons": list(due.reasons),
            "days": due.days,
            "changes": dict(due.changes),
            "important": list(due.important),
        }

    def people_json(self) -> list[dict[str, object]]:
        """Give who contributed since the last release, people first, new ones marked."""
        people = self.cadence.people if self.cadence else ()
        return [
            {"login": one.login, "changes": list(one.changes), "new": one.is_new, "bot": one.is_bot}
            for one in people
        ]


def look(setting: Setting, version: str | None) -> Status:
    """Look at one release: the one named, else what is under way, else the last one."""
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        problems = (
            *as_warnings(setting.problems),
            *as_warnings(seen.state),
            *seen.problems,
            *_proposals(seen),
        )
        if version is None and not seen.history.unfinished and seen.history.previous is None:
            told = cadence(setting, seen, worktree)
            return Status(
                version=None,
                phase="none",
                commit=None,
                found_by="none",
                now=setting.now,
                seen=seen,
                cadence=told,
                problems=(*problems, *told.problems),
            )
        claim = (
            to_resume(seen.history, None) if version is None else claim_of(setting, seen, worktree, version)
        )
        return _look_at(setting, seen, worktree, claim, problems)


def _proposals(seen: Survey) -> Iterator[Problem]:
    """Tell of releases that wait for the merge of their pull request: nothing else shows them yet."""
    begun = {claim.version for claim in seen.history.unfinished}
    for name in sorted(seen.refs.heads):
        version = seen.tag_name.version(name.removeprefix(PROPOSED)) if name.startswith(PROPOSED) else None
        if version and version not in begun and seen.tag_name.of(version) not in seen.refs.tags:
            yield Problem(
                code="proposal-waits",
                severity="warning",
                message=f"{shown(version, seen)} is proposed on the branch `{name}`, and not merged",
                reason="the merge of its pull request claims the version",
                remedy="merge it, then run `castoff resume --execute`; or close it and delete the branch",
            )


def _look_at(
    setting: Setting, seen: Survey, worktree: Worktree, claim: Claim, problems: Sequence[Problem]
) -> Status:
    release = setting.configuration.release
    workspace = read_workspace(manifest_tree(worktree, claim.commit), setting.manifests, release.exclude)
    target = target_of(seen, claim, workspace, ordered(workspace, release))
    phase, states = _phase(setting, seen, worktree, target)
    pages = pages_of(setting, target)
    draft = next((page for page in pages if page.draft), None)
    taken_back = phase == "complete" and any(is_marked(page.body) for page in pages)
    if taken_back:
        undone = (withdraw_stage(setting, target), notice_stage(setting, seen, target, ""))
        states = (*states, *observe(undone, lanes=setting.lanes))
    since = waiting_since(worktree, draft, target.tag) if draft else None
    waits = waiting_problem(draft, since, setting.now) if draft and target.tag in seen.refs.tags else None
    told = cadence(setting, seen, worktree)
    return Status(
        version=shown(claim.version, seen),
        phase=phase,
        commit=claim.commit,
        found_by="tag" if claim.tagged else "ref" if workspace.is_from_tags else "transition",
        states=states,
        others=tuple(one for one in seen.history.unfinished if one != claim),
        draft=draft,
        waiting_since=since,
        cadence=told,
        taken_back=taken_back,
        now=setting.now,
        seen=seen,
        ways_out=ways_out(
            target, states, lambda: next_free(setting, seen, target), tagged=target.tag in seen.refs.tags
        )
        if phase == "in-flight"
        else (),
        problems=(
            *problems,
            *(one for state in states for one in state.obstacles),
            *((waits,) if waits else ()),
            *told.problems,
        ),
    )


def _phase(
    setting: Setting, seen: Survey, worktree: Worktree, target: Target
) -> tuple[Phase, tuple[StageState, ...]]:
    """Look at the stages of the release; of one that was taken back, at those of taking it back."""
    if not target.claim.tagged and target.claim not in seen.history.unfinished:
        stages: tuple[Stage, ...] = (
            withdraw_stage(setting, target),
            no_draft_stage(setting, target),
            revert_stage(setting, seen, target, worktree),
        )
        return "abandoned", observe(stages, lanes=setting.lanes)
    states = observe(_stages(setting, seen, target, worktree), lanes=setting.lanes)
    if is_withdrawn(states):
        stages = (withdraw_stage(setting, target), notice_stage(setting, seen, target, ""))
        return "abandoned", observe(stages, lanes=setting.lanes)
    required = [state.state for state in states if state.stage.required]
    complete = all(state in ("done", "off") for state in required)
    return ("complete" if complete else "in-flight"), states


def _stages(setting: Setting, seen: Survey, target: Target, worktree: Worktree) -> tuple[Stage, ...]:
    def not_here() -> str:
        raise AssertionError("a look makes nothing")

    return (
        claim_stage(target, worktree),
        milestone_stage(setting, seen, target),
        presence_stage(setting, target),
        tag_stage(target, worktree, not_here),
        *forge_stages(
            setting, seen, target, lambda: notes_of(setting, seen, worktree, target).body, agreed=False
        ),
        *last_stages(setting, seen, target, worktree),
    )
