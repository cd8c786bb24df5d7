"""`castoff verify`: is a release whole, seen from outside?"""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for


@click.command("verify")
@click.argument("version", required=False)
@click.option("--without-trial", is_flag=True, help="Make no fresh project that uses the release.")
@common_options
def command(common: Common, version: str | None, without_trial: bool) -> int:
    """Check that the release VERSION (or its tag) is whole; writes nothing.

    Every artifact there and the same as the tag lists, tag signed and on the release commit, release published,
    documentation built, changelog and website up to date, and a fresh project that depends on the facade resolves
    and builds. Ends with 4 where something is wrong, with 3 where something could not be known.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.cli.telling import show_verdict
    from castoff.flows.verify import verify

    setting = open_for(common, reporter_for(common.events, quiet=True))
    return show_verdict(verify(setting, version, trial=not without_trial), as_json=common.json)
