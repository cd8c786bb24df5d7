"""How does a release go from nothing to announced, or from wherever it was left?

    survey    what is here, what was begun
    begin     preflight, commit, artifacts, rehearsal of the publish stage, tag object, claim
    finish    publish, tag, draft, announce: each looks first and does what is missing

Nothing irreversible happens before the claim, and nothing that the world shows as done is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from castoff.errors import CastoffError, Problem, Refusal, UsageError
from castoff.flows.asking import ask_until_known, must_be_reachable
from castoff.flows.below import mind_base
from castoff.flows.candidate import build_artifacts, make_commit, make_tag
from castoff.flows.checking import capability_checks, preflight_checks
from castoff.flows.ending import end_release
from castoff.flows.half_out import as_published, packed_again
from castoff.flows.notes import notes_of_release
from castoff.flows.planning import occasion_of
from castoff.flows.proof import prove
from castoff.flows.reach import Link, links_of
from castoff.flows.recording import Recorder
from castoff.flows.setting import Setting
from castoff.flows.staging import (
    Target,
    claim_stage,
    forge_stages,
    milestone_stage,
    presence_stage,
    publish_stage,
    tag_stage,
    target_of,
)
from castoff.flows.summing import warnings_of
from castoff.flows.survey import (
    Survey,
    manifest_tree,
    mind_shallow,
    ordered,
    read_workspace,
    survey,
    workspace_before,
)
from castoff.flows.wish import Wish, intent_of, mind_unpushed
from castoff.git import Worktree
from castoff.model.intent import Claim, Resume
from castoff.model.merging import require_packages
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, Workspace
from castoff.reconcile import Reconciler, StageState, observe
from castoff.stages.part import Stage
from castoff.stages.preflight import Checked, errors_of, run_checks

_PLANS = 4
NOT_PROVEN = (
    "whether your own key signs (a throw-away key signed here)",
    "whether your tokens may publish each package on the real registries",
    "rules that only the real services apply (rate limits of your account, reserved names, moderation)",
    "whether the real remote takes the push (branch protection, server-side hooks)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file that this run uploaded; ``order`` counts from 1."""

    package: str
    filename: str
    digest: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended: every stage as last seen, what was uploaded, what is left."""

    version: str
    target: Target
    resumed: bool
    stages: tuple[StageState, ...]
    uploads: tuple[Upload, ...] = ()
    mismatch_window: float | None = None
    not_proven: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(slots=True)
class _Run:
    """The state of one run: the clone that all work happens in, and what was made there."""

    setting: Setting
    recorder: Recorder
    worktree: Worktree
    order: Wish
    artifacts: tuple[Artifact, ...] | None = None
    claimed: StageState | None = None
    problems: list[Problem] = field(default_factory=list)


def run_release(setting: Setting, order: Wish) -> Result:
    """Carry a release out, as far as this run may go."""
    recorder = Recorder(clock=setting.clock, listeners=(setting.reporter,))
    setting = replace(setting, reporter=recorder)
    with Worktree.of(setting.repository) as worktree:
        run = _Run(setting, recorder, worktree, order)
        seen, claim, resumed = _claimed(run)
        target = _target(run, seen, claim)
        states = [_claim(run, target), *_finish(run, seen, target)]
        return _result(run, target, states, resumed=resumed)


def _claimed(run: _Run) -> tuple[Survey, Claim, bool]:
    """Find the claim to work on, or make it; plans again when an ordinary commit came in between."""
    for attempt in range(1, _PLANS + 1):
        seen = survey(run.setting.repository, run.worktree, run.setting.configuration, run.setting.manifests)
        require_packages(seen.workspace)
        try:
            intent = intent_of(seen, run.order)
        except CastoffError:
            mind_shallow(seen)
            raise
        if isinstance(intent, Resume):
            must_be_reachable(seen)
            mind_unpushed(seen, intent.claim, run.order)
            run.setting.reporter.note(
                f"going on with {seen.history.spelled(intent.claim.version)}, claimed by {intent.claim.commit[:12]}"
            )
            _mind_capabilities(run, seen, intent.claim)
            patience = replace(run.setting.patience, begun_before=True)
            run.setting = replace(run.setting, patience=patience)
            return seen, intent.claim, True
        if not any(one.code == "shallow-clone" for one in seen.state):
            mind_base(seen, intent.version, run.order.level or "", partial(_before, run, seen))
        try:
            return seen, _begin(run, seen, intent.version), False
        except _BranchMoved as moved:
            _mind_rival(run, seen, intent.version)
            if attempt == _PLANS:
                raise Refusal(moved.problem) from None
            run.setting.reporter.note("the branch moved meanwhile: planning again")
            run.artifacts = None
    raise AssertionError("the loop returns or raises")


def _mind_capabilities(run: _Run, seen: Survey, claim: Claim) -> None:
    """See that what is left can be done here: tools, key, credentials. What is tagged needs none of them."""
    if claim.tagged:
        return
    answers = run_checks(capability_checks(run.setting, seen, run.worktree))
    if errors := [one for one in errors_of(answers) if one.code not in run.setting.tolerated]:
        raise Refusal(*errors)
    _warn(run, answers)


def _lived_with(problem: Problem) -> Problem:
    """Tell of what a rehearsal goes on with, and a release would stop for."""
    return replace(
        problem, severity="warning", reason=f"{problem.reason}; a release would stop here".lstrip("; ")
    )


def _warn(run: _Run, answers: Sequence[Checked]) -> None:
    """Say now what a person may want to mend before anything is out; it is listed again at the end."""
    warnings = warnings_of(answers, run.setting.tolerated)
    run.problems.extend(warnings)
    for one in warnings:
        run.setting.reporter.note(f"warning[{one.code}]: {one.message}")


class _BranchMoved(Exception):
    """The claim was refused because the branch has other commits now."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _begin(run: _Run, seen: Survey, version: ReleaseVersion) -> Claim:
    """Do everything that is free, then claim."""
    setting, worktree = run.setting, run.worktree
    if lacking := setting.lacking():
        raise UsageError(*lacking)
    run.setting.reporter.stage("preflight", 1)
    must_be_reachable(seen)
    checks = preflight_checks(setting, seen, worktree, version)
    answers = ask_until_known(checks, _reconciler(run), setting.tolerated)
    if errors := [one for one in errors_of(answers) if one.code not in setting.tolerated]:
        raise Refusal(*errors)
    _warn(run, answers)
    run.problems.extend(_lived_with(one) for one in errors_of(answers))
    commit, warnings = make_commit(setting, seen, worktree, version)
    run.problems.extend(warnings)
    claim = Claim(version=version, commit=commit)
    target = _target(run, seen, claim)
    artifacts = _build(run, target)
    if setting.embedded is not None:
        setting.reporter.note("rehearsing the uploads of this very commit")
        with setting.embedded(_before(run, seen)) as embedded:
            prove(embedded, target, artifacts, worktree.root)
    stamp = make_tag(setting, target, occasion_of(seen, version, setting.now.date()), artifacts, worktree)
    try:
        _claim(run, target, stamp=stamp)
    except _BranchMoved:
        worktree.delete_tag(target.tag)  # or the next look takes it for one of the remote's
        raise
    return claim


def _before(run: _Run, seen: Survey) -> Workspace | None:
    return workspace_before(seen, run.setting.manifests, run.setting.configuration.release.exclude)


def _claim(run: _Run, target: Target, *, stamp: str | None = None) -> StageState:
    """Push the claim where it is not there yet; tells a lost race from other refusals."""
    if run.claimed is None:
        try:
            run.claimed = _reconciler(run).run(claim_stage(target, run.worktree, stamp=stamp))
        except Refusal as refused:
            moved = [problem for problem in refused.problems if problem.code == "push-rejected"]
            if moved:
                raise _BranchMoved(moved[0]) from None
            raise
    return run.claimed


def _mind_rival(run: _Run, seen: Survey, version: ReleaseVersion) -> None:
    """After a lost race, tell whether somebody else claimed a version meanwhile."""
    now = survey(run.setting.repository, run.worktree, run.setting.configuration, run.setting.manifests)
    known = {claim.version for claim in (*seen.history.unfinished, *seen.history.released)}
    rivals = [c for c in (*now.history.unfinished, *now.history.released) if c.version not in known]
    if rivals:
        rival = rivals[0]
        title = seen.history.spelled(rival.version)
        same = "the same version" if rival.version == version else title
        raise Refusal.of(
            "claimed-by-another",
            f"somebody else claimed {same} while this run prepared {seen.history.spelled(version)}",
            reason=f"their release commit {rival.commit[:12]} came first; nothing of this run was pushed",
            remedy=f"let them finish, or help with `castoff resume {title} --execute`",
            commit=rival.commit,
        )


def _target(run: _Run, seen: Survey, claim: Claim) -> Target:
    """Read workspace and order at the release commit."""
    release = run.setting.configuration.release
    workspace = read_workspace(
        manifest_tree(run.worktree, claim.commit), run.setting.manifests, release.exclude
    )
    return target_of(seen, claim, workspace, ordered(workspace, release))


def _build(run: _Run, target: Target) -> tuple[Artifact, ...]:
    if run.artifacts is None:
        run.worktree.check_out(target.claim.commit)
        run.artifacts = build_artifacts(run.setting, target, run.worktree, run.worktree.folder("artifacts"))
    return run.artifacts


def _finish(run: _Run, seen: Survey, target: Target) -> list[StageState]:
    """Bring every later stage to its end."""
    setting, worktree = run.setting, run.worktree
    reconciler = _reconciler(run)
    milestone = _stage(run, reconciler, milestone_stage(setting, seen, target))
    states = [milestone, _publish(run, seen, target, reconciler)]

    def made() -> str:
        return _tag_made_here(run, target) or _made_tag(run, seen, target, _build(run, target))

    later = (
        tag_stage(target, worktree, made),
        *forge_stages(setting, seen, target, lambda: _body(run, seen, target), agreed=run.order.agreed),
    )
    for stage in later:
        states.append(_stage(run, reconciler, stage))
    last, problems = end_release(setting, seen, target, worktree, reconciler)
    run.problems.extend(problems)
    return [*states, *last]


def _publish(run: _Run, seen: Survey, target: Target, reconciler: Reconciler) -> StageState:
    """Build and upload; where the tag is out, everything was uploaded before, and a look is enough."""
    if target.tag in seen.refs.tags:
        (state,) = observe((presence_stage(run.setting, target),), lanes=run.setting.lanes)
        if state.state == "done":
            return state
    stage = _publish_stage(run, target)
    if target.tag not in seen.refs.tags and _tag_made_here(run, target) is None:
        (state,) = observe((stage,), lanes=run.setting.lanes)
        run.artifacts = packed_again(run.setting, target, _build(run, target), state, run.worktree)
        _made_tag(run, seen, target, as_published(run.artifacts, state))
        stage = _publish_stage(run, target)
    state = reconciler.run(stage)
    if target.tag not in seen.refs.tags:
        _list_what_is_up(run, seen, target, state)
    return state


def _list_what_is_up(run: _Run, seen: Survey, target: Target, state: StageState) -> None:
    """Make the tag object again where a client uploaded other bytes than were tried; the tag tells what is up.

    cargo packs once more when it uploads, and puts into the lock file what its index shows at that moment.
    """
    built = run.artifacts or ()
    there = as_published(built, state)
    changed = [one.filename for one, other in zip(there, built, strict=True) if one != other]
    for filename in changed:
        run.setting.reporter.note(f"rebuilt: {filename} went up with the same contents in other bytes")
    if changed:
        run.artifacts = there
        _made_tag(run, seen, target, there)


def _publish_stage(run: _Run, target: Target) -> Stage:
    artifacts, root = _build(run, target), run.worktree.root
    return publish_stage(run.setting, target, artifacts, root, accepted=run.order.accepted)


def _tag_made_here(run: _Run, target: Target) -> str | None:
    known = run.worktree.git.run("rev-parse", "--verify", "--quiet", f"refs/tags/{target.tag}")
    return known.text.strip() if known.code == 0 else None


def _made_tag(run: _Run, seen: Survey, target: Target, artifacts: Sequence[Artifact]) -> str:
    """Make the tag object; before the first upload, since a key may want a touch."""
    occasion = occasion_of(seen, target.claim.version, run.setting.now.date())
    return make_tag(run.setting, target, occasion, artifacts, run.worktree)


def _stage(run: _Run, reconciler: Reconciler, stage: Stage) -> StageState:
    try:
        return reconciler.run(stage)
    except CastoffError as error:
        if stage.required:
            raise
        run.problems.extend(replace(problem, severity="warning") for problem in error.problems)
        (state,) = observe((stage,))
        return state


def _reconciler(run: _Run) -> Reconciler:
    setting = run.setting
    return Reconciler(setting.clock, setting.reporter, setting.patience, lanes=setting.lanes)


def _body(run: _Run, seen: Survey, target: Target) -> str:
    """Write the draft's text: the notes as the forge would generate them for the pushed tag."""
    written = notes_of_release(run.setting, seen, run.worktree, target.claim.commit, target.tag)
    run.problems.extend(written.problems)
    return written.body


def _result(run: _Run, target: Target, states: list[StageState], *, resumed: bool) -> Result:
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
        version=target.title,
        target=target,
        resumed=resumed,
        stages=tuple(states),
        uploads=uploads,
        mismatch_window=run.recorder.mismatch_window(),
        problems=tuple(dict.fromkeys(run.problems)),
        links=links_of(run.setting, target, states),
    )
