"""`castoff plan`: what a release would do."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for, required_level


@click.command("plan")
@click.argument("level", required=False, metavar="LEVEL")
@click.option("--pre", metavar="KIND", help="Make a pre-release: alpha, beta or rc.")
@common_options
def command(common: Common, level: str | None, pre: str | None) -> int:
    """Show what a release of LEVEL would do: versions, waves, edits, acts, time. Writes nothing.

    LEVEL is major, minor, patch, release, rc, beta, alpha or an exact version.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.flows.plan import plan_release

    level = required_level(level)
    plan = plan_release(open_for(common, reporter_for(common.events, quiet=True)), level, pre)
    if common.json:
        from castoff.cli.shapes import plan_json, print_json

        print_json("plan", plan_json(plan))
    else:
        from castoff.cli.showing import show_plan

        show_plan(plan)
    return 4 if plan.errors else 0
