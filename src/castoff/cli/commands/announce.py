"""`castoff announce`: the one step that always asks a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.errors import Problem
    from castoff.ports import ForgeRelease


@click.command("announce")
@click.argument("version", required=False)
@click.option("--execute", is_flag=True, help="Act; without it the text is only shown.")
@click.option("--accept-missing", is_flag=True, help="Announce although generated lines are gone.")
@common_options
def command(common: Common, version: str | None, execute: bool, accept_missing: bool) -> int:
    """Show the final text of VERSION's draft, ask, and publish it.

    Generated lines that are gone are named, and stop it: `castoff draft --execute` puts them back.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.cli.showing import show_all, show_states
    from castoff.flows.announcing import announce

    setting = open_for(common, reporter_for(common.events, quiet=common.json))
    found: list[Problem] = []
    text: list[str] = []

    def agrees(draft: ForgeRelease, problems: tuple[Problem, ...]) -> bool:
        found.extend(problems)
        text.append(draft.body)
        if not common.json:
            _show(draft)
            show_all(problems)
        lost = any(one.severity == "error" for one in problems) and not accept_missing
        return execute and not lost and _asked(common)

    target, state = announce(setting, version, agrees)
    if common.json:
        from castoff.cli.staging import print_stage

        states = [state] if state is not None else []
        print_stage("announce", target.title, states, text=text[0] if text else None, problems=found)
    elif state is not None:
        show_states([state])
        if state.state == "done":
            click.echo(
                f"what comes after it (changelog, documentation, website): castoff resume {target.title} --execute",
                err=True,
            )
    else:
        _say_why(found, execute=execute, accept_missing=accept_missing)
    lost = any(one.severity == "error" for one in found) and not accept_missing
    return 4 if state is None and (execute or lost) else 0


def _say_why(problems: list[Problem], *, execute: bool, accept_missing: bool) -> None:
    errors = sum(one.severity == "error" for one in problems)
    if errors and not accept_missing:
        click.echo(
            f"nothing was done: {errors} generated lines are gone; put them back with `castoff draft --execute`, "
            "or say --accept-missing",
            err=True,
        )
    else:
        click.echo("nothing was done" + ("" if execute else ": add --execute to act"), err=True)


def _show(draft: ForgeRelease) -> None:
    from castoff.redaction import plain

    click.echo(f"# {plain(draft.name)}\n", err=True)
    click.echo(plain(draft.body), err=True)
    click.echo(f"\ndraft: {plain(draft.url)}", err=True)


def _asked(common: Common) -> bool:
    if common.yes:
        return True
    if not common.may_ask:
        click.echo("nobody is there to ask: say --yes to announce", err=True)
        return False
    return click.confirm("announce it?", default=False, err=True)
