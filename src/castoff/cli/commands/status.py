"""`castoff status`: what the world shows of a release."""

from __future__ import annotations

import click

from castoff.cli.options import Common, common_options, open_for


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
    if not exit_code:
        return 0
    if any(state.state == "blocked" for state in status.states):
        return 4
    required = {state.state for state in status.states if state.stage.required}
    if required & {"todo", "waiting", "unknown"}:
        return 3
    return 5 if status.due_json()["due"] else 0
