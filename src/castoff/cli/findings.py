"""How are the answers of `castoff check` shown? One line a check, what was found below it; or one JSON object."""

from __future__ import annotations

from collections.abc import Sequence

import click

from castoff.cli.colour import styled
from castoff.cli.problems import indented, place_of, problem_json, safe
from castoff.errors import Problem
from castoff.stages.preflight import Checked

_MARKS = {
    "pass": ("pass", "green"),
    "warn": ("warn", "yellow"),
    "fail": ("FAIL", "red"),
    "unknown": ("unknown", "yellow"),
    "off": ("off", None),
}


def checks_json(answers: Sequence[Checked]) -> dict[str, object]:
    """Give the answers in the order of the checks; the summary counts checks, not findings."""
    counted = ("pass", "warn", "fail", "unknown")
    return {
        "checks": [
            {
                "id": one.id,
                "group": one.group,
                "result": one.result,
                "findings": [problem_json(problem) for problem in one.findings],
            }
            for one in answers
        ],
        "summary": {word: sum(one.result == word for one in answers) for word in counted},
    }


def show_checks(answers: Sequence[Checked]) -> None:
    """Show the answers on standard output."""
    width = max((len(one.id) for one in answers), default=0)
    shown: set[Problem] = set()
    for one in answers:
        word, colour = _MARKS[one.result]
        count = f"{len(one.findings)} found" if len(one.findings) > 1 else one.note
        click.echo(
            f"{one.group:>10}  {safe(one.id):<{width}}  {styled(f'{word:<7}', fg=colour)} {count}".rstrip()
        )
        for problem in one.findings:
            if problem not in shown:  # a program that is not here is missed by many checks
                _show(problem)
        shown.update(one.findings)
    summary = checks_json(answers)["summary"]
    assert isinstance(summary, dict)
    click.echo("\n" + ", ".join(f"{count} {word}" for word, count in summary.items()))


def exit_code_of(answers: Sequence[Checked], *, strict: bool) -> int:
    """Say how a run of checks ends: 4 with an error, with ``strict`` also with a warning."""
    severities = {problem.severity for one in answers for problem in one.findings}
    return 4 if "error" in severities or (strict and "warning" in severities) else 0


def _show(problem: Problem) -> None:
    mark = "x" if problem.severity == "error" else "!"
    click.echo(f"{'':>12}{mark} {safe(problem.message)} [{problem.code}]")
    place = place_of(problem) or safe(problem.url or "")
    for name, text in (("at", place), ("reason", problem.reason), ("remedy", problem.remedy)):
        if text:
            click.echo(f"{'':>14}{name}: {indented(text)}")
