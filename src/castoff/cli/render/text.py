"""Text of plans, states and results, for 80 columns; colour is never the only sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castoff.cli.render.problems import line_of, safe, show_problem, styled
from castoff.errors import Problem
from castoff.model.acts import Blocked, Decision, Done, Off, Person, Wait
from castoff.model.graph import Order, likely_facade
from castoff.model.observations import Absent, Observation, Present, Staged, Unknown, Withdrawn
from castoff.model.plan import Plan

if TYPE_CHECKING:
    from castoff.reconcile import StageState
    from castoff.release.build import BuiltRelease
    from castoff.release.links import Link
    from castoff.release.run import Result
    from castoff.release.status import Status
    from castoff.rollback.recovery_options import WayOut

_MARKS = {
    "done": ("done", "green"),
    "todo": ("to do", "yellow"),
    "waiting": ("waiting", "yellow"),
    "person": ("for you", "cyan"),
    "blocked": ("blocked", "red"),
    "unknown": ("unknown", "yellow"),
    "off": ("off", None),
}
_MANY = 12
_UNLIMITED = 15.0  # seconds a wave, where nothing but the index holds it up


def show_plan(plan: Plan) -> None:
    """Show a plan; what makes it impossible stands before it."""
    show_all(plan.errors)
    resumed = " (in flight: it would be resumed)" if plan.resumes else ""
    click.echo(f"{_bold(plan.previous or 'nothing released')} -> {_bold(plan.shown_version)}{resumed}")
    commit = plan.base_commit[:12]
    origin = f"release commit {commit}, without what follows it" if plan.resumes else f"from {commit}"
    click.echo(f"tag {plan.tag} on {plan.branch}, pushed to {plan.remote or 'no remote'}; {origin}")
    _show_source(plan)
    _show_facade(plan.order)
    for wave, names in enumerate(plan.order.waves, start=1):
        click.echo(f"wave {wave}: {_list(names)}")
    dropped = [one for one in plan.order.edges if not one.orders and one.why == "would close a cycle"]
    for one in dropped:
        click.echo(f"  no order: {one.edge.origin} -> {one.edge.target} ({one.edge.kind}): {one.why}")
    _show_changes(plan)
    _show_left_out(plan)
    _show_edits(plan)
    for command, writes in plan.commands:
        click.echo(f"runs `{safe(command)}`, which can write: {_list(writes) if writes else 'nothing'}")
    _show_acts(plan)
    if not plan.errors:
        _show_total(plan)
    show_all([one for one in plan.problems if one.severity == "warning"])


def _show_changes(plan: Plan) -> None:
    """Show why each package is released, where only what changed is."""
    changes = [(one.package.id, one.package.change) for one in plan.packages if one.package.change]
    for name, change in changes[:_MANY]:
        click.echo(f"  {safe(name)}: {safe(change.reason)}")
    if len(changes) > _MANY:
        click.echo(f"  and {len(changes) - _MANY} more (see --json)")


def _show_left_out(plan: Plan) -> None:
    """Show what is not released, by reason, and the other workspaces."""
    reasons: dict[str, list[str]] = {}
    for one in plan.workspace.left_out:
        reasons.setdefault(one.reason, []).append(one.name or one.path)
    for reason, names in reasons.items():
        click.echo(f"not released: {_list(names)} ({safe(reason)})")
    for other in plan.workspace.others:
        click.echo(f"other workspace: {safe(other.root)} ({other.ecosystem}, {safe(other.why)})")
    beside = (
        (plan.not_looked_at.submodules, "submodule", ""),
        (plan.not_looked_at.untracked, "manifest", " that git does not track"),
    )
    if shown := [_count(count, what) + more for count, what, more in beside if count]:
        click.echo(f"not looked at: {', '.join(shown)}")


def _show_facade(order: Order) -> None:
    """Name the facade, and how it came to be that; where there is none, what may have been meant."""
    if order.facade is not None:
        click.echo(f"facade: {order.facade} ({order.facade_source})\n")
        return
    likely = likely_facade(order)
    hint = (
        f"; `{likely}` reaches most of the others; if it is the facade, set `release.facade`"
        if likely
        else ""
    )
    click.echo(f"facade: none{hint}\n")


def _show_acts(plan: Plan) -> None:
    """Show everything that a run may do, in its order; many uploads are counted, their packages are in the waves."""
    if not plan.acts:
        return
    click.echo("\nacts, in this order:")
    uploads = sum(act.stage == "publish" for act in plan.acts)
    for act in plan.acts:
        if act.stage != "publish" or uploads <= _MANY:
            click.echo(f"  {line_of(act)}")
    if uploads > _MANY:
        click.echo(f"  and {_count(uploads, 'upload')}, wave by wave (see --json)")


def _show_total(plan: Plan) -> None:
    """Return how much is uploaded, and how long it takes; of a plan that cannot be carried out nothing is known."""
    uploads = sum(len(one.artifacts) for one in plan.packages)
    click.echo(
        f"\n{_count(len(plan.packages), 'package')}, {_count(uploads, 'upload')} in "
        f"{_count(len(plan.order.waves), 'wave')}; "
        f"estimated {_duration(plan.estimate.seconds)} once everything is built"
    )
    last = max((start for _, start in plan.estimate.schedule), default=0.0)
    if last > _UNLIMITED * len(plan.order.waves):
        click.echo(f"rate limits and pauses delay the last upload by {_duration(last)}")


def _show_source(plan: Plan) -> None:
    """Return where the version comes from, where it is not the tree, and what claims it then."""
    if not plan.tag_tools:
        return
    tools = ", ".join(plan.tag_tools)
    if plan.claimed_by is None:
        names = [one.package.id for one in plan.packages if one.package.tags is not None]
        click.echo(f"version from tags ({tools}): {_list(names)}; the others have it in their manifests")
    else:
        edits = "" if plan.edits or plan.resumes else " no edits;"
        click.echo(f"version from tags ({tools}):{edits} claimed by {plan.claimed_by}")


def show_states(states: Iterable[StageState]) -> None:
    """Show one line a stage."""
    for state in states:
        word, colour = _MARKS[state.state]
        note = state.stage.off or _missing(state)
        click.echo(f"{state.stage.name:>10}  {styled(f'{word:<8}', fg=colour)} {safe(note)}".rstrip())


def show_status(status: Status) -> None:
    """Show what the world shows."""
    if status.version is None and status.phase == "unknown" and status.seen and status.seen.unclear_tags:
        click.echo("unknown: it is not clear which tag marks the last release")
    elif status.version is None and status.phase == "unknown":
        click.echo("unknown: the remote did not answer, and this clone has no release on this branch")
    elif status.version is None:
        click.echo("nothing was released or started on this branch yet")
    else:
        commit = f", release commit {status.commit[:12]}" if status.commit else ""
        phase = "was released by other means" if status.phase == "other" else status.phase
        click.echo(f"{_bold(status.version)}: {phase}{commit}")
        show_states(status.states)
    for other in status.others:
        click.echo(f"also in flight: {other.version} on `{safe(other.branch)}` ({other.commit[:12]})")
    if status.draft is not None:
        click.echo(f"draft: {safe(status.draft.url)}{_age(status)}")
    _show_cadence(status)
    if acts := next_acts(status):
        click.echo("next: " + _list(acts))
    for way in status.ways_out:
        _show_way(way)
    show_all(status.problems)


def next_acts(status: Status) -> list[str]:
    """Name the acts that are missing; for a release that was made by other means, nothing is proposed."""
    if status.phase == "other":
        return []
    return [act.id for state in status.states for act in state.acts]


def _age(status: Status) -> str:
    told = status.draft_json() or {}
    age = told.get("age_seconds")
    return f" (waiting for {_duration(age)})" if isinstance(age, int) else ""


def _show_cadence(status: Status) -> None:
    """Return whether a release is due, and who made what it would hold."""
    if status.cadence is None:
        return
    due = status.cadence.due
    counts = ", ".join(f"{count} {kind}" for kind, count in due.changes if count)
    if due.due:
        click.echo("a release is due: " + "; ".join(safe(reason) for reason in due.reasons))
    people = [f"{safe(one.login)}{' (new)' if one.is_new else ''}" for one in status.cadence.people]
    if counts:
        by = f"; by {_list(people)}" if people else ""
        click.echo(f"merged since the last release{_ago(due.days)}: {counts}{by}")


def _ago(days: int | None) -> str:
    if days is None:
        return ""
    return " (today)" if days == 0 else f" ({days} {'day' if days == 1 else 'days'} ago)"


def _show_way(way: WayOut) -> None:
    click.echo(f"option: {_bold(way.command)}")
    click.echo(f"  {safe(way.does)}")
    for text in way.leaves:
        click.echo(f"  - {safe(text)}")


def show_result(result: Result, *, embedded: bool = False) -> None:
    """Show how a run ended; one in an embedded world has pages nowhere, so none is linked."""
    where = " (embedded services only)" if embedded else ""
    stopped = any(one.severity == "error" for one in result.problems)
    click.echo(f"\n{_bold(result.version)}{where}{': stopped' if stopped else ''}")
    show_states(result.stages)
    if result.uploads:
        window = result.mismatch_window or 0.0
        click.echo(
            f"\n{_count(len(result.uploads), 'file')} uploaded; "
            f"mismatch window {window:.1f} s, from the first upload to the last"
        )
        for wave, names in enumerate(result.waves, start=1):
            click.echo(f"  wave {wave}: {_list(names)}")
    else:
        click.echo("\nnothing was uploaded" if stopped else "\nnothing to upload")
    if not embedded:
        _show_links(result.links)
    if result.not_proven:
        click.echo("\nwhat a rehearsal cannot prove:")
        for text in result.not_proven:
            click.echo(f"  - {text}")
    show_all(result.problems)


def show_built(built: BuiltRelease, folder: Path) -> None:
    """Show the files of a version that were built, and their digests."""
    if not built.artifacts:
        click.echo(f"{built.version}: the tag is pushed, so everything is uploaded; nothing was built")
        return
    click.echo(f"{built.version}: {_count(len(built.artifacts), 'file')} in `{safe(str(folder))}`")
    for one in built.artifacts:
        click.echo(f"  {one.digest}  {safe(one.filename)}")


def _show_links(links: Sequence[Link]) -> None:
    """Show where people can look at what is out."""
    if links:
        click.echo("\npublished:")
    for link in links:
        name = "" if link.what in ("release", "changelog", "website") else f" {safe(link.name)}"
        click.echo(f"  {link.what}{name}: {safe(link.url)}")


def show_all(problems: Sequence[Problem]) -> None:
    """Show problems, errors first."""
    for problem in sorted(problems, key=lambda one: one.severity != "error"):
        show_problem(problem)


def _show_edits(plan: Plan) -> None:
    if not plan.edits:
        return
    files = sorted({edit.path for edit in plan.edits})
    click.echo(f"\n{_count(len(plan.edits), 'edit')} in {_count(len(files), 'file')}:")
    for edit in plan.edits[:_MANY]:
        click.echo(f"  {safe(edit.path)}:{edit.line}  {safe(edit.old)} -> {safe(edit.new)}")
    if len(plan.edits) > _MANY:
        click.echo(f"  ... and {len(plan.edits) - _MANY} more (see --json)")
    if plan.locks:
        click.echo(f"lock files, updated by their clients: {_list(plan.locks)}")


def _missing(state: StageState) -> str:
    if state.state in ("done", "off"):
        return ""
    if state.stage.name == "docs":
        return _documentation(state)
    left = [part for part in state.parts if not isinstance(part.decision, Done | Off)]
    reasons = [reason for reason in dict.fromkeys(_reason(part.decision) for part in left) if reason]
    words = list(dict.fromkeys(word for part in left for one in part.seen if (word := _word(one))))
    if state.state == "blocked" or state.stage.name in ("changelog", "website") or not words:
        return "; ".join(reasons[:_MANY]) or _list(words)
    return _list(words)


def _reason(decision: Decision) -> str:
    match decision:
        case Blocked(problem):
            return problem.message
        case Person(reason=reason) | Wait(reason=reason):
            return reason
        case _:
            return ""


def _documentation(state: StageState) -> str:
    """Count the builds by how far they are, and link the issues about them."""
    from castoff.ports import ForgeIssue
    from castoff.postrelease.docs import DocsLook

    looks = [part.look for part in state.parts if isinstance(part.look, DocsLook)]
    words = [
        f"unknown: {look.build.reason}" if isinstance(look.build, Unknown) else look.build.state
        for look in looks
    ]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    issues = dict.fromkeys(look.issue.url for look in looks if isinstance(look.issue, ForgeIssue))
    return ", ".join(counts) + "".join(f"; see {url}" for url in issues)


def _word(one: Observation) -> str:
    match one.answer:
        case Absent():
            return f"{one.id} absent"
        case Withdrawn():
            return f"{one.id} withdrawn"
        case Staged():
            return f"{one.id} staged"
        case Unknown(reason=reason):
            return f"unknown: {reason}"
        case Present():
            return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _list(words: Sequence[str]) -> str:
    shown = ", ".join(safe(word) for word in words[:_MANY])
    return shown if len(words) <= _MANY else f"{shown} and {len(words) - _MANY} more"


def _bold(text: str) -> str:
    return styled(safe(text), bold=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
