"""`castoff approve`: the approval of staged packages, which only a person can give."""

from __future__ import annotations

import click

from castoff.cli.one_time_passwords import has_code, otp_option, prompted, with_code
from castoff.cli.options import Common, common_options


@click.command("approve")
@click.argument("version")
@click.option("--execute", is_flag=True, help="Approve (default: print the acts).")
@otp_option
@common_options
def command(common: Common, version: str, execute: bool, otp: str | None) -> int:
    """Publish the staged packages of VERSION, in the order of their needs, the facade last.

    What is staged is downloaded and compared with a build of the release commit first. One CODE is used for as many
    packages as the registry accepts it for; with a new one, the command continues. Then come tag and draft.
    """
    from castoff.cli.release_run import carry_out, print_acts
    from castoff.errors import Refusal
    from castoff.session.release_request import ReleaseRequest

    request = ReleaseRequest(level=None, version=version, approved=True)
    if not execute:
        return print_acts(common, request)
    if not _asked(common):
        return 4
    code = otp if otp is not None or has_code() else prompted(common)
    while True:
        try:
            return carry_out(common, request, environment=with_code(code))
        except Refusal as refused:
            # Codes last half a minute, and some registries take each of them once: a person goes on with the next.
            if {one.code for one in refused.problems} != {"otp-required"} or not common.may_ask:
                raise
            click.echo(refused.problems[0].message, err=True)
            code = prompted(common)


def _asked(common: Common) -> bool:
    if common.yes:
        return True
    if not common.may_ask:
        click.echo("cannot prompt without a terminal; pass --yes to approve", err=True)
        return False
    return click.confirm("approve the staged packages?", default=False, err=True)
