"""`castoff check`: every question that a release asks before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.options import Common, common_options, decided, open_for, path, refuse_without_effect
from castoff.cli.render.problems import indented, place_of, problem_json, safe, styled
from castoff.errors import Problem, UsageError
from castoff.preflight.stage import Checked

if TYPE_CHECKING:
    from castoff.ecosystems.record import Record
    from castoff.notes.labels import AskForLabel
    from castoff.preflight.stage import Group


_MARKS = {
    "pass": ("pass", "green"),
    "warn": ("warn", "yellow"),
    "fail": ("FAIL", "red"),
    "unknown": ("unknown", "yellow"),
    "off": ("off", None),
}


def checks_json(answers: Sequence[Checked]) -> dict[str, object]:
    """Return the answers in the order of the checks; the summary counts checks, not findings."""
    counted = ("pass", "warn", "fail", "unknown")
    return {
        "checks": [
            {
                "id": one.id,
                "group": one.group,
                "result": one.result,
                "findings": [problem_json(problem) for problem in one.findings],
                **({"note": one.note} if one.note else {}),
            }
            for one in answers
        ],
        "summary": {word: sum(one.result == word for one in answers) for word in counted},
    }


def show_checks(answers: Sequence[Checked]) -> None:
    """Show the answers on standard output."""
    width = max((len(one.id) for one in answers), default=0)
    shown: set[Problem] = set()
    for one in answers:
        word, colour = _MARKS[one.result]
        count = f"{len(one.findings)} found" if len(one.findings) > 1 else safe(one.note)
        click.echo(
            f"{one.group:>10}  {safe(one.id):<{width}}  {styled(f'{word:<7}', fg=colour)} {count}".rstrip()
        )
        for problem in one.findings:
            if problem not in shown:  # a program that is not here is missed by many checks
                _show_check(problem)
        shown.update(one.findings)
    summary = checks_json(answers)["summary"]
    assert isinstance(summary, dict)
    click.echo("\n" + ", ".join(f"{count} {word}" for word, count in summary.items()))


def exit_code_of(answers: Sequence[Checked], *, strict: bool) -> int:
    """Return how a run of checks ends: 4 with an error, with ``strict`` also with a warning."""
    severities = {problem.severity for one in answers for problem in one.findings}
    return 4 if "error" in severities or (strict and "warning" in severities) else 0


def _show_check(problem: Problem) -> None:
    mark = "x" if problem.severity == "error" else "!"
    click.echo(f"{'':>12}{mark} {safe(problem.message)} [{problem.code}]")
    place = place_of(problem) or safe(problem.url or "")
    for name, text in (("at", place), ("reason", problem.reason), ("remedy", problem.remedy)):
        if text:
            click.echo(f"{'':>14}{name}: {indented(text)}")


_GROUPS = ("shape", "preflight", "labels", "milestone", "metadata", "foresight", "user")
_ONLY = f"Run only: {', '.join(_GROUPS)}, configuration."


@click.command("check")
@click.option(
    "--only", multiple=True, type=click.Choice([*_GROUPS, "configuration"]), metavar="GROUP", help=_ONLY
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--pull-request", type=click.IntRange(1, 2**31 - 1), metavar="N", help="Check only this pull request."
)
@click.option("--version", "level", metavar="V", help="Version or level to check for.")
@click.option(
    "--registry-record",
    type=path,
    help="Record of published versions, used by --only foresight instead of the registries.",
)
@click.option("--fix", is_flag=True, help="List fixes for milestones and labels.")
@click.option("--label", "labels", multiple=True, metavar="N=LABEL", help="With --fix: label for change #N.")
@click.option("--execute", is_flag=True, help="With --fix: apply the fixes (default: print them).")
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
    """Check whether a release can start.

    Checks labels, milestone, metadata, known traps and your own rules. Exits with 4 if a check fails. With
    --pull-request, checks a single pull request. With --fix, sets milestones and prompts for missing labels.
    """
    checks = {"--only": only, "--strict": strict, "--pull-request": pull_request, "--version": level}
    if fix:
        refuse_without_effect("with `--fix`", {**checks, "--registry-record": registry_record})
        return _fix(common, _labels_of(labels), execute=execute)
    refuse_without_effect("without `--fix`", {"--label": labels, "--execute": execute})
    if pull_request is not None:
        # the labels are what is checked of a pull request, so naming them changes nothing; another group would not run
        others = tuple(group for group in only if group != "labels")
        whole = {"--only": others, "--version": level, "--registry-record": registry_record}
        refuse_without_effect("with `--pull-request`", whole)
    record = _record(registry_record)
    if set(only) == {"foresight"} and record is not None:
        return _show(common, _offline(common, level, record), strict=strict)
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.check import examine, examine_configuration, examine_pull_request

    if set(only) == {"configuration"}:
        services = open_for(common, reporter_for(common.events, quiet=True))
        return _show(common, examine_configuration(services), strict=strict)
    level = decided(common, level) if level else level
    services = open_for(common, reporter_for(common.events, quiet=True))
    if pull_request is not None:
        return _show(common, examine_pull_request(services, pull_request), strict=strict)
    found = examine(services, only, level, record)
    if found.guessed and not common.json:
        click.echo(f"checked for {found.version}; name another one with --version", err=True)
    return _show(common, found.answers, strict=strict)


def _show(common: Common, answers: Sequence[Checked], *, strict: bool) -> int:

    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json("check", checks_json(answers))
    else:
        show_checks(answers)
    return exit_code_of(answers, strict=strict)


def _record(path: Path | None) -> Record | None:
    if path is None:
        return None
    from castoff.ecosystems.record import read_record
    from castoff.io.files import read_text

    return read_record(read_text(path), path.as_posix())


def _offline(common: Common, level: str | None, record: Record) -> Sequence[Checked]:
    """Check the files of the folder as they are, with no repository and no network."""
    from castoff.model.scope import Scope
    from castoff.model.versions import read
    from castoff.preflight.foresight import offline_checks
    from castoff.preflight.stage import run_checks
    from castoff.session.workspaces import read_workspace
    from castoff.wiring import Options, manifests, open_files

    version = read(level) if level else None
    if version is None:
        raise UsageError.of(
            "version-needed",
            "`--only foresight` with a record needs the exact version",
            reason="without a repository, the next version is not known",
            remedy="pass it with `--version`, for example `--version 1.4.0`",
        )
    options = Options(directory=common.directory or Path.cwd(), config=common.config)
    tree, configuration = open_files(options)
    release = configuration.release
    scope = Scope(joined=release.workspaces, exclude=release.exclude)
    workspace = read_workspace(tree, manifests(), scope)
    return run_checks(offline_checks(tree, workspace, version, lambda: record))


def _fix(common: Common, labels: dict[int, str], *, execute: bool) -> int:
    from castoff.cli.render.problems import safe, show_problem
    from castoff.cli.render.reporter import reporter_for
    from castoff.notes.labels import AskForLabel, SetMilestone
    from castoff.preflight.label_fixes import answers_given, apply_fixes, choose, find_fixes

    services = open_for(common, reporter_for(common.events, quiet=common.json))
    fixes = find_fixes(services)
    title = safe(fixes.milestone.title) if fixes.milestone else ""
    needing = {one.change for one in fixes.proposals if isinstance(one, AskForLabel)}
    for number in sorted(labels.keys() - needing):
        click.echo(f"label  #{number} needs no label and is left unchanged", err=True)
    for one in fixes.proposals:
        if isinstance(one, SetMilestone):
            click.echo(f"milestone:move:{one.change}  put #{one.change} into the milestone `{title}`")
        elif one.change in labels:
            click.echo(f"label  #{one.change} {safe(labels[one.change])}: {safe(one.title)}")
        else:
            click.echo(f"label  #{one.change} needs one: {safe(one.title)}{_hint(one)}")
    if not fixes.proposals:
        click.echo("nothing to fix")
    elif not execute:
        click.echo("nothing was done: pass --execute to act", err=True)
    if not execute or not fixes.proposals:
        return 0
    given = answers_given(labels)
    asks = common.may_ask and not labels
    problems = apply_fixes(services, fixes, choose(fixes, _ask if asks else given))
    for problem in problems:
        show_problem(problem)
    return 4 if problems else 0


def _hint(question: AskForLabel) -> str:
    from castoff.cli.render.problems import safe

    choices = ", ".join(safe(one) for one in question.choices)
    suggested = f"; perhaps {safe(question.suggestion)}" if question.suggestion else ""
    return f" (one of {choices}{suggested})"


def _ask(question: AskForLabel) -> str | None:
    """Ask the person on the terminal; an empty answer leaves the change as it is."""
    from castoff.cli.render.problems import safe

    click.echo(f"#{question.change} {safe(question.title)}", err=True)
    for number, label in enumerate(question.choices, start=1):
        click.echo(f"  {number}  {safe(label)}", err=True)
    usual = question.choices.index(question.suggestion) + 1 if question.suggestion else 0
    picked: int = click.prompt(
        "which label (0: leave it)", type=click.IntRange(0, len(question.choices)), default=usual, err=True
    )
    return question.choices[picked - 1] if picked else None


def _labels_of(texts: Sequence[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for number, label in map(_label_of, texts):
        if number in found:
            raise click.BadParameter(f"#{number} is named twice", param_hint="--label")
        found[number] = label
    return found


def _label_of(text: str) -> tuple[int, str]:
    number, _, label = text.partition("=")
    if not (number.isascii() and number.isdecimal() and len(number) <= 9 and int(number)) or not label:
        raise click.BadParameter("write it as N=LABEL, for example 41=changelog-fix", param_hint="--label")
    return int(number), label
