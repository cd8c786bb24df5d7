"""Is a release due, who contributed to it, and how long has a draft been waiting?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from castoff.errors import CastoffError, Problem
from castoff.flows.gathering import Gathered, gather, known_contributors
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.notes.contributors import Contributor, contributors
from castoff.notes.due import Due, DuePolicy, release_due
from castoff.notes.kinds import DEFAULT_KINDS
from castoff.ports import ForgeRelease

HOUR = timedelta(hours=1)
"""How long a draft may wait: bots pass on what the registries show (PROCESS, D5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """What was merged since the last release, as far as it says whether the next one is due."""

    due: Due
    people: tuple[Contributor, ...] = ()
    problems: tuple[Problem, ...] = ()


def cadence(setting: Setting, seen: Survey, worktree: Worktree) -> Cadence:
    """Look at what was merged since the last release; where the forge does not answer, the days are all there is.

    While a version is under way, no other release is due.
    """
    try:
        gathered = _gathered(setting, seen, worktree)
        known = known_contributors(gathered) if gathered else frozenset[str]()
    except CastoffError as error:
        warnings = tuple(replace(problem, severity="warning") for problem in error.problems)
        return Cadence(due=_due(setting, seen, worktree, None), problems=warnings)
    due = _due(setting, seen, worktree, gathered)
    people = contributors(gathered.held.changes, known) if gathered else ()
    return Cadence(due=replace(due, due=False, reasons=()) if seen.history.unfinished else due, people=people)


def waiting_since(worktree: Worktree, draft: ForgeRelease, tag: str) -> datetime | None:
    """Say since when a draft has been waiting: the tag's time, since that is when the release was out.

    What the forge calls the creation of a release is its commit's date (GitHub documents so), and an early draft
    was made before the release; without the tag, the last change of the draft is the best that is known.
    """
    told = worktree.git.run("for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{tag}").text.strip()
    if told.isdecimal():
        return datetime.fromtimestamp(int(told), UTC)
    return draft.updated_at or draft.created_at


def waiting_problem(draft: ForgeRelease, since: datetime | None, now: datetime) -> Problem | None:
    """Warn of a draft that has been waiting for more than an hour."""
    if since is None or now - since <= HOUR:
        return None
    hours = int((now - since) / HOUR)
    return Problem(
        code="draft-waits",
        severity="warning",
        message=f"the draft of `{draft.tag}` has been waiting for {hours} hour{'' if hours == 1 else 's'}",
        reason="the packages are out, and bots tell of them before you do",
        remedy="announce it with `castoff announce --execute`",
        url=draft.url,
    )


def _gathered(setting: Setting, seen: Survey, worktree: Worktree) -> Gathered | None:
    if setting.changes(seen.remote_url) is None:
        return None
    previous = seen.history.previous
    expected = [claim.commit for claim in seen.history.unfinished]
    tag = seen.tag_name.of(previous.version) if previous else None
    return gather(setting, seen, worktree, tag, seen.head, expected=expected)


def _due(setting: Setting, seen: Survey, worktree: Worktree, gathered: Gathered | None) -> Due:
    previous = seen.history.previous
    last = None
    if previous is not None:
        when = datetime.fromtimestamp(worktree.commit_time(previous.commit), UTC)
        last = (seen.tag_name.of(previous.version), when)
    policy = setting.configuration.due
    return release_due(
        gathered.held.changes if gathered else (),
        gathered.kinds if gathered else DEFAULT_KINDS,
        DuePolicy(days=policy.days, labels=policy.labels),
        now=setting.now,
        last=last,
    )
