"""`castoff resume`: go on with a release."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options


@click.command("resume")
@click.argument("version", required=False)
@click.option("--execute", is_flag=True, help="Act; without it the acts are only printed.")
@click.option(
    "--accept", multiple=True, metavar="DIGEST", help="Take a file that cannot be compared as the same."
)
@common_options
def command(common: Common, version: str | None, execute: bool, accept: tuple[str, ...]) -> int:
    """Go on with VERSION, or with what is under way, from any machine; does nothing when all is done."""
    from castoff.cli.running import carry_out, print_acts
    from castoff.flows.wish import Wish

    wish = Wish(level=None, version=version, agreed=common.yes, accepted=frozenset(accept))
    return carry_out(common, wish) if execute else print_acts(common, wish)
