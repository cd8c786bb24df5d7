"""Proposal of a release from the command line, shown or made."""

from __future__ import annotations

import click

from castoff.cli.options import Common, open_for
from castoff.cli.render.problems import line_of, problem_json
from castoff.cli.render.reporter import reporter_for
from castoff.cli.render.words import safe
from castoff.redaction import plain
from castoff.release.proposal_command import Proposed, propose, show_proposal
from castoff.session.release_request import ReleaseRequest


def carry_out_proposal(common: Common, request: ReleaseRequest, *, execute: bool) -> int:
    """Propose a release, or show what would be proposed."""
    reporter = reporter_for(common.events, quiet=not execute)
    services = open_for(common, reporter)
    proposed = (propose if execute else show_proposal)(services, request)
    reporter.close()
    if common.json:
        _print(proposed)
        return 0
    from castoff.cli.render.text import show_all

    if execute:
        click.echo(
            f"{proposed.version} is proposed on `{proposed.branch}`: {safe(proposed.url or 'no pull request')}"
        )
        click.echo("after its merge, run `castoff resume --execute`", err=True)
    else:
        click.echo(
            f"{safe(proposed.title)}: from `{proposed.branch}` to `{proposed.onto}`; these acts are next"
        )
        for act in proposed.acts:
            click.echo(f"  {line_of(act)}")
        click.echo(f"\n{plain(proposed.text)}")
        click.echo("nothing was done: pass --execute to act", err=True)
    show_all(proposed.problems)
    return 0


def _print(proposed: Proposed) -> None:
    from castoff.cli.render.json_shapes import acts_json, print_json

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
            "next": [act.id for act in proposed.acts],
            "acts": acts_json(proposed.acts),
            "problems": [problem_json(one) for one in proposed.problems],
        },
    )
