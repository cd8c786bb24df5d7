"""`castoff init`: a castoff.toml with what differs from the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for, path

if TYPE_CHECKING:
    from castoff.setup.init import Initial


@click.command("init")
@click.option("--website", type=path, help="Clone of the website's repository to inspect.")
@click.option("--execute", is_flag=True, help="Write the file (default: print it).")
@common_options
def command(common: Common, website: Path | None, execute: bool) -> int:
    """Create a castoff.toml for this workspace, with only what differs from the defaults.

    Reads manifests, tags, release.toml and its hook script, .github/release.yml, workflows and the changelog, and
    lists the settings that it could not take over. Never overwrites an existing file.
    """
    from castoff.cli.render.reporter import reporter_for
    from castoff.setup.init import draft_initial, write_initial

    services = open_for(common, reporter_for(common.events, quiet=True))
    initial = draft_initial(services, website)
    if execute:
        initial = write_initial(services, initial)
    _show(common, initial)
    return 4 if initial.problems else 0


def _show(common: Common, initial: Initial) -> None:
    if common.json:
        _show_json(initial)
        return
    from castoff.cli.render.problems import safe
    from castoff.cli.render.text import show_all

    if initial.difference:
        click.echo(initial.difference)
    elif initial.done == "printed":
        click.echo(initial.drafted.text, nl=False)
    for text in initial.drafted.found:
        click.echo(f"found: {safe(text)}", err=True)
    for needs_you, word in ((False, "not needed"), (True, "for you")):
        for one in initial.drafted.left:
            if one.needs_you is needs_you:
                click.echo(f"{word}: {safe(one.where)}: {safe(one.what)}\n  {safe(one.reason)}", err=True)
    show_all(initial.problems)
    if not initial.difference:
        for_you = initial.done == "not-needed" and (
            bool(initial.problems) or any(one.needs_you for one in initial.drafted.left)
        )
        click.echo(_NO_SETTING if for_you else _ENDS[initial.done], err=True)


def _show_json(initial: Initial) -> None:
    from castoff.cli.render.json_shapes import print_json
    from castoff.cli.render.problems import problem_json

    left = [
        {"where": one.where, "what": one.what, "reason": one.reason, "needs_you": one.needs_you}
        for one in initial.drafted.left
    ]
    print_json(
        "init",
        {
            "path": "castoff.toml",
            "done": initial.done,
            "text": initial.drafted.text,
            "difference": initial.difference,
            "found": list(initial.drafted.found),
            "left": left,
            "problems": [problem_json(one) for one in initial.problems],
        },
    )


_NO_SETTING = "no `castoff.toml` is needed, but the points above need a decision"
_ENDS = {
    "printed": "nothing was written: pass --execute to write `castoff.toml`",
    "written": "wrote `castoff.toml`: commit it, then run `castoff plan minor`",
    "unchanged": "`castoff.toml` already has this content",
    "not-needed": "no `castoff.toml` is needed: the defaults fit this workspace",
}
