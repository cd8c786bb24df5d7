"""`castoff check`: every question that a release asks before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field

from castoff.cli.options import (
    Common,
    common_options,
    decided,
    open_for,
    path,
    refuse_without_effect,
    verbose_option,
)
from castoff.cli.render.problems import place_of, problem_json, show_reasons, styled
from castoff.cli.render.words import MANY, safe, show
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
_COUNTED = {"pass": "passed", "warn": "warned", "fail": "failed", "unknown": "unknown"}
_MOST = 3
"""Findings of one kind that are shown; `-v` shows all."""


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


class _Row(Struct):
    """One check, or all checks of a group that found one kind of problem."""

    checks: list[Checked]
    findings: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name the first check, and count the others."""
        others = len(self.checks) - 1
        return self.checks[0].id + (f" and {others} more" if others else "")

    @property
    def result(self) -> str:
        """Return the result of the checks; beside another one's error, a warning is no failure."""
        result = self.checks[0].result
        if any(one.severity == "error" for one in self.findings):
            return "fail"
        return "warn" if result == "fail" and self.findings else result

    @property
    def note(self) -> str:
        """Count the findings, or say why there are none."""
        return f"{len(self.findings)} found" if len(self.findings) > 1 else safe(self.checks[0].note)


def show_checks(answers: Sequence[Checked], *, verbose: bool = False) -> None:
    """Show the answers on standard output; of many, only those that are not as expected, and equal ones together."""
    rows = _rows(answers, verbose=verbose)
    width = max((len(one.name) for one in rows), default=0)
    for row in rows:
        word, colour = _MARKS[row.result]
        head = f"{row.checks[0].group:>10}  {safe(row.name):<{width}}  {styled(f'{word:<7}', fg=colour)} {row.note}"
        show(head.rstrip(), hang=12)
        _show_findings(row.findings, verbose=verbose)
    summary = checks_json(answers)["summary"]
    assert isinstance(summary, dict)
    words = [f"{summary[result]} {word}" for result, word in _COUNTED.items()]
    off = sum(one.result == "off" for one in answers)
    show("\n" + ", ".join([*words, *([f"{off} off"] if off else [])]))
    if len(answers) > MANY and not verbose:
        show("`castoff check -v` lists every check")


def _rows(answers: Sequence[Checked], *, verbose: bool) -> list[_Row]:
    """Join checks with the same kinds of findings; a problem is shown once, however many checks found it."""
    rows: dict[object, _Row] = {}
    shown: set[Problem] = set()
    for one in answers:
        # A screen holds what needs a person; the summary counts the rest.
        if one.result in ("pass", "off") and len(answers) > MANY and not verbose:
            continue
        # A program that is missing is found by each check that needs it.
        fresh = [problem for problem in one.findings if problem not in shown]
        shown.update(fresh)
        codes = tuple(dict.fromkeys(problem.code for problem in one.findings))
        if verbose or not codes:
            rows[one.id] = _Row([one], fresh)
            continue
        # By code: what all packages have in common is one row, whatever else some of them have.
        for code in codes:
            row = rows.setdefault((one.group, code), _Row([]))
            row.checks.append(one)
            row.findings.extend(problem for problem in fresh if problem.code == code)
    return list(rows.values())


def _show_findings(findings: Sequence[Problem], *, verbose: bool) -> None:
    """Show the findings of a row by code; the same reason and remedy stand once, below what they are about."""
    for code in dict.fromkeys(problem.code for problem in findings):
        own = [problem for problem in findings if problem.code == code]
        # One more would take the line that says so.
        most = len(own) if verbose or len(own) <= _MOST + 1 else _MOST
        for index, problem in enumerate(own[:most]):
            mark = "x" if problem.severity == "error" else "!"
            show(f"{'':>12}{mark} {safe(problem.message)} [{problem.code}]")
            if place := place_of(problem):
                show(f"{'':>14}at: {place}")
            after = own[index + 1] if index + 1 < most else None
            # The last of a run of findings carries what they share.
            if after is None or (after.reason, after.remedy) != (problem.reason, problem.remedy):
                show_reasons(problem, f"{'':>14}", err=False)
        if most < len(own):
            show(f"{'':>12}{len(own) - most} more of the kind {code}")


def exit_code_of(answers: Sequence[Checked], *, strict: bool) -> int:
    """Return how a run of checks ends: 4 with an error, with ``strict`` also with a warning."""
    severities = {problem.severity for one in answers for problem in one.findings}
    return 4 if "error" in severities or (strict and "warning" in severities) else 0


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
@click.option("--fix", is_flag=True, help="List fixes for milestones and missing labels.")
@click.option("--label", "labels", multiple=True, metavar="N=LABEL", help="With --fix: label for change #N.")
@click.option("--execute", is_flag=True, help="With --fix: apply the fixes (default: print them).")
@verbose_option
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
    verbose: bool,
) -> int:
    """Check whether a release can start.

    Checks labels, milestone, metadata, known traps and your own rules. Exits with 4 if a check fails.
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
    # With a record nothing is asked: that works in a plain folder without git, as in a hook.
    if set(only) == {"foresight"} and record is not None:
        return _show(common, _offline(common, level, record), strict=strict, verbose=verbose)
    from castoff.cli.render.reporter import reporter_for
    from castoff.release.check import examine, examine_configuration, examine_pull_request

    if set(only) == {"configuration"}:
        services = open_for(common, reporter_for(common.events, quiet=True))
        return _show(common, examine_configuration(services), strict=strict, verbose=verbose)
    # `auto` asks the forge, so that it comes after all that needs no network.
    level = decided(common, level) if level else level
    services = open_for(common, reporter_for(common.events, quiet=True))
    if pull_request is not None:
        return _show(common, examine_pull_request(services, pull_request), strict=strict, verbose=verbose)
    found = examine(services, only, level, record)
    # Most checks depend on the version, and nobody named one.
    if found.guessed and not common.json:
        click.echo(f"checked for {found.version}; name another one with --version", err=True)
    return _show(common, found.answers, strict=strict, verbose=verbose)


def _show(common: Common, answers: Sequence[Checked], *, strict: bool, verbose: bool) -> int:
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json("check", checks_json(answers))
    else:
        show_checks(answers, verbose=verbose)
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
    from castoff.cli.render.problems import show_problem
    from castoff.cli.render.reporter import reporter_for
    from castoff.cli.render.words import safe
    from castoff.notes.labels import AskForLabel, SetMilestone
    from castoff.preflight.label_fixes import answers_given, apply_fixes, choose, find_fixes

    services = open_for(common, reporter_for(common.events, quiet=common.json))
    fixes = find_fixes(services)
    title = safe(fixes.milestone.title) if fixes.milestone else ""
    needing = {one.change for one in fixes.proposals if isinstance(one, AskForLabel)}
    # An answer to a question that was not asked may be a typing error.
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
    # Answers on the command line are all answers: a script must not stop at a question.
    asks = common.may_ask and not labels
    problems = apply_fixes(services, fixes, choose(fixes, _ask if asks else given))
    for problem in problems:
        show_problem(problem)
    return 4 if problems else 0


def _hint(question: AskForLabel) -> str:
    from castoff.cli.render.words import safe

    choices = ", ".join(safe(one) for one in question.choices)
    suggested = f"; perhaps {safe(question.suggestion)}" if question.suggestion else ""
    return f" (one of {choices}{suggested})"


def _ask(question: AskForLabel) -> str | None:
    """Ask the person on the terminal; an empty answer leaves the change as it is."""
    from castoff.cli.render.words import safe

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
