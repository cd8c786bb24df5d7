"""Routes of reviews of pull requests."""

from __future__ import annotations

from castoff.world.forge import association, show
from castoff.world.forge.answers import Answer, custom
from castoff.world.forge.api_pulls import found_pull
from castoff.world.forge.call import Call
from castoff.world.forge.records import Issue, Json, Review, stamp
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"
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


ROUTES = (Route("GET", _BASE, list_reviews), Route("POST", _BASE, create_review))
