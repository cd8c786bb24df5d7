"""How are problems shown? Fact, reason and remedy on stderr; as one object on stdout with `--json`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from castoff.cli.colour import styled
from castoff.errors import Problem
from castoff.redaction import plain


def problem_json(problem: Problem) -> dict[str, object]:
    """Give a problem as JSON; keys without a value are left out."""
    whole: dict[str, object | None] = {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "reason": problem.reason,
        "remedy": problem.remedy,
        "file": problem.file,
        "line": problem.line,
        "url": problem.url,
        "package": problem.package,
        "pull_request": problem.pull_request,
        "commit": problem.commit,
    }
    return {key: value for key, value in whole.items() if value is not None}


def show_problems(problems: Sequence[Problem], *, as_json: bool, exit_code: int) -> None:
    """Show what ended a run."""
    if as_json:
        value = {
            "schema": "castoff/error",
            "version": 1,
            "exit_code": exit_code,
            "problems": [problem_json(problem) for problem in problems],
        }
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    for problem in problems:
        show_problem(problem)


def show_problem(problem: Problem) -> None:
    """Show one problem on stderr."""
    colour = "red" if problem.severity == "error" else "yellow"
    head = styled(f"{problem.severity}[{problem.code}]", fg=colour, bold=True)
    click.echo(f"{head}: {safe(problem.message)}", err=True)
    if place := place_of(problem):
        click.echo(f"  at: {place}", err=True)
    if problem.reason:
        click.echo(f"  reason: {indented(problem.reason)}", err=True)
    if problem.remedy:
        click.echo(f"  remedy: {indented(problem.remedy)}", err=True)


def place_of(problem: Problem) -> str:
    """Say where a problem is: file and line, or a link."""
    if problem.file:
        return safe(f"{problem.file}:{problem.line}" if problem.line else problem.file)
    return safe(problem.url or "")


def safe(text: str) -> str:
    """Make a text from anywhere one harmless line."""
    return " ".join(plain(text).split("\n"))


def indented(text: str) -> str:
    """Keep the lines of a longer text together."""
    return "\n    ".join(plain(text).splitlines())
