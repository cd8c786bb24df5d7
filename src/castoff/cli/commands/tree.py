"""`castoff tree`: the files that a release is built from."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.completion import complete_level
from castoff.cli.options import Common, common_options, decided, open_for, path


@click.command("tree")
@click.argument("level", required=False, metavar="LEVEL", shell_complete=complete_level)
@click.option("--pre", metavar="KIND", help="Kind of pre-release: alpha, beta or rc.")
@click.option("--to", "file", type=path, required=True, help="Write the files to this tar file.")
@common_options
def command(common: Common, level: str | None, pre: str | None, file: Path) -> int:
    """Write the files that a release of LEVEL, or the release in flight, is built from.

    They have the version of the release; nothing is claimed. For wheels that other machines build. Needs no token. If
    the tag is pushed, everything is uploaded, and nothing is written.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.tree import write_release_tree
    from castoff.session.release_request import ReleaseRequest

    if level is None and pre is not None:
        raise click.UsageError("--pre needs a LEVEL")
    level = decided(common, level, pre) if level is not None else None
    reporter = reporter_for(common.events, quiet=common.json)
    written = write_release_tree(open_for(common, reporter), ReleaseRequest(level=level, pre=pre), file)
    reporter.close()
    if common.json:
        from castoff.cli.render.json_shapes import print_json, tree_json

        print_json("tree", tree_json(written))
    else:
        from castoff.cli.render.text import show_tree

        show_tree(written, file)
    return 0
