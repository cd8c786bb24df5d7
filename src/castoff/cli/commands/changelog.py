"""`castoff changelog`: the notes of a release in the changelog, and the changelog's own health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from castoff.cli.options import Common, common_options, open_for
from castoff.errors import UsageError

if TYPE_CHECKING:
    from castoff.notes.doctor import Diagnosis, Finding

_FILE = click.Path(path_type=Path)


@click.command("changelog")
@click.argument("version", required=False)
@click.option("--body", type=_FILE, help="Port this text, on files alone.")
@click.option("--url", help="The page of the release (with --body).")
@click.option("--date", help="The day of the release, YYYY-MM-DD (with --body).")
@click.option("--file", type=_FILE, help="The changelog; CHANGELOG.md where nothing is said.")
@click.option("--execute", is_flag=True, help="Commit and push; without it the difference is shown.")
@click.option("--replace", is_flag=True, help="Replace a section that was written by hand.")
@click.option("--doctor", is_flag=True, help="Find the wounds of the changelog VERSION (a file).")
@click.option("--tags", type=_FILE, help="For the doctor: lines of a tag, a tab and its day.")
@click.option("--fix", is_flag=True, help="Make the doctor's safe repairs.")
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
    """Port the notes of VERSION into the changelog, or examine one with --doctor.

    The notes are those of the published release, of the last one where nothing is said; a section that was
    written by hand is left alone. With --body it edits a file and nothing else.
    """
    folder = common.directory or Path.cwd()
    if doctor:
        return _doctor(common, folder / (file or Path(version or "CHANGELOG.md")), tags, fix=fix)
    if body is not None:
        return _port(
            common, folder / (file or Path("CHANGELOG.md")), _Given(version, body, url, date, replace)
        )
    return _stage(common, version, execute=execute, replacing=replace)


def _stage(common: Common, version: str | None, *, execute: bool, replacing: bool) -> int:
    from castoff.cli.reporting import reporter_for
    from castoff.cli.telling import show_port
    from castoff.flows.port import port_notes, preview_port

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
    from castoff.files import read_text, write_text
    from castoff.notes.changelog import PortOptions, port

    text = read_text(path)
    ported = port(
        text,
        given.version,
        read_text(given.body),
        given.url,
        given.date,
        PortOptions(replace=given.replace, contributors=_contributors(common)),
    )
    if ported.text != text:
        write_text(path, ported.text)
    if common.json:
        from castoff.cli.shapes import print_json

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
            "the section was written by hand and left alone; --replace puts the notes in its place", err=True
        )
        return 4
    return 0


def _contributors(common: Common) -> Literal["drop", "keep"]:
    """Say what becomes of new contributors; only a configuration that was named counts here."""
    if common.config is None:
        return "drop"
    from castoff.configuration.reading import parse_configuration
    from castoff.files import read_text

    configuration = parse_configuration(read_text(common.config), file=common.config.as_posix())
    return configuration.changelog.contributors


def _doctor(common: Common, path: Path, tags: Path | None, *, fix: bool) -> int:
    from castoff.files import read_text, write_text
    from castoff.notes.doctor import Diagnosis, examine, read_known
    from castoff.notes.doctor import fix as mended

    text = read_text(path)
    known = read_known(read_text(tags)) if tags else None
    diagnosis = mended(text, known) if fix else Diagnosis(examine(text, known), text, 0)
    if diagnosis.text != text:
        write_text(path, diagnosis.text)
    if common.json:
        from castoff.cli.shapes import print_json

        print_json("doctor", doctor_json(path.name, diagnosis))
    else:
        for finding in diagnosis.findings:
            _show(path.name, finding)
        click.echo(f"{len(diagnosis.findings)} findings, {diagnosis.fixed} mended")
    return 4 if any(finding.severity == "defect" for finding in diagnosis.findings) else 0


def doctor_json(path: str, diagnosis: Diagnosis) -> dict[str, object]:
    """Give the findings by line."""
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


def _show(path: str, one: Finding) -> None:
    from castoff.cli.problems import safe

    place = f"{path}:{one.line}" if one.line else path
    click.echo(f"{place}: {one.severity}: {one.kind}: {safe(one.detail)}")
    if one.repair is not None:
        click.echo(f"    {'mends itself' if one.repair.safe else 'by hand'}: {safe(one.repair.text)}")
