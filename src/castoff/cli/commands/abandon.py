"""`castoff abandon`: give a version up that was begun."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options


@click.command("abandon")
@click.argument("version")
@click.option("--execute", is_flag=True, help="Act; without it the acts are only printed.")
@common_options
def command(common: Common, version: str, execute: bool) -> int:
    """Give VERSION up: what was uploaded is yanked, its draft deleted, its release commit reverted.

    Nothing uploaded yet: the version stays usable. Something uploaded: it is burnt, and the next free one is named.
    Once the tag is pushed or the release announced it is too late: then `castoff yank`.
    """
    from castoff.cli.withdrawing import take_back
    from castoff.flows.abandoning import abandon

    return take_back(
        common, "abandon", lambda setting, agrees: abandon(setting, version, agrees), execute=execute
    )
