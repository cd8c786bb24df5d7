"""State of a release: the observing half of a run, on its own; it writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.git import Clone
from castoff.model.acts import acts_ahead
from castoff.model.graph import Order
from castoff.model.intent import Claim, Resume, to_resume
from castoff.model.plan import EstimatedUpload
from castoff.model.refs import PROPOSED
from castoff.model.steps import LocalStep
from castoff.model.versions import ReleaseVersion
from castoff.notes.contributors import Contributor, contributors
from castoff.notes.due import Due, DuePolicy, release_due
from castoff.notes.labels import DEFAULT_KINDS
from castoff.ports import ForgeRelease
from castoff.postrelease.run import last_stages
from castoff.preflight.checks import resume_checks
from castoff.preflight.registry_names import half_released
from castoff.preflight.stage import require_reachable, run_checks
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.release.announce_command import pages_of
from castoff.release.check import outside_a_release
from castoff.release.draft_command import notes_of
from castoff.release.flight import (
    Flight,
    flight_of,
    in_flight_elsewhere,
    is_begun,
    is_overtaken,
    leaving,
    required_stages,
    with_known_flights,
    withdrawn_since,
    without_withdrawn,
)
from castoff.release.plan_contents import as_warnings, estimate
from castoff.release.stages import milestone_stage
from castoff.release.waiver_command import waiver_problems
from castoff.rollback.abandon import revert_stage
from castoff.rollback.recovery_options import RecoveryOption
from castoff.rollback.withdrawal import no_draft_stage, notice_stage, withdraw_stage
from castoff.rollback.yank import claim_of
from castoff.session.change_range import Gathered, gathered_since_release, known_contributors
from castoff.session.release import Release
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import Snapshot, require_full_history
from castoff.session.tag_names import require_clear_tags
from castoff.session.version_guards import overtaken_by_tag
from castoff.values import replace

HOUR = timedelta(hours=1)
"""How long a draft may wait: bots pass on what the registries show (PROCESS, D5)."""


class Cadence(Struct, frozen=True, kw_only=True):
    """What was merged since the last release, as far as it says whether the next one is due."""

    due: Due
    people: tuple[Contributor, ...] = ()
    problems: tuple[Problem, ...] = ()


def cadence(session: Session) -> Cadence:
    """Look at what was merged since the last release; where the forge does not answer, the days are all there is.

    While a version is in flight, no other release is due.
    """
    try:
        gathered = _gathered(session)
        known = known_contributors(gathered) if gathered else frozenset[str]()
    except CastoffError as error:
        # What was merged only says whether a release is due; the state of the release is known without it.
        warnings = tuple(replace(problem, severity="warning") for problem in error.problems)
        return Cadence(due=_due(session, None), problems=warnings)
    due = _due(session, gathered)
    people = contributors(gathered.held.changes, known) if gathered else ()
    return Cadence(
        due=replace(due, due=False, reasons=()) if session.snapshot.history.unfinished else due, people=people
    )


def waiting_since(clone: Clone, draft: ForgeRelease, tag: str) -> datetime | None:
    """Say since when a draft has been waiting: the tag's time, since that is when the release was out.

    What the forge calls the creation of a release is its commit's date (GitHub documents so), and an early draft
    was made before the release; without the tag, the last change of the draft is the best that is known.
    """
    # A light tag has the date of its commit here, which is late enough for a release that castoff did not tag.
    told = clone.git.run("for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{tag}").text.strip()
    if told.isdecimal():
        return datetime.fromtimestamp(int(told), UTC)
    return draft.updated_at or draft.created_at


def waiting_problem(draft: ForgeRelease, since: datetime | None, now: datetime) -> Problem | None:
    """Warn of a draft that has been waiting for more than an hour."""
    if since is None or now - since <= HOUR:
        return None
    hours = int((now - since) / HOUR)
    return Problem(
        code="draft-waits",
        severity="warning",
        message=f"the draft of `{draft.tag}` has been waiting for {hours} hour{'' if hours == 1 else 's'}",
        reason="the packages are published, and bots announce them before you do",
        remedy="announce it with `castoff announce --execute`",
        url=draft.url,
    )


def _gathered(session: Session) -> Gathered | None:
    if session.services.changes(session.snapshot.remote_url) is None:
        return None
    return gathered_since_release(session)


def _due(session: Session, gathered: Gathered | None) -> Due:
    previous = session.snapshot.history.previous
    last = None
    if previous is not None:
        when = datetime.fromtimestamp(session.clone.commit_time(previous.commit), UTC)
        last = (session.snapshot.tag_of(previous), when)
    policy = session.configuration.due
    return release_due(
        gathered.held.changes if gathered else (),
        gathered.kinds if gathered else DEFAULT_KINDS,
        DuePolicy(days=policy.days, labels=policy.labels),
        now=session.services.now,
        last=last,
    )


Phase = Literal["none", "other"] | Flight
FoundBy = Literal["tag", "transition", "ref", "given", "none"]


class OtherFlight(Struct, frozen=True, kw_only=True):
    """Another release in flight, on this branch or on another one."""

    version: str
    commit: str
    branch: str


class Status(Struct, frozen=True, kw_only=True):
    """One look at the release in flight, or at the last one.

    ``phase``: ``other`` is a release that was made by other means than castoff. ``stops``, a part of ``problems``, is
    what a resume would stop for before its first act. ``schedule`` has the uploads that are missing, each with the
    earliest second from now at which it may start.
    """

    version: str | None
    phase: Phase
    commit: str | None
    found_by: FoundBy
    states: tuple[StageState, ...] = ()
    others: tuple[OtherFlight, ...] = ()
    draft: ForgeRelease | None = None
    now: datetime | None = None
    seen: Snapshot | None = None
    recovery_options: tuple[RecoveryOption, ...] = ()
    waiting_since: datetime | None = None
    cadence: Cadence | None = None
    stops: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    order: Order | None = None
    schedule: tuple[tuple[str, float], ...] = ()

    def draft_json(self) -> dict[str, object] | None:
        """Return the draft that waits, with its age in seconds."""
        if self.draft is None:
            return None
        since, now = self.waiting_since, self.now
        age = max(0, int((now - since).total_seconds())) if since and now else None
        return {"url": self.draft.url, "age_seconds": age, "title": self.draft.name, "body": self.draft.body}

    def due_json(self) -> dict[str, object]:
        """Return whether a release is due, and why."""
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
        """Return who contributed since the last release, people first, new ones marked."""
        people = self.cadence.people if self.cadence else ()
        return [
            {"login": one.login, "changes": list(one.changes), "new": one.is_new, "bot": one.is_bot}
            for one in people
        ]


def dry_resume(services: Services, request: ReleaseRequest) -> Status:
    """Look at a release that is to be resumed, and judge everything that the resume judges before its first act.

    Errors: those of the resume that leave open which release is meant, or what is left of it.
    """
    with open_session(services) as session:
        require_clear_tags(session.snapshot.unclear_tags)
        known = session
        try:
            # Looking at other branches costs a question to each registry; a version that was named says which one is
            # meant.
            if request.version is None or is_overtaken(session, request.version):
                known, _ = with_known_flights(session)
            intent = intent_of(known, request)
        except CastoffError:
            # In a shallow clone a claim may lie beyond its edge: that is the better error.
            require_full_history(session.snapshot)
            raise
        assert isinstance(intent, Resume), "without a level, a request begins nothing"
        require_reachable(session.snapshot)
        status = _look_at(known, intent.claim, _problems(known, ()))
        answers = run_checks(resume_checks(known, intent.claim, request))
        found = [problem for one in map(outside_a_release, answers) for problem in one.findings]
        if request.without:
            found += waiver_problems(known, known.release(intent.claim))
        stops = tuple(one for one in found if one.severity == "error")
        return replace(status, stops=stops, problems=tuple(dict.fromkeys((*status.problems, *found))))


def look(services: Services, version: str | None) -> Status:
    """Look at one release: the one named, else what is in flight, else the last one.

    A release that was made by other means is only looked into if it is named. What is in flight on other branches is
    listed beside it.
    """
    step = LocalStep("check", "the state of the release")
    with services.reporter.step(step), open_session(services) as session:
        elsewhere = tuple(in_flight_elsewhere(session))
        status = _look(session, version, {claim.version for _, claim in elsewhere})
        found = (_other(session.snapshot, *one) for one in elsewhere)
        # One release may be reachable from two branches; it is shown once.
        beside = (one for one in found if one.version != status.version)
        return replace(status, others=tuple(dict.fromkeys((*status.others, *beside))))


def _other(snapshot: Snapshot, branch: str, claim: Claim) -> OtherFlight:
    return OtherFlight(version=snapshot.shown(claim.version), commit=claim.commit, branch=branch)


def _look(session: Session, version: str | None, elsewhere: Collection[ReleaseVersion]) -> Status:
    services = session.services
    history, known = session.snapshot.history, session
    # Somebody else's tag hides the release that castoff began; counted as in flight, its uploads are looked
    # at.
    if history.overtaken and (version is None or is_overtaken(session, version)):
        known, _ = with_known_flights(session)
    problems = _problems(known, elsewhere)
    if version is not None:
        return _look_at(known, claim_of(known, version), problems)
    # After a candidate, a stable release of an earlier line may be in flight beside it.
    if history.unfinished or (history.ours and history.previous and not history.previous.version.is_stable):
        known, _ = with_known_flights(session)
    claim = known.snapshot.history.overtaken or to_resume(known.snapshot.history, None)
    if claim is not None:
        return _look_at(known, claim, problems)
    told = cadence(session)
    is_known = session.snapshot.reachable or session.snapshot.remote_url is None
    is_unclear = bool(session.snapshot.unclear_tags)  # which of the tags was the last release is open
    previous = history.previous
    return Status(
        version=session.snapshot.shown(previous.version) if previous else None,
        # Without the remote's branches and tags, what is in flight is not known either.
        phase="unknown" if is_unclear or not is_known else "other" if previous else "none",
        commit=previous.commit if previous else None,
        found_by="tag" if previous else "none",
        now=services.now,
        seen=session.snapshot,
        cadence=told,
        problems=(*problems, *half_released(session), *told.problems),
    )


def _problems(session: Session, elsewhere: Collection[ReleaseVersion]) -> tuple[Problem, ...]:
    """List what is wrong whichever release is looked at; ``elsewhere`` are the versions in flight on other branches."""
    return (
        *as_warnings(session.services.problems),
        *as_warnings(session.snapshot.state),
        *session.snapshot.problems,
        *overtaken_by_tag(session.snapshot),
        *_proposals(session.snapshot, elsewhere),
    )


def _proposals(snapshot: Snapshot, elsewhere: Collection[ReleaseVersion]) -> Iterator[Problem]:
    """Tell of releases that wait for the merge of their pull request: nothing else shows them yet.

    The branch of one that was merged may be left over; its version is then in flight, here or on another branch.
    """
    begun = {*elsewhere, *(claim.version for claim in snapshot.history.unfinished)}
    for name in sorted(snapshot.refs.heads):
        version = (
            snapshot.tag_name.version(name.removeprefix(PROPOSED)) if name.startswith(PROPOSED) else None
        )
        if version and version not in begun and snapshot.tag_name.of(version) not in snapshot.refs.tags:
            yield Problem(
                code="proposal-waits",
                severity="warning",
                message=f"{snapshot.shown(version)} is proposed on the branch `{name}`, and not merged",
                reason="merging its pull request claims the version",
                remedy="merge it, then run `castoff resume --execute`; or close it and delete the branch",
            )


def _look_at(session: Session, claim: Claim, problems: Sequence[Problem]) -> Status:
    release = session.release(claim)
    phase, states = _phase(session, release)
    # A published page with the same tag may stand beside a draft that somebody began anew.
    draft = next((page for page in pages_of(session.services, release) if page.draft), None)
    since = waiting_since(session.clone, draft, release.tag) if draft else None
    waits = (
        waiting_problem(draft, since, session.services.now)
        if draft and release.tag in session.snapshot.refs.tags
        else None
    )
    told = cadence(session)
    by_ref = release.workspace.is_from_tags
    return Status(
        version=session.snapshot.shown(claim.version),
        phase=phase,
        commit=claim.commit,
        found_by="tag" if claim.tagged else "ref" if by_ref else "transition",
        states=without_withdrawn(states),
        others=tuple(
            _other(session.snapshot, session.snapshot.branch, one)
            for one in session.snapshot.history.unfinished
            if one != claim
        ),
        draft=draft,
        waiting_since=since,
        cadence=told,
        now=session.services.now,
        seen=session.snapshot,
        order=release.order,
        schedule=_schedule(session, release, states),
        recovery_options=leaving(session, release, states) if phase in ("in-flight", "unknown") else (),
        problems=(
            *problems,
            *withdrawn_since(states),
            *(one for state in without_withdrawn(states) for one in state.obstacles),
            *((waits,) if waits else ()),
            *(half_released(session) if phase == "complete" else ()),
            *told.problems,
        ),
    )


def _schedule(
    session: Session, release: Release, states: Sequence[StageState]
) -> tuple[tuple[str, float], ...]:
    """Simulate the uploads that are missing; that a package is new on its registry is not known here."""
    waves = {name: wave for wave, names in enumerate(release.waves, start=1) for name in names}
    uploads = [
        EstimatedUpload(
            id=act.id,
            package=part.name,
            ecosystem=release.workspace.package(part.name).ecosystem,
            wave=waves[part.name],
            new=False,
        )
        for state in states
        if state.stage.name == "publish"
        for part in state.parts
        if part.name in waves
        for act in acts_ahead(part.decision)
        if act.stage == "publish"
    ]
    # Stable: within a wave the order of the plan stays.
    uploads.sort(key=lambda one: one.wave)
    services = session.services
    return estimate(uploads, services.configuration.limits, grace=services.patience.grace).schedule


def _phase(session: Session, release: Release) -> tuple[Phase, tuple[StageState, ...]]:
    """Look at the stages of the release; of one that was taken back, at those of taking it back."""
    history = session.snapshot.history
    if not release.tagged and release.claim not in (*history.unfinished, history.overtaken):
        stages: tuple[Stage, ...] = (
            withdraw_stage(session.services, release),
            no_draft_stage(session.services, release),
            revert_stage(session, release),
        )
        return "abandoned", session.observe(*stages)
    states = session.observe(*_stages(session, release))
    phase = flight_of(session.services, release, states)
    if phase == "abandoned":
        stages = (withdraw_stage(session.services, release), notice_stage(session, release, ""))
        return phase, session.observe(*stages)
    # The same states as of a release that castoff made: only who began it tells them apart.
    return phase if is_begun(session, release.claim) else "other", states


def _stages(session: Session, release: Release) -> tuple[Stage, ...]:
    """Make all stages in their order, with the text of the notes where a draft is compared with it."""

    def body() -> str:
        return notes_of(session, release).body

    claim, presence, tag, *forge = required_stages(session, release, body)
    milestone = milestone_stage(session, release)
    return (claim, milestone, presence, tag, *forge, *last_stages(session, release))
