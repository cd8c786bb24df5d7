"""Releases in flight: the one definition that `status`, `plan`, `release` and `resume` share.

A version is in flight while castoff has begun it and a required stage is not done: version, publish and tag always,
draft and announce where a supported forge is configured and `draft.by` is not `off`. Without its tag, the branch (or
the ref that claims it) shows it, and :mod:`castoff.session.snapshot` finds it. With its tag, registries and forge are
asked: of all versions that castoff tagged on a branch only the newest can be in flight, because none is begun on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from castoff.errors import CastoffError, Problem, Refusal
from castoff.model.acts import Blocked, Done, Off
from castoff.model.intent import OR_EXACT, Claim
from castoff.model.versions import read
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Stage
from castoff.release.stages import claim_stage, forge_stages, presence_stage, tag_stage
from castoff.session.claim_history import is_castoffs
from castoff.session.other_branches import other_branches
from castoff.session.registry_versions import PLAN_SECONDS
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.rollback.recovery_options import RecoveryOption

Flight = Literal["in-flight", "complete", "abandoned", "unknown"]
_WITHDRAWN = "artifact-withdrawn"


def with_flights(session: Session, version: str | None = None) -> Session:
    """Return the session with tagged releases in flight counted as begun, not as released.

    For a ``version`` that is named, this matters only if somebody else put its tag on another commit.
    Errors: ``still-waiting`` where nobody answers whether the last release is finished.
    """
    if version is not None and not is_overtaken(session, version):
        return session
    return _reopened(session, [one for one in _candidates(session) if _flies(session, one)])


def with_known_flights(session: Session) -> tuple[Session, tuple[Problem, ...]]:
    """Return the same as far as it is known right now: registries get the seconds of a plan; warn if it is not."""
    services = session.services
    hurried = replace(session, services=replace(services, registry=services.registries_within(PLAN_SECONDS)))
    found: dict[Flight, list[Claim]] = {}
    for claim in _candidates(hurried):
        release = hurried.release(claim)
        states = hurried.observe(*required_stages(hurried, release))
        found.setdefault(flight_of(hurried.services, release, states), []).append(claim)
    problems = tuple(_not_known(session.snapshot, claim) for claim in found.get("unknown", ()))
    return _reopened(session, found.get("in-flight", []), found.get("unknown", [])), problems


def required_stages(session: Session, release: Release, body: Callable[[], str] = str) -> tuple[Stage, ...]:
    """Make the stages that a release is in flight without, to be looked at only.

    ``body`` writes the notes that a draft is compared with; a draft that waits is in flight whatever its text is.
    """

    def not_here() -> str:
        raise AssertionError("a look makes nothing")

    return (
        claim_stage(release, session.clone),
        presence_stage(session.services, release),
        tag_stage(session, release, not_here),
        *forge_stages(session, release, body, agreed=False),
    )


def flight_of(services: Services, release: Release, states: Sequence[StageState]) -> Flight:
    """Decide by the required stages of a release that castoff began.

    It is in flight only if something is known to be missing, and complete only if nothing is: a question without an
    answer counts as neither. What was taken back, by withdrawing all files or by a note on its page, is over.
    """
    from castoff.rollback.recovery_options import is_withdrawn

    # Not every registry shows a withdrawal in its listing; there the note on the release's page
    # tells.
    if is_withdrawn(states) or (release.tagged and is_taken_back(services, release)):
        return "abandoned"
    return phase_of(states)


def phase_of(states: Sequence[StageState]) -> Flight:
    """Decide by what was seen of the required stages."""
    # An announced release is history: `castoff verify` judges its tag, which is never moved.
    announced = [part for state in states if state.stage.name == "announce" for part in state.parts]
    over = bool(announced) and all(isinstance(part.decision, Done) for part in announced)
    open_parts = [
        part
        for state in without_withdrawn(states)
        if state.stage.required
        for part in state.parts
        if not isinstance(part.decision, Done | Off) and not (over and _is_tagged_elsewhere(part))
    ]
    # Where the forge does not answer, the release may have been announced; a tag elsewhere would then be
    # history, so it must not count as a known gap.
    may_be_over = any(part.is_unknown for part in announced)
    if any(not part.is_unknown and not (may_be_over and _is_tagged_elsewhere(part)) for part in open_parts):
        return "in-flight"
    return "unknown" if open_parts else "complete"


def _is_tagged_elsewhere(part: PartState) -> bool:
    match part.decision:
        case Blocked(Problem(code="tag-elsewhere")):
            return True
        case _:
            return False


def is_taken_back(services: Services, release: Release) -> bool:
    """Return whether the page of a release has the note that it was withdrawn."""
    from castoff.release.announce_command import pages_of
    from castoff.rollback.withdrawal_notice import is_marked

    return any(is_marked(page.body) for page in pages_of(services, release))


def without_withdrawn(states: Sequence[StageState]) -> tuple[StageState, ...]:
    """Return the states with files that were withdrawn after the announcement as done: they were there in time."""
    later = [state for state in states if state.stage.name in ("tag", "announce")]
    if not later or any(state.state not in ("done", "off") for state in later):
        return tuple(states)
    return tuple(replace(state, parts=tuple(_was_there(part) for part in state.parts)) for state in states)


def withdrawn_since(states: Sequence[StageState]) -> Iterator[Problem]:
    """Report files that were withdrawn after the announcement, as warnings."""
    for before, after in zip(states, without_withdrawn(states), strict=True):
        if before != after:
            yield from (
                replace(one, severity="warning") for one in before.obstacles if one.code == _WITHDRAWN
            )


def explained(session: Session, error: CastoffError) -> CastoffError:
    """Return an error; the refusal of another release with the options of the one in flight, as `status` shows.

    If the packages have no common version, the last tag may be that of a package: that error comes before a version
    that is not higher than the tag's.
    """
    problem = error.problems[0]
    errors = [one for one in session.snapshot.workspace.problems if one.severity == "error"]
    # Packages with several versions are the cause, and the version that is not higher is what follows from
    # it.
    if errors and problem.code == "version-not-higher":
        return Refusal(*errors, problem)
    if (
        problem.code != "release-in-flight"
        or not session.snapshot.reachable
        or session.snapshot.history.unfinished[0].other_tag
    ):
        return error
    release = session.release(session.snapshot.history.unfinished[0])
    states = session.observe(*required_stages(session, release))
    # `status` is how a person got here, so it is no way on.
    commands = [one.command for one in leaving(session, release, states) if "status" not in one.command]
    if not commands:
        return error
    past = f"; {OR_EXACT}" if release.claim.may_be_unmeant else ""
    return Refusal(replace(problem, remedy="; or ".join(f"`{command}`" for command in commands) + past))


def leaving(session: Session, release: Release, states: Sequence[StageState]) -> tuple[RecoveryOption, ...]:
    """Return the options of a release in flight."""
    from castoff.rollback.recovery_options import recovery_options
    from castoff.rollback.withdrawal import next_free

    return recovery_options(
        release, states, lambda: next_free(session, release), tagged=release.tag in session.snapshot.refs.tags
    )


def is_begun(session: Session, claim: Claim) -> bool:
    """Return whether castoff began a release, in whichever branch's history it is."""
    history = session.snapshot.history
    if not claim.tagged or claim in history.unfinished or claim == history.overtaken:
        return True
    if history.ours and claim == history.previous:
        return True
    below = (one for one in history.released if one.version < claim.version)
    return is_castoffs(session.clone, session.configuration.release.message, claim, below)


def is_overtaken(session: Session, version: str) -> bool:
    """Return whether a version is one that castoff began, with a tag of somebody else on another commit."""
    overtaken = session.snapshot.history.overtaken
    return overtaken is not None and overtaken.version == read(version)


def in_flight_elsewhere(session: Session) -> Iterator[tuple[str, Claim]]:
    """Return (branch, claim) of the releases that are known to be in flight on other branches.

    Tagged ones were uploaded before, so only the forge is asked about them.
    """
    for other in other_branches(session):
        history = other.snapshot.history
        yield from ((other.snapshot.branch, claim) for claim in history.unfinished)
        last = history.previous
        if (
            last is not None
            and history.ours
            and not session.clone.is_ancestor(last.commit, session.snapshot.head)
            and _waits_for_its_page(other, last)
        ):
            yield other.snapshot.branch, last


def _waits_for_its_page(session: Session, claim: Claim) -> bool:
    try:
        release = session.release(claim)
    except CastoffError:
        return False
    states = session.observe(*forge_stages(session, release, str, agreed=False))
    # The forge alone is asked: the tag follows the last upload, so registries have nothing to add.
    return phase_of(states) == "in-flight" and not is_taken_back(session.services, release)


def _reopened(session: Session, claims: Sequence[Claim], unknown: Sequence[Claim] = ()) -> Session:
    """Count claims as begun; one that others tagged and that is neither in flight nor unknown was finished by hand."""
    snapshot, history = session.snapshot, session.snapshot.history.reopened(claims)
    if history.overtaken is not None and history.overtaken not in unknown and snapshot.reachable:
        history = replace(history, overtaken=None)
    return replace(session, snapshot=replace(snapshot, history=history))


def _flies(session: Session, claim: Claim) -> bool:
    from castoff.preflight.stage import require_answers

    release = session.release(claim)
    stages = require_answers(session.services, lambda: required_stages(session, release))
    return flight_of(session.services, release, session.observe(*stages)) == "in-flight"


def _candidates(session: Session) -> tuple[Claim, ...]:
    """List the releases that castoff tagged last: beside a pre-release, a fix of the line before may be newer."""
    history, previous = session.snapshot.history, session.snapshot.history.previous
    # A rehearsal tolerates it: what is in flight in the real world is no obstacle inside of it.
    if not session.snapshot.reachable or "release-in-flight" in session.services.tolerated:
        return ()
    if history.overtaken is not None:
        return (history.overtaken,)
    if previous is None:
        return ()
    ours = (previous,) if history.ours else ()
    if previous.version.is_stable:
        return ours
    # A fix of the line before may be newer than the candidate in time, although its version is lower.
    stable = next((claim for claim in history.released if claim.version.is_stable), None)
    return (*ours, stable) if stable and is_begun(session, stable) else ours


def _was_there(part: PartState) -> PartState:
    match part.decision:
        case Blocked(Problem(code=code)) if code == _WITHDRAWN:
            return replace(part, decision=Done("withdrawn since"))
        case _:
            return part


def _not_known(snapshot: Snapshot, claim: Claim) -> Problem:
    title = snapshot.history.spelled(claim.version)
    return Problem(
        code="flight-unknown",
        severity="warning",
        message=f"it is unknown whether {title} is finished: the registry or forge did not answer in time",
        reason="a release that stopped before its announcement must be finished before the next one starts",
        remedy=f"run it again later, or run `castoff status {title}`",
    )
