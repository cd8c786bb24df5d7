"""`castoff milestone`: the milestones of a release, rolled over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for

if TYPE_CHECKING:
    from castoff.flows.milestone import Rollover
    from castoff.flows.setting import Setting
    from castoff.notes.milestones import Answer


@click.command("milestone")
@click.argument("version", required=False)
@click.option(
    "--milestone",
    "number",
    metavar="NUMBER|none",
    help="Which milestone is meant, or that none is, in this run.",
)
@click.option("--rename", is_flag=True, help="With --milestone: give it the release's title.")
@click.option("--execute", is_flag=True, help="Act; without it the acts are only printed.")
@common_options
def command(common: Common, version: str | None, number: str | None, rename: bool, execute: bool) -> int:
    """Create the next milestone, move what is open in VERSION's, and close that.

    A milestone that was planned under another number is asked about, never renamed in silence. Running it again
    changes nothing.
    """
    from castoff.cli.problems import show_problem
    from castoff.cli.reporting import reporter_for
    from castoff.flows.milestone import plan_rollover, roll_over

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    setting = open_for(common, reporter)
    story = roll_over if execute else plan_rollover
    done = _answered(common, setting, version, _answer(number, rename=rename), story)
    reporter.close()
    _show(common, done, execute=execute)
    if number == "none" and not common.json:
        click.echo(
            "that none is meant holds for this run only: to end the question, rename the milestone, or set "
            '`milestone.mode = "off"`',
            err=True,
        )
    if done.question is None:
        return 0
    if not common.json:
        show_problem(done.question)
    return 4


def _answered(
    common: Common,
    setting: Setting,
    version: str | None,
    answer: Answer | None,
    story: Callable[[Setting, str | None, Answer | None], Rollover],
) -> Rollover:
    """Do it; a question is put to the person who is there, and it is done with the answer."""
    done = story(setting, version, answer)
    if done.question is None or answer is not None or not common.may_ask:
        return done
    from castoff.cli.problems import safe
    from castoff.notes.milestones import NoMilestone, UseMilestone

    click.echo(safe(done.question.message), err=True)
    for one in done.candidates:
        click.echo(f"  {one.number}  {safe(one.title)}", err=True)
    known = [one.number for one in done.candidates]
    picked: int = click.prompt("which one is meant (0: none)", type=int, default=0, err=True)
    return story(setting, version, UseMilestone(picked) if picked in known else NoMilestone())


def _show(common: Common, done: Rollover, *, execute: bool) -> None:
    from castoff.cli.showing import show_states
    from castoff.cli.staging import print_stage, say_left

    states = [done.state] if done.state is not None else []
    if common.json:
        problems = [done.question] if done.question else []
        print_stage("milestone", done.target.title, states, acts=done.acts, problems=problems)
    elif execute:
        show_states(states)
    elif done.question is None:
        say_left(common, done.acts)
    if done.reason and not common.json:
        click.echo(done.reason, err=True)


def _answer(text: str | None, *, rename: bool) -> Answer | None:
    from castoff.notes.milestones import NoMilestone, UseMilestone

    if text is None:
        return None
    if text == "none":
        return NoMilestone()
    if not text.isdecimal() or len(text) > 9:
        raise click.BadParameter("give the number of a milestone, or `none`", param_hint="--milestone")
    return UseMilestone(int(text), rename=rename)
