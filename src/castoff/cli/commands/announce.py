"""`castoff announce`: the one step that always asks a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.errors import Problem
    from castoff.ports import ForgeRelease


@click.command("announce")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--execute", is_flag=True, help="Publish the draft (default: print its text).")
@click.option("--accept-missing", is_flag=True, help="Publish even if generated lines are missing.")
@common_options
def command(common: Common, version: str | None, execute: bool, accept_missing: bool) -> int:
    """Publish the draft release of VERSION.

    Shows the final text and asks first. Stops if generated lines are missing; `castoff draft --execute` restores
    them.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.text import show_all, show_states
    from castoff.cli.render.words import show
    from castoff.release.announce_command import announce

    reporter = reporter_for(common.events, quiet=common.json)
    services = open_for(common, reporter)
    found: list[Problem] = []
    text: list[str] = []

    def agrees(draft: ForgeRelease, problems: tuple[Problem, ...]) -> bool:
        found.extend(problems)
        text.append(draft.body)
        if not common.json:
            _show(draft)
            show_all(problems)
        lost = any(one.severity == "error" for one in problems) and not accept_missing
        return execute and not lost and _asked(common)

    release, state = announce(services, version, agrees)
    # Ends the line of the bar, so that what follows begins one.
    reporter.close()
    if common.json:
        from castoff.cli.render.stage import print_stage
        from castoff.release.announce import ASKED

        states = [state] if state is not None else []
        acts = None if states else (ASKED,)
        print_stage(
            "announce", release.title, states, acts=acts, text=text[0] if text else None, problems=found
        )
    elif state is not None:
        show_states([state])
        if state.state == "done":
            show(
                f"what comes after it (changelog, documentation, website): castoff resume {release.title} --execute",
                err=True,
            )
    else:
        _say_why(found, execute=execute, accept_missing=accept_missing)
    lost = any(one.severity == "error" for one in found) and not accept_missing
    return 4 if state is None and (execute or lost) else 0


def _say_why(problems: list[Problem], *, execute: bool, accept_missing: bool) -> None:
    errors = sum(one.severity == "error" for one in problems)
    if errors and not accept_missing:
        gone = "1 generated line is missing" if errors == 1 else f"{errors} generated lines are missing"
        click.echo(
            f"nothing was done: {gone}; restore the missing lines with `castoff draft --execute`, "
            "or pass --accept-missing",
            err=True,
        )
    elif execute:
        click.echo("nothing was done", err=True)
    else:
        from castoff.cli.render.problems import line_of
        from castoff.release.announce import ASKED

        click.echo(f"{line_of(ASKED)}\nnothing was done: pass --execute to act", err=True)


def _show(draft: ForgeRelease) -> None:
    from castoff.redaction import plain

    click.echo(f"# {plain(draft.name)}\n", err=True)
    click.echo(plain(draft.body), err=True)
    click.echo(f"\ndraft: {plain(draft.url)}", err=True)


def _asked(common: Common) -> bool:
    if common.yes:
        return True
    if not common.may_ask:
        click.echo("cannot prompt without a terminal; pass --yes to announce", err=True)
        return False
    return click.confirm("announce it?", default=False, err=True)
