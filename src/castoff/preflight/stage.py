"""Checks before a release begins: asked in parallel, listed together, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from castoff.errors import CastoffError, NotYet, Problem
from castoff.io.http import NOT_KNOWN, REFUSED
from castoff.model.acts import Act, Decision, Done, Outcome, Wait
from castoff.model.observations import Absent, Observation, Unknown
from castoff.reconcile import observe
from castoff.reconcile.part import AnsweredPart, Seen, Stage
from castoff.session.services import Services
from castoff.session.snapshot import Snapshot
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.reconcile.reconciler import Reconciler

Group = Literal["shape", "preflight", "labels", "milestone", "metadata", "foresight", "user"]
Result = Literal["pass", "warn", "fail", "unknown", "off"]


class Cannot(Struct, frozen=True):
    """A check that could not be made, and why; it is shown as unknown."""

    why: str


class Skipped(Struct, frozen=True):
    """A check that does not apply here, and why; that is not the same as passed."""

    why: str


Found = Sequence[Problem] | Cannot | Skipped


class Check(Struct, frozen=True):
    """One question; ``ask`` gives what is wrong, or says that it could not be known or does not apply.

    ``vital``: nothing is claimed while its answer is unknown.
    """

    id: str
    group: Group
    ask: Callable[[], Found]
    vital: bool = False


class Checked(Struct, frozen=True):
    """The answer to one check; ``note`` says in a few words why it passes or is off.

    ``vital``: a release does not begin while the result is unknown.
    """

    id: str
    group: Group
    result: Result
    findings: tuple[Problem, ...] = ()
    note: str = ""
    vital: bool = False


def run_checks(checks: Sequence[Check], *, lanes: int = 16) -> tuple[Checked, ...]:
    """Ask all checks side by side; returns the answers in the order of the checks."""
    if not checks:
        return ()
    # Checks wait for answers of services; none of them computes for long.
    with ThreadPoolExecutor(min(lanes, len(checks))) as pool:
        return tuple(pool.map(_run, checks))


class CheckPart(Struct, frozen=True):
    """One vital check, asked again while it has no answer."""

    check: Check
    needs: frozenset[str] = frozenset()
    gate: str | None = None

    @property
    def name(self) -> str:
        """Return the check's id."""
        return self.check.id

    def look(self) -> Checked:
        """Ask; a problem that was found is an answer."""
        return _run(self.check)

    def decide(self, seen: Checked) -> Decision:
        """Wait for an answer, whatever it is."""
        return Wait(reason=_reasons(seen)) if seen.result == "unknown" else Done()

    def describe(self, seen: Checked) -> Seen:
        """Show whether there is an answer."""
        is_unknown = seen.result == "unknown"
        return (Observation(id=self.name, answer=Unknown(reason=_reasons(seen)) if is_unknown else Absent()),)

    def act(self, act: Act) -> Outcome:
        """Refuse: a check writes nothing."""
        raise NotImplementedError(act.id)


def _reasons(answer: Checked) -> str:
    return "; ".join(problem.reason for problem in answer.findings)


def errors_of(answers: Sequence[Checked]) -> tuple[Problem, ...]:
    """List the problems that stop a release, each once: a program that is not here is missed by many checks."""
    return tuple(dict.fromkeys(p for one in answers for p in one.findings if p.severity == "error"))


def _run(check: Check) -> Checked:
    try:
        found = check.ask()
    # A service that is late is not a finding about the release.
    except NotYet as late:
        found = Cannot("; ".join(f"{one.message}: {one.reason}" for one in late.problems))
    except CastoffError as error:
        found = error.problems
    if isinstance(found, Skipped):
        return Checked(check.id, check.group, "off", note=found.why)
    if isinstance(found, Cannot):
        unknown = Problem(
            code="cannot-be-known",
            severity="warning",
            message=f"`{check.id}` could not be checked",
            reason=found.why,
            remedy="check it by hand, or fix the reason and run `castoff check` again",
        )
        return Checked(check.id, check.group, "unknown", (unknown,), vital=check.vital)
    if any(problem.severity == "error" for problem in found):
        return Checked(check.id, check.group, "fail", tuple(found))
    return Checked(check.id, check.group, "warn" if found else "pass", tuple(found))


_REMEDY = "nothing was started: run the same command again later"
_DOWN = (REFUSED, NOT_KNOWN)
_SOON = 8.0
"""Seconds: so long a service may be gone that refuses connections, or whose name has no target."""


def ask_until_known(
    checks: Sequence[Check], reconciler: Reconciler, tolerated: Collection[str] = ()
) -> tuple[Checked, ...]:
    """Return the answers, in the order of the checks.

    Where one is an error already (and its code is not tolerated), nothing is waited for. Errors: ``NotYet`` where
    the world does not say what must be known before anything irreversible happens.
    """
    answers = run_checks(checks)
    unknown = [one for one in answers if one.vital and one.result == "unknown"]
    # An error stays one whatever the missing answers are, so that nobody waits in order to be refused.
    if not unknown or any(problem.code not in tolerated for problem in errors_of(answers)):
        return answers
    # Nothing listens, or the name is wrong: waiting for minutes seldom helps, and a typing error in an address looks
    # the same.
    if any(cause in problem.reason for one in unknown for problem in one.findings for cause in _DOWN):
        reconciler = reconciler.hurried(_SOON)
    names = {one.id for one in unknown}
    parts = tuple(CheckPart(check) for check in checks if check.id in names)
    try:
        state = reconciler.run(Stage("preflight", parts))
    except NotYet as late:
        raise NotYet(*(replace(problem, remedy=_REMEDY) for problem in late.problems)) from None
    known = {part.look.id: part.look for part in state.parts if isinstance(part.look, Checked)}
    return tuple(known.get(answer.id, answer) for answer in answers)


def require_answers(services: Services, stages: Callable[[], Sequence[Stage]]) -> Sequence[Stage]:
    """Return stages of which every question has an answer, so that what they show can be decided by.

    ``stages`` makes them anew after a question had none: what they are made of was asked as well. A short while is
    waited. Errors: ``still-waiting``.
    """
    made = stages()
    if not any(part.is_unknown for state in observe(made, lanes=services.lanes) for part in state.parts):
        return made
    reconciler = services.reconciler()
    try:
        for stage in made:
            reconciler.hurried(_SOON).run(replace(stage, parts=[AnsweredPart(one) for one in stage.parts]))
    except NotYet as late:
        raise NotYet(*(replace(problem, remedy=_REMEDY) for problem in late.problems)) from None
    return stages()


def require_reachable(snapshot: Snapshot) -> None:
    """Begin nothing while the remote does not answer; error ``remote-unreachable``."""
    if snapshot.remote_url is not None and not snapshot.reachable:
        raise NotYet(
            Problem(
                code="remote-unreachable",
                message=f"the remote `{snapshot.remote}` could not be queried",
                reason=snapshot.unreachable or "other pushes cannot be seen, and the claim is a push",
                remedy=f"make sure that `git ls-remote` works; {_REMEDY}",
            )
        )


MOST = 3


def warnings_of(answers: Sequence[Checked], tolerated: Collection[str] = ()) -> tuple[Problem, ...]:
    """List the warnings; of each code that occurs often, one problem stands for all."""
    found = [one for answer in answers for one in answer.findings if one.severity == "warning"]
    by_code: dict[str, list[Problem]] = {}
    for problem in found:
        if problem.code not in tolerated:
            by_code.setdefault(problem.code, []).append(problem)
    return tuple(problem for group in by_code.values() for problem in _summed(group))


def _summed(group: list[Problem]) -> list[Problem]:
    if len(group) <= MOST or group[0].code == "cannot-be-known":
        return group
    first = group[0]
    return [
        replace(
            first,
            message=f"{first.message} (and {len(group) - 1} similar)",
            remedy=f"{first.remedy}; `castoff check` lists all" if first.remedy else "see `castoff check`",
        )
    ]
