"""Routes of issues and comments.

Whoever can read the repository may open an issue, comment, and change what is their own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from castoff.world.forge import show
from castoff.world.forge.answers import Answer, Refused, invalid, malformed, not_found
from castoff.world.forge.api_labels import checked_names, put_labels
from castoff.world.forge.call import Call
from castoff.world.forge.fields import Fields
from castoff.world.forge.records import Comment, Issue, Json
from castoff.world.forge.routing import Route
from castoff.world.forge.state import State


class Selection(Struct, frozen=True, kw_only=True):
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
    # Words of the route: any milestone, and none.
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


_BASE = "/repos/{owner}/{repo}/issues"
LONGEST_BODY = 65_536
LONGEST_TITLE = 256


def list_issues(call: Call) -> Answer:
    """List issues and pull requests, newest first, by the filters of the real route."""
    return call.paged(Selection.asked(call).pick(), lambda issue: show.issue(call.state, call.links, issue))


def create_issue(call: Call) -> Answer:
    """Open an issue; without push rights labels, milestone and assignees are dropped in silence."""
    fields = call.fields()
    title, body = checked_title(fields.raw("title")), checked_body(fields)
    labels, assignees = fields.texts("labels"), fields.texts("assignees")
    milestone = chosen_milestone(call, fields)
    # Without rights GitHub takes the issue and drops the rest, with 201: clients must look at the answer.
    entitled = call.actor.may("triage")
    if entitled:
        checked_names(call, labels)
    issue = open_issue(call, title, body)
    if entitled:
        put_labels(call, issue, labels)
        issue.milestone, issue.assignees = milestone, assignees
    document = show.issue(call.state, call.links, issue)
    return Answer(document, 201, {"Location": str(document["url"])})


def open_issue(call: Call, title: str, body: str | None) -> Issue:
    """Put a new issue on the record."""
    issue = Issue(
        id=call.state.next_id(),
        number=call.state.next_number(),
        title=title,
        body=body,
        author=call.actor.login,
        created_at=call.now,
        updated_at=call.now,
        association="MEMBER" if call.actor.can_push else "NONE",
    )
    call.state.issues[issue.number] = issue
    return issue


def get_issue(call: Call) -> Answer:
    """Show one issue or pull request."""
    return Answer(show.issue(call.state, call.links, found_issue(call)))


def update_issue(call: Call) -> Answer:
    """Change an issue or pull request: title, body, state, labels, milestone, assignees.

    From an author without more rights, labels, milestone and assignees are dropped in silence.
    """
    issue, fields = found_issue(call), call.fields()
    # Authors may edit and close their own issues, whatever their rights.
    if issue.author != call.actor.login:
        call.require("triage")
    if not call.actor.may("triage"):
        fields = fields.without("milestone", "assignees", "labels")
    title = checked_title(fields.raw("title")) if fields.raw("title") is not None else issue.title
    body = checked_body(fields) if "body" in fields else issue.body
    milestone = chosen_milestone(call, fields) if "milestone" in fields else issue.milestone
    assignees = fields.texts("assignees") if "assignees" in fields else issue.assignees
    labels = fields.texts("labels") if "labels" in fields else issue.labels
    checked_names(call, labels)
    set_state(call, issue, fields)
    put_labels(call, issue, labels)
    issue.title, issue.body, issue.milestone, issue.assignees = title, body, milestone, assignees
    issue.updated_at = call.now
    return Answer(show.issue(call.state, call.links, issue))


def add_assignees(call: Call) -> Answer:
    """Assign people besides those who are."""
    issue, names = found_issue(call), call.fields().texts("assignees")
    # Each once, in the order in which they were added.
    issue.assignees = list(dict.fromkeys([*issue.assignees, *names]))
    return Answer(show.issue(call.state, call.links, issue), 201)


def remove_assignees(call: Call) -> Answer:
    """Assign people no more."""
    issue, names = found_issue(call), call.fields().texts("assignees")
    issue.assignees = [name for name in issue.assignees if name not in names]
    return Answer(show.issue(call.state, call.links, issue))


def list_comments(call: Call) -> Answer:
    """List the comments on an issue, oldest first."""
    issue = found_issue(call)
    return call.paged(issue.comments, lambda item: show.comment(call.state, call.links, issue, item))


def list_all_comments(call: Call) -> Answer:
    """List the comments on all issues, oldest first."""
    pairs = [(issue, item) for issue in call.state.issues.values() for item in issue.comments]
    # The id breaks the tie of comments of one second.
    pairs.sort(key=lambda pair: (pair[1].created_at, pair[1].id))
    return call.paged(pairs, lambda pair: show.comment(call.state, call.links, pair[0], pair[1]))


def create_comment(call: Call) -> Answer:
    """Comment on an issue or pull request."""
    issue, fields = found_issue(call), call.fields()
    fields.required("body")
    comment = Comment(call.state.next_id(), call.actor.login, checked_body(fields) or "", call.now, call.now)
    issue.comments.append(comment)
    issue.updated_at = call.now
    document = show.comment(call.state, call.links, issue, comment)
    return Answer(document, 201, {"Location": str(document["url"])})


def get_comment(call: Call) -> Answer:
    """Show one comment."""
    issue, comment = _found_comment(call)
    return Answer(show.comment(call.state, call.links, issue, comment))


def update_comment(call: Call) -> Answer:
    """Rewrite a comment."""
    issue, comment = _own_comment(call)
    fields = call.fields()
    fields.required("body")
    comment.body, comment.updated_at = checked_body(fields) or "", call.now
    return Answer(show.comment(call.state, call.links, issue, comment))


def delete_comment(call: Call) -> Answer:
    """Delete a comment."""
    issue, comment = _own_comment(call)
    issue.comments.remove(comment)
    return Answer(status=204)


def found_issue(call: Call) -> Issue:
    """Find the issue that the path names."""
    issue = call.state.issues.get(call.whole("issue_number"))
    if issue is None:
        raise not_found()
    return issue


def checked_title(title: object) -> str:
    """Check a title: not empty, at most 256 characters."""
    if title is None:
        raise malformed('"title" wasn\'t supplied.')
    text = str(title)
    if not text.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(text) > LONGEST_TITLE:
        raise invalid(
            "Issue", "title", "custom", f"title is too long (maximum is {LONGEST_TITLE} characters)"
        )
    return text


def checked_body(fields: Fields) -> str | None:
    """Check a body: at most 65536 characters."""
    body = fields.text("body")
    if body is not None and len(body) > LONGEST_BODY:
        raise invalid("Issue", "body", "custom", f"body is too long (maximum is {LONGEST_BODY} characters)")
    return body


def chosen_milestone(call: Call, fields: Fields) -> int | None:
    """Read the milestone by its number; null takes it away, an unknown one is refused."""
    if fields.raw("milestone") is None:
        return None
    number = fields.number("milestone")
    if call.state.milestone(number) is None:
        error: Json = {"value": number, "resource": "Issue", "field": "milestone", "code": "invalid"}
        raise Refused(422, "Validation Failed", errors=(error,))
    return number


def set_state(call: Call, issue: Issue, fields: Fields) -> None:
    """Close or open again, or refuse before anything is changed; a merged pull request cannot be opened again."""
    state = fields.text("state")
    reason = fields.text("state_reason")
    # A merged pull request stays closed for good.
    if state == "open" and issue.merged:
        raise invalid(
            "PullRequest", "state", "invalid", "state cannot be changed. The pull request is merged."
        )
    if state is not None and state != issue.state:
        closed = state == "closed"
        issue.state = state
        issue.closed_at = call.now if closed else None
        issue.closed_by = call.actor.login if closed else None
        # Pull requests have no reason; an issue is closed as completed unless one is given.
        issue.state_reason = None if issue.pull else ("completed" if closed else "reopened")
    issue.state_reason = reason or issue.state_reason


def _own_comment(call: Call) -> tuple[Issue, Comment]:
    """Find a comment that the sender may change: their own, or any with the right to write."""
    issue, comment = _found_comment(call)
    if comment.author != call.actor.login:
        call.require("write")
    return issue, comment


def _found_comment(call: Call) -> tuple[Issue, Comment]:
    found = call.state.comment(call.whole("comment_id"))
    if found is None:
        raise not_found()
    return found


ROUTES = (
    Route("GET", _BASE, list_issues),
    Route("POST", _BASE, create_issue),
    Route("GET", _BASE + "/{issue_number}", get_issue),
    Route("PATCH", _BASE + "/{issue_number}", update_issue),
    Route("POST", _BASE + "/{issue_number}/assignees", add_assignees, "triage"),
    Route("DELETE", _BASE + "/{issue_number}/assignees", remove_assignees, "triage"),
    Route("GET", _BASE + "/{issue_number}/comments", list_comments),
    Route("POST", _BASE + "/{issue_number}/comments", create_comment),
    Route("GET", _BASE + "/comments", list_all_comments),
    Route("GET", _BASE + "/comments/{comment_id}", get_comment),
    Route("PATCH", _BASE + "/comments/{comment_id}", update_comment),
    Route("DELETE", _BASE + "/comments/{comment_id}", delete_comment),
)
