"""`castoff release`: the whole release, begun or resumed."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options


@click.command("release")
@click.argument("level", required=False)
@click.option("--pre", metavar="KIND", help="Make a pre-release: alpha, beta or rc.")
@click.option("--execute", is_flag=True, help="Act; without it the acts are only printed.")
@click.option(
    "--accept", multiple=True, metavar="DIGEST", help="Take a file that cannot be compared as the same."
)
@click.option(
    "--pull-request",
    "proposing",
    is_flag=True,
    help="Propose it: the merge claims the version, `resume` goes on.",
)
@common_options
def command(
    common: Common,
    level: str | None,
    pre: str | None,
    execute: bool,
    accept: tuple[str, ...],
    proposing: bool,
) -> int:
    """Release LEVEL: commit, claim, uploads, tag, draft, and announce when you agree.

    LEVEL is major, minor, patch, release, rc, beta, alpha or an exact version. Without --execute the acts are
    printed and nothing is written. Run it again after a failure: it does what is missing.
    """
    if proposing:
        if level is None:
            raise click.UsageError("--pull-request needs a LEVEL")
        from castoff.cli.proposing import carry_out_proposal

        return carry_out_proposal(common, level, pre, execute=execute)
    from castoff.cli.running import carry_out, print_acts
    from castoff.flows.wish import Wish

    wish = Wish(level=level, pre=pre, agreed=common.yes, accepted=frozenset(accept))
    return carry_out(common, wish) if execute else print_acts(common, wish)
