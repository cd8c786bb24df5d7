"""`castoff check`: every question that a release asks before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, open_for
from castoff.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from castoff.foresight.record import Record
    from castoff.notes.labels import AskForLabel
    from castoff.stages.preflight import Checked, Group

_GROUPS = ("shape", "preflight", "labels", "milestone", "metadata", "foresight", "user")
_ONLY = f"Make these checks: {', '.join(_GROUPS)}."


@click.command("check")
@click.option("--only", multiple=True, type=click.Choice(_GROUPS), metavar="GROUP", help=_ONLY)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--pull-request", type=click.IntRange(min=1), metavar="N", help="Check this pull request alone."
)
@click.option("--version", "level", metavar="V", help="Check for this version or level.")
@click.option(
    "--registry-record",
    type=click.Path(path_type=Path),
    help="What is published; --only foresight asks nobody else.",
)
@click.option("--fix", is_flag=True, help="Say which milestones and labels could be mended.")
@click.option("--label", "labels", multiple=True, metavar="N=LABEL", help="With --fix: give #N this label.")
@click.option("--execute", is_flag=True, help="With --fix: act; without it they are printed.")
@common_options
def command(
    common: Common,
    only: tuple[Group, ...],
    strict: bool,
    pull_request: int | None,
    level: str | None,
    registry_record: Path | None,
    fix: bool,
    labels: tuple[str, ...],
    execute: bool,
) -> int:
    """Check whether a release may begin: labels, milestone, metadata, known traps, your own rules.

    Ends with 4 where something is wrong. With --pull-request it is a check for each pull request. With --fix it
    sets milestones, and asks which label a change is to have.
    """
    if fix:
        return _fix(common, dict(_label_of(text) for text in labels), execute=execute)
    record = _record(registry_record)
    if set(only) == {"foresight"} and record is not None:
        return _show(common, _offline(common, level, record), strict=strict)
    from castoff.cli.reporting import reporter_for
    from castoff.flows.check import examine, examine_pull_request

    setting = open_for(common, reporter_for(common.events, quiet=True))
    if pull_request is not None:
        return _show(common, examine_pull_request(setting, pull_request), strict=strict)
    found = examine(setting, only, level, record)
    if found.guessed and not common.json:
        click.echo(f"checked for {found.version}; name another one with --version", err=True)
    return _show(common, found.answers, strict=strict)


def _show(common: Common, answers: Sequence[Checked], *, strict: bool) -> int:
    from castoff.cli.findings import checks_json, exit_code_of, show_checks

    if common.json:
        from castoff.cli.shapes import print_json

        print_json("check", checks_json(answers))
    else:
        show_checks(answers)
    return exit_code_of(answers, strict=strict)


def _record(path: Path | None) -> Record | None:
    if path is None:
        return None
    from castoff.files import read_text
    from castoff.foresight.record import read_record

    return read_record(read_text(path), path.as_posix())


def _offline(common: Common, level: str | None, record: Record) -> Sequence[Checked]:
    """Check the files of the folder as they are, with no repository and no network."""
    from castoff.flows.foreseeing import offline_checks
    from castoff.model.versions import read
    from castoff.stages.preflight import run_checks
    from castoff.wiring import Options, open_files

    version = read(level) if level else None
    if version is None:
        raise UsageError.of(
            "version-needed",
            "`--only foresight` with a record needs the exact version",
            reason="without a repository nobody knows which version comes next",
            remedy="name it with `--version`, for example `--version 1.4.0`",
        )
    options = Options(directory=common.directory or Path.cwd(), config=common.config)
    tree, configuration = open_files(options)
    return run_checks(offline_checks(tree, configuration.release.exclude, version, lambda: record))


def _fix(common: Common, labels: dict[int, str], *, execute: bool) -> int:
    from castoff.cli.problems import safe, show_problem
    from castoff.cli.reporting import reporter_for
    from castoff.flows.fixing import answers_given, choose, find_fixes, mend
    from castoff.notes.labels import AskForLabel, SetMilestone

    setting = open_for(common, reporter_for(common.events, quiet=common.json))
    fixes = find_fixes(setting)
    title = safe(fixes.milestone.title) if fixes.milestone else ""
    needing = {one.change for one in fixes.proposals if isinstance(one, AskForLabel)}
    for number in sorted(labels.keys() - needing):
        click.echo(f"label  #{number} needs none: it is left as it is", err=True)
    for one in fixes.proposals:
        if isinstance(one, SetMilestone):
            click.echo(f"milestone:move:{one.change}  put #{one.change} into the milestone `{title}`")
        elif one.change in labels:
            click.echo(f"label  #{one.change} {safe(labels[one.change])}: {safe(one.title)}")
        else:
            click.echo(f"label  #{one.change} needs one: {safe(one.title)}{_hint(one)}")
    if not fixes.proposals:
        click.echo("nothing is to be mended")
    elif not execute:
        click.echo("nothing was done: add --execute to act", err=True)
    if not execute or not fixes.proposals:
        return 0
    given = answers_given(labels)
    asks = common.may_ask and not labels
    problems = mend(setting, fixes, choose(fixes, _ask if asks else given))
    for problem in problems:
        show_problem(problem)
    return 4 if problems else 0


def _hint(question: AskForLabel) -> str:
    from castoff.cli.problems import safe

    choices = ", ".join(safe(one) for one in question.choices)
    suggested = f"; perhaps {safe(question.suggestion)}" if question.suggestion else ""
    return f" (one of {choices}{suggested})"


def _ask(question: AskForLabel) -> str | None:
    """Ask the person on the terminal; an empty answer leaves the change as it is."""
    from castoff.cli.problems import safe

    click.echo(f"#{question.change} {safe(question.title)}", err=True)
    for number, label in enumerate(question.choices, start=1):
        click.echo(f"  {number}  {safe(label)}", err=True)
    usual = question.choices.index(question.suggestion) + 1 if question.suggestion else 0
    picked: int = click.prompt(
        "which label (0: leave it)", type=click.IntRange(0, len(question.choices)), default=usual, err=True
    )
    return question.choices[picked - 1] if picked else None


def _label_of(text: str) -> tuple[int, str]:
    number, _, label = text.partition("=")
    if not number.isdecimal() or not label:
        raise click.BadParameter("write it as N=LABEL, for example 41=changelog-fix", param_hint="--label")
    return int(number), label
