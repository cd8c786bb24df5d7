"""`castoff yank`: take a version back everywhere, facade first."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, text


@click.command("yank")
@click.argument("version", shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@click.option(
    "--reason", type=text, default="", metavar="TEXT", help="Reason, one line on the forge's release page."
)
@common_options
def command(common: Common, version: str, execute: bool, reason: str) -> int:
    """Yank VERSION from every registry, the facade first.

    The forge's release page is marked as yanked; the tag is kept. Lists steps that only a person can do. Run it
    again at any time: packages that are already yanked are skipped.
    """
    from castoff.cli.withdrawal import take_back
    from castoff.rollback.yank import yank

    return take_back(
        common,
        "yank",
        lambda services, agrees: yank(services, version, agrees, reason=reason),
        execute=execute,
    )
