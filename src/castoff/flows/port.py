"""The changelog on its own: what porting a release's notes would change, and the port itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.flows.after import blocked_in, changelog_stage
from castoff.flows.setting import Setting
from castoff.flows.subject import find_subject
from castoff.flows.survey import survey
from castoff.git import Worktree
from castoff.model.acts import Off, Person, Wait
from castoff.reconcile import PartState, Reconciler, StageState, observe
from castoff.stages.changelog import ChangelogPart
from castoff.stages.part import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPort:
    """The port to one branch; ``outcome`` is "waits" where the notes could not be compared yet."""

    branch: str
    path: str
    outcome: str
    line: int | None
    difference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReport:
    """What became of the notes of one release."""

    version: str
    tag: str
    state: StageState
    branches: tuple[BranchPort, ...]
    problems: tuple[Problem, ...] = ()


def preview_port(setting: Setting, word: str | None, *, replacing: bool = False) -> PortReport:
    """Say what porting would change; writes nothing."""
    return _port(setting, word, lambda stage: observe((stage,))[0], replacing=replacing)


def port_notes(setting: Setting, word: str | None, *, replacing: bool = False) -> PortReport:
    """Port the notes of a release to every branch that wants them; errors of the stage are raised."""
    reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
    return _port(setting, word, reconciler.run, replacing=replacing)


def _port(
    setting: Setting, word: str | None, carry: Callable[[Stage], StageState], *, replacing: bool
) -> PortReport:
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        subject = find_subject(setting, seen, worktree, word)
        stage = changelog_stage(setting, subject, worktree, replacing=replacing)
        (before,) = observe((stage,))
        told = {one.branch: one for one in _branches(before)}
        state = carry(stage)
        branches = tuple(_kept(told.get(one.branch), one) for one in _branches(state))
        return PortReport(
            version=subject.target.title,
            tag=subject.target.tag,
            state=state,
            branches=branches,
            problems=blocked_in(state),
        )


def _kept(before: BranchPort | None, after: BranchPort) -> BranchPort:
    """After the port nothing differs any more: tell what it was."""
    if before is None or after.outcome != "unchanged" or before.outcome in ("unchanged", "waits"):
        return after
    return before


def _branches(state: StageState) -> Iterator[BranchPort]:
    for part, seen in zip(state.stage.parts, state.parts, strict=False):
        if isinstance(part, ChangelogPart):
            yield BranchPort(
                branch=part.delivery.branch,
                path=part.path,
                outcome=part.ported.outcome if part.ported else "waits",
                line=part.ported.line if part.ported else None,
                difference=part.difference(),
                reason=_reason(seen),
            )


def _reason(seen: PartState) -> str:
    match seen.decision:
        case Person(reason=reason) | Off(reason=reason) | Wait(reason=reason):
            return reason
        case _:
            return ""
