"""The content of the forge, in a form by which two worlds can be compared.

No ids, no times; everything in a stated order.
"""

from __future__ import annotations

from castoff.world.forge.plumbing import BareRepository
from castoff.world.forge.records import Issue, Milestone, Release
from castoff.world.forge.state import State, latest_release


def canonical(state: State, git: BareRepository) -> dict[str, object]:
    """Give labels by name, milestones and issues by number, releases by tag and body."""
    issues = [issue for _, issue in sorted(state.issues.items())]
    return {
        "labels": [
            {"name": label.name, "color": label.color, "description": label.description}
            for label in sorted(state.labels, key=lambda label: label.name.lower())
        ],
        "milestones": [
            _milestone(state, item) for item in sorted(state.milestones, key=lambda item: item.number)
        ],
        "issues": [_issue(state, issue) for issue in issues if issue.pull is None],
        "pull_requests": [_pull(state, issue) for issue in issues if issue.pull is not None],
        "releases": sorted((_release(state, git, item) for item in state.releases), key=_release_order),
        "attestations": sorted([one.kind, *sorted(one.digests)] for one in state.attestations),
        "runs": [
            {
                "workflow": one.workflow,
                "event": one.event,
                "ref": one.ref,
                "inputs": dict(sorted(one.inputs.items())),
            }
            for one in state.runs
        ],
        "protection": [
            {"branch": item.branch, "rules": sorted(item.rules), "checks": sorted(item.checks)}
            for item in sorted(state.protections, key=lambda item: item.branch)
        ],
        "statuses": [
            {"sha": item.sha, "context": item.context, "state": item.state, "description": item.description}
            for item in sorted(state.statuses, key=lambda item: (item.sha, item.context, item.state))
        ],
    }


def _milestone(state: State, item: Milestone) -> dict[str, object]:
    inside = state.in_milestone(item.number)
    return {
        "number": item.number,
        "title": item.title,
        "state": item.state,
        "description": item.description,
        "issues": [issue.number for issue in inside if issue.pull is None],
        "pull_requests": [issue.number for issue in inside if issue.pull is not None],
    }


def _issue(state: State, issue: Issue) -> dict[str, object]:
    milestone = state.milestone(issue.milestone)
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "author": issue.author,
        "labels": sorted(issue.labels),
        "assignees": sorted(issue.assignees),
        "milestone": milestone.title if milestone else None,
        "comments": [{"author": item.author, "body": item.body} for item in issue.comments],
    }


def _pull(state: State, issue: Issue) -> dict[str, object]:
    pull = issue.pull
    assert pull is not None
    return _issue(state, issue) | {
        "base": pull.base,
        "head": pull.head,
        "draft": pull.draft,
        "merged": pull.merged_at is not None,
        "merge_commit": pull.merge_commit,
    }


def _release(state: State, git: BareRepository, item: Release) -> dict[str, object]:
    return {
        "tag": item.tag,
        "tag_commit": git.resolve(f"refs/tags/{item.tag}"),
        "name": item.name,
        "body": item.body,
        "draft": item.draft,
        "prerelease": item.prerelease,
        "latest": latest_release(state) is item,
        "target": item.target,
        "assets": sorted(attached.name for attached in item.assets),
    }


def _release_order(document: dict[str, object]) -> tuple[str, bool, str, str]:
    return str(document["tag"]), bool(document["draft"]), str(document["name"]), str(document["body"])
