"""`castoff tag`: the tag of a claimed version, for another process to push."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import Common, common_options, open_for, path, require_built


@click.command("tag")
@click.argument("version", required=False)
@click.option("--to", "folder", type=path, required=True, help="Write the tag objects to this folder.")
@click.option("--built", type=path, help="List the files that `castoff build` wrote to this folder.")
@click.option("--digests", type=path, help="Require these digests (`sha256sum`) of --built.")
@common_options
def command(
    common: Common, version: str | None, folder: Path, built: Path | None, digests: Path | None
) -> int:
    """Make the tag of VERSION, or of the release in flight, without pushing it.

    The tag lists the digests of the files, and is signed as configured. `castoff resume --tags DIR --objects FILE`
    pushes it, and needs no key. With --built, no code of the project runs.
    """
    from castoff.cli.options import require_folder
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.handed_tags import make_release_tags

    require_folder(folder, to_make=True)
    require_built(built, digests)
    reporter = reporter_for(common.events, quiet=common.json)
    made = make_release_tags(open_for(common._replace(built=built), reporter), version, folder)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import print_json, tags_json

        print_json("tag", tags_json(made))
    else:
        from castoff.cli.render.text import show_tags

        show_tags(made, folder)
    return 0
