"""Output of a single stage: draft, announcement, milestones, highlights."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.cli.options import Common
from castoff.cli.render.problems import problem_json
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
    from castoff.cli.render.json_shapes import print_json, stages_json

    left = acts if acts is not None else [act for state in states for act in state.acts_ahead]
    value: dict[str, object] = {
        "version": version,
        "stages": stages_json(states),
        "acts": [act.id for act in left],
        "conditions": {act.id: act.condition for act in left if act.condition is not None},
        "text": text,
        "problems": [problem_json(problem) for problem in problems],
    }
    print_json(name, value)


def say_left(common: Common, acts: Sequence[Act], version: str) -> None:
    """Say on standard error what is left to do, and how to do it."""
    import click

    from castoff.cli.render.problems import line_of
    from castoff.cli.render.words import safe

    if common.json:
        return
    if not acts:
        click.echo(f"{safe(version)}: nothing to do", err=True)
        return
    for act in acts:
        click.echo(line_of(act), err=True)
    click.echo("nothing was done: pass --execute to act", err=True)
