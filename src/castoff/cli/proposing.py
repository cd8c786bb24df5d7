"""How does the command line propose a release, or only show the proposal?"""

from __future__ import annotations

import click

from castoff.cli.options import Common, open_for
from castoff.cli.problems import problem_json, safe
from castoff.cli.reporting import reporter_for
from castoff.flows.proposing import Proposed, propose, show_proposal
from castoff.redaction import plain


def carry_out_proposal(common: Common, level: str, pre: str | None, *, execute: bool) -> int:
    """Propose a release, or show what would be proposed."""
    reporter = reporter_for(common.events, quiet=not execute)
    setting = open_for(common, reporter)
    proposed = propose(setting, level, pre) if execute else show_proposal(setting, level, pre)
    reporter.close()
    if common.json:
        _print(proposed)
        return 0
    from castoff.cli.showing import show_all

    if execute:
        click.echo(
            f"{proposed.version} is proposed on `{proposed.branch}`: {safe(proposed.url or 'no pull request')}"
        )
        click.echo("after its merge: `castoff resume --execute`", err=True)
    else:
        click.echo(
            f"{safe(proposed.title)}: from `{proposed.branch}` to `{proposed.onto}`; these acts are next"
        )
        for act in proposed.acts:
            click.echo(f"  {safe(act)}")
        click.echo(f"\n{plain(proposed.text)}")
        click.echo("nothing was done: add --execute to act", err=True)
    show_all(proposed.problems)
    return 0


def _print(proposed: Proposed) -> None:
    from castoff.cli.shapes import print_json

    print_json(
        "proposal",
        {
            "release": proposed.version,
            "branch": proposed.branch,
            "onto": proposed.onto,
            "title": proposed.title,
            "text": proposed.text,
            "state": proposed.state.state,
            "url": proposed.url,
            "next": list(proposed.acts),
            "problems": [problem_json(one) for one in proposed.problems],
        },
    )
