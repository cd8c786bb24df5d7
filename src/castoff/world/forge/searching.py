"""Search for issues and pull requests."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from castoff.world.forge import show
from castoff.world.forge.answers import Answer, Refused
from castoff.world.forge.association import branch_of
from castoff.world.forge.call import Call
from castoff.world.forge.records import Issue, Json
from castoff.world.forge.routing import Route
from castoff.world.forge.state import State

_MOST = 1000
_UNSEEN: Json = {
    "message": "The listed users and repositories cannot be searched either because the resources do not exist "
    "or you do not have permission to view them.",
    "resource": "Search",
    "field": "q",
    "code": "invalid",
}


def search_issues(call: Call) -> Answer:
    """Search by qualifiers and words; the repository must be named."""
    text = call.asked("q")
    if not _names_us(call.state, _split(text)):
        raise Refused(422, "Validation Failed", errors=(_UNSEEN,))
    found = search(call.state, text)
    by = {"updated": "updated_at"}.get(call.asked("sort"), "created_at")
    found.sort(
        key=lambda issue: (getattr(issue, by), issue.number), reverse=call.asked("order", "desc") == "desc"
    )
    listed = call.paged(found[:_MOST], lambda issue: _shown(call, issue))
    document: Json = {
        "total_count": len(found),
        "incomplete_results": False,
        "items": listed.value,
        "search_type": "lexical",
    }
    return Answer(document, headers=listed.headers)


def search(state: State, text: str) -> list[Issue]:
    """Return what fits all terms of a query, by number; unknown qualifiers are refused, not ignored."""
    terms = _split(text)
    if not _names_us(state, terms):
        return []
    tests = [_test(state, term) for term in terms]
    # Changes from before the seed are found here, though their numbers are unknown.
    issues = [*(issue for _, issue in sorted(state.issues.items())), *state.before]
    return [issue for issue in issues if all(test(issue) for test in tests)]


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.quotes, lexer.escape = True, "", '"', ""
    try:
        # Quotes keep a label with spaces together; everything else is data.
        return list(lexer)
    except ValueError:
        # An open quote: GitHub searches for the words as they are.
        return text.replace('"', "").split()


def _names_us(state: State, terms: list[str]) -> bool:
    slug = state.slug.lower()
    named = [term.partition(":")[2].lower() for term in terms if term.startswith("repo:")]
    owners = [term.partition(":")[2].lower() for term in terms if term.startswith(("org:", "user:"))]
    # A search over other repositories finds nothing here rather than everything.
    return (not named and not owners) or slug in named or slug.partition("/")[0] in owners


def _test(state: State, term: str) -> Callable[[Issue], bool]:
    if term.startswith("-") and ":" in term:
        inner = _test(state, term[1:])
        return lambda issue: not inner(issue)
    name, separator, value = term.partition(":")
    if not separator or not name.isalpha():
        return lambda issue: term.lower() in f"{issue.title}\n{issue.body or ''}".lower()
    return _qualifier(state, name, value)


def _qualifier(state: State, name: str, value: str) -> Callable[[Issue], bool]:
    lower = value.lower()
    match name:
        case "repo" | "org" | "user" | "in" | "sort" | "archived":
            return lambda _: True
        case "is" | "type" | "state":
            return lambda issue: _is(issue, lower)
        case "no":
            return lambda issue: (
                not getattr(issue, {"label": "labels", "assignee": "assignees"}.get(lower, lower), None)
            )
        case "label":
            wanted = set(lower.split(","))
            return lambda issue: not wanted.isdisjoint(label.lower() for label in issue.labels)
        case "milestone":
            return lambda issue: _milestone_title(state, issue) == lower
        case "author":
            # Searches name apps `app/NAME`, REST `NAME[bot]` (docs: "Searching issues and pull requests").
            login = f"{lower[len('app/') :]}[bot]" if lower.startswith("app/") else lower
            return lambda issue: (issue.author or "ghost").lower() == login
        case "base" | "head":
            return lambda issue: (
                issue.pull is not None and branch_of(getattr(issue.pull, name)).lower() == lower
            )
        case "created" | "updated" | "closed" | "merged":
            return _within(name, value)
        case _:
            raise Refused(422, f"The embedded forge does not know the search qualifier '{name}'")


def _is(issue: Issue, word: str) -> bool:
    match word:
        case "issue":
            return issue.pull is None
        case "pr" | "pull-request":
            return issue.pull is not None
        case "open" | "closed":
            return issue.state == word
        case "merged":
            return issue.merged
        case "unmerged":
            return issue.pull is not None and not issue.merged
        case "draft":
            return issue.pull is not None and issue.pull.draft
        case _:
            return word in ("public", "unlocked")


def _milestone_title(state: State, issue: Issue) -> str:
    found = state.milestone(issue.milestone)
    return found.title.lower() if found else ""


def _within(name: str, value: str) -> Callable[[Issue], bool]:
    """Compare a time: ``>=``, ``>``, ``<=``, ``<``, ``a..b``, ``*``, or a day."""
    low, high = _bounds(value)

    def fits(issue: Issue) -> bool:
        at = issue.pull.merged_at if name == "merged" and issue.pull else getattr(issue, f"{name}_at", None)
        return isinstance(at, datetime) and low <= at < high

    return fits


def _bounds(value: str) -> tuple[datetime, datetime]:
    earliest, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    low, separator, high = value.partition("..")
    if separator:
        return (earliest if low == "*" else _span(low)[0]), (last if high == "*" else _span(high)[1])
    for sign, make in (
        (">=", lambda start, _: (start, last)),
        (">", lambda _, end: (end, last)),
        ("<=", lambda _, end: (earliest, end)),
        ("<", lambda start, _: (earliest, start)),
    ):
        if value.startswith(sign):
            return make(*_span(value[len(sign) :]))
    return _span(value)


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        start = datetime.fromisoformat(text)
        start = start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
        # A day is the whole day, a time is its second.
        return start, start + (timedelta(days=1) if len(text) == len("2026-01-01") else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise Refused(422, f"'{text}' is not a recognized date/time format.") from None


def _shown(call: Call, issue: Issue) -> Json:
    # GitHub's description knows no null here, unlike in the issues' own routes.
    return show.issue(call.state, call.links, issue) | {"score": 1.0, "body": issue.body or ""}


ROUTES = (Route("GET", "/search/issues", search_issues),)
