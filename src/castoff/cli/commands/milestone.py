"""`castoff milestone`: the milestones of a release, rolled over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, refuse_without_effect

if TYPE_CHECKING:
    from castoff.notes.milestones import Answer
    from castoff.release.milestone_command import Rollover


@click.command("milestone")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option(
    "--milestone",
    "number",
    metavar="NUMBER|none",
    help="Milestone of the release, or none.",
)
@click.option("--rename", is_flag=True, help="With --milestone: rename it to the release's title.")
@click.option("--execute", is_flag=True, help="Perform the acts (default: print them).")
@common_options
def command(common: Common, version: str | None, number: str | None, rename: bool, execute: bool) -> int:
    """Close the milestone of VERSION and open the next.

    Open issues and pull requests move to the next milestone. Asks before it uses a milestone that was planned
    under another version. Running it again changes nothing.
    """
    from castoff.cli.render.problems import show_problem
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.milestone_command import plan_rollover, roll_over

    if number is None or number == "none":
        refuse_without_effect("without `--milestone NUMBER`", {"--rename": rename})
    reporter = reporter_for(common.events, quiet=common.json or not execute)
    services = open_for(common, reporter)
    story = roll_over if execute else plan_rollover
    done = _answered(common, _answer(number, rename=rename), partial(story, services, version))
    reporter.close()
    _show(common, done, execute=execute)
    if number == "none" and not common.json:
        click.echo(
            "`none` applies to this run only: to avoid the prompt, rename the milestone, or set "
            '`milestone.mode = "off"`',
            err=True,
        )
    if done.question is None:
        return 0
    if not common.json:
        show_problem(done.question)
    return 4


def _answered(common: Common, answer: Answer | None, story: Callable[[Answer | None], Rollover]) -> Rollover:
    """Do it; a question is put to the person who is there, and it is done with the answer."""
    done = story(answer)
    if done.question is None or answer is not None or not common.may_ask:
        return done
    from castoff.cli.render.words import safe
    from castoff.notes.milestones import NoMilestone, UseMilestone

    click.echo(safe(done.question.message), err=True)
    for one in done.candidates:
        click.echo(f"  {one.number}  {safe(one.title)}", err=True)
    known = [one.number for one in done.candidates]
    picked: int = click.prompt("which milestone (0: none)", type=int, default=0, err=True)
    return story(UseMilestone(picked) if picked in known else NoMilestone())


def _show(common: Common, done: Rollover, *, execute: bool) -> None:
    from castoff.cli.render.stage import print_stage, say_left
    from castoff.cli.render.text import show_states

    states = [done.state] if done.state is not None else []
    if common.json:
        problems = [done.question] if done.question else []
        print_stage("milestone", done.release.title, states, acts=done.acts, problems=problems)
    elif execute:
        show_states(states)
    elif done.question is None:
        say_left(common, done.acts, done.release.title)
    if done.reason and not common.json:
        click.echo(done.reason, err=True)


def _answer(text: str | None, *, rename: bool) -> Answer | None:
    from castoff.notes.milestones import NoMilestone, UseMilestone

    if text is None:
        return None
    if text == "none":
        return NoMilestone()
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):
        raise click.BadParameter("pass the number of a milestone, or `none`", param_hint="--milestone")
    return UseMilestone(int(text), rename=rename)
