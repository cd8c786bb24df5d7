"""`castoff announce`: the one step that always asks a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.ports import ForgeRelease


@click.command("announce")
@click.argument("version", required=False)
@click.option("--execute", is_flag=True, help="Act; without it the text is only shown.")
@common_options
def command(common: Common, version: str | None, execute: bool) -> int:
    """Show the final text of VERSION's draft, ask, and publish it."""
    from castoff.cli.reporting import reporter_for
    from castoff.flows.announcing import announce

    setting = open_for(common, reporter_for(common.events, quiet=common.json))

    def agrees(draft: ForgeRelease) -> bool:
        _show(draft)
        return execute and _asked(common)

    target, state = announce(setting, version, agrees)
    if state is None:
        click.echo("nothing was done" + ("" if execute else ": add --execute to act"), err=True)
        return 4 if execute else 0
    if common.json:
        from castoff.cli.shapes import print_json, stages_json

        print_json("release", {"version": target.title, "stages": stages_json([state])})
    else:
        from castoff.cli.showing import show_states

        show_states([state])
    return 0


def _show(draft: ForgeRelease) -> None:
    from castoff.redaction import plain

    click.echo(f"# {plain(draft.name)}\n", err=True)
    click.echo(plain(draft.body), err=True)
    click.echo(f"\ndraft: {draft.url}", err=True)


def _asked(common: Common) -> bool:
    if common.yes:
        return True
    if not common.may_ask:
        click.echo("nobody is there to ask: say --yes to announce", err=True)
        return False
    return click.confirm("announce it?", default=False, err=True)
