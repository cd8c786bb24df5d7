"""`castoff resume`: go on with a release."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import (
    Common,
    common_options,
    digest,
    path,
    refuse_without_effect,
    require_folder,
    seconds_left,
    time_options,
)


@click.command("resume")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@click.option(
    "--accept",
    type=digest,
    multiple=True,
    metavar="DIGEST",
    help="Accept a published file with this digest that cannot be compared.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["draft", "announce"]),
    help="Skip this stage for good; VERSION must be uploaded and tagged.",
)
@click.option("--built", type=path, help="Upload the files that `castoff build` wrote to this folder.")
@click.option("--digests", type=path, help="Require these digests (`sha256sum`) of --built.")
@click.option("--publish-only", is_flag=True, help="Stop after the tag; a later run does the rest.")
@time_options
@common_options
def command(
    common: Common,
    version: str | None,
    execute: bool,
    accept: tuple[str, ...],
    without: tuple[str, ...],
    built: Path | None,
    digests: Path | None,
    publish_only: bool,
    until: float | None,
    lasting: float | None,
) -> int:
    """Finish VERSION, or the release in flight, from any machine.

    Without VERSION, only releases that castoff started are resumed. With --built, no code of the project runs.
    """
    from castoff.cli.release_run import carry_out, print_acts
    from castoff.session.release_request import Wish

    left = seconds_left(until, lasting, execute=execute)
    if without and version is None:
        raise click.UsageError("--without needs a VERSION")
    if not execute:
        refuse_without_effect(
            "without `--execute`", {"--built": built, "--digests": digests, "--publish-only": publish_only}
        )
    refuse_without_effect("with `--publish-only`", {"--without": without if publish_only else ()})
    if built is not None:
        require_folder(built)
    if digests is not None:
        if built is None:
            raise click.UsageError("--digests needs --built")
        from castoff.wiring.ready_files import require_digests

        require_digests(built, digests)
    wish = Wish(
        level=None,
        version=version,
        without=without,
        agreed=common.yes,
        accepted=frozenset(accept),
        publish_only=publish_only,
    )
    return carry_out(common, wish, built=built, seconds=left) if execute else print_acts(common, wish)
