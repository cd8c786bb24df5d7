"""`castoff plan`: what a release would do."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_level
from castoff.cli.options import Common, common_options, open_for, required_level, verbose_option


@click.command("plan")
@click.argument("level", required=False, metavar="LEVEL", shell_complete=complete_level)
@click.option("--pre", metavar="KIND", help="Kind of pre-release: alpha, beta or rc.")
@click.option("--offline", is_flag=True, help="Do not query registries.")
@verbose_option
@common_options
def command(common: Common, level: str | None, pre: str | None, offline: bool, verbose: bool) -> int:
    """Show what a release of LEVEL would do, without writing.

    Shows versions, waves, edits, acts and the expected time. LEVEL is major, minor, patch, release, rc, beta,
    alpha, an exact version, or auto: the highest level that labels of merged changes ask for.
    """
    from castoff.cli.events import build_seconds
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.plan import plan_release
    from castoff.session.release_request import ReleaseRequest

    level = required_level(common, level, pre)
    services = open_for(common, reporter_for(common.events, quiet=True))
    plan = plan_release(services, ReleaseRequest(level=level, pre=pre), offline=offline)
    if common.json:
        from castoff.cli.render.json_shapes import plan_json, print_json

        print_json("plan", plan_json(plan, build_seconds(common.events)))
    else:
        from castoff.cli.render.text import show_plan

        show_plan(plan, build_seconds(common.events), verbose=verbose)
    return 4 if plan.errors else 0
