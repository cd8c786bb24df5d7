"""Accounts, labels, milestones, issues and comments in the API's answers."""

from __future__ import annotations

import base64

from castoff.world.forge.call import Links, escaped
from castoff.world.forge.records import (
    GHOST,
    Comment,
    Issue,
    Json,
    Label,
    Milestone,
    User,
    stamp,
    stamp_or_none,
)
from castoff.world.forge.state import State

_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def node_id(kind: str, number: int | str) -> str:
    """Return the global id of an object, opaque to clients."""
    return base64.b64encode(f"{kind}:{number}".encode("utf-8", "replace")).decode()


def user(links: Links, account: User) -> Json:
    """Show an account as it stands within other objects."""
    api = f"{links.api}/users/{escaped(account.login)}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("User", account.id),
        "avatar_url": f"{links.web}/avatars/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{links.web}/{escaped(account.login)}",
        "followers_url": f"{api}/followers",
        "following_url": api + "/following{/other_user}",
        "gists_url": api + "/gists{/gist_id}",
        "starred_url": api + "/starred{/owner}{/repo}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": api + "/events{/privacy}",
        "received_events_url": f"{api}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def author(state: State, links: Links, login: str | None) -> Json:
    """Show who wrote something; deleted accounts show as the ghost."""
    return user(links, state.user(login or GHOST))


def label(links: Links, item: Label) -> Json:
    """Show a label."""
    return {
        "id": item.id,
        "node_id": node_id("Label", item.id),
        "url": links.repo(f"/labels/{escaped(item.name, keep='')}"),
        "name": item.name,
        "color": item.color,
        "default": False,
        "description": item.description,
    }


def labels_of(state: State, links: Links, issue: Issue) -> list[Json]:
    """Show the labels of an issue; what was removed from the repository is gone from it too."""
    found = [state.label(name) for name in issue.labels]
    return [label(links, item) for item in found if item is not None]


def milestone(state: State, links: Links, item: Milestone) -> Json:
    """Show a milestone; pull requests count as issues."""
    inside = state.in_milestone(item.number)
    closed = sum(issue.state == "closed" for issue in inside)
    api = links.repo(f"/milestones/{item.number}")
    return {
        "url": api,
        "html_url": links.page(f"/milestone/{item.number}"),
        "labels_url": f"{api}/labels",
        "id": item.id,
        "node_id": node_id("Milestone", item.id),
        "number": item.number,
        "title": item.title,
        "description": item.description,
        "creator": author(state, links, item.creator),
        "open_issues": len(inside) - closed,
        "closed_issues": closed,
        "state": item.state,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "due_on": stamp_or_none(item.due_on),
        "closed_at": stamp_or_none(item.closed_at),
    }


def milestone_of(state: State, links: Links, issue: Issue) -> Json | None:
    """Show the milestone of an issue, if it is in one."""
    found = state.milestone(issue.milestone)
    return milestone(state, links, found) if found else None


def issue(state: State, links: Links, item: Issue) -> Json:
    """Show an issue, or a pull request as the issues' routes show it."""
    api = links.repo(f"/issues/{item.number}")
    assignees = [author(state, links, login) for login in item.assignees]
    document: Json = {
        "url": api,
        "repository_url": links.repo(),
        "labels_url": api + "/labels{/name}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": links.page(f"/{'pull' if item.pull else 'issues'}/{item.number}"),
        "id": item.id,
        "node_id": node_id("PullRequest" if item.pull else "Issue", item.id),
        "number": item.number,
        "title": item.title,
        "user": author(state, links, item.author),
        "labels": labels_of(state, links, item),
        "state": item.state,
        "locked": False,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_of(state, links, item),
        "comments": len(item.comments),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": stamp_or_none(item.closed_at),
        "author_association": item.association,
        "active_lock_reason": None,
        "body": item.body,
        "closed_by": author(state, links, item.closed_by) if item.closed_by else None,
        "reactions": _reactions(f"{api}/reactions"),
        "timeline_url": f"{api}/timeline",
        "performed_via_github_app": None,
        "state_reason": item.state_reason,
    }
    return document | _pull_part(links, item)


def comment(state: State, links: Links, under: Issue, item: Comment) -> Json:
    """Show a comment."""
    api = links.repo(f"/issues/comments/{item.id}")
    kind = "pull" if under.pull else "issues"
    return {
        "url": api,
        "html_url": links.page(f"/{kind}/{under.number}#issuecomment-{item.id}"),
        "issue_url": links.repo(f"/issues/{under.number}"),
        "id": item.id,
        "node_id": node_id("IssueComment", item.id),
        "user": author(state, links, item.author),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "author_association": "CONTRIBUTOR",
        "body": item.body,
        "reactions": _reactions(f"{api}/reactions"),
        "performed_via_github_app": None,
    }


def _pull_part(links: Links, item: Issue) -> Json:
    if item.pull is None:
        return {}
    page = links.page(f"/pull/{item.number}")
    return {
        "draft": item.pull.draft,
        "pull_request": {
            "url": links.repo(f"/pulls/{item.number}"),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp_or_none(item.pull.merged_at),
        },
    }


def _reactions(url: str) -> Json:
    return {"url": url, "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}
