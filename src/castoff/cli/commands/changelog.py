"""`castoff changelog`: the notes of a release in the changelog, and the changelog's own health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, path, refuse_without_effect
from castoff.cli.render.words import count
from castoff.errors import CastoffError, UsageError
from castoff.values import replace

if TYPE_CHECKING:
    from castoff.changelog.doctor import ChangelogFinding, Diagnosis

_FILE = path


@click.command("changelog")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--body", type=_FILE, help="File with the notes to port, without a repository.")
@click.option("--url", help="With --body: URL of the release.")
@click.option("--date", help="With --body: date of the release, YYYY-MM-DD.")
@click.option("--file", type=_FILE, help="Changelog file (default: CHANGELOG.md).")
@click.option("--execute", is_flag=True, help="Commit and push (default: print the diff).")
@click.option("--replace", is_flag=True, help="Replace a section written by hand.")
@click.option("--doctor", is_flag=True, help="Report defects in a changelog file.")
@click.option("--tags", type=_FILE, help="With --doctor: file with a tag, a tab and its date per line.")
@click.option("--fix", is_flag=True, help="With --doctor: apply safe repairs.")
@common_options
def command(
    common: Common,
    version: str | None,
    body: Path | None,
    url: str | None,
    date: str | None,
    file: Path | None,
    execute: bool,
    replace: bool,
    doctor: bool,
    tags: Path | None,
    fix: bool,
) -> int:
    """Update, check or repair the changelog.

    Copies the notes of the published release VERSION (default: the last one) into the changelog. A section
    written by hand is kept. With --body, edits a local file; with --doctor, VERSION is the file to check.
    """
    folder = common.directory or Path.cwd()
    offline = {"--events": common.events, "--wait": common.wait is not None, "--execute": execute}
    if doctor:
        porting = {"--body": body, "--url": url, "--date": date, "--replace": replace}
        refuse_without_effect("with `--doctor`", {**offline, **porting, "--config": common.config})
        if version is not None and file is not None:
            raise click.UsageError("pass one file, as the argument or with `--file`")
        return _doctor(common, folder / (file or Path(version or "CHANGELOG.md")), tags, fix=fix)
    refuse_without_effect("without `--doctor`", {"--tags": tags, "--fix": fix})
    if body is not None:
        refuse_without_effect("with `--body`, which edits the file", offline)
        return _port(
            common, folder / (file or Path("CHANGELOG.md")), _Given(version, body, url, date, replace)
        )
    refuse_without_effect("without `--body`", {"--url": url, "--date": date, "--file": file})
    return _stage(common, version, execute=execute, replacing=replace)


def _stage(common: Common, version: str | None, *, execute: bool, replacing: bool) -> int:
    from castoff.cli.render.postrelease import show_port
    from castoff.cli.render.reporter import reporter_for
    from castoff.postrelease.changelog_command import port_notes, preview_port

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    carry = port_notes if execute else preview_port
    report = carry(open_for(common, reporter), version, replacing=replacing)
    reporter.close()
    return show_port(report, as_json=common.json, acted=execute)


class _Given:
    """What the person said about one section."""

    def __init__(
        self, version: str | None, body: Path, url: str | None, date: str | None, replace: bool
    ) -> None:
        if version is None or url is None or date is None:
            raise UsageError.of(
                "option-missing",
                "`--body` goes with VERSION, `--url` and `--date`",
                remedy="castoff changelog VERSION --body FILE --url URL --date YYYY-MM-DD",
            )
        self.version, self.body, self.url, self.date, self.replace = version, body, url, date, replace


def _port(common: Common, path: Path, given: _Given) -> int:
    from castoff.changelog import PortOptions, port, require_markdown
    from castoff.io.files import read_text, write_text

    require_markdown(path.name)
    text = read_text(path)
    options = PortOptions(replace=given.replace, contributors=_contributors(common))
    body = read_text(given.body)
    try:
        ported = port(text, given.version, body, given.url, given.date, options)
    except CastoffError as error:
        named = (replace(one, file=path.name if one.line else None) for one in error.problems)
        raise type(error)(*named) from None
    if ported.text != text:
        write_text(path, ported.text)
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        value = {
            "path": path.name,
            "outcome": ported.outcome,
            "line": ported.line,
            "difference": ported.difference,
        }
        print_json("changelog", value)
        return 4 if ported.outcome == "by-hand" else 0
    click.echo(f"{path.name}:{ported.line}: {ported.outcome}")
    if ported.outcome == "by-hand":
        click.echo(ported.difference)
        click.echo(
            "the section was written by hand and is kept; pass --replace to replace it with the notes",
            err=True,
        )
        return 4
    return 0


def _contributors(common: Common) -> Literal["drop", "keep"]:
    """Return what becomes of new contributors; only a configuration that was named counts here."""
    if common.config is None:
        return "drop"
    from castoff.config.reader import parse_configuration
    from castoff.io.files import read_text

    configuration = parse_configuration(read_text(common.config), file=common.config.as_posix())
    return configuration.changelog.contributors


def _doctor(common: Common, path: Path, tags: Path | None, *, fix: bool) -> int:
    from castoff.changelog.doctor import Diagnosis, examine, read_known
    from castoff.changelog.doctor import fix as repair
    from castoff.io.files import read_text, write_text

    text = read_text(path)
    known = read_known(read_text(tags)) if tags else None
    diagnosis = repair(text, known) if fix else Diagnosis(examine(text, known), text, 0)
    if diagnosis.text != text:
        write_text(path, diagnosis.text)
    if common.json:
        from castoff.cli.render.json_shapes import print_json

        print_json("doctor", doctor_json(path.name, diagnosis))
    else:
        for finding in diagnosis.findings:
            _show(path.name, finding)
        click.echo(f"{count(len(diagnosis.findings), 'finding')}, {diagnosis.fixed} fixed")
    return 4 if any(finding.severity == "defect" for finding in diagnosis.findings) else 0


def doctor_json(path: str, diagnosis: Diagnosis) -> dict[str, object]:
    """Return the findings by line."""
    return {
        "path": path,
        "findings": [
            {
                "kind": one.kind,
                "severity": one.severity,
                "line": one.line,
                "end_line": one.end_line,
                "release": one.release,
                "text": one.text,
                "detail": one.detail,
                "repair": {"safe": one.repair.safe, "text": one.repair.text} if one.repair else None,
            }
            for one in diagnosis.findings
        ],
        "fixed": diagnosis.fixed,
    }


def _show(path: str, one: ChangelogFinding) -> None:
    from castoff.cli.render.words import safe

    place = f"{path}:{one.line}" if one.line else path
    click.echo(f"{place}: {one.severity}: {one.kind}: {safe(one.detail)}")
    if one.repair is not None:
        click.echo(f"    {'automatic' if one.repair.safe else 'by hand'}: {safe(one.repair.text)}")
