"""The changelog on its own: what porting a release's notes would change, and the port itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Off, Person, Wait
from castoff.postrelease.changelog import ChangelogLook, ChangelogPart
from castoff.postrelease.stages import blocked_in, changelog_stage
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Stage
from castoff.session.past_release import find_past_release
from castoff.session.services import Services
from castoff.session.session import Session, open_session


class BranchPort(Struct, frozen=True, kw_only=True):
    """The port to one branch; ``outcome`` is "waits" where the notes could not be compared yet."""

    branch: str
    path: str
    outcome: str
    line: int | None
    difference: str
    reason: str


class PortReport(Struct, frozen=True, kw_only=True):
    """What became of the notes of one release."""

    version: str
    tag: str
    state: StageState
    branches: tuple[BranchPort, ...]
    problems: tuple[Problem, ...] = ()


def preview_port(services: Services, word: str | None, *, replacing: bool = False) -> PortReport:
    """Return what porting would change; writes nothing."""
    return _port(services, word, lambda session, stage: session.observe(stage)[0], replacing=replacing)


def port_notes(services: Services, word: str | None, *, replacing: bool = False) -> PortReport:
    """Port the notes of a release to every branch that wants them; errors of the stage are raised."""
    return _port(services, word, Session.reconcile, replacing=replacing)


def _port(
    services: Services, word: str | None, carry: Callable[[Session, Stage], StageState], *, replacing: bool
) -> PortReport:
    with open_session(services) as session:
        past = find_past_release(session, word)
        stage = changelog_stage(session, past, replacing=replacing)
        (before,) = session.observe(stage)
        told = {one.branch: one for one in _branches(before)}
        state = carry(session, stage)
        branches = tuple(_kept(told.get(one.branch), one) for one in _branches(state))
        return PortReport(
            version=past.release.title,
            tag=past.release.tag,
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
        if isinstance(part, ChangelogPart) and isinstance(seen.look, ChangelogLook):
            ported = seen.look.ported
            yield BranchPort(
                branch=part.delivery.branch,
                path=part.path,
                outcome=ported.outcome if ported else "waits",
                line=ported.line if ported else None,
                difference=part.difference(seen.look),
                reason=_reason(seen),
            )


def _reason(seen: PartState) -> str:
    match seen.decision:
        case Person(reason=reason) | Off(reason=reason) | Wait(reason=reason):
            return reason
        case _:
            return ""
