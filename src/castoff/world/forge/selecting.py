"""Filters of issue lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from castoff.world.forge.answers import invalid
from castoff.world.forge.call import Call
from castoff.world.forge.records import Issue
from castoff.world.forge.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The filters and the order of the route that lists issues."""

    issues: tuple[Issue, ...]
    state: str
    labels: tuple[str, ...]
    milestone: str
    creator: str
    assignee: str
    since: datetime | None
    sort: str
    descending: bool

    @classmethod
    def asked(cls, call: Call) -> Selection:
        """Read the query; a milestone that is not there is refused, as by the real service."""
        return cls(
            issues=tuple(call.state.issues.values()),
            state=call.asked("state", "open"),
            labels=tuple(name.strip().lower() for name in call.asked("labels").split(",") if name.strip()),
            milestone=_milestone(call.state, call.asked("milestone")),
            creator=call.asked("creator").lower(),
            assignee=call.asked("assignee").lower(),
            since=_moment(call.asked("since")),
            sort=call.asked("sort", "created"),
            descending=call.asked("direction", "desc") == "desc",
        )

    def pick(self) -> list[Issue]:
        """Return what fits, in the order that was asked for."""
        return sorted(filter(self._fits, self.issues), key=self._rank, reverse=self.descending)

    def _fits(self, issue: Issue) -> bool:
        names = {name.lower() for name in issue.labels}
        assignees = {login.lower() for login in issue.assignees}
        return (
            self.state in ("all", issue.state)
            and names.issuperset(self.labels)
            and _matches(self.milestone, set() if issue.milestone is None else {str(issue.milestone)})
            and (not self.creator or (issue.author or "ghost").lower() == self.creator)
            and _matches(self.assignee, assignees)
            and (self.since is None or issue.updated_at >= self.since)
        )

    def _rank(self, issue: Issue) -> tuple[float, int]:
        match self.sort:
            case "updated":
                return issue.updated_at.timestamp(), issue.number
            case "comments":
                return len(issue.comments), issue.number
            case _:
                return issue.created_at.timestamp(), issue.number


def _matches(wanted: str, present: set[str]) -> bool:
    match wanted:
        case "":
            return True
        case "*":
            return bool(present)
        case "none":
            return not present
        case _:
            return wanted in present


def _milestone(state: State, wanted: str) -> str:
    if wanted in ("", "*", "none"):
        return wanted
    if not wanted.isdecimal() or len(wanted) > 18 or state.milestone(int(wanted)) is None:
        raise invalid("Issue", "milestone", "invalid")
    return str(int(wanted))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
