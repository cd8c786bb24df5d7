"""`castoff verify`: verification of a release from outside."""

from __future__ import annotations

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, verbose_option


@click.command("verify")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--without-trial", is_flag=True, help="Skip the build of a new project that uses the release.")
@verbose_option
@common_options
def command(common: Common, version: str | None, without_trial: bool, verbose: bool) -> int:
    """Verify the published release VERSION or its tag, without writing.

    Checks artifacts against the digests in the tag and the attestations on the registries, the tag's signature and
    commit, the release page, documentation, changelog and website, and builds a new project that depends on the
    facade. Exits with 4 if a check fails, and with 3 if a state is unknown.
    """
    from castoff.cli.render.postrelease import AnswerPrinter, show_verdict
    from castoff.cli.render.reporter import reporter_for
    from castoff.postrelease.verify.verify import verify

    services = open_for(common, reporter_for(common.events, quiet=True))
    if common.json:
        return show_verdict(verify(services, version, trial=not without_trial), as_json=True)
    printer = AnswerPrinter(verbose=verbose)
    verdict = verify(services, version, trial=not without_trial, answered=printer.show)
    printer.show_rest()
    return show_verdict(verdict, as_json=False)
