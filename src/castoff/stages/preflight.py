"""Is everything as it must be before a release begins? Asked in parallel, listed together, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from castoff.errors import CastoffError, NotYet, Problem
from castoff.model.acts import Act, Decision, Done, Outcome, Wait
from castoff.model.observations import Absent, Observation, Unknown
from castoff.stages.part import Seen

Group = Literal["shape", "preflight", "labels", "milestone", "metadata", "foresight", "user"]
Result = Literal["pass", "warn", "fail", "unknown", "off"]


@dataclass(frozen=True, slots=True)
class Cannot:
    """A check that could not be made, and why; it is shown as unknown."""

    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A check that does not apply here, and why; that is not the same as passed."""

    why: str


Found = Sequence[Problem] | Cannot | Skipped


@dataclass(frozen=True, slots=True)
class Check:
    """One question; ``ask`` gives what is wrong, or says that it could not be known or does not apply.

    ``vital``: nothing is claimed while its answer is unknown.
    """

    id: str
    group: Group
    ask: Callable[[], Found]
    vital: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to one check; ``note`` says in a few words why it passes where that may surprise."""

    id: str
    group: Group
    result: Result
    findings: tuple[Problem, ...] = ()
    note: str = ""


def run_checks(checks: Sequence[Check], *, lanes: int = 16) -> tuple[Checked, ...]:
    """Ask all checks side by side; gives the answers in the order of the checks."""
    if not checks:
        return ()
    with ThreadPoolExecutor(min(lanes, len(checks))) as pool:
        return tuple(pool.map(_run, checks))


@dataclass(slots=True)
class CheckPart:
    """One vital check, asked again while nobody can say; ``answer`` is the last one."""

    check: Check
    answer: Checked
    needs: frozenset[str] = frozenset()
    gate: str | None = None

    @property
    def name(self) -> str:
        """Give the check's id."""
        return self.check.id

    def look(self) -> Seen:
        """Ask; a problem that was found stands for what is there."""
        self.answer = _run(self.check)
        if self.answer.result == "unknown":
            why = "; ".join(problem.reason for problem in self.answer.findings)
            return (Observation(id=self.name, answer=Unknown(reason=why)),)
        return (Observation(id=self.name, answer=Absent()),)

    def decide(self, seen: Seen) -> Decision:
        """Wait for an answer, whatever it is."""
        match seen[0].answer:
            case Unknown(reason=reason, retry_after=after):
                return Wait(reason=reason, seconds=after)
            case _:
                return Done()

    def act(self, act: Act) -> Outcome:
        """Refuse: a check writes nothing."""
        raise NotImplementedError(act.id)


def errors_of(answers: Sequence[Checked]) -> tuple[Problem, ...]:
    """List the problems that stop a release, each once: a program that is not here is missed by many checks."""
    return tuple(dict.fromkeys(p for one in answers for p in one.findings if p.severity == "error"))


def _run(check: Check) -> Checked:
    try:
        found = check.ask()
    except NotYet as late:
        found = Cannot("; ".join(f"{one.message}: {one.reason}" for one in late.problems))
    except CastoffError as error:
        found = error.problems
    if isinstance(found, Skipped):
        return Checked(check.id, check.group, "off")
    if isinstance(found, Cannot):
        unknown = Problem(
            code="cannot-be-known",
            severity="warning",
            message=f"`{check.id}` could not be checked",
            reason=found.why,
            remedy="see to it yourself before the release",
        )
        return Checked(check.id, check.group, "unknown", (unknown,))
    if any(problem.severity == "error" for problem in found):
        return Checked(check.id, check.group, "fail", tuple(found))
    return Checked(check.id, check.group, "warn" if found else "pass", tuple(found))
