"""Text of plans, states and results, for 80 columns; colour is never the only sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.cli.render.problems import line_of, show_together, styled
from castoff.cli.render.words import MANY, count, duration, listed, safe, show
from castoff.errors import Problem
from castoff.model.acts import Blocked, Decision, Done, Off, Person, Wait
from castoff.model.graph import Order, likely_facade
from castoff.model.observations import Absent, Observation, Present, Staged, Unknown, Withdrawn
from castoff.model.plan import Plan
from castoff.model.workspace import Edit

if TYPE_CHECKING:
    from castoff.reconcile import StageState
    from castoff.release.build import BuiltRelease
    from castoff.release.handed_tags import MadeTags
    from castoff.release.links import Link
    from castoff.release.run import Result
    from castoff.release.status import Status
    from castoff.release.tree import ReleaseTree
    from castoff.release.unproven import Unproven
    from castoff.rollback.recovery_options import RecoveryOption

_MARKS = {
    "done": ("done", "green"),
    "todo": ("to do", "yellow"),
    "waiting": ("waiting", "yellow"),
    "person": ("for you", "cyan"),
    "blocked": ("blocked", "red"),
    "unknown": ("unknown", "yellow"),
    "off": ("off", None),
}
_KINDS = 4  # different edits, or requirements, of one kind that are shown
_NAMED = 4  # parts of a stage that are named; of more, the first ones and their number
_FIRST_WAVES = 3  # of many waves, so many are listed, and the last one
_UNLIMITED = 15.0  # seconds a wave, where nothing but the index holds it up


def show_plan(plan: Plan, build_seconds: float | None = None, *, verbose: bool = False) -> None:
    """Show a plan; its problems stand last, where a terminal ends.

    ``build_seconds`` is what an earlier run took to build and try its packages; ``verbose`` lists everything.
    """
    resumed = " (in flight: it would be resumed)" if plan.resumes else ""
    show(f"{_bold(plan.previous or 'nothing released')} -> {_bold(plan.shown_version)}{resumed}")
    commit = plan.base_commit[:12]
    origin = f"release commit {commit}, without what follows it" if plan.resumes else f"from {commit}"
    signed = "" if plan.signs_tag else ", not signed"
    show(f"tag {plan.tag} on {plan.branch}, pushed to {plan.remote or 'no remote'}{signed}; {origin}")
    _show_source(plan)
    _show_facade(plan.order)
    show_waves(plan.order.waves, verbose=verbose)
    show_unordered(plan.order, verbose=verbose)
    _show_changes(plan)
    _show_left_out(plan)
    _show_edits(plan, verbose=verbose)
    for command, writes in plan.commands:
        files = "any file" if "**" in writes else listed(writes) if writes else "nothing"
        show(f"runs `{safe(command)}`, which can write: {files}")
    _show_acts(plan, verbose=verbose)
    if not plan.errors:
        _show_total(plan, build_seconds)
    show_all(plan.problems)


def show_waves(waves: Sequence[Sequence[str]], indent: str = "", *, verbose: bool = False) -> None:
    """Show which packages are uploaded side by side; of many waves the first ones and the last."""
    between = range(_FIRST_WAVES + 1, len(waves) if len(waves) > MANY and not verbose else 0)
    # People count from one.
    for wave, names in enumerate(waves, start=1):
        many = f"{len(names)} packages: " if len(names) > MANY else ""
        if wave not in between:
            show(f"{indent}wave {wave}: {many}{listed(names, len(names) if verbose else MANY)}")
        elif wave == between[0]:
            packages = sum(len(waves[one - 1]) for one in between)
            show(f"{indent}waves {wave} to {between[-1]}: {count(packages, 'package')}")


def show_unordered(order: Order, *, verbose: bool = False) -> None:
    """Show the requirements that do not order uploads, since they would close a cycle; of many the first ones."""
    dropped = [one for one in order.edges if not one.orders and one.why == "would close a cycle"]
    for one in dropped if verbose or len(dropped) <= MANY else dropped[:_KINDS]:
        show(f"  no order: {one.edge.origin} -> {one.edge.target} ({one.edge.kind}): {one.why}")
    if len(dropped) > MANY and not verbose:
        show(f"  and {len(dropped) - _KINDS} more without an order, for the same reason (-v lists them)")


def _show_changes(plan: Plan) -> None:
    """Show why each package is released, where only what changed is."""
    changes = [(one.package.id, one.package.change) for one in plan.packages if one.package.change]
    for name, change in changes[:MANY]:
        show(f"  {safe(name)}: {safe(change.reason)}")
    if len(changes) > MANY:
        show(f"  and {len(changes) - MANY} more (see --json)")


def _show_left_out(plan: Plan) -> None:
    """Show what is not released, by reason, and the other workspaces."""
    released = {one.name for one in plan.workspace.packages}
    reasons: dict[str, list[str]] = {}
    for one in plan.workspace.left_out:
        # A crate and a Python package of one name: the manifest tells them apart.
        name = f"{one.name} in {one.path}" if one.name in released else one.name or one.path
        reasons.setdefault(one.reason, []).append(name)
    for reason, names in reasons.items():
        show(f"not released: {listed(names)} ({safe(reason)})")
    for other in plan.workspace.others:
        show(f"other workspace: {safe(other.root)} ({other.ecosystem}, {safe(other.why)})")
    beside = (
        (plan.not_looked_at.submodules, "submodule", ""),
        (plan.not_looked_at.untracked, "manifest", " that git does not track"),
    )
    if shown := [count(number, what) + more for number, what, more in beside if number]:
        show(f"not looked at: {', '.join(shown)}")


def _show_facade(order: Order) -> None:
    """Name the facade, and how it came to be that; where there is none, what may have been meant."""
    if order.facade is not None:
        show(f"facade: {order.facade} ({order.facade_source})\n")
        return
    likely = likely_facade(order)
    hint = (
        f"; `{likely}` reaches most of the others; if it is the facade, set `release.facade`"
        if likely
        else ""
    )
    show(f"facade: none{hint}\n")


def _show_acts(plan: Plan, *, verbose: bool) -> None:
    """Show everything that a run may do, in its order; many uploads are counted, their packages are in the waves."""
    if not plan.acts:
        return
    show("\nacts, in this order:")
    uploads = [act for act in plan.acts if act.stage == "publish"]
    are_counted = len(uploads) > MANY and not verbose
    for act in plan.acts:
        if act.stage != "publish" or not are_counted:
            show(f"  {line_of(act)}")
        elif act is uploads[0]:
            files = sum(len(one.artifacts) for one in plan.packages)
            # A package that is staged has several acts for its one file.
            acts = f" in {len(uploads)} acts" if files != len(uploads) else ""
            show(f"  {count(files, 'upload')}{acts}, wave by wave (-v lists them)")


def _show_total(plan: Plan, build_seconds: float | None) -> None:
    """Return how much is uploaded, and how long it takes; of a plan that cannot be carried out nothing is known."""
    uploads = sum(len(one.artifacts) for one in plan.packages)
    what = f"{count(len(plan.packages), 'package')}, {count(uploads, 'upload')}"
    whole = f"{what} in {count(len(plan.order.waves), 'wave')}"
    if build_seconds is None:
        show(f"\n{whole}; estimated {duration(plan.estimate.seconds)} once everything is built")
    else:
        total, building = duration(plan.estimate.seconds + build_seconds), duration(build_seconds)
        show(
            f"\n{whole}; estimated {total}: {building} to build and try, as in the last run, then the uploads"
        )
    starts = [start for _, start in plan.estimate.schedule]
    if max(starts, default=0.0) > _UNLIMITED * len(plan.order.waves):
        show(
            f"rate limits and pauses delay the last upload by {duration(max(starts))}; "
            f"half of them have begun after {duration(sorted(starts)[len(starts) // 2])}"
        )


def _show_source(plan: Plan) -> None:
    """Return where the version comes from, where it is not the tree, and what claims it then."""
    if not plan.tag_tools:
        return
    tools = ", ".join(plan.tag_tools)
    if plan.claimed_by is None:
        names = [one.package.id for one in plan.packages if one.package.tags is not None]
        show(f"version from tags ({tools}): {listed(names)}; the others have it in their manifests")
    else:
        edits = "" if plan.edits or plan.resumes else " no edits;"
        show(f"version from tags ({tools}):{edits} claimed by {plan.claimed_by}")


def show_states(states: Iterable[StageState], *, verbose: bool = False) -> None:
    """Show one line a stage; ``verbose`` adds one for each part."""
    for state in states:
        word, colour = _MARKS[state.state]
        note = state.stage.off or _missing(state)
        line = f"{state.stage.name:>10}  {styled(f'{word:<8}', fg=colour)} {safe(note)}"
        show(line.rstrip(), hang=21 - (10 - len(state.stage.name)))
        for part in state.parts if verbose else ():
            for one in part.seen:
                show(f"{'':>12}{safe(_word(one) or f'{one.id} present')}")


def show_status(status: Status, *, verbose: bool = False) -> None:
    """Show what the world shows; of many parts only what is missing, unless ``verbose``."""
    if status.version is None and status.phase == "unknown" and status.seen and status.seen.unclear_tags:
        show("unknown: it is not clear which tag marks the last release")
    elif status.version is None and status.phase == "unknown":
        show("unknown: the remote did not answer, and this clone has no release on this branch")
    elif status.version is None:
        show("nothing was released or started on this branch yet")
    else:
        commit = f", release commit {status.commit[:12]}" if status.commit else ""
        phase = "was released by other means" if status.phase == "other" else status.phase
        show(f"{_bold(status.version)}: {phase}{commit}")
        show_states(status.states, verbose=verbose)
    for other in status.others:
        show(f"also in flight: {other.version} on `{safe(other.branch)}` ({other.commit[:12]})")
    if status.draft is not None:
        show(f"draft: {safe(status.draft.url)}{_age(status)}")
    _show_cadence(status)
    if acts := next_acts(status):
        # Ids of uploads are long: of many, the first ones alone leave room for the rest on the screen.
        few = _NAMED if len(acts) <= MANY else _NAMED // 2
        show("next: " + listed(acts, MANY if verbose else few))
    for way in status.recovery_options:
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
    return f" (waiting for {duration(age)})" if isinstance(age, int) else ""


def _show_cadence(status: Status) -> None:
    """Return whether a release is due, and who made what it would hold."""
    if status.cadence is None:
        return
    due = status.cadence.due
    counts = ", ".join(f"{number} {kind}" for kind, number in due.changes if number)
    if due.due:
        show("a release is due: " + "; ".join(safe(reason) for reason in due.reasons))
    people = [f"{safe(one.login)}{' (new)' if one.is_new else ''}" for one in status.cadence.people]
    if counts:
        by = f"; by {listed(people)}" if people else ""
        show(f"merged since the last release{_ago(due.days)}: {counts}{by}")


def _ago(days: int | None) -> str:
    if days is None:
        return ""
    return " (today)" if days == 0 else f" ({days} {'day' if days == 1 else 'days'} ago)"


def _show_way(way: RecoveryOption) -> None:
    show(f"option: {_bold(way.command)}")
    show(f"  {safe(way.does)}")
    for text in way.leaves:
        show(f"  - {safe(text)}")


def show_result(result: Result, *, embedded: bool = False, verbose: bool = False) -> None:
    """Show how a run ended; one in an embedded world has pages nowhere, so none is linked."""
    where = " (embedded services only)" if embedded else ""
    stopped = any(one.severity == "error" for one in result.problems)
    show(f"\n{_bold(result.version)}{where}{': stopped' if stopped else ''}")
    show_states(result.stages)
    if result.uploads:
        show(f"\n{_uploaded(result)}")
        show_waves(result.waves, "  ", verbose=verbose)
    elif not any(state.state == "person" and state.stage.name == "publish" for state in result.stages):
        show("\nnothing was uploaded" if stopped else "\nnothing to upload")
    if not embedded:
        _show_links(result.links)
    # A rehearsal that stopped before its uploads proves nothing: what matters is why.
    if result.not_proven and (result.uploads or not stopped):
        _show_not_proven(result.not_proven, verbose=verbose)
    show_all(result.problems)


def _uploaded(result: Result) -> str:
    """Count what was uploaded, and say for how long packages of two releases could be mixed."""
    window = result.mismatch_window
    if window is None:
        return (
            f"{len(result.uploads)} of {count(result.files, 'file')} uploaded; an earlier run uploaded the others and "
            "began the mismatch window"
        )
    many = count(len(result.uploads), "file")
    return f"{many} uploaded; mismatch window {window:.1f} s, from the first upload to the last"


def _show_not_proven(unproven: Sequence[Unproven], *, verbose: bool) -> None:
    """Show what a rehearsal leaves open: each in full, or a line for each whose it is."""
    show(f"\nwhat a rehearsal cannot prove{'' if verbose else ' (-v has it in full)'}:")
    if verbose:
        for one in unproven:
            show(f"  - {one.text}")
        return
    briefs: dict[str, list[str]] = {}
    for one in unproven:
        briefs.setdefault(one.whose, []).append(one.brief)
    for whose, own in briefs.items():
        show(f"  {whose}: {', '.join(own)}")


def show_built(built: BuiltRelease, folder: Path) -> None:
    """Show the files of a version that were built, and their digests."""
    if not built.artifacts:
        show(f"{built.version}: the tag is pushed, so everything is uploaded; nothing was built")
        return
    show(f"{built.version}: {count(len(built.artifacts), 'file')} in `{safe(str(folder))}`")
    for one in built.artifacts:
        show(f"  {one.digest}  {safe(one.filename)}")


def show_tags(made: MadeTags, folder: Path) -> None:
    """Show the tags that were made, by their objects."""
    if not made.tags:
        show(f"{made.version}: the tag is pushed; nothing was made")
        return
    show(f"{made.version}: {count(len(made.tags), 'tag object')} in `{safe(str(folder))}`")
    for one in made.tags:
        show(f"  {one.object}  {safe(one.name)}{'' if one.signed else ', unsigned'}")


def show_tree(written: ReleaseTree, file: Path) -> None:
    """Show what was written, its digest, and the tags of the release."""
    if written.digest is None:
        show(f"{written.version}: the tag is pushed, so everything is uploaded; nothing was written")
    else:
        show(f"{written.version}: the files are in `{safe(str(file))}`\n  {written.digest}")
        for one in written.tags:
            show(f"  tag {safe(one)}")
    show_all(written.problems)


def _show_links(links: Sequence[Link]) -> None:
    """Show where people can look at what is out."""
    if links:
        show("\npublished:")
    for link in links:
        name = "" if link.what in ("release", "changelog", "website") else f" {safe(link.name)}"
        show(f"  {link.what}{name}: {safe(link.url)}")


def show_all(problems: Sequence[Problem]) -> None:
    """Show problems, errors last, where a terminal stops."""
    # A stable sort: within errors and warnings, the order in which they were found.
    show_together(sorted(problems, key=lambda one: one.severity == "error"))


def _show_edits(plan: Plan, *, verbose: bool) -> None:
    """Show the edits line by line; of many, the equal ones together, and what is left by file."""
    if not plan.edits:
        return
    files = sorted({edit.path for edit in plan.edits})
    show(f"\n{count(len(plan.edits), 'edit')} in {count(len(files), 'file')}:")
    if verbose or len(plan.edits) <= MANY:
        for edit in plan.edits:
            show(f"  {safe(edit.path)}:{edit.line}  {_change(edit.old, edit.new)}")
    else:
        _show_many_edits(plan.edits)
    if plan.locks:
        show(f"lock files, updated by their clients: {listed(plan.locks)}")


def _change(old: str, new: str) -> str:
    """Show what an edit makes of a text; a new line has no old one."""
    return f"{safe(old)} -> {safe(new)}" if old else f"+ {safe(new)}"


def _show_many_edits(edits: Sequence[Edit]) -> None:
    kinds: dict[str, list[Edit]] = {}
    for edit in edits:
        kinds.setdefault(edit.kind, []).append(edit)
    for kind, own in kinds.items():
        same: dict[tuple[str, str], list[Edit]] = {}
        for edit in own:
            same.setdefault((edit.old, edit.new), []).append(edit)
        shown = sorted(same.items(), key=lambda pair: -len(pair[1]))
        if len(shown) > _KINDS:
            shown = [pair for pair in shown if len(pair[1]) > 1][:_KINDS]
        for (old, new), those in shown:
            where = f"{safe(those[0].path)}:{those[0].line}"
            places = where if len(those) == 1 else f"{where} and {len(those) - 1} more"
            show(f"  {kind}: {_change(old, new)}  {places}")
        if left := len(own) - sum(len(those) for _, those in shown):
            show(f"  {kind}: {left} others (-v lists them)")


def _missing(state: StageState) -> str:
    if state.state == "done":
        return ""
    if state.state == "off":
        return "; ".join(
            dict.fromkeys(part.decision.reason for part in state.parts if isinstance(part.decision, Off))
        )
    # A hundred packages have a hundred builds: their number by state says more than their names.
    if state.stage.name == "docs":
        return _documentation(state)
    left = [part for part in state.parts if not isinstance(part.decision, Done | Off)]
    # Each once: many parts wait for one and the same answer.
    reasons = [reason for reason in dict.fromkeys(_reason(part.decision) for part in left) if reason]
    words = list(dict.fromkeys(word for part in left for one in part.seen if (word := _word(one))))
    # A reason that a person must act on is worth more than what is absent.
    if state.state == "blocked" or state.stage.name in ("changelog", "website") or not words:
        return "; ".join(reasons[:_NAMED]) or listed(words, _NAMED)
    if len(words) <= _NAMED:
        return listed(words)
    done = len(state.parts) - len(left)
    return f"{done} of {len(state.parts)} done; {listed(words, _NAMED - 1)}"


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


def _bold(text: str) -> str:
    return styled(safe(text), bold=True)
