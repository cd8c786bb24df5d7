"""The run of a release, from nothing to announced, or from wherever it was left.

    survey    what is here, what was begun, what is in flight
    begin     preflight, commit, artifacts, rehearsal of the publish stage, tag object, claim
    finish    publish, tag, draft, announce: each looks first and does what is missing

Nothing irreversible happens before the claim, and nothing that the world shows as done is done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from msgspec import Struct, field

from castoff.errors import CastoffError, NotYet, Problem, Refusal
from castoff.model.intent import Begin, Claim, Resume
from castoff.model.joined_workspace import require_packages
from castoff.model.steps import LocalStep
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact
from castoff.postrelease.run import end_release
from castoff.preflight.checks import preflight_checks, resume_checks
from castoff.preflight.exchanges import JOB
from castoff.preflight.stage import (
    Checked,
    ask_until_known,
    errors_of,
    require_reachable,
    run_checks,
    warnings_of,
)
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.reconcile.reconciler import Reconciler
from castoff.release.acts_ahead import planned_again
from castoff.release.candidate import build_artifacts, kept_name, make_commit, make_tags, require_accepted
from castoff.release.claim_guard import ClaimGuard
from castoff.release.flight import explained, required_stages, with_flights
from castoff.release.handed_tags import (
    outdated,
    require_listed,
    require_published_as_listed,
    take_handed_tags,
)
from castoff.release.links import Link, links_of
from castoff.release.notes import notes_of_release
from castoff.release.platforms import platform_problems
from castoff.release.publish import concerns_files, created_before
from castoff.release.publish_rehearsal import UploadRehearsal, absent_artifacts, as_published, packed_again
from castoff.release.rivals import require_first, require_no_rival
from castoff.release.stages import (
    claim_stage,
    forge_stages,
    milestone_stage,
    presence_stage,
    publish_stage,
    tag_stage,
)
from castoff.release.unproven import Unproven
from castoff.release.waiver_command import given_up, require_waivable, waiver_stage
from castoff.session.checkout import check_out
from castoff.session.registry_versions import with_silence_named
from castoff.session.release import Release
from castoff.session.release_request import ReleaseRequest, intent_of
from castoff.session.reporters import Recorder
from castoff.session.services import Services, WorldContent
from castoff.session.session import Session, open_session
from castoff.session.snapshot import ordered, require_full_history
from castoff.session.tag_names import require_clear_tags
from castoff.session.version_guards import require_version
from castoff.values import replace

# On a busy branch a release must not race ordinary merges for ever; after a few plans the branch needs a
# quiet moment or the pull-request mode.
_PLANS = 4
_OF_RIVALS = frozenset({"version-burnt", "version-below-released"})
"""What registries show of a release that was claimed after this run's snapshot; "name a higher version" would then
lead to two releases."""
_OF_UPLOADS = frozenset({JOB, "provenance", "signing", "tool:signing"})
"""Checks for what follows the claim, which a run that ends with it leaves to another."""


class Upload(Struct, frozen=True, kw_only=True):
    """One file that this run uploaded; ``order`` counts from 1."""

    package: str
    filename: str
    digest: str
    order: int


class Result(Struct, frozen=True, kw_only=True):
    """How a run ended: every stage as last seen, what was uploaded of how many ``files``, what is left.

    ``mismatch_window`` is None where an earlier run began it.
    """

    version: str
    waves: tuple[tuple[str, ...], ...]
    resumed: bool
    stages: tuple[StageState, ...]
    uploads: tuple[Upload, ...] = ()
    files: int = 0
    mismatch_window: float | None = None
    not_proven: tuple[Unproven, ...] = ()
    problems: tuple[Problem, ...] = ()
    links: tuple[Link, ...] = ()


class _Run(Struct):
    """The state of one run: the clone that all work happens in, and what was made there."""

    session: Session
    recorder: Recorder
    request: ReleaseRequest
    artifacts: tuple[Artifact, ...] | None = None
    claimed: StageState | None = None
    planned: tuple[Session, ReleaseVersion] | None = None
    listed: Mapping[str, str] | None = None
    problems: list[Problem] = field(default_factory=list)


def run_release(services: Services, request: ReleaseRequest) -> Result:
    """Carry a release out, as far as this run may go."""
    recorder = Recorder(clock=services.clock, listeners=(services.reporter,))
    with (
        open_session(replace(services, reporter=recorder)) as session,
        with_silence_named(services, session.snapshot.workspace.packages),
    ):
        run = _Run(session, recorder, request)
        claim, resumed = _claimed(run)
        release = run.session.release(claim)
        if resumed:
            recorder.release(run.session.snapshot.history.spelled(claim.version), release.waves)
        if request.without:
            require_waivable(run.session, release)
            seen = run.session.observe(*required_stages(run.session, release))
            if names := given_up(request.without, seen):
                run.session.reconcile(waiver_stage(release, session.clone, names))
        if request.tags is not None and not release.tagged:
            run.listed = take_handed_tags(run.session, release, request.tags)
        states = [_claim(run, release)]
        if request.only != "version":
            states += _finish(run, release)
        return _result(run, release, states, resumed=resumed)


def approve_staged(services: Services, result: Result, *, agreed: bool) -> Result:
    """Approve what a run on an embedded world staged, as a person does; return the other result if nothing is."""
    if not any(one.state == "person" for one in result.stages if one.stage.name == "publish"):
        return result
    services.reporter.note("a person's part: the approval of the staged packages")
    request = ReleaseRequest(level=None, version=result.version, agreed=agreed, approved=True)
    return replace(run_release(services, request), resumed=result.resumed)


def _claimed(run: _Run) -> tuple[Claim, bool]:
    """Find the claim to work on, or make it; plans again when an ordinary commit came in between."""
    for attempt in range(1, _PLANS + 1):
        # Looked at again on the same clone: fetching what is new costs a second, a new clone of a large
        # repository minutes.
        if attempt > 1:
            run.session = run.session.look_again()
        require_packages(run.session.snapshot.workspace)
        require_clear_tags(run.session.snapshot.unclear_tags)
        intent = _intended(run)
        snapshot = run.session.snapshot
        if isinstance(intent, Resume):
            require_reachable(snapshot)
            run.session.services.reporter.note(
                f"continuing with {snapshot.history.spelled(intent.claim.version)}, claimed by "
                f"{intent.claim.commit[:12]}"
            )
            _require_resumable(run, intent.claim)
            # An earlier run may have uploaded what no index shows yet: "absent" alone is believed later.
            patience = replace(run.session.services.patience, begun_before=True)
            services = replace(run.session.services, patience=patience)
            run.session = replace(run.session, services=services)
            return intent.claim, True
        # In a shallow clone the last tag may just be cut off; the checks name that cause.
        if not any(one.code == "shallow-clone" for one in snapshot.state):
            require_version(run.session, intent.version, run.request.level or "")
        run.planned = planned_again(run.planned, (run.session, intent.version))
        try:
            return _begin(run, intent.version), False
        except _BranchMoved as moved:
            # Somebody else's claim is no ordinary commit: planning again would release the version above it
            # as well.
            require_no_rival(run.session, intent.version)
            if attempt == _PLANS:
                raise Refusal(moved.problem) from None
            run.session.services.reporter.note("the branch moved: planning again")
            # They were built at the commit that lost.
            run.artifacts = None
    raise AssertionError("the loop returns or raises")


def _intended(run: _Run) -> Begin | Resume:
    """Return what is to be begun or resumed; a release in flight counts as begun in the session from now on."""
    try:
        run.session = with_flights(run.session, run.request.version)
        return intent_of(run.session, run.request)
    except CastoffError as error:
        require_full_history(run.session.snapshot)
        raise explained(run.session, error) from None


def _require_resumable(run: _Run, claim: Claim) -> None:
    """Stop where what is left cannot be done here."""
    answers = run_checks(resume_checks(run.session, claim, run.request))
    if errors := [one for one in errors_of(answers) if one.code not in run.session.services.tolerated]:
        raise Refusal(*errors)
    _warn(run, answers)


def _lived_with(problem: Problem) -> Problem:
    """Tell of what a rehearsal goes on with, and a release would stop for."""
    return replace(
        problem, severity="warning", reason=f"{problem.reason}; a release would stop here".lstrip("; ")
    )


def _warn(run: _Run, answers: Sequence[Checked]) -> None:
    """Say now what a person may want to fix before anything is out; it is listed again at the end."""
    _report(run, warnings_of(answers, run.session.services.tolerated))


def _report(run: _Run, warnings: Sequence[Problem]) -> None:
    """Show warnings at once, and keep them for the end."""
    run.problems.extend(warnings)
    for one in warnings:
        run.session.services.reporter.note(f"warning[{one.code}]: {one.message}")


class _BranchMoved(Exception):
    """The claim was refused because the branch has other commits now."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _begin(run: _Run, version: ReleaseVersion) -> Claim:
    """Do everything that is free, then claim."""
    session, services, seen, clone = (
        run.session,
        run.session.services,
        run.session.snapshot,
        run.session.clone,
    )
    order = ordered(seen.workspace, services.configuration.release)
    services.reporter.release(seen.history.spelled(version), order.waves)
    services.reporter.stage("preflight", 1)
    require_reachable(seen)
    checks = preflight_checks(session, version, level=run.request.level)
    if run.request.only == "version":
        checks = tuple(one for one in checks if one.id not in _OF_UPLOADS)
    with services.reporter.step(LocalStep("check", f"{len(checks)} conditions")):
        answers = ask_until_known(checks, services.reconciler(), services.tolerated)
    if errors := [one for one in errors_of(answers) if one.code not in services.tolerated]:
        # Two runs at once: the rival's uploads make this version look taken, and the right answer is to let
        # that run finish.
        if any(one.code in _OF_RIVALS for one in errors):
            require_no_rival(session, version)
        raise Refusal(*errors)
    _warn(run, answers)
    run.problems.extend(_lived_with(one) for one in errors_of(answers))
    with services.reporter.step(LocalStep("prepare", "the release commit")):
        commit, warnings = make_commit(session, version)
    run.problems.extend(warnings)
    claim = Claim(version=version, commit=commit)
    release = session.release(claim)
    # A job with rights runs no code of the repository; the build and its rehearsal ran in a job without.
    if run.request.rehearsed:
        return _claim_unbuilt(run, release)
    artifacts = _build(run, release)
    require_accepted(session, release, artifacts)
    previous = seen.history.previous.version if seen.history.previous is not None else None
    _report(run, tuple(platform_problems(services, release, artifacts, previous)))
    if services.embedded is not None:
        services.reporter.note("rehearsing the uploads of this commit")
        with (
            services.embedded(WorldContent(seen.workspace, session.workspace_before())) as embedded,
            clone.scrubbed(),
        ):
            artifacts = run.artifacts = UploadRehearsal(embedded, session, release).prove(artifacts)
    _keep(run, release, artifacts)
    # The tag is signed before the claim: a key that fails stops the run while nothing is public.
    _claim_by(run, release, _made_tag(run, release, artifacts))
    return claim


def _claim_unbuilt(run: _Run, release: Release) -> Claim:
    """Claim what another process built and rehearsed; the tag, which lists the files, is made after their build."""
    # A claim by a ref needs an object that no other run makes, in the same second too.
    text = f"{release.title}: {uuid4().hex}\n"
    _claim_by(run, release, run.session.clone.make_tag(release.tag, text, release.commit, sign=False))
    return release.claim


def _claim_by(run: _Run, release: Release, stamp: str) -> None:
    try:
        _claim(run, release, stamp=stamp)
    except _BranchMoved:
        for name in (release.tag, *release.beside):
            if run.session.clone.has(f"refs/tags/{name}"):
                run.session.clone.delete_tag(name)  # or the next look takes it for one of the remote's
        raise
    if release.workspace.is_from_tags:
        # A ref moves no branch, so a rival's claim of another version does not refuse this one; that is found
        # by looking.
        require_first(run.session, release)


def _claim(run: _Run, release: Release, *, stamp: str | None = None) -> StageState:
    """Push the claim where it is not there yet; tells a lost race from other refusals."""
    if run.claimed is None:
        try:
            run.claimed = run.session.reconcile(claim_stage(release, run.session.clone, stamp=stamp))
        except Refusal as refused:
            moved = [problem for problem in refused.problems if problem.code == "push-rejected"]
            # Only a non-fast-forward is worth a new plan; a protected branch or a hook refuses the next
            # commit too.
            if moved:
                raise _BranchMoved(moved[0]) from None
            raise
    return run.claimed


def _build(run: _Run, release: Release) -> tuple[Artifact, ...]:
    if run.artifacts is None:
        check_out(run.session.clone, release.commit, release.workspace)
        folder = run.session.clone.folder("artifacts")
        name = kept_name(run.session, release)
        run.artifacts = run.session.services.built.find(name, folder) if name else None
        if run.artifacts is not None:
            run.session.services.reporter.note("an earlier run built and tried the files of this commit")
        else:
            run.artifacts = build_artifacts(run.session, release, folder)
    return run.artifacts


def _keep(run: _Run, release: Release, artifacts: Sequence[Artifact]) -> None:
    if name := kept_name(run.session, release):
        run.session.services.built.keep(name, artifacts)


def _forget(run: _Run, release: Release) -> None:
    if name := kept_name(run.session, release):
        run.session.services.built.forget(name)


def _finish(run: _Run, release: Release) -> list[StageState]:
    """Bring every later stage to its end; a run that is to publish only leaves tag and forge to another."""
    session = run.session
    guard = ClaimGuard(release, session.clone, session.services.clock, session.snapshot.remote or "origin")
    reconciler = session.services.reconciler(before=guard.require_claim)

    def made() -> str:
        return run.session.clone.tag_object(release.tag) or _made_tag(run, release, _build(run, release))

    tag = tag_stage(session, release, made)
    if run.request.only == "publish":
        return [_publish(run, release, reconciler)]
    # First, while everything can still be undone: a question about the milestone should not come after the
    # uploads.
    states = [_stage(run, reconciler, milestone_stage(session, release))]
    states.append(_publish(run, release, reconciler) if run.listed is None else _published(run, release))
    if states[-1].state == "person":
        # What is staged is not released: its tag follows the approval.
        return [*states, *session.observe(tag, *forge_stages(session, release, str, agreed=False))]
    states.append(_stage(run, reconciler, tag))
    _forget(run, release)
    for stage in forge_stages(session, release, lambda: _body(run, release), agreed=run.request.agreed):
        states.append(_stage(run, reconciler, stage))
    # Documentation, changelog and website may lag for hours; their failures are warnings, since the release
    # is out.
    last, problems = end_release(session, release, reconciler)
    run.problems.extend(problems)
    return [*states, *last]


def _published(run: _Run, release: Release) -> StageState:
    """See that another run uploaded all that the tags from outside list; this one uploads nothing."""
    complete = require_published_as_listed(run.session, release, run.listed or {})
    tagged = replace(release, claim=replace(release.claim, tagged=complete))
    (state,) = run.session.observe(presence_stage(run.session.services, tagged))
    return state


def _publish(run: _Run, release: Release, reconciler: Reconciler) -> StageState:
    """Build and upload; where the tag is out, everything was uploaded before, and a look is enough."""
    session, tags = run.session, run.session.snapshot.refs.tags
    # The tag is pushed after the last upload, and lists all digests: what it lists is not built again.
    if release.tag in tags:
        (state,) = session.observe(presence_stage(session.services, release))
        if state.state == "done":
            return state
    stage = publish_stage(session, release, _build(run, release), run.request)
    created: Mapping[str, Mapping[str, datetime]] = {}
    if release.tag not in tags and run.session.clone.tag_object(release.tag) is None:
        (state,) = session.observe(stage)
        # Before the tag is signed, since it lists the digests of what is uploaded.
        run.artifacts = packed_again(session, release, _build(run, release), state)
        require_accepted(session, release, absent_artifacts(run.artifacts, state))
        _made_tag(run, release, as_published(run.artifacts, state))
        stage = publish_stage(session, release, _build(run, release), run.request)
        created = created_before(state)
    elif run.listed is not None:
        (state,) = session.observe(stage)
        require_listed(absent_artifacts(run.artifacts or (), state), run.listed)
        created = created_before(state)
    _keep(run, release, _build(run, release))
    try:
        state = reconciler.run(replace(stage, created=created))
    except Refusal as refused:
        if concerns_files(refused):
            _forget(run, release)
        raise
    if release.tag not in tags:
        _list_what_is_up(run, release, state)
    return state


def _list_what_is_up(run: _Run, release: Release, state: StageState) -> None:
    """Make the tag object again where a client uploaded other bytes than were tried; the tag tells what is up.

    cargo packs once more when it uploads, and puts into the lock file what its index shows at that moment.
    """
    built = run.artifacts or ()
    there = as_published(built, state)
    changed = [one.filename for one, other in zip(there, built, strict=True) if one != other]
    for filename in changed:
        run.session.services.reporter.note(
            f"rebuilt: {filename} was published with the same contents in other bytes"
        )
    if run.listed is not None:
        # The tag was made elsewhere, with a key that is not here.
        if late := [one.filename for one in there if run.listed.get(one.filename) != one.digest]:
            raise NotYet(*(outdated(release, one) for one in late))
    elif changed:
        run.artifacts = there
        _made_tag(run, release, there)


def _made_tag(run: _Run, release: Release, artifacts: Sequence[Artifact]) -> str:
    """Make the tag object; before the first upload, since a key may want a touch."""
    with run.session.services.reporter.step(LocalStep("sign", f"the tag {release.tag}")):
        return make_tags(run.session, release, run.session.template_release(release.version), artifacts)


def _stage(run: _Run, reconciler: Reconciler, stage: Stage) -> StageState:
    try:
        return reconciler.run(stage)
    except CastoffError as error:
        if not stage.may_lag:
            raise
        run.problems.extend(replace(problem, severity="warning") for problem in error.problems)
        (state,) = run.session.observe(stage)
        return state


def _body(run: _Run, release: Release) -> str:
    """Write the draft's text: the notes as the forge would generate them for the pushed tag."""
    written = notes_of_release(run.session, release.commit, release.tag)
    run.problems.extend(written.problems)
    return written.body


def _result(run: _Run, release: Release, states: list[StageState], *, resumed: bool) -> Result:
    digests = {artifact.filename: artifact for artifact in run.artifacts or ()}
    uploads = tuple(
        Upload(
            package=digests[one.act.target].package,
            filename=one.act.target,
            digest=digests[one.act.target].digest,
            order=order,
        )
        for order, one in enumerate(run.recorder.uploads(), start=1)
        if one.act.target in digests
    )
    return Result(
        version=release.title,
        waves=release.waves,
        resumed=resumed,
        stages=tuple(states),
        uploads=uploads,
        # An earlier run that uploaded some of the files began the window, and nobody knows when.
        mismatch_window=run.recorder.mismatch_window() if len(uploads) == len(digests) else None,
        files=len(digests),
        problems=tuple(dict.fromkeys(run.problems)),
        links=links_of(run.session.services, release, states),
    )
