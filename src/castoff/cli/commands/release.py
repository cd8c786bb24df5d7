"""`castoff release`: the whole release, begun or resumed."""

from __future__ import annotations

from typing import Literal

import click

from castoff.cli.completion import complete_level
from castoff.cli.options import (
    Common,
    common_options,
    decided,
    decided_update,
    digest,
    refuse_without_effect,
    seconds_left,
    time_options,
    update_option,
)

_OVERTAKEN = ("branch-behind", "already-claimed")
"""Another push or the merge of the proposal came in between: the run that it starts looks again."""


@click.command("release")
@click.argument("level", required=False, shell_complete=complete_level)
@click.option("--pre", metavar="KIND", help="Kind of pre-release: alpha, beta or rc.")
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@click.option(
    "--accept",
    type=digest,
    multiple=True,
    metavar="DIGEST",
    help="Accept a published file that cannot be compared.",
)
@click.option(
    "--pull-request",
    "proposing",
    is_flag=True,
    help="Open a pull request; its merge claims the version.",
)
@click.option(
    "--rehearsed",
    is_flag=True,
    help="Build nothing: `castoff rehearse` passed at this commit.",
)
@click.option(
    "--only", type=click.Choice(["version"]), help="Stop after the claim; `castoff resume` does the rest."
)
@update_option
@time_options
@common_options
def command(
    common: Common,
    level: str | None,
    pre: str | None,
    execute: bool,
    accept: tuple[str, ...],
    proposing: bool,
    rehearsed: bool,
    updating: bool,
    only: Literal["version"] | None,
    until: float | None,
    lasting: float | None,
) -> int:
    """Release the workspace with LEVEL.

    LEVEL is major, minor, patch, release, rc, beta, alpha, an exact version, or auto. Prints the acts; performs
    them with --execute. After a failure, run it again to do what is missing.
    """
    left = seconds_left(until, lasting, execute=execute)
    if not execute:
        refuse_without_effect("without `--execute`", {"--rehearsed": rehearsed, "--only": only})
    if not (proposing or only):
        refuse_without_effect("without `--pull-request` or `--only`", {"--rehearsed": rehearsed})
    if proposing:
        unused = {"--accept": accept, "--until": until, "--for": lasting, "--only": only}
        refuse_without_effect("with `--pull-request`, which uploads nothing", unused)
        if level is None:
            raise click.UsageError("--pull-request needs a LEVEL")
    if updating:
        refuse_without_effect("with `--update`", {"--pre": pre})
        level = decided_update(common, level, proposing=proposing)
        if level is None:
            return 0
    elif level is None:
        refuse_without_effect("without LEVEL", {"--pre": pre, "--only": only})
    else:
        level = decided(common, level, pre)
    from castoff.session.release_request import ReleaseRequest

    request = ReleaseRequest(
        level=level,
        pre=pre,
        agreed=common.yes,
        accepted=frozenset(accept),
        only=only,
        rehearsed=rehearsed,
        replaces=updating,
    )
    if proposing:
        from castoff.cli.proposal import carry_out_proposal

        return carry_out_proposal(common, request, execute=execute, overtaken=_OVERTAKEN if updating else ())
    from castoff.cli.release_run import carry_out, print_acts

    return carry_out(common._replace(seconds=left), request) if execute else print_acts(common, request)
