"""`castoff rehearse`: a whole release against the embedded world."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for


@click.command("rehearse")
@click.argument("level")
@click.option("--pre", metavar="KIND", help="Make a pre-release: alpha, beta or rc.")
@common_options
def command(common: Common, level: str, pre: str | None) -> int:
    """Carry a release of LEVEL out against an embedded world: real builds, real uploads, nothing outside.

    Your checkout is only read, your tokens are not passed on. What cannot be proven this way is listed.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.cli.running import show
    from castoff.flows.rehearsal import rehearse
    from castoff.flows.release import Wish
    from castoff.wiring import open_rehearsal

    reporter = reporter_for(common.events)
    result, world = rehearse(open_for(common, reporter), Wish(level=level, pre=pre), open_rehearsal)
    reporter.close()
    show(common, "rehearse", result, world)
    return 0
