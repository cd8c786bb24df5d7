"""How is one stage on its own shown: draft, announcement, milestones, highlights?"""

from __future__ import annotations

from collections.abc import Sequence

from castoff.cli.options import Common
from castoff.cli.problems import problem_json
from castoff.errors import Problem
from castoff.model.acts import Act
from castoff.reconcile import StageState


def print_stage(
    name: str,
    version: str,
    states: Sequence[StageState],
    *,
    acts: Sequence[Act] | None = None,
    text: str | None = None,
    problems: Sequence[Problem] = (),
) -> None:
    """Print one object; ``acts`` are those of the stages where nothing else is said."""
    from castoff.cli.shapes import print_json, stages_json

    left = acts if acts is not None else [act for state in states for act in state.acts]
    value: dict[str, object] = {
        "version": version,
        "stages": stages_json(states),
        "acts": [act.id for act in left],
        "text": text,
        "problems": [problem_json(problem) for problem in problems],
    }
    print_json(name, value)


def say_left(common: Common, acts: Sequence[Act]) -> None:
    """Say on standard error what is left to do, and how to do it."""
    import click

    from castoff.cli.problems import safe

    if common.json:
        return
    if not acts:
        click.echo("nothing is left to do", err=True)
        return
    for act in acts:
        click.echo(f"{safe(act.id)}  {safe(act.target)}", err=True)
    click.echo("nothing was done: add --execute to act", err=True)
