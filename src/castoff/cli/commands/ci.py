"""`castoff ci`: the workflows for the forge."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import Common, common_options, open_for


@click.command("ci")
@click.option(
    "--write",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files below this folder; the repository's root is `.`.",
)
@common_options
def command(common: Common, folder: Path | None) -> int:
    """Print the workflows that this repository needs, or write them.

    A check of labels on pull requests, the draft on a tag where `draft.by` is `ci`, changelog and website after the
    announcement, the watch over the documentation, and a reminder when a release is due.
    """
    from castoff.cli.problems import problem_json
    from castoff.cli.reporting import reporter_for
    from castoff.cli.showing import show_all
    from castoff.flows.ci import wanted_workflows, write_workflows

    wanted = wanted_workflows(open_for(common, reporter_for(common.events, quiet=True)))
    root = (common.directory or Path.cwd()) / folder if folder is not None else None
    done = dict(write_workflows(wanted, root)) if root is not None else {}
    if common.json:
        from castoff.cli.shapes import print_json

        files = [
            {"path": file.path, "purpose": file.purpose, "text": file.text, "done": done.get(file.path)}
            for file in wanted.files
        ]
        print_json("ci", {"files": files, "problems": [problem_json(one) for one in wanted.problems]})
    elif root is not None:
        for path, what in done.items():
            click.echo(f"{what}: {path}")
    else:
        for file in wanted.files:
            click.echo(f"# {file.path}: {file.purpose}\n{file.text}")
    if not common.json:
        show_all(wanted.problems)
    return 4 if any(one.severity == "error" for one in wanted.problems) else 0
