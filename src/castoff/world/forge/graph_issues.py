"""How do issues, pull requests, labels and milestones look in the graph?"""

# ruff: noqa: N815 - the names are GitHub's

from __future__ import annotations

from collections.abc import Iterable

from castoff.world.forge import association
from castoff.world.forge.graph_basis import Graph, Info, Node, ordered, wanted
from castoff.world.forge.graph_commits import CommitNode
from castoff.world.forge.graph_paging import Connection
from castoff.world.forge.records import Comment, Issue, Label, Milestone, stamp, stamp_or_none
from castoff.world.forge.show_pull import files_of

PULL_ORDER = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}
ISSUE_ORDER = PULL_ORDER | {"COMMENTS": "number"}
_CHANGES = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED"}


class IssueNode(Node):
    """An issue; pull requests share most of it."""

    kind = "Issue"

    def __init__(self, graph: Graph, issue: Issue) -> None:
        super().__init__(graph, issue.number)
        self._issue = issue
        self.databaseId, self.number = issue.id, issue.number
        self.title, self.body = issue.title, issue.body or ""
        self.url = graph.call.links.page(f"/{'pull' if issue.pull else 'issues'}/{issue.number}")
        self.state, self.closed, self.locked = state_of(issue), issue.state == "closed", False
        self.stateReason = (issue.state_reason or "").upper() or None
        self.createdAt, self.updatedAt = stamp(issue.created_at), stamp(issue.updated_at)
        self.closedAt = stamp_or_none(issue.closed_at)
        self.authorAssociation = issue.association

    def author(self, _: Info) -> object:
        """Give the author; null where the account is gone."""
        return self.graph.account(self._issue.author)

    def repository(self, _: Info) -> object:
        """Give the repository."""
        from castoff.world.forge.graph_repository import RepositoryNode

        return RepositoryNode(self.graph)

    def milestone(self, _: Info) -> object:
        """Give the milestone, if there is one."""
        found = self.graph.call.state.milestone(self._issue.milestone)
        return MilestoneNode(self.graph, found) if found else None

    def labels(self, _: Info, **asked: object) -> Connection:
        """Give the labels."""
        state = self.graph.call.state
        found = [label for name in self._issue.labels if (label := state.label(name))]
        return self.connect("labels", found, asked, LabelNode)

    def assignees(self, _: Info, **asked: object) -> Connection:
        """Give who it is assigned to."""
        accounts = [self.graph.account(login) for login in self._issue.assignees]
        return self.connect("assignees", accounts, asked)

    def comments(self, _: Info, **asked: object) -> Connection:
        """Give the comments, oldest first."""
        nodes = [CommentNode(self.graph, self._issue, comment) for comment in self._issue.comments]
        return self.connect("comments", nodes, asked)


class PullNode(IssueNode):
    """A pull request."""

    kind = "PullRequest"
    isCrossRepository = False
    maintainerCanModify = False
    reviewDecision = None

    def __init__(self, graph: Graph, issue: Issue) -> None:
        super().__init__(graph, issue)
        pull = issue.pull
        assert pull is not None
        self._pull = pull
        self.permalink = self.url
        self.isDraft, self.merged, self.mergedAt = pull.draft, issue.merged, stamp_or_none(pull.merged_at)
        self.baseRefName, self.headRefName = pull.base, association.branch_of(pull.head)

    def baseRefOid(self, _: Info) -> str:
        """Give the commit that it is compared with."""
        return association.base_of(self.graph.call.git, self._issue) or "0" * 40

    def headRefOid(self, _: Info) -> str:
        """Give the commit at its head."""
        return association.head_of(self.graph.call.git, self._issue) or "0" * 40

    def baseRepository(self, info: Info) -> object:
        """Give the repository that it goes into."""
        return self.repository(info)

    def headRepository(self, info: Info) -> object:
        """Give the repository that it comes from: the same one, there are no forks here."""
        return self.repository(info)

    def headRepositoryOwner(self, _: Info) -> object:
        """Give the owner of the head's repository."""
        return self.graph.account(self.graph.call.links.owner)

    def mergedBy(self, _: Info) -> object:
        """Give who merged it."""
        return self.graph.account(self._pull.merged_by)

    def mergeCommit(self, _: Info) -> object:
        """Give the commit that it became, where git has it."""
        sha = self._pull.merge_commit
        commit = self.graph.call.git.commit(sha) if sha else None
        return CommitNode(self.graph, commit) if commit else None

    def mergeable(self, _: Info) -> str:
        """Say whether it can be merged."""
        git = self.graph.call.git
        base, head = association.base_of(git, self._issue), association.head_of(git, self._issue)
        if self._issue.state != "open" or not base or not head or git.kind(head) != "commit":
            return "UNKNOWN"
        return "MERGEABLE" if git.merged_tree(base, head) else "CONFLICTING"

    def mergeStateStatus(self, info: Info) -> str:
        """Say what merging would meet."""
        return {"MERGEABLE": "CLEAN", "CONFLICTING": "DIRTY"}.get(self.mergeable(info), "UNKNOWN")

    def commits(self, _: Info, **asked: object) -> Connection:
        """Give its commits, oldest first."""
        git = self.graph.call.git
        found = [commit for sha in association.proposed(git, self._issue) if (commit := git.commit(sha))]
        nodes = [_PullCommit(self, CommitNode(self.graph, commit)) for commit in found]
        return self.connect("commits", nodes, asked)

    def files(self, _: Info, **asked: object) -> Connection:
        """Give the files that it changes."""
        nodes = [
            {
                "path": file.name,
                "additions": file.additions,
                "deletions": file.deletions,
                "changeType": _CHANGES.get(file.status, "MODIFIED"),
            }
            for file in files_of(self.graph.call, self._issue)
        ]
        return self.connect("files", nodes, asked)

    def changedFiles(self, _: Info) -> int:
        """Count the files that it changes."""
        return len(files_of(self.graph.call, self._issue))

    def additions(self, _: Info) -> int:
        """Count the lines that it adds."""
        return sum(file.additions for file in files_of(self.graph.call, self._issue))

    def deletions(self, _: Info) -> int:
        """Count the lines that it takes away."""
        return sum(file.deletions for file in files_of(self.graph.call, self._issue))

    def closingIssuesReferences(self, _: Info, **asked: object) -> Connection:
        """Give the issues that it closes: links are not followed here."""
        return self.connect("closingIssuesReferences", (), asked)


class _PullCommit(Node):
    kind = "PullRequestCommit"

    def __init__(self, pull: PullNode, commit: CommitNode) -> None:
        super().__init__(pull.graph, f"{pull.number}:{commit.oid}")
        self.commit = commit
        self.url = f"{pull.url}/commits/{commit.oid}"


class CommentNode(Node):
    """A comment."""

    kind = "IssueComment"
    authorAssociation = "CONTRIBUTOR"

    def __init__(self, graph: Graph, issue: Issue, comment: Comment) -> None:
        super().__init__(graph, comment.id)
        self.databaseId, self.body = comment.id, comment.body
        self.author = graph.account(comment.author)
        self.createdAt, self.updatedAt = stamp(comment.created_at), stamp(comment.updated_at)
        kind = "pull" if issue.pull else "issues"
        self.url = graph.call.links.page(f"/{kind}/{issue.number}#issuecomment-{comment.id}")


class LabelNode(Node):
    """A label."""

    kind = "Label"
    isDefault = False
    createdAt = updatedAt = None

    def __init__(self, graph: Graph, label: Label) -> None:
        super().__init__(graph, label.id)
        self.name, self.color, self.description = label.name, label.color, label.description
        self.url = graph.call.links.page(f"/labels/{label.name}")


class MilestoneNode(Node):
    """A milestone."""

    kind = "Milestone"

    def __init__(self, graph: Graph, milestone: Milestone) -> None:
        super().__init__(graph, milestone.number)
        self._milestone = milestone
        self.number, self.title, self.description = milestone.number, milestone.title, milestone.description
        self.state, self.closed = milestone.state.upper(), milestone.state == "closed"
        self.url = graph.call.links.page(f"/milestone/{milestone.number}")
        self.createdAt, self.updatedAt = stamp(milestone.created_at), stamp(milestone.updated_at)
        self.closedAt, self.dueOn = stamp_or_none(milestone.closed_at), stamp_or_none(milestone.due_on)

    def creator(self, _: Info) -> object:
        """Give who made it."""
        return self.graph.account(self._milestone.creator)

    def progressPercentage(self, _: Info) -> float:
        """Say how much of it is closed, in percent."""
        inside = self.graph.call.state.in_milestone(self.number)
        return 100.0 * sum(issue.state == "closed" for issue in inside) / len(inside) if inside else 0.0

    def issues(self, _: Info, **asked: object) -> Connection:
        """Give its issues, without pull requests."""
        inside = [issue for issue in self.graph.call.state.in_milestone(self.number) if issue.pull is None]
        return self.connect("issues", in_states(inside, asked), asked, IssueNode)

    def pullRequests(self, _: Info, **asked: object) -> Connection:
        """Give its pull requests."""
        inside = [
            issue for issue in self.graph.call.state.in_milestone(self.number) if issue.pull is not None
        ]
        return self.connect("pullRequests", in_states(inside, asked), asked, PullNode)


def state_of(issue: Issue) -> str:
    """Give the state as the graph spells it: a merged pull request is MERGED, not CLOSED."""
    return "MERGED" if issue.merged else issue.state.upper()


def in_states(issues: Iterable[Issue], asked: dict[str, object]) -> list[Issue]:
    """Keep what is in one of the ``states``, if any were named, in the order that was asked for."""
    states = wanted(asked, "states")
    kept = [issue for issue in issues if not states or state_of(issue).lower() in states]
    return ordered(kept, asked, ISSUE_ORDER, "number")
