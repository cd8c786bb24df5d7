"""`castoff status`: what the world shows of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, verbose_option
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.reconcile import StageState


@click.command("status")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option(
    "--exit-code",
    "exit_code",
    is_flag=True,
    help="Exit with 3 if unfinished or unknown, 4 if blocked, 5 if a release is due.",
)
@verbose_option
@common_options
def command(common: Common, version: str | None, exit_code: bool, verbose: bool) -> int:
    """Show the state of VERSION, of the release in flight, or of the last release."""
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.plan_contents import as_warnings
    from castoff.release.status import look

    status = look(open_for(common, reporter_for(common.events, quiet=True)), version)
    states = () if status.phase == "other" else status.states
    code = exit_code_of(
        states,
        due=bool(status.due_json()["due"]),
        is_unknown=status.phase == "unknown",
        has_errors=any(one.severity == "error" for one in status.problems),
    )
    # A look that ends with 0 whatever it finds has no errors to show.
    shown = status if exit_code else replace(status, problems=as_warnings(status.problems))
    if common.json:
        from castoff.cli.render.json_shapes import print_json, status_json

        print_json("status", status_json(shown))
    else:
        from castoff.cli.render.text import show_status

        show_status(shown, verbose=verbose)
    return code if exit_code else 0


def exit_code_of(
    states: Sequence[StageState], *, due: bool, is_unknown: bool = False, has_errors: bool = False
) -> int:
    """Return the exit code of a look for scripts: 4 blocked or an error, 3 unfinished or unknown, 5 due.

    What only waits for a person counts as 0.
    """
    if has_errors or any(state.state == "blocked" for state in states):
        return 4
    if is_unknown or {state.state for state in states if not state.stage.may_lag} & {
        "todo",
        "waiting",
        "unknown",
    }:
        return 3
    return 5 if due else 0
