"""Routes of pull requests and their reviews."""

from __future__ import annotations

from castoff.world.forge import association, show, show_pull
from castoff.world.forge.answers import Answer, Refused, custom, invalid, not_found
from castoff.world.forge.api_issues import checked_body, checked_title, open_issue, set_state
from castoff.world.forge.call import Call
from castoff.world.forge.fields import Fields
from castoff.world.forge.records import Issue, Json, Pull, Review, stamp
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/pulls"
_REVIEWS = _BASE + "/{pull_number}/reviews"
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def list_reviews(call: Call) -> Answer:
    """List the reviews of a pull request, oldest first."""
    issue = found_pull(call)
    pull = issue.pull
    assert pull is not None
    return call.paged(pull.reviews, lambda review: _shown(call, issue, review))


def create_review(call: Call) -> Answer:
    """Review a pull request; nobody approves or rejects their own, and only an approval may be wordless."""
    issue, fields = found_pull(call), call.fields()
    pull = issue.pull
    assert pull is not None
    event, body = fields.text("event"), fields.text("body") or ""
    if event != "COMMENT" and event is not None and issue.author == call.actor.login:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise custom("PullRequestReview", f"Can not {verb} your own pull request")
    if event in ("COMMENT", "REQUEST_CHANGES") and not body.strip():
        raise custom("PullRequestReview", "Body can't be blank")
    review = Review(
        id=call.state.next_id(),
        author=call.actor.login,
        body=body,
        state=_STATES.get(event or "", "PENDING"),
        commit=fields.text("commit_id") or association.head_of(call.git, issue) or "0" * 40,
        submitted_at=call.now,
    )
    pull.reviews.append(review)
    return Answer(_shown(call, issue, review))


def _shown(call: Call, issue: Issue, review: Review) -> Json:
    page = call.links.page(f"/pull/{issue.number}#pullrequestreview-{review.id}")
    api = call.links.repo(f"/pulls/{issue.number}")
    return {
        "id": review.id,
        "node_id": show.node_id("PullRequestReview", review.id),
        "user": show.author(call.state, call.links, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": api,
        "_links": {"html": {"href": page}, "pull_request": {"href": api}},
        "submitted_at": stamp(review.submitted_at),
        "commit_id": review.commit,
        "author_association": "CONTRIBUTOR",
    }


def list_pulls(call: Call) -> Answer:
    """List pull requests by state, base and head; newest first unless sorted upwards."""
    wanted, base, head = call.asked("state", "open"), call.asked("base"), call.asked("head")
    chosen = [issue for issue in call.state.pulls() if wanted in ("all", issue.state)]
    chosen = [issue for issue in chosen if _fits(call, issue, base, head)]
    by = "updated_at" if call.asked("sort") == "updated" else "created_at"
    usual = "desc" if call.asked("sort", "created") == "created" else "asc"
    downwards = call.asked("direction", usual) == "desc"
    chosen.sort(key=lambda issue: (getattr(issue, by), issue.number), reverse=downwards)
    return call.paged(chosen, lambda issue: show_pull.simple(call, issue))


def get_pull(call: Call) -> Answer:
    """Show one pull request, or its changes where they are asked for by the media type."""
    issue = found_pull(call)
    asked = call.request.headers.get("accept", "")
    form = next((each for each in ("diff", "patch") if f".{each}" in asked), None)
    if form is None:
        return Answer(show_pull.full(call, issue))
    media = {"Content-Type": f"application/vnd.github.v3.{form}; charset=utf-8"}
    return Answer(_changes(call, issue, form), headers=media)


def _changes(call: Call, issue: Issue, form: str) -> bytes:
    """Write what a pull request changes since it left its base, as a diff or as mails."""
    base, head = association.base_of(call.git, issue), association.head_of(call.git, issue)
    if not base or not head:
        return b""
    if form == "diff":
        return call.git.binary("diff", f"{base}...{head}") or b""
    return call.git.binary("format-patch", "--stdout", f"{base}..{head}") or b""


def create_pull(call: Call) -> Answer:
    """Open a pull request between two branches of the repository."""
    fields = call.fields()
    title, base = checked_title(fields.raw("title")), fields.required("base")
    head = association.branch_of(fields.required("head"))
    head_sha, base_sha = _ends(call, head, base)
    if any(_same_branches(issue, head, base) for issue in call.state.pulls() if issue.state == "open"):
        raise custom("PullRequest", f"A pull request already exists for {call.links.owner}:{head}.")
    if not call.git.ids("--max-count=1", head_sha, f"^{base_sha}"):
        raise custom("PullRequest", f"No commits between {base} and {head}")
    body, draft = checked_body(fields), fields.flag("draft", default=False)
    issue = open_issue(call, title, body)
    issue.pull = Pull(base=base, head=head, head_sha=head_sha, base_sha=base_sha, draft=draft)
    document = show_pull.full(call, issue)
    return Answer(document, 201, {"Location": str(document["url"])})


def update_pull(call: Call) -> Answer:
    """Change title, body, state or base of a pull request."""
    issue, fields = found_pull(call), call.fields()
    title = checked_title(fields.raw("title")) if fields.raw("title") is not None else issue.title
    body = checked_body(fields) if "body" in fields else issue.body
    base = _new_base(call, issue, fields)
    set_state(call, issue, fields)
    issue.title, issue.body, issue.updated_at = title, body, call.now
    if issue.pull is not None and base is not None:
        issue.pull.base = base
    return Answer(show_pull.full(call, issue))


def found_pull(call: Call) -> Issue:
    """Find the pull request that the path names."""
    issue = call.state.issues.get(call.whole("pull_number"))
    if issue is None or issue.pull is None:
        raise not_found()
    return issue


def _fits(call: Call, issue: Issue, base: str, head: str) -> bool:
    assert issue.pull is not None
    owner, separated, branch = head.partition(":")
    if separated and owner.lower() != call.links.owner.lower():
        return False
    # The real service ignores a head without an owner.
    wanted = branch if separated else ""
    return base in ("", issue.pull.base) and wanted in ("", association.branch_of(issue.pull.head))


def _ends(call: Call, head: str, base: str) -> tuple[str, str]:
    head_sha = call.git.resolve(f"refs/heads/{head}")
    base_sha = call.git.resolve(f"refs/heads/{base}")
    if head_sha is None:
        raise invalid("PullRequest", "head", "invalid")
    if base_sha is None:
        raise invalid("PullRequest", "base", "invalid")
    return head_sha, base_sha


def _same_branches(issue: Issue, head: str, base: str) -> bool:
    pull = issue.pull
    return pull is not None and (association.branch_of(pull.head), pull.base) == (head, base)


def _new_base(call: Call, issue: Issue, fields: Fields) -> str | None:
    base = fields.text("base")
    if base is None:
        return None
    if call.git.resolve(f"refs/heads/{base}") is None:
        raise invalid("PullRequest", "base", "invalid")
    if issue.state != "open":
        raise Refused(422, "Cannot change the base branch of a closed pull request.")
    return base


ROUTES = (
    Route("GET", _BASE, list_pulls),
    Route("POST", _BASE, create_pull, "write"),
    Route("GET", _BASE + "/{pull_number}", get_pull),
    Route("PATCH", _BASE + "/{pull_number}", update_pull, "write"),
    Route("GET", _REVIEWS, list_reviews),
    Route("POST", _REVIEWS, create_review),
)
