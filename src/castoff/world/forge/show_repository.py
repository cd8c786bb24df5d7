"""The repository in the API's answers."""

from __future__ import annotations

from datetime import datetime

from castoff.world.forge.access import LEVELS, Actor
from castoff.world.forge.call import Links
from castoff.world.forge.records import Json, stamp
from castoff.world.forge.show import node_id, user
from castoff.world.forge.state import State

_TEMPLATES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def minimal(state: State, links: Links) -> Json:
    """Show the repository as it stands within other objects."""
    urls: Json = {name: links.repo(tail) for name, tail in _TEMPLATES.items()}
    return {
        "id": links.repository_id,
        "node_id": node_id("Repository", links.repository_id),
        "name": links.name,
        "full_name": links.slug,
        "owner": user(links, state.user(links.owner)),
        "private": state.private,
        "html_url": links.page(),
        "description": state.description,
        "fork": False,
        "url": links.repo(),
        **urls,
    }


def within_pull(state: State, links: Links, pushed: datetime) -> Json:
    """Show the repository as base and head of a pull request."""
    open_issues = sum(issue.state == "open" for issue in state.issues.values())
    host = links.web.split("://", 1)[-1]
    return minimal(state, links) | {
        "git_url": f"git://{host}/{links.slug}.git",
        "ssh_url": f"git@{host}:{links.slug}.git",
        "clone_url": links.page(".git"),
        "svn_url": links.page(),
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "forks_count": 0,
        "forks": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "size": 1,
        "default_branch": state.default_branch,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "visibility": "private" if state.private else "public",
        "pushed_at": stamp(pushed),
        "created_at": stamp(pushed),
        "updated_at": stamp(pushed),
        "license": None,
        "is_template": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
    }


def full(state: State, links: Links, actor: Actor, pushed: datetime) -> Json:
    """Show the repository on its own, with what the asker may do."""
    document = within_pull(state, links, pushed) | {
        "network_count": 0,
        "subscribers_count": 0,
        "temp_clone_token": None,
    }
    if actor.kind != "anonymous":
        document["permissions"] = permissions(actor)
    if actor.can_push:
        document |= {
            f"allow_{method}_merge": method in state.merge_methods for method in ("squash", "rebase")
        }
        document |= {"allow_merge_commit": "merge" in state.merge_methods, "delete_branch_on_merge": False}
    return document


def permissions(actor: Actor) -> Json:
    """Show rights as the repository's answer does: those of the account, whatever its token may do."""
    names = {"read": "pull", "triage": "triage", "write": "push", "maintain": "maintain", "admin": "admin"}
    return {names[level]: actor.holds(level) for level in reversed(LEVELS) if level in names}
