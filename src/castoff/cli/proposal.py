"""Proposal of a release from the command line, shown or made."""

from __future__ import annotations

from collections.abc import Collection

from castoff.cli.options import Common, open_for
from castoff.cli.render.problems import line_of, problem_json
from castoff.cli.render.reporter import reporter_for
from castoff.cli.render.text import show_all
from castoff.cli.render.words import safe, show
from castoff.errors import Refusal
from castoff.redaction import plain
from castoff.release.proposal_command import Proposed, propose, show_proposal
from castoff.session.release_request import ReleaseRequest


def carry_out_proposal(
    common: Common, request: ReleaseRequest, *, execute: bool, overtaken: Collection[str] = ()
) -> int:
    """Propose a release, or show what would be proposed; nothing is wrong if it stops for what is ``overtaken``."""
    reporter = reporter_for(common.events, quiet=not execute)
    services = open_for(common, reporter)
    try:
        proposed = (propose if execute else show_proposal)(services, request)
    except Refusal as refused:
        if not all(one.code in overtaken for one in refused.problems):
            raise
        reporter.close()
        show(f"nothing to propose any more: {safe(refused.problems[0].message)}", err=True)
        return 0
    reporter.close()
    stopped = any(one.severity == "error" for one in proposed.problems)
    if common.json:
        _print(proposed)
    elif execute:
        url = safe(proposed.url or "no pull request")
        show(f"{proposed.version} is proposed on `{proposed.branch}`: {url}")
        show("after its merge, run `castoff resume --execute`", err=True)
        show_all(proposed.problems)
    else:
        origin = f"from `{proposed.branch}` to `{proposed.onto}`"
        show(f"{safe(proposed.title)}: {origin}; these acts are next")
        for act in proposed.acts:
            show(f"  {line_of(act)}")
        show(f"\n{plain(proposed.text)}", hang=0)
        show_all(proposed.problems)
        show(
            f"nothing was done: {'correct the errors first' if stopped else 'pass --execute to act'}",
            err=True,
        )
    return 4 if stopped else 0


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
