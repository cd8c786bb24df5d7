"""`castoff highlights`: what comes first in the notes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, path, refuse_without_effect

if TYPE_CHECKING:
    from castoff.reconcile import StageState
    from castoff.release.highlights_command import Opened
    from castoff.session.services import Services


@click.command("highlights")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--from", "since", metavar="TAG", help="Previous release (default: detected).")
@click.option(
    "--to", "until", metavar="REF", help="Last commit, branch or tag (default: head of the branch)."
)
@click.option("--print", "shows", is_flag=True, help="Print the text and exit.")
@click.option("--file", "file", type=path, help="Read the text from this file.")
@click.option(
    "--execute", is_flag=True, help="Open the editor and update the draft (default: print the text)."
)
@common_options
def command(
    common: Common,
    version: str | None,
    since: str | None,
    until: str | None,
    shows: bool,
    file: Path | None,
    execute: bool,
) -> int:
    """Write the highlights of VERSION, or of the next version, into its draft release.

    Creates the draft if it does not exist. Run it again after new merges: your edits and deletions are kept, and
    unedited entries are updated.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.io.files import read_text
    from castoff.release.highlights_command import open_highlights, write_highlights

    if shows:
        refuse_without_effect("with `--print`", {"--execute": execute, "--file": file})
    acts = execute
    said = read_text(file) if file is not None else None
    reporter = reporter_for(common.events, quiet=common.json or not acts)
    services = open_for(common, reporter)
    opened = open_highlights(services, version, since, until)
    if not acts:
        _print(common, opened, opened.merged.text if said is None else said)
        return 0
    text = _text(common, services, opened) if said is None else said
    state = write_highlights(services, opened, text)
    if file is None:
        from castoff.release.highlights_command import forget

        forget(services)
    reporter.close()
    _show(common, opened, state, text)
    return 0


def _text(common: Common, services: Services, opened: Opened) -> str:
    from castoff.errors import UsageError
    from castoff.release.highlights_command import edited

    if common.no_input:
        raise UsageError.of(
            "option-missing",
            "cannot prompt for the highlights",
            reason="`--no-input` was given",
            remedy="pass the text with `--file`, or show the proposal with `--print`",
        )
    return edited(services, opened.merged.text, "\n".join(_hints(opened)))


def _hints(opened: Opened) -> list[str]:
    """Say below the scissors what became of each block, and why a change is proposed."""
    merged, proposal = opened.merged, opened.proposal
    told = [f"Highlights of {opened.title}. An empty text writes nothing.", ""]
    for what, titles in (
        ("new", merged.added),
        ("brought up to date", merged.updated),
        ("no longer proposed", merged.dropped),
        ("both you and the proposal changed it", merged.waiting),
    ):
        told += [f"{what}: {title}" for title in titles if opened.header]
    for one in (*proposal.features, *proposal.fixes, *proposal.interface):
        told.append(f"#{one.number}: {'; '.join(one.reasons)}")
    return told


def _print(common: Common, opened: Opened, text: str) -> None:
    from castoff.cli.render.problems import line_of
    from castoff.cli.render.words import safe
    from castoff.redaction import plain
    from castoff.release.highlights_command import look_at_highlights

    acts = look_at_highlights(opened, text).acts_ahead
    if common.json:
        from castoff.cli.render.stage import print_stage

        print_stage("highlights", opened.title, (), acts=acts, text=text)
        return
    click.echo(plain(text), nl=False)
    for line in _hints(opened)[2:]:
        click.echo(safe(line), err=True)
    for act in acts:
        click.echo(line_of(act), err=True)
    where = "in the draft" if opened.draft else "in a new draft"
    click.echo(f"nothing was written: pass --execute to edit them and keep them {where}", err=True)


def _show(common: Common, opened: Opened, state: StageState, text: str) -> None:
    from castoff.cli.render.stage import print_stage
    from castoff.cli.render.text import show_states
    from castoff.model.observations import Present

    if common.json:
        print_stage("highlights", opened.title, [state], text=text)
        return
    show_states([state])
    for part in state.parts:
        links = [one.answer.url for one in part.seen if isinstance(one.answer, Present) and one.answer.url]
        for link in links:
            click.echo(link)
