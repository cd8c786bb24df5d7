"""`castoff status`: what the world shows of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.reconcile import StageState


@click.command("status")
@click.argument("version", required=False)
@click.option("--exit-code", "exit_code", is_flag=True, help="Leave with 3 unfinished, 4 blocked, 5 due.")
@common_options
def command(common: Common, version: str | None, exit_code: bool) -> int:
    """Say what the world shows of VERSION, or of what is under way, or of the last release."""
    from castoff.cli.reporting import reporter_for
    from castoff.flows.status import look

    status = look(open_for(common, reporter_for(common.events, quiet=True)), version)
    if common.json:
        from castoff.cli.shapes import print_json, status_json

        print_json("status", status_json(status))
    else:
        from castoff.cli.showing import show_status

        show_status(status)
    return exit_code_of(status.states, due=bool(status.due_json()["due"])) if exit_code else 0


def exit_code_of(states: Sequence[StageState], *, due: bool) -> int:
    """Say how a look ends for scripts: 4 blocked, 3 unfinished, 5 due; what waits for a person alone counts as 0."""
    if any(state.state == "blocked" for state in states):
        return 4
    if {state.state for state in states if state.stage.required} & {"todo", "waiting", "unknown"}:
        return 3
    return 5 if due else 0
