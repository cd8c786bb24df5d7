"""How are the questions of the preflight asked? All at once; the vital ones again while nobody can say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from castoff.errors import NotYet, Problem
from castoff.flows.survey import Survey
from castoff.http import NOT_KNOWN, REFUSED
from castoff.reconcile import Reconciler
from castoff.stages.part import Stage
from castoff.stages.preflight import Check, Checked, CheckPart, errors_of, run_checks

_REMEDY = "nothing was begun: run the same command again later"
_DOWN = (REFUSED, NOT_KNOWN)
_SOON = 8.0
"""Seconds: so long a service may be gone that refuses connections, or whose name leads nowhere."""


def ask_until_known(
    checks: Sequence[Check], reconciler: Reconciler, tolerated: Collection[str] = ()
) -> tuple[Checked, ...]:
    """Give the answers, in the order of the checks.

    Where one is an error already (and its code is not tolerated), nothing is waited for. Errors: ``NotYet`` where
    the world does not say what must be known before anything irreversible happens.
    """
    answers = run_checks(checks)
    parts = [
        CheckPart(check, answer)
        for check, answer in zip(checks, answers, strict=True)
        if check.vital and answer.result == "unknown"
    ]
    if not parts or any(problem.code not in tolerated for problem in errors_of(answers)):
        return answers
    if any(cause in problem.reason for part in parts for problem in part.answer.findings for cause in _DOWN):
        reconciler = reconciler.hurried(_SOON)
    try:
        reconciler.run(Stage("preflight", tuple(parts)))
    except NotYet as late:
        raise NotYet(*(replace(problem, remedy=_REMEDY) for problem in late.problems)) from None
    known = {part.name: part.answer for part in parts}
    return tuple(known.get(answer.id, answer) for answer in answers)


def must_be_reachable(seen: Survey) -> None:
    """Begin nothing while the remote does not answer; error ``remote-unreachable``."""
    if seen.remote_url is not None and not seen.reachable:
        raise NotYet(
            Problem(
                code="remote-unreachable",
                message=f"the remote `{seen.remote}` could not be asked",
                reason=seen.unreachable
                or "what others pushed meanwhile cannot be known, and the claim is a push",
                remedy=f"see that `git ls-remote` works; {_REMEDY}",
            )
        )
