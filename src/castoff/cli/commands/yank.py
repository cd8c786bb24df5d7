"""`castoff yank`: take a version back everywhere, facade first."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options


@click.command("yank")
@click.argument("version")
@click.option("--execute", is_flag=True, help="Act; without it the acts are only printed.")
@click.option("--reason", default="", metavar="TEXT", help="Why; one line on the forge's page.")
@common_options
def command(common: Common, version: str, execute: bool, reason: str) -> int:
    """Take VERSION back everywhere: every package, the facade first; the forge's page says so, the tag stays.

    What a registry lets only a person do is listed with what to do. Run it again at any time: what is withdrawn
    already is left alone.
    """
    from castoff.cli.withdrawing import take_back
    from castoff.flows.yanking import yank

    return take_back(
        common,
        "yank",
        lambda setting, agrees: yank(setting, version, agrees, reason=reason),
        execute=execute,
    )
