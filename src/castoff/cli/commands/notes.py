"""`castoff notes`: the notes as the forge would generate them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from castoff.cli.options import Common, common_options, path, refuse_without_effect


@click.command("notes")
@click.option("--changes", type=path, help="Read the changes from this JSON file only.")
@click.option("--from", "since", metavar="TAG", help="Previous release (default: detected).")
@click.option(
    "--to", "until", metavar="REF", help="Last commit, branch or tag (default: head of the branch)."
)
@click.option("--compare", is_flag=True, help="Compare with the notes that the forge generates.")
@common_options
def command(common: Common, changes: Path | None, since: str | None, until: str | None, compare: bool) -> int:
    """Generate the release notes.

    The notes are those that the forge would generate, byte for byte. Lists the changes that are left out.
    --changes needs neither a repository nor a network; --config then names the forge's notes configuration.
    """
    if changes is not None:
        ranged = {"--from": since, "--to": until, "--compare": compare, "--events": common.events}
        refuse_without_effect("with `--changes`", ranged)
        return _offline(common, changes)
    return _of_range(common, since, until, compare=compare)


def _of_range(common: Common, since: str | None, until: str | None, *, compare: bool) -> int:
    from castoff.cli.options import open_for
    from castoff.cli.render.problems import show_problem
    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.words import safe
    from castoff.notes.render import notes_object
    from castoff.release.notes_command import notes_of_range

    shown = notes_of_range(
        open_for(common, reporter_for(common.events, quiet=True)), since, until, compare=compare
    )
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json("notes", notes_object(shown.written.notes))
    elif compare:
        click.echo(shown.difference or "equal: the forge generates the same text")
    else:
        _write(shown.written.body + "\n")
        for left in shown.written.notes.left_out:
            what = f"#{left.number}" if left.number else (left.commit or "")[:12]
            click.echo(f"left out: {what}: {left.reason}: {safe(left.detail)}", err=True)
    for problem in shown.written.problems:
        show_problem(problem)
    return 4 if shown.difference else 0


def _offline(common: Common, changes: Path) -> int:
    from castoff.cli.render.problems import show_problem
    from castoff.io.files import read_text
    from castoff.notes.configuration import DEFAULT_PATH
    from castoff.notes.offline import notes_from_file
    from castoff.notes.render import notes_object

    configuration = read_text(common.config) if common.config else None
    path = common.config.as_posix() if common.config else DEFAULT_PATH
    found = notes_from_file(read_text(changes), configuration=configuration, configuration_path=path)
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json("notes", notes_object(found.notes))
    else:
        _write(found.body)
    for problem in found.warnings:
        show_problem(problem)
    return 0


def _write(body: str) -> None:
    """Write the notes byte for byte; a terminal gets no characters that would change how it shows the others."""
    from castoff.redaction import plain

    text = plain(body) if sys.stdout.isatty() else body
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
