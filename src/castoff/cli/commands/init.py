"""`castoff init`: a castoff.toml with what differs from the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.flows.initial import Initial


@click.command("init")
@click.option(
    "--website", type=click.Path(path_type=Path), help="A clone of the website's repository, to look at."
)
@click.option("--execute", is_flag=True, help="Write the file; without it, it is only printed.")
@common_options
def command(common: Common, website: Path | None, execute: bool) -> int:
    """Print the castoff.toml that this workspace needs, with only what differs from the defaults.

    Looks at manifests, tags, release.toml with its hook script, .github/release.yml, workflows and the changelog,
    and says what it could not take over. A file that is there is never overwritten.
    """
    from castoff.cli.reporting import reporter_for
    from castoff.flows.initial import draft_initial, write_initial

    setting = open_for(common, reporter_for(common.events, quiet=True))
    initial = draft_initial(setting, website)
    if execute:
        initial = write_initial(setting, initial)
    _show(common, initial)
    return 4 if initial.problems else 0


def _show(common: Common, initial: Initial) -> None:
    if common.json:
        _show_json(initial)
        return
    from castoff.cli.problems import safe
    from castoff.cli.showing import show_all

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
        for_you = initial.done == "not-needed" and any(one.needs_you for one in initial.drafted.left)
        click.echo(_NO_SETTING if for_you else _ENDS[initial.done], err=True)


def _show_json(initial: Initial) -> None:
    from castoff.cli.problems import problem_json
    from castoff.cli.shapes import print_json

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


_NO_SETTING = "no `castoff.toml` is needed, but what stands above needs you"
_ENDS = {
    "printed": "nothing was written: add --execute to write `castoff.toml`",
    "written": "`castoff.toml` was written: commit it, then try `castoff plan minor`",
    "unchanged": "`castoff.toml` says just that already",
    "not-needed": "no `castoff.toml` is needed: the defaults are right here",
}
