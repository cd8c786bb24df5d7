"""The run of a release on the command line, and the acts that it would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, open_for
from castoff.cli.render.problems import line_of
from castoff.cli.render.reporter import reporter_for
from castoff.cli.render.words import safe
from castoff.model.acts import Wait
from castoff.model.plan import Plan
from castoff.release.run import Result, run_release
from castoff.session.release_request import ReleaseRequest
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.release.status import Status


def carry_out(
    common: Common, request: ReleaseRequest, *, environment: Mapping[str, str] | None = None
) -> int:
    """Run a release for real and show how it ended."""
    reporter = reporter_for(common.events)
    result = run_release(open_for(common, reporter, environment=environment), request)
    reporter.close()
    show(common, "release", result)
    if not common.json and (left := _left_to_people(request, result)):
        click.echo(f"\n{left}", err=True)
    return 0


def _left_to_people(request: ReleaseRequest, result: Result) -> str:
    people = {state.stage.name for state in result.stages if state.state == "person"}
    if "publish" in people:
        return f"the packages are staged: run `castoff approve {result.version} --execute` to publish them"
    if request.only == "version":
        return f"claimed: `castoff resume {result.version} --execute` does the rest"
    if request.only == "publish":
        return f"uploaded: `castoff resume {result.version} --execute` pushes the tag and does the rest"
    return "only the announcement is left: run `castoff announce --execute`" if "announce" in people else ""


def show(common: Common, name: str, result: Result, world: dict[str, object] | None = None) -> None:
    """Show a result as text or as JSON."""
    if common.json:
        from castoff.cli.render.json_shapes import print_json, result_json

        print_json(name, result_json(result, world))
    else:
        from castoff.cli.render.text import show_result

        show_result(result, embedded=world is not None)


def print_acts(common: Common, request: ReleaseRequest) -> int:
    """Return what a run would do, and stop."""
    if request.level is None:
        return _print_missing(common, request)
    from castoff.model.intent import meant_again
    from castoff.release.plan import dry_run

    services = open_for(common, reporter_for(common.events, quiet=True))
    plan = dry_run(services, request, intend=meant_again)
    # A resumed release has no edits to show; its acts come from what is missing.
    if plan.resumes and not plan.errors and not common.json:
        return _print_missing(common, replace(request, version=plan.shown_version))
    if common.json:
        from castoff.cli.render.json_shapes import plan_json, print_json

        print_json("plan", plan_json(plan))
    else:
        from castoff.cli.render.text import show_all

        click.echo(
            f"{plan.previous or 'nothing released'} -> {plan.shown_version}: these acts, in this order"
        )
        for act in plan.acts:
            click.echo(f"  {line_of(act)}")
        show_all(plan.problems)
        click.echo(f"nothing was done: {_advice(plan)}", err=True)
    return 4 if plan.errors else 0


def _advice(plan: Plan) -> str:
    return "correct the errors first" if plan.errors else "pass --execute to act"


def _print_missing(common: Common, request: ReleaseRequest) -> int:
    from castoff.release.status import dry_resume, look
    from castoff.release.waiver import waiver_act
    from castoff.release.waiver_command import given_up

    setting = open_for(common, reporter_for(common.events, quiet=True))
    status = dry_resume(setting, request) if request.level is None else look(setting, request.version)
    if common.json:
        from castoff.cli.render.json_shapes import print_json, status_json

        print_json("status", status_json(status))
        return _code_of(status)
    from castoff.cli.render.text import show_all

    without = given_up(request.without, status.states)
    acts = [waiver_act(stage, status.version or "") for stage in sorted(without, reverse=True)]
    acts += [act for state in status.states if state.stage.name not in without for act in state.acts_ahead]
    silent = [part for state in status.states for part in state.parts if part.is_unknown]
    # "Nothing to do" would be a promise; a question without an answer may hide an act.
    nothing = "what is left is unknown" if silent else "nothing to do"
    if acts:
        nothing = "these acts may follow" if all(act.condition for act in acts) else "these acts are left"
    click.echo(f"{status.version}: {nothing}")
    for act in acts:
        click.echo(f"  {line_of(act)}")
    for reason in dict.fromkeys(part.decision.reason for part in silent if isinstance(part.decision, Wait)):
        click.echo(f"no answer, so more acts may follow: {safe(reason)}")
    show_all(status.problems)
    if acts:
        advice = "correct the errors first" if status.stops else "pass --execute to act"
        click.echo(f"nothing was done: {advice}", err=True)
    elif request.level is not None and not silent:
        click.echo(
            "nothing was committed since: pass an exact version to release the same contents again", err=True
        )
    return _code_of(status)


def _code_of(status: Status) -> int:
    """Return 4 if the run would stop or a required stage is blocked, 3 if what is left is unknown."""
    if status.stops or any(state.obstacles for state in status.states if state.stage.required):
        return 4
    return 3 if status.phase == "unknown" else 0
