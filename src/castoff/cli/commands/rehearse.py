"""`castoff rehearse`: a whole release against the embedded world."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from castoff.cli.completion import complete_level
from castoff.cli.options import (
    Common,
    common_options,
    decided_update,
    open_for,
    path,
    required_level,
    update_option,
    verbose_option,
)


@click.command("rehearse")
@click.argument("level", required=False, metavar="LEVEL", shell_complete=complete_level)
@click.option("--pre", metavar="KIND", help="Kind of pre-release: alpha, beta or rc.")
@click.option(
    "--pull-request",
    "proposing",
    is_flag=True,
    help="Rehearse `release --pull-request`, its merge, and `resume`.",
)
@click.option("--seed", type=path, help="Start from the forge of this seed (see `castoff world seed`).")
@update_option
@verbose_option
@common_options
def command(
    common: Common,
    level: str | None,
    pre: str | None,
    proposing: bool,
    seed: Path | None,
    updating: bool,
    verbose: bool,
) -> int:
    """Rehearse a release of LEVEL against embedded services.

    Builds and uploads for real, but to services on this machine. The checkout is only read, and no token is used.
    Steps of workflows and people are simulated. Lists what a rehearsal cannot prove.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.rehearsal import rehearse
    from castoff.session.release_request import ReleaseRequest
    from castoff.wiring.embedded_world import open_rehearsal

    wanted = (
        decided_update(common, level, proposing=proposing) if updating else required_level(common, level, pre)
    )
    if wanted is None:
        return 0
    request = ReleaseRequest(level=wanted, pre=pre)
    reporter = reporter_for(common.events)
    reporter.note("rehearsal: all writes go to embedded services on this machine")
    world = partial(open_rehearsal, start=seed)
    ended = rehearse(open_for(common, reporter), request, world, by_pull_request=proposing)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import print_json, result_json

        print_json("rehearse", result_json(ended.result, ended.world))
    else:
        from castoff.cli.render.text import show_result

        show_result(ended.result, embedded=True, verbose=verbose)
    return ended.error.exit_code if ended.error is not None else 0
