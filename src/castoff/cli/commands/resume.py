"""`castoff resume`: go on with a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import (
    Common,
    common_options,
    digest,
    path,
    refuse_without_effect,
    require_built,
    require_folder,
    seconds_left,
    time_options,
)

if TYPE_CHECKING:
    from castoff.model.handed_tags import HandedTags


@click.command("resume")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@click.option(
    "--accept",
    type=digest,
    multiple=True,
    metavar="DIGEST",
    help="Accept a published file that cannot be compared.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["draft", "announce"]),
    metavar="STAGE",
    help="Skip draft or announce for good, once uploaded and tagged.",
)
@click.option("--built", type=path, help="Upload files that `castoff build` wrote to this folder.")
@click.option("--digests", type=path, help="Require these digests (`sha256sum`) of --built.")
@click.option("--tags", type=path, help="Push tag objects that `castoff tag` wrote to this folder.")
@click.option("--objects", type=path, help="Require these ids (one a line) of the objects in --tags.")
@click.option(
    "--only", type=click.Choice(["publish"]), help="Stop after the uploads; a later run does the rest."
)
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
    tags: Path | None,
    objects: Path | None,
    only: Literal["publish"] | None,
    until: float | None,
    lasting: float | None,
) -> int:
    """Finish VERSION, or the release in flight, from any machine.

    Without VERSION, only releases that castoff started are resumed. With --built, no code of the project runs. With
    --tags, nothing is signed, and without `--only publish` nothing is built or uploaded.
    """
    from castoff.cli.release_run import carry_out, print_acts
    from castoff.session.release_request import ReleaseRequest

    left = seconds_left(until, lasting, execute=execute)
    if without and version is None:
        raise click.UsageError("--without needs a VERSION")
    if not execute:
        refuse_without_effect(
            "without `--execute`",
            {"--built": built, "--digests": digests, "--tags": tags, "--objects": objects, "--only": only},
        )
    refuse_without_effect("with `--only`", {"--without": without if only else ()})
    if (tags is None) != (objects is None):
        raise click.UsageError("--tags and --objects go together")
    if tags is not None and only is None:
        refuse_without_effect("with `--tags`, which uploads nothing", {"--built": built})
    require_built(built, digests)
    request = ReleaseRequest(
        level=None,
        version=version,
        without=without,
        agreed=common.yes,
        accepted=frozenset(accept),
        only=only,
        tags=_handed(tags, objects),
    )
    common = common._replace(built=built, seconds=left)
    return carry_out(common, request) if execute else print_acts(common, request)


def _handed(folder: Path | None, listed: Path | None) -> HandedTags | None:
    if folder is None or listed is None:
        return None
    from castoff.release.handed_tags import read_handed_tags

    require_folder(folder)
    return read_handed_tags(folder, listed)
