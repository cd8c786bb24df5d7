"""`castoff build`: the files of a claimed version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for, path

if TYPE_CHECKING:
    from castoff.model.shards import Shard


def _shard(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Shard | None:
    from castoff.model.shards import read_shard

    if text is None:
        return None
    shard = read_shard(text)
    if shard is None:
        raise click.BadParameter(f"`{text[:20]}` is not a shard such as 2/4")
    return shard


@click.command("build")
@click.argument("version", required=False)
@click.option("--to", "folder", type=path, help="Write the files to this folder.")
@click.option(
    "--shard", metavar="I/N", callback=_shard, help="Also verify every N-th package, from the I-th on."
)
@click.option(
    "--shards",
    metavar="N",
    type=click.IntRange(1, 999),
    help="Build N shards by `build.executor`, and join them.",
)
@click.option("--join", "results", type=path, multiple=True, help="Join what shards printed with --json.")
@common_options
def command(
    common: Common,
    version: str | None,
    folder: Path | None,
    shard: Shard | None,
    shards: int | None,
    results: Sequence[Path],
) -> int:
    """Build the files of VERSION, or of the release in flight, without uploading them.

    Needs no token. `castoff resume --built DIR` uploads them, and builds nothing. If the tag is pushed, everything
    is uploaded, and nothing is built.

    With --shard, several machines share the verification: each builds all files, and uses its share of the packages
    as their users will. --join compares their results and prints the digests of the files. With --shards, castoff hands
    the shards to processes of this machine or to a Dask cluster, and joins their results itself.
    """
    from castoff.cli.options import require_folder
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.build import build_release

    if results:
        if any(one is not None for one in (version, folder, shard, shards)):
            raise click.UsageError("--join takes no version, no --to, no --shard and no --shards")
        return _join(results, as_json=common.json)
    if folder is None:
        raise click.UsageError("Missing option '--to'.")
    if shard is not None and shards is not None:
        raise click.UsageError("--shard and --shards exclude each other")
    require_folder(folder, to_make=True)
    reporter = reporter_for(common.events, quiet=common.json)
    services = open_for(common, reporter)
    if shards is not None:
        from castoff.wiring.shard_jobs import build_in_shards

        built = build_in_shards(services, version, folder, shards)
    else:
        built = build_release(services, version, folder, shard)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import built_json, print_json

        print_json("build", built_json(built))
    else:
        from castoff.cli.render.text import show_built

        show_built(built, folder)
    return 0


def _join(files: Sequence[Path], *, as_json: bool) -> int:
    """Join results of shards; 4 where they are not one build."""
    from castoff.model.shards import join
    from castoff.release.build import read_shard_result

    results = [read_shard_result(file) for file in files]
    joined, findings = join(results)
    if as_json:
        from castoff.cli.render.json_shapes import joined_json, print_json

        print_json("build", joined_json(results[0].version, joined, findings))
    else:
        from castoff.cli.render.problems import show_problem
        from castoff.cli.render.words import safe

        for problem in findings:
            show_problem(problem)
        for one in () if findings else joined:
            click.echo(f"{one.digest}  {safe(one.filename)}")
    return 4 if findings else 0
