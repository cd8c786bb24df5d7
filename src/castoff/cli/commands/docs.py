"""`castoff docs`: how far the documentation of a release is."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for


@click.command("docs")
@click.argument("version", required=False)
@click.option(
    "--execute", is_flag=True, help="Report failed builds in issues, and link symbols when all is built."
)
@common_options
def command(common: Common, version: str | None, execute: bool) -> int:
    """Say of every package whether its documentation is queued, building, failed or built.

    VERSION may be a tag; the last release where nothing is said. With --wait it looks again at growing intervals
    until no build is under way, half a day at most. Ends with 4 where a build failed, with 3 where the wait ran
    out before the end.
    """
    import random

    from castoff.cli.options import HALF_A_DAY
    from castoff.cli.reporting import reporter_for
    from castoff.cli.telling import show_docs
    from castoff.flows.docs_watch import Watch, keep_docs, look_at_docs

    reporter = reporter_for(common.events, quiet=common.json or (common.wait is None and not execute))
    watch = Watch(seconds=min(common.wait or 0.0, HALF_A_DAY), chance=random.random)
    look = keep_docs if execute else look_at_docs
    report = look(open_for(common, reporter), version, watch)
    reporter.close()
    show_docs(report, as_json=common.json)
    if any(one.state == "failed" for one in report.packages):
        return 4
    return 3 if common.wait and not report.is_over else 0
