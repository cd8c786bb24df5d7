"""Output of changelog, documentation, website and verification, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import click
from msgspec.structs import asdict

from castoff.cli.render.json_shapes import acts_json, print_json, stages_json
from castoff.cli.render.problems import line_of, problem_json, show_together, styled
from castoff.cli.render.text import show_all, show_states
from castoff.cli.render.words import safe, show
from castoff.model.acts import Act, Off, Person, Wait
from castoff.model.acts import Decision as ActDecision
from castoff.postrelease.changelog_command import PortReport
from castoff.postrelease.docs_command import DocsReport
from castoff.postrelease.verify.result import Result, Verified
from castoff.postrelease.verify.verify import Verdict
from castoff.postrelease.website_command import FolderPages, SiteReport
from castoff.reconcile import StageState
from castoff.redaction import plain
from castoff.website import Decision

_COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "unknown": "yellow", "off": None}
_FIRST_ANSWERS = 3
_DOCS = {"built": "green", "failed": "red", "queued": "yellow", "building": "yellow", "unknown": "yellow"}


def code_of(state: StageState) -> int:
    """Return the exit code of a stage that was carried as far as it goes: 4 blocked, 3 where nobody could tell."""
    return {"blocked": 4, "unknown": 3}.get(state.state, 0)


def show_port(report: PortReport, *, as_json: bool, acted: bool) -> int:
    """Show what became of the notes; 4 where a section was written by hand, or a person must act."""
    if as_json:
        print_json("changelog", port_json(report))
    else:
        _show_port(report, acted=acted)
    by_hand = any(one.outcome == "by-hand" for one in report.branches)
    return 4 if by_hand else code_of(report.state)


def port_json(report: PortReport) -> dict[str, object]:
    """Return the branches in the order in which they are ported to."""
    return {
        "version": report.version,
        "tag": report.tag,
        "branches": [
            {
                "branch": one.branch,
                "path": one.path,
                "outcome": one.outcome,
                "line": one.line,
                "difference": one.difference,
                "reason": one.reason,
            }
            for one in report.branches
        ],
        "stages": stages_json([report.state]),
        "acts": acts_json(report.state.acts_ahead),
        "problems": [problem_json(problem) for problem in report.problems],
    }


def show_docs(report: DocsReport, *, as_json: bool, acted: bool) -> None:
    """Show one line a package."""
    if as_json:
        print_json("docs", docs_json(report))
        return
    if report.state.stage.off is not None:
        show(f"docs: off: {safe(report.state.stage.off)}")
    for one in report.packages:
        word = styled(f"{one.state:<8}", fg=_DOCS.get(one.state))
        show(f"{word}  {safe(one.name)}  {safe(one.url or one.reason)}".rstrip())
        if one.issue:
            show(f"          issue {safe(one.issue)}")
    if not acted:
        _show_acts(report.acts)
    show_all(report.problems)


def docs_json(report: DocsReport) -> dict[str, object]:
    """Return the packages, the facade first."""
    return {
        "version": report.version,
        "packages": [
            {"name": one.name, "state": one.state, "url": one.url, "issue": one.issue, "reason": one.reason}
            for one in report.packages
        ],
        "stages": stages_json([report.state]),
        "next": [act.id for act in report.state.acts],
        "acts": acts_json(report.acts),
        "problems": [problem_json(problem) for problem in report.problems],
    }


def show_site(report: SiteReport, *, as_json: bool, acted: bool) -> int:
    """Show what becomes of each page."""
    if as_json:
        value: dict[str, object] = {
            "version": report.version,
            "tag": report.tag,
            "pages": pages_json(report.pages),
            "stages": stages_json([report.state]),
            "acts": acts_json(report.state.acts_ahead),
            "problems": [problem_json(problem) for problem in report.problems],
        }
        print_json("website", value)
        return code_of(report.state)
    show_states([report.state])
    _show_pages(report.pages, with_difference=not acted)
    for part in report.state.parts:
        _show_reason(part.decision)
    if not acted:
        _show_acts(report.state.acts_ahead)
    show_all(report.problems)
    return code_of(report.state)


def show_folder(found: FolderPages, *, as_json: bool, wrote: bool) -> None:
    """Show what becomes of the pages of a folder."""
    missing = [{"file": file, "line": line, "destination": goal} for file, line, goal in found.missing]
    if as_json:
        value: dict[str, object] = {
            "pages": pages_json(found.pages),
            "missing_links": missing,
            "written": wrote,
        }
        print_json("website", value)
        return
    _show_pages(found.pages, with_difference=not wrote)
    for file, line, goal in found.missing:
        show(f"{safe(file)}:{line}: the link to `{safe(goal)}` has no target", err=True)


def pages_json(pages: Sequence[Decision]) -> list[dict[str, object]]:
    """Return the pages in the order of the configuration."""
    return [{"page": one.target, "action": one.action, "difference": one.difference} for one in pages]


class AnswerPrinter:
    """Prints each answer about a release at once, since a trial behind it may take minutes.

    Of many packages or files that are as expected, the first ones of each kind are shown, and then their number.
    """

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._counts: dict[tuple[str, Result], int] = {}

    def show(self, one: Verified) -> None:
        """Print an answer, or count it."""
        kind, _, subject = one.id.partition(":")
        if subject and one.result in ("pass", "off") and not self._verbose:
            count = self._counts[kind, one.result] = self._counts.get((kind, one.result), 0) + 1
            if count > _FIRST_ANSWERS:
                return
        self._line(one.result, one.id, one.note)

    def show_rest(self) -> None:
        """Print how many were not shown."""
        for (kind, result), count in self._counts.items():
            if count > _FIRST_ANSWERS:
                self._line(result, kind, f"{count - _FIRST_ANSWERS} more (-v lists them)")

    def _line(self, result: Result, what: str, note: str) -> None:
        word = styled(f"{result:<7}", fg=_COLOURS[result])
        show(f"{word}  {safe(what)}" + (f"  {safe(note)}" if note else ""), hang=9)


def show_verdict(verdict: Verdict, *, as_json: bool) -> int:
    """Print what the answers about a release come to: 4 if something is wrong, 3 if something is not known.

    As text the answers were printed one by one before.
    """
    summary = {name: verdict.count(name) for name in ("pass", "warn", "fail", "unknown")}
    code = 4 if verdict.count("fail") else 3 if verdict.count("unknown") else 0
    if as_json:
        value: dict[str, object] = {
            "version": verdict.version,
            "tag": verdict.tag,
            "checks": [
                {
                    "id": one.id,
                    "result": one.result,
                    "findings": [problem_json(problem) for problem in one.findings],
                    "note": one.note,
                    "package": one.package,
                    "digest": None if one.digest is None else asdict(one.digest),
                    "publisher": None if one.publisher is None else asdict(one.publisher),
                }
                for one in verdict.checks
            ],
            "summary": summary,
        }
        print_json("verify", value)
        return code
    show_together([problem for one in verdict.checks for problem in one.findings])
    whole = "whole" if code == 0 else "not whole" if code == 4 else "not verified completely"
    show(f"{safe(verdict.version)} is {whole}: " + ", ".join(f"{n} {word}" for word, n in summary.items()))
    return code


def _show_acts(acts: Sequence[Act]) -> None:
    """Show what `--execute` would do."""
    for act in acts:
        show(line_of(act), err=True)
    if acts:
        show("nothing was written: pass --execute to act", err=True)


def _show_port(report: PortReport, *, acted: bool) -> None:
    if report.state.stage.off is not None:
        show(f"changelog: off: {safe(report.state.stage.off)}")
    for one in report.branches:
        place = f"{safe(one.branch)}:{safe(one.path)}" + (f":{one.line}" if one.line else "")
        show(f"{place}: {one.outcome}" + (f": {safe(one.reason)}" if one.reason else ""))
        if one.difference and (not acted or one.outcome == "by-hand"):
            click.echo(plain(one.difference), nl=False)
        if one.outcome == "by-hand":
            show(
                "the section was written by hand and is kept; pass --replace to replace it with the notes",
                err=True,
            )
    if not acted:
        _show_acts(report.state.acts_ahead)
    show_all(report.problems)


def _show_pages(pages: Sequence[Decision], *, with_difference: bool) -> None:
    for page in pages:
        show(f"{safe(page.target)}: {page.action}")
        if with_difference and page.action == "update":
            click.echo(plain(page.difference), nl=False)


def _show_reason(decision: ActDecision) -> None:
    match decision:
        case Person(reason=reason) | Wait(reason=reason) | Off(reason=reason) if reason:
            show(safe(reason))
        case _:
            pass
