"""How are `yank` and `abandon` asked about, shown and ended? They are the same to a person but for one word."""

from __future__ import annotations

from collections.abc import Callable

import click

from castoff.cli.colour import styled
from castoff.cli.options import Common, open_for
from castoff.cli.problems import place_of, problem_json, safe, show_problem
from castoff.cli.reporting import reporter_for
from castoff.flows.setting import Setting
from castoff.flows.withdrawing import Agrees, Withdrawal

Story = Callable[[Setting, Agrees], Withdrawal]


def take_back(common: Common, name: str, story: Story, *, execute: bool) -> int:
    """Carry a story out and show how it ended: 0 all is done (or only shown), 4 something is left for a person."""
    reporter = reporter_for(common.events, quiet=common.json)

    def agrees(found: Withdrawal) -> bool:
        if not execute or not found.acts:
            return False
        if not common.json:
            _show_acts(found)
        return _asked(common, name)

    ended = story(open_for(common, reporter), agrees)
    reporter.close()
    if common.json:
        from castoff.cli.shapes import print_json

        print_json(name, withdrawal_json(ended))
    else:
        _show(ended, name, execute=execute)
    return 4 if execute and not ended.is_done else 0


def withdrawal_json(ended: Withdrawal) -> dict[str, object]:
    """Give how taking a version back stands; ``acts`` are those that are left."""
    from castoff.cli.shapes import stages_json

    return {
        "version": ended.version,
        "executed": ended.executed,
        "done": ended.is_done,
        "burnt": ended.burnt,
        "next_free": ended.next_free,
        "acts": [
            {"id": act.id, "stage": act.stage, "target": act.target, "undo": act.undo} for act in ended.acts
        ],
        "stages": stages_json(ended.states),
        "limits": list(ended.limits),
        "problems": [problem_json(problem) for problem in (*ended.by_hand, *ended.problems)],
    }


def _asked(common: Common, name: str) -> bool:
    if common.yes:
        return True
    if not common.may_ask:
        click.echo(f"nobody is there to ask: say --yes to {name} it", err=True)
        return False
    return click.confirm(f"{name} it?", default=False, err=True)


def _show_acts(found: Withdrawal) -> None:
    click.echo(f"{safe(found.version)} is taken back by these acts, in this order:", err=True)
    for act in found.acts:
        click.echo(f"  {safe(act.id)}  ({safe(act.target)})", err=True)


def _show(ended: Withdrawal, name: str, *, execute: bool) -> None:
    from castoff.cli.showing import show_states

    click.echo(styled(safe(ended.version), bold=True))
    show_states(ended.states)
    if not ended.executed and ended.acts:
        click.echo("\nacts that are left, in this order:")
        for act in ended.acts:
            click.echo(f"  {safe(act.id)}")
    _show_by_hand(ended)
    for problem in ended.problems:
        show_problem(problem)
    if ended.limits:
        click.echo("\nwhat this does not undo:")
        for text in ended.limits:
            click.echo(f"  - {text}")
    if name == "abandon":
        click.echo("\n" + _outlook(ended))
    if not ended.executed and ended.acts:
        click.echo("nothing was done" + ("" if execute else ": add --execute to act"), err=True)


def _show_by_hand(ended: Withdrawal) -> None:
    """List what only a person can do: one line a package, and once what to do there."""
    if not ended.by_hand:
        return
    click.echo("\nonly a person can yank these, on the registry's site, in this order:")
    for problem in ended.by_hand:
        click.echo(f"  {safe(problem.package or '')}: {place_of(problem)}")
    click.echo(f"  first: {safe(ended.by_hand[0].remedy)}")
    click.echo("  then run the same command again: it sees what was yanked")


def _outlook(ended: Withdrawal) -> str:
    if not ended.burnt:
        return f"nothing of {ended.version} was uploaded: the version stays usable"
    free = (
        f"the next free one is {ended.next_free}"
        if ended.next_free
        else "the next free one could not be found"
    )
    return f"{ended.version} is burnt: some of it was uploaded; {free}"
