"""How does the command line carry a release out, or only say what it would do?"""

from __future__ import annotations

from dataclasses import replace

import click

from castoff.cli.options import Common, open_for
from castoff.cli.problems import safe
from castoff.cli.reporting import reporter_for
from castoff.flows.release import Result, run_release
from castoff.flows.wish import Wish


def carry_out(common: Common, wish: Wish) -> int:
    """Run a release for real and show how it ended."""
    reporter = reporter_for(common.events)
    result = run_release(open_for(common, reporter), wish)
    reporter.close()
    show(common, "release", result)
    if not any(state.state == "person" and state.stage.name == "announce" for state in result.stages):
        return 0
    if not common.json:
        click.echo("\nonly the announcement is left: `castoff announce --execute`", err=True)
    return 0


def show(common: Common, name: str, result: Result, world: dict[str, object] | None = None) -> None:
    """Show a result as text or as JSON."""
    if common.json:
        from castoff.cli.shapes import print_json, result_json

        print_json(name, result_json(result, world))
    else:
        from castoff.cli.showing import show_result

        show_result(result, embedded=world is not None)


def print_acts(common: Common, wish: Wish) -> int:
    """Say what a run would do, and stop."""
    if wish.level is None:
        return _print_missing(common, wish)
    from castoff.flows.plan import plan_release
    from castoff.model.intent import meant_again

    setting = open_for(common, reporter_for(common.events, quiet=True))
    plan = plan_release(setting, wish.level, wish.pre, intend=meant_again)
    if plan.resumes and not plan.errors and not common.json:
        return _print_missing(common, replace(wish, version=plan.shown_version))
    if common.json:
        from castoff.cli.shapes import plan_json, print_json

        print_json("plan", plan_json(plan))
    else:
        from castoff.cli.showing import show_all

        click.echo(
            f"{plan.previous or 'nothing released'} -> {plan.shown_version}: these acts, in this order"
        )
        for act in plan.acts:
            click.echo(f"  {safe(act.id)}")
        show_all(plan.problems)
        click.echo("nothing was done: add --execute to act", err=True)
    return 4 if plan.errors else 0


def _print_missing(common: Common, wish: Wish) -> int:
    from castoff.flows.status import look
    from castoff.flows.survey import mind_shallow
    from castoff.model.intent import to_resume

    status = look(open_for(common, reporter_for(common.events, quiet=True)), wish.version)
    if status.version is None and status.seen is not None:
        mind_shallow(status.seen)
        to_resume(status.seen.history, None)
    if common.json:
        from castoff.cli.shapes import print_json, status_json

        print_json("status", status_json(status))
        return 0
    from castoff.cli.showing import show_all

    acts = [act for state in status.states for act in state.acts]
    click.echo(f"{status.version}: {'these acts are left' if acts else 'nothing is left to do'}")
    for act in acts:
        click.echo(f"  {safe(act.id)}")
    show_all(status.problems)
    if acts:
        click.echo("nothing was done: add --execute to act", err=True)
    elif wish.level is not None:
        click.echo("nothing was committed since: name a version to release it again as another one", err=True)
    return 0
