"""`castoff draft`: the draft of a release on the forge."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for


@click.command("draft")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Update the draft (default: print its text).")
@common_options
def command(common: Common, version: str | None, execute: bool) -> int:
    """Create the draft release of VERSION or its tag, or add missing generated lines.

    Text that people wrote is kept. Workflows run this when a tag is pushed. Running it again changes nothing.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.stage import say_left
    from castoff.cli.render.text import show_all, show_states
    from castoff.redaction import plain
    from castoff.release.draft_command import make_draft, preview_draft

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    services = open_for(common, reporter)
    drafted = make_draft(services, version) if execute else preview_draft(services, version)
    reporter.close()
    if common.json:
        from castoff.cli.render.stage import print_stage

        title, text = drafted.release.title, drafted.text
        print_stage("draft", title, [drafted.state], text=text, problems=drafted.problems)
        return 0
    if execute:
        show_states([drafted.state])
    else:
        click.echo(plain(drafted.text))
        say_left(common, drafted.state.acts, drafted.release.title)
    show_all(drafted.problems)
    return 0
