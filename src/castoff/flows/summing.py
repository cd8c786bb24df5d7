"""What of the checks' warnings is told at the end of a release? Few of a kind as they are, many as one sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from castoff.errors import Problem
from castoff.stages.preflight import Checked

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
            message=f"{first.message} (and {len(group) - 1} more like it)",
            remedy=f"{first.remedy}; `castoff check` lists all" if first.remedy else "see `castoff check`",
        )
    ]
