"""`castoff draft`: the draft of a release on the forge."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for


@click.command("draft")
@click.argument("version", required=False)
@click.option("--execute", is_flag=True, help="Act; without it the text is only printed.")
@common_options
def command(common: Common, version: str | None, execute: bool) -> int:
    """Make the draft of VERSION (or of its tag), or add the generated lines that are missing in it.

    What people wrote stays. A workflow runs it when a tag is pushed; running it again changes nothing.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.cli.showing import show_all, show_states
    from castoff.cli.staging import say_left
    from castoff.flows.drafting import make_draft, preview_draft
    from castoff.redaction import plain

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    setting = open_for(common, reporter)
    drafted = make_draft(setting, version) if execute else preview_draft(setting, version)
    reporter.close()
    if common.json:
        from castoff.cli.staging import print_stage

        title, text = drafted.target.title, drafted.text
        print_stage("draft", title, [drafted.state], text=text, problems=drafted.problems)
        return 0
    if execute:
        show_states([drafted.state])
    else:
        click.echo(plain(drafted.text))
        say_left(common, drafted.state.acts)
    show_all(drafted.problems)
    return 0
