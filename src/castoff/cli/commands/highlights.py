"""`castoff highlights`: what comes first in the notes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.flows.highlighting import Opened
    from castoff.flows.setting import Setting
    from castoff.reconcile import StageState


@click.command("highlights")
@click.argument("version", required=False)
@click.option("--from", "since", metavar="TAG", help="The release before; found where nothing is said.")
@click.option("--to", "until", metavar="REF", help="Up to this commit, branch or tag.")
@click.option("--print", "shows", is_flag=True, help="Only print the text.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Take the text from this file.")
@click.option("--execute", is_flag=True, help="Open the editor, and write; without it the text is printed.")
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
    """Propose the highlights of VERSION (or of what comes next), and put what you make of them into the draft.

    Before there is a draft, one is made early to keep them. Run it again after new merges: what you wrote stays,
    what nobody touched follows, what you took out stays out.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.flows.highlighting import open_highlights, write_highlights

    acts = execute and not shows
    reporter = reporter_for(common.events, quiet=common.json or not acts)
    setting = open_for(common, reporter)
    opened = open_highlights(setting, version, since, until)
    if not acts:
        _print(common, opened)
        return 0
    text = _text(common, setting, opened, file)
    state = write_highlights(setting, opened, text)
    if file is None:
        from castoff.flows.editor import forget

        forget(setting)
    reporter.close()
    _show(common, opened, state, text)
    return 0


def _text(common: Common, setting: Setting, opened: Opened, file: Path | None) -> str:
    from castoff.errors import UsageError
    from castoff.files import read_text
    from castoff.flows.editor import edited

    if file is not None:
        return read_text(file)
    if common.no_input:
        raise UsageError.of(
            "option-missing",
            "nobody may be asked for the highlights",
            reason="`--no-input` was given",
            remedy="give the text with `--file`, or look at the proposal with `--print`",
        )
    return edited(setting, opened.merged.text, "\n".join(_hints(opened)))


def _hints(opened: Opened) -> list[str]:
    """Say below the scissors what became of each block, and why a change is proposed."""
    merged, proposal = opened.merged, opened.proposal
    told = [f"Highlights of {opened.title}. An empty text writes nothing.", ""]
    for what, titles in (
        ("new", merged.added),
        ("brought up to date", merged.updated),
        ("not proposed any more", merged.dropped),
        ("you changed it, and the proposal changed too", merged.waiting),
    ):
        told += [f"{what}: {title}" for title in titles if opened.header]
    for one in (*proposal.features, *proposal.fixes, *proposal.interface):
        told.append(f"#{one.number}: {'; '.join(one.reasons)}")
    return told


def _print(common: Common, opened: Opened) -> None:
    from castoff.cli.problems import safe
    from castoff.redaction import plain

    if common.json:
        from castoff.cli.staging import print_stage

        print_stage("highlights", opened.title, (), text=opened.merged.text)
        return
    click.echo(plain(opened.merged.text), nl=False)
    for line in _hints(opened)[2:]:
        click.echo(safe(line), err=True)
    where = "in the draft" if opened.draft else "in a draft that is made for them"
    click.echo(f"nothing was written: add --execute to edit them and keep them {where}", err=True)


def _show(common: Common, opened: Opened, state: StageState, text: str) -> None:
    from castoff.cli.showing import show_states
    from castoff.cli.staging import print_stage
    from castoff.model.observations import Present

    if common.json:
        print_stage("highlights", opened.title, [state], text=text)
        return
    show_states([state])
    for part in state.parts:
        links = [one.answer.url for one in part.seen if isinstance(one.answer, Present) and one.answer.url]
        for link in links:
            click.echo(link)
