"""`castoff docs`: how far the documentation of a release is."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for


@click.command("docs")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option(
    "--execute", is_flag=True, help="Open issues for failed builds; link symbols once all are built."
)
@common_options
def command(common: Common, version: str | None, execute: bool) -> int:
    """Show the state of the documentation builds of VERSION.

    VERSION may be a tag (default: the last release). With --wait, waits until no build is running, for 12 hours
    at most. Exits with 4 if a build failed, and with 3 if the wait timed out.
    """
    import random

    from castoff.cli.options import HALF_A_DAY
    from castoff.cli.render.postrelease import show_docs
    from castoff.cli.render.reporter import reporter_for
    from castoff.postrelease.docs_command import Watch, keep_docs, look_at_docs

    reporter = reporter_for(common.events, quiet=common.json or (common.wait is None and not execute))
    watch = Watch(seconds=min(common.wait or 0.0, HALF_A_DAY), chance=random.random)
    look = keep_docs if execute else look_at_docs
    report = look(open_for(common, reporter), version, watch)
    reporter.close()
    show_docs(report, as_json=common.json, acted=execute)
    if any(one.state == "failed" for one in report.packages):
        return 4
    return 3 if common.wait and not report.is_over else 0
