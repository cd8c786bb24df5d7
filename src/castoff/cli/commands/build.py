"""`castoff build`: the files of a claimed version."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import Common, common_options, open_for, path


@click.command("build")
@click.argument("version", required=False)
@click.option("--to", "folder", type=path, required=True, help="Write the files to this folder.")
@common_options
def command(common: Common, version: str | None, folder: Path) -> int:
    """Build the files of VERSION, or of the release in flight, without uploading them.

    Needs no token. `castoff resume --built DIR` uploads them, and builds nothing. If the tag is pushed, everything
    is uploaded, and nothing is built.
    """
    from castoff.cli.options import require_folder
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.build import build_release

    require_folder(folder, to_make=True)
    reporter = reporter_for(common.events, quiet=common.json)
    built = build_release(open_for(common, reporter), version, folder)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import built_json, print_json

        print_json("build", built_json(built))
    else:
        from castoff.cli.render.text import show_built

        show_built(built, folder)
    return 0
