"""Plan of a release, and its dry run: the plan with all that `release --execute` judges before it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from msgspec import Struct

from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, only_if
from castoff.model.intent import Begin, History, Resume, meant
from castoff.model.joined_workspace import require_packages
from castoff.model.plan import Plan
from castoff.model.steps import LocalStep
from castoff.model.trusted_publishing import new_name_problem
from castoff.reconcile import StageState
from castoff.release.acts_ahead import ask_all, ask_nobody, release_stages, states_before
from castoff.release.flight import explained, with_known_flights
from castoff.release.plan_contents import as_warnings, make_plan
from castoff.session.edits import without_installed
from castoff.session.registry_versions import PLAN_SECONDS, registry_problems, registry_versions
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import require_full_history
from castoff.session.tag_names import require_clear_tags
from castoff.session.workspaces import not_looked_at
from castoff.values import replace

Intend = Callable[[History, str, str | None], Begin | Resume]
_STOPS = frozenset({"milestone-open-items"})
"""What a stage that is not required may stop a release for; it is judged before the claim."""


def plan_release(
    services: Services, request: ReleaseRequest, *, intend: Intend = meant, offline: bool = False
) -> Plan:
    """Plan a release of a level; nothing is written. ``intend`` says which version a level means.

    Registries and forge are asked meanwhile, for at most two seconds; ``offline`` asks none of them.
    """
    with (
        services.reporter.step(LocalStep("prepare", "the plan")),
        _opened(services, request, intend, offline=offline) as (look, plan),
        ThreadPoolExecutor(1) as pool,
    ):
        packages = () if offline else look.session.snapshot.workspace.packages
        # Registries and forge are asked side by side: each has the plan's two seconds.
        asked = pool.submit(registry_versions, services, packages, seconds=PLAN_SECONDS)
        acts, problems = look.acts(PLAN_SECONDS, offline=offline)
        snapshot = look.session.snapshot
        shown = () if plan.resumes else registry_problems(asked.result(), snapshot, plan.version, look.level)
        return _with(plan, acts, (*problems, *shown))


def dry_run(services: Services, request: ReleaseRequest, *, intend: Intend) -> Plan:
    """Plan a release, and judge everything that the release judges before it writes."""
    with _opened(services, request, intend) as (look, plan):
        acts, problems = look.acts(None)
        return _with(plan, acts, (*look.judged(), *problems))


@contextmanager
def _opened(
    services: Services, request: ReleaseRequest, intend: Intend, *, offline: bool = False
) -> Iterator[tuple[_Look, Plan]]:
    level, pre = request.level, request.pre
    assert level is not None, "what is planned has a level"
    with open_session(services) as opened:
        require_packages(opened.snapshot.workspace)
        require_clear_tags(opened.snapshot.unclear_tags)
        session, unclear = (opened, ()) if offline else with_known_flights(opened)
        intent = _intended(session, partial(intend, session.snapshot.history, level, pre))
        plan = make_plan(session, intent, level if pre is None else f"{level} --pre {pre}")
        planned = without_installed(plan.problems, services.repository.git.processes.find)
        if services.configuration.release.tokenless and isinstance(intent, Begin):
            # Not an error here: a plan may be made long before the first version is there.
            unnamed = (new_name_problem(one.package) for one in plan.packages if one.new)
            planned = (*planned, *as_warnings(tuple(unnamed)))
        plan = replace(
            plan,
            problems=(*as_warnings(services.problems), *planned, *unclear),
            not_looked_at=not_looked_at(services.repository, session.snapshot.tree),
        )
        yield _Look(session, intent, request), plan


class _Look(Struct, frozen=True):
    """What a plan is made from."""

    session: Session
    intent: Begin | Resume
    request: ReleaseRequest

    @property
    def level(self) -> str:
        """Return the level that is planned."""
        return self.request.level or ""

    def acts(
        self, seconds: float | None, *, offline: bool = False
    ) -> tuple[tuple[Act, ...], tuple[Problem, ...]]:
        """Return the acts that a run may perform, and what would stop a stage."""
        try:
            states = self._states(seconds, offline=offline)
        except CastoffError as error:
            return (), error.problems
        acts = tuple(act for state in states for act in state.acts_ahead)
        is_unseen = offline and isinstance(self.intent, Resume)
        return (only_if("if it is not done", acts) if is_unseen else acts), tuple(_obstacles(states))

    def judged(self) -> tuple[Problem, ...]:
        """Return what the checks before a claim find; of a claim that stands, those of what is left to do."""
        # A plan judges nothing, and starts in half the time without the rules of all registries.
        from castoff.preflight.checks import preflight_checks, resume_checks
        from castoff.preflight.stage import run_checks
        from castoff.release.check import outside_a_release

        if isinstance(self.intent, Begin):
            checks = preflight_checks(self.session, self.intent.version, level=self.level)
        else:
            checks = resume_checks(self.session, self.intent.claim, self.request)
        answers = map(outside_a_release, run_checks(checks, lanes=self.session.services.lanes))
        return tuple(problem for one in answers for problem in one.findings)

    def _states(self, seconds: float | None, *, offline: bool) -> Sequence[StageState]:
        version = self.intent.version if isinstance(self.intent, Begin) else self.intent.claim.version
        if offline or isinstance(self.intent, Begin):
            ask = (
                ask_nobody("no registry was queried") if offline else ask_all(self.session.services, seconds)
            )
            states = states_before(self.session, version, ask)
            # The first stage is the claim, which was made.
            return states if isinstance(self.intent, Begin) else states[1:]
        release = self.session.release(self.intent.claim)
        return self.session.observe(*release_stages(self.session, release))


def _obstacles(states: Sequence[StageState]) -> Iterator[Problem]:
    for state in states:
        for problem in state.obstacles:
            # What comes after the announcement never holds a release up, so in a plan it is a warning.
            stops = state.stage.required or problem.code in _STOPS
            yield problem if stops else replace(problem, severity="warning")


def _with(plan: Plan, acts: tuple[Act, ...], problems: Sequence[Problem]) -> Plan:
    """Add acts and problems; a warning goes where the same problem is an error."""
    every = tuple(dict.fromkeys((*plan.problems, *problems)))
    errors = {replace(one, severity="warning") for one in every if one.severity == "error"}
    return replace(plan, acts=acts, problems=tuple(one for one in every if one not in errors))


def _intended(session: Session, intend: Callable[[], Begin | Resume]) -> Begin | Resume:
    try:
        return intend()
    except CastoffError as error:
        require_full_history(session.snapshot)
        raise explained(session, error) from None
