"""`castoff rehearse`: a whole release against the embedded world."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for, required_level


@click.command("rehearse")
@click.argument("level", required=False, metavar="LEVEL")
@click.option("--pre", metavar="KIND", help="Make a pre-release: alpha, beta or rc.")
@common_options
def command(common: Common, level: str | None, pre: str | None) -> int:
    """Carry a release of LEVEL out against an embedded world: real builds, real uploads, nothing outside.

    Your checkout is only read, your tokens are not passed on. What cannot be proven this way is listed.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.cli.running import show
    from castoff.flows.rehearsal import rehearse
    from castoff.flows.wish import Wish
    from castoff.wiring import open_rehearsal

    wish = Wish(level=required_level(level), pre=pre)
    reporter = reporter_for(common.events)
    reporter.note(
        "a rehearsal: everything goes to an embedded world, nothing outside this machine is written"
    )
    result, world = rehearse(open_for(common, reporter), wish, open_rehearsal)
    reporter.close()
    show(common, "rehearse", result, world)
    return 0
