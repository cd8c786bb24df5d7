"""Pull requests in the API's answers."""

from __future__ import annotations

from castoff.world.forge import association, show, show_repository
from castoff.world.forge.call import Call
from castoff.world.forge.diffs import File, changed_files
from castoff.world.forge.records import Issue, Json, Pull, stamp, stamp_or_none

_UNKNOWN = "0" * 40


def simple(call: Call, issue: Issue) -> Json:
    """Show a pull request as it stands in lists."""
    pull = _pull(issue)
    api, page = call.links.repo(f"/pulls/{issue.number}"), call.links.page(f"/pull/{issue.number}")
    assignees = [show.author(call.state, call.links, login) for login in issue.assignees]
    reviewers = [show.author(call.state, call.links, login) for login in pull.reviewers]
    return {
        "url": api,
        "id": issue.id,
        "node_id": show.node_id("PullRequest", issue.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **_addresses(call, issue),
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "title": issue.title,
        "user": show.author(call.state, call.links, issue.author),
        "body": issue.body,
        "labels": show.labels_of(call.state, call.links, issue),
        "milestone": show.milestone_of(call.state, call.links, issue),
        "active_lock_reason": None,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp_or_none(issue.closed_at),
        "merged_at": stamp_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_commit,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "requested_reviewers": reviewers,
        "requested_teams": [],
        "head": _end(call, association.branch_of(pull.head), association.head_of(call.git, issue)),
        "base": _end(call, pull.base, association.base_of(call.git, issue)),
        "_links": _links(call, issue),
        "author_association": issue.association,
        "auto_merge": None,
        "draft": pull.draft,
    }


def full(call: Call, issue: Issue) -> Json:
    """Show a pull request on its own, with its size and whether it can be merged."""
    pull = _pull(issue)
    mergeable = _mergeable(call, issue)
    commits = association.proposed(call.git, issue)
    files = files_of(call, issue)
    state = {True: "clean", False: "dirty", None: "unknown"}[mergeable]
    if mergeable and pull.draft:
        state = "draft"
    return simple(call, issue) | {
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": state,
        "merged_by": show.author(call.state, call.links, pull.merged_by) if pull.merged_at else None,
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def files_of(call: Call, issue: Issue) -> list[File]:
    """Return the files that a pull request changes, since it left its base."""
    base, head = association.base_of(call.git, issue), association.head_of(call.git, issue)
    if not base or not head:
        return []
    return changed_files(call.git, base, head)


def _pull(issue: Issue) -> Pull:
    assert issue.pull is not None
    return issue.pull


def _end(call: Call, branch: str, sha: str | None) -> Json:
    return {
        "label": f"{call.links.owner}:{branch}",
        "ref": branch,
        "sha": sha or _UNKNOWN,
        "user": show.author(call.state, call.links, call.links.owner),
        "repo": show_repository.within_pull(call.state, call.links, call.now),
    }


def _addresses(call: Call, issue: Issue) -> Json:
    links = call.links
    return {
        "issue_url": links.repo(f"/issues/{issue.number}"),
        "commits_url": links.repo(f"/pulls/{issue.number}/commits"),
        "review_comments_url": links.repo(f"/pulls/{issue.number}/comments"),
        "review_comment_url": links.repo("/pulls/comments{/number}"),
        "comments_url": links.repo(f"/issues/{issue.number}/comments"),
        "statuses_url": links.repo(f"/statuses/{association.head_of(call.git, issue) or _UNKNOWN}"),
    }


def _links(call: Call, issue: Issue) -> Json:
    addresses = _addresses(call, issue)
    pairs = {
        "self": call.links.repo(f"/pulls/{issue.number}"),
        "html": call.links.page(f"/pull/{issue.number}"),
        "issue": addresses["issue_url"],
        "comments": addresses["comments_url"],
        "review_comments": addresses["review_comments_url"],
        "review_comment": addresses["review_comment_url"],
        "commits": addresses["commits_url"],
        "statuses": addresses["statuses_url"],
    }
    return {name: {"href": address} for name, address in pairs.items()}


def _mergeable(call: Call, issue: Issue) -> bool | None:
    if issue.state != "open":
        return None
    base, head = association.base_of(call.git, issue), association.head_of(call.git, issue)
    if not base or not head or call.git.kind(head) != "commit":
        return None
    return call.git.merged_tree(base, head) is not None
