"""`castoff abandon`: give a version up that was begun."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_version
from castoff.cli.one_time_passwords import otp_option, with_code
from castoff.cli.options import Common, common_options


@click.command("abandon")
@click.argument("version", shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@otp_option
@common_options
def command(common: Common, version: str, execute: bool, otp: str | None) -> int:
    """Abandon the unfinished release VERSION.

    Yanks what was uploaded, rejects what is staged (with CODE), deletes the draft and reverts the release commit.
    If nothing was uploaded, the version can be used again; otherwise it is burned, and the next free version is
    shown. Once the tag is pushed or the release is announced, use `castoff yank` instead.
    """
    from castoff.cli.withdrawal import take_back
    from castoff.rollback.abandon import abandon

    return take_back(
        common,
        "abandon",
        lambda services, agrees: abandon(services, version, agrees),
        execute=execute,
        environment=with_code(otp),
    )
