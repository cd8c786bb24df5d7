"""Output of problems: fact, reason and remedy on stderr; one object on stdout with `--json`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import groupby

import click

from castoff.cli.render.words import MANY, safe, show
from castoff.errors import Problem
from castoff.model.acts import Act
from castoff.redaction import plain


def styled(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Return a text in a colour, for terminals whose user did not say no to colours."""
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=fg, bold=bold or None)


SCHEMA_VERSION = 2
"""The version of every JSON object that a command prints; 1 was never released."""


def problem_json(problem: Problem) -> dict[str, object]:
    """Return a problem as JSON; keys without a value are left out."""
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
            "schema_version": SCHEMA_VERSION,
            "exit_code": exit_code,
            "problems": [problem_json(problem) for problem in problems],
        }
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    show_together(problems)


def show_together(problems: Sequence[Problem]) -> None:
    """Show problems on stderr; what neighbours have in common (reason, remedy) once, below the last of them."""
    for (severity, code, *_), same in groupby(
        problems, key=lambda one: (one.severity, one.code, one.reason, one.remedy)
    ):
        alike = list(same)
        # Each error has to be fixed; many warnings of one kind are counted.
        shown = alike if severity == "error" else alike[:MANY]
        for one in shown:
            show_fact(one)
        if len(alike) > len(shown):
            show(f"  {len(alike) - len(shown)} more of the kind {code} (see --json)", err=True)
        show_reasons(alike[0], "  ", err=True)


def show_problem(problem: Problem) -> None:
    """Show one problem on stderr."""
    show_fact(problem)
    show_reasons(problem, "  ", err=True)


def show_fact(problem: Problem) -> None:
    """Show what is wrong and where, on stderr, without the reason and the remedy."""
    colour = "red" if problem.severity == "error" else "yellow"
    head = styled(f"{problem.severity}[{problem.code}]", fg=colour, bold=True)
    show(f"{head}: {safe(problem.message)}", err=True)
    if place := place_of(problem):
        show(f"  at: {place}", err=True)


def show_reasons(problem: Problem, indent: str, *, err: bool) -> None:
    """Show why a problem matters and what to do, indented."""
    for name, text in (("reason", problem.reason), ("remedy", problem.remedy)):
        for number, line in enumerate(plain(text).splitlines()):
            show(f"{indent}{name}: {line}" if number == 0 else f"{indent}  {line}", err=err)


def place_of(problem: Problem) -> str:
    """Return where a problem is: file and line, or a link."""
    if problem.file:
        return safe(f"{problem.file}:{problem.line}" if problem.line else problem.file)
    return safe(problem.url or "")


def line_of(act: Act) -> str:
    """Render an act as one line: its id, its target if the id does not end with it, and its condition if it has one."""
    target = "" if act.id.endswith(act.target) else f"  {act.target}"
    condition = f" ({act.condition})" if act.condition else ""
    return safe(f"{act.id}{target}{condition}")
