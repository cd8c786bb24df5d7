"""Commits, issues, pull requests, labels and milestones in the graph."""

# ruff: noqa: N815 - the names are GitHub's

from __future__ import annotations

from collections.abc import Iterable

from castoff.world.forge import association
from castoff.world.forge.graph_basis import Connection, Graph, Info, Node, ordered, wanted
from castoff.world.forge.plumbing import Commit, Ref
from castoff.world.forge.records import Comment, Issue, Label, Milestone, Review, Status, stamp, stamp_or_none
from castoff.world.forge.show_pull import files_of


class CommitNode(Node):
    """A commit."""

    kind = "Commit"

    def __init__(self, graph: Graph, commit: Commit) -> None:
        super().__init__(graph, commit.sha)
        self._author = commit.author
        self.oid, self.url = commit.sha, graph.call.links.page(f"/commit/{commit.sha}")
        self.message = commit.message
        self.messageHeadline, _, rest = commit.message.partition("\n")
        self.messageBody = rest.lstrip("\n")
        self.authoredDate, self.committedDate = stamp(commit.author.at), stamp(commit.committer.at)

    def authors(self, _: Info, **asked: object) -> Connection:
        """Return the author; co-authors in trailers are not read here."""
        person = self._author
        found = self.graph.call.state.user_by_email(person.email)
        user = self.graph.account(found.login) if found else None
        node = {"name": person.name, "email": person.email, "date": stamp(person.at), "user": user}
        return self.connect("authors", [node], asked)

    def associatedPullRequests(self, _: Info, **asked: object) -> Connection:
        """Return the pull requests that brought the commit in, and open ones that hold it."""
        found = ordered(self.graph.associated(self.oid), asked, PULL_ORDER, "number")
        return self.connect("associatedPullRequests", found, asked, PullNode)

    def statusCheckRollup(self, _: Info) -> Rollup | None:
        """Return what the statuses come to, if there are any."""
        # The last status of a context counts (GitHub Docs, "Commit statuses").
        newest = {each.context: each for each in self.graph.call.state.statuses if each.sha == self.oid}
        return Rollup(self.graph, self.oid, list(newest.values())) if newest else None


class Rollup(Node):
    """The statuses of a commit together."""

    kind = "StatusCheckRollup"

    def __init__(self, graph: Graph, sha: str, statuses: list[Status]) -> None:
        super().__init__(graph, sha)
        self._statuses = statuses
        states = {status.state for status in statuses}
        worst = "failure" if states & {"failure", "error"} else "pending"
        self.state = ("success" if states == {"success"} else worst).upper()

    def contexts(self, _: Info, **asked: object) -> Connection:
        """Return each of them."""
        return self.connect("contexts", self._statuses, asked, _StatusNode)


class _StatusNode(Node):
    kind = "StatusContext"

    def __init__(self, graph: Graph, status: Status) -> None:
        super().__init__(graph, status.id)
        self.context, self.state, self.targetUrl = status.context, status.state.upper(), status.target_url
        self.description, self.createdAt = status.description, stamp(status.created_at)

    def isRequired(self, _: Info, **__: object) -> bool:
        """Return whether a pull request must have it: protection is not looked at here."""
        return False


class RefNode(Node):
    """A branch or tag; ``name`` is without the prefix."""

    kind = "Ref"

    def __init__(self, graph: Graph, ref: Ref) -> None:
        super().__init__(graph, ref.name)
        self.name = ref.name.split("/", 2)[-1]


PULL_ORDER = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}
ISSUE_ORDER = PULL_ORDER | {"COMMENTS": "number"}
_CHANGES = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED"}


class IssueNode(Node):
    """An issue; pull requests share most of it."""

    kind = "Issue"
    reactionGroups = ()

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
        """Return the author; null where the account is gone."""
        return self.graph.account(self._issue.author)

    def repository(self, _: Info) -> object:
        """Return the repository."""
        from castoff.world.forge.graph_repository import RepositoryNode

        return RepositoryNode(self.graph)

    def milestone(self, _: Info) -> object:
        """Return the milestone, if there is one."""
        found = self.graph.call.state.milestone(self._issue.milestone)
        return MilestoneNode(self.graph, found) if found else None

    def labels(self, _: Info, **asked: object) -> Connection:
        """Return the labels."""
        state = self.graph.call.state
        found = [label for name in self._issue.labels if (label := state.label(name))]
        return self.connect("labels", found, asked, LabelNode)

    def assignees(self, _: Info, **asked: object) -> Connection:
        """Return who it is assigned to."""
        accounts = [self.graph.account(login) for login in self._issue.assignees]
        return self.connect("assignees", accounts, asked)

    def comments(self, _: Info, **asked: object) -> Connection:
        """Return the comments, oldest first."""
        nodes = [CommentNode(self.graph, self._issue, comment) for comment in self._issue.comments]
        return self.connect("comments", nodes, asked)

    def projectCards(self, _: Info, **asked: object) -> Connection:
        """Return its cards on projects: there are none here."""
        return self.connect("projectCards", (), asked)

    def projectItems(self, _: Info, **asked: object) -> Connection:
        """Return its items on projects: there are none here."""
        return self.connect("projectItems", (), asked)


class PullNode(IssueNode):
    """A pull request."""

    kind = "PullRequest"
    isCrossRepository = False
    maintainerCanModify = False

    def __init__(self, graph: Graph, issue: Issue) -> None:
        super().__init__(graph, issue)
        pull = issue.pull
        assert pull is not None
        self._pull = pull
        self.permalink = self.url
        self.isDraft, self.merged, self.mergedAt = pull.draft, issue.merged, stamp_or_none(pull.merged_at)
        self.baseRefName, self.headRefName = pull.base, association.branch_of(pull.head)

    def baseRefOid(self, _: Info) -> str:
        """Return the commit that it is compared with."""
        # Of a branch that is gone, an id of zeros: the field may not be null.
        return association.base_of(self.graph.call.git, self._issue) or "0" * 40

    def headRefOid(self, _: Info) -> str:
        """Return the commit at its head."""
        return association.head_of(self.graph.call.git, self._issue) or "0" * 40

    def baseRepository(self, info: Info) -> object:
        """Return the repository that it goes into."""
        return self.repository(info)

    def headRepository(self, info: Info) -> object:
        """Return the repository that it comes from: the same one, there are no forks here."""
        return self.repository(info)

    def headRepositoryOwner(self, _: Info) -> object:
        """Return the owner of the head's repository."""
        return self.graph.account(self.graph.call.links.owner)

    def mergedBy(self, _: Info) -> object:
        """Return who merged it."""
        return self.graph.account(self._pull.merged_by)

    def mergeCommit(self, _: Info) -> object:
        """Return the commit that it became, where git has it."""
        sha = self._pull.merge_commit
        commit = self.graph.call.git.commit(sha) if sha else None
        return CommitNode(self.graph, commit) if commit else None

    def mergeable(self, _: Info) -> str:
        """Return whether it can be merged."""
        git = self.graph.call.git
        base, head = association.base_of(git, self._issue), association.head_of(git, self._issue)
        # GitHub computes it for open pull requests whose branches are there.
        if self._issue.state != "open" or not base or not head or git.kind(head) != "commit":
            return "UNKNOWN"
        return "MERGEABLE" if git.merged_tree(base, head) else "CONFLICTING"

    def mergeStateStatus(self, info: Info) -> str:
        """Return what merging would meet."""
        return {"MERGEABLE": "CLEAN", "CONFLICTING": "DIRTY"}.get(self.mergeable(info), "UNKNOWN")

    def commits(self, _: Info, **asked: object) -> Connection:
        """Return its commits, oldest first."""
        git = self.graph.call.git
        found = [commit for sha in association.proposed(git, self._issue) if (commit := git.commit(sha))]
        nodes = [_PullCommit(self, CommitNode(self.graph, commit)) for commit in found]
        return self.connect("commits", nodes, asked)

    def files(self, _: Info, **asked: object) -> Connection:
        """Return the files that it changes."""
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

    def reviewRequests(self, _: Info, **asked: object) -> Connection:
        """Return who is asked to review."""
        nodes = [_ReviewRequest(self.graph, self.number, login) for login in self._pull.reviewers]
        return self.connect("reviewRequests", nodes, asked)

    def reviews(self, _: Info, **asked: object) -> Connection:
        """Return the reviews, oldest first."""
        nodes = [_ReviewNode(self, review) for review in self._pull.reviews]
        return self.connect("reviews", nodes, asked)

    def latestReviews(self, _: Info, **asked: object) -> Connection:
        """Return the last review of each person."""
        last = {review.author: _ReviewNode(self, review) for review in self._pull.reviews}
        return self.connect("latestReviews", last.values(), asked)

    def reviewDecision(self, _: Info) -> None:
        """Return what the required reviews come to: none are required here."""

    def closingIssuesReferences(self, _: Info, **asked: object) -> Connection:
        """Return the issues that it closes: links are not followed here."""
        return self.connect("closingIssuesReferences", (), asked)


class _ReviewRequest(Node):
    kind = "ReviewRequest"

    def __init__(self, graph: Graph, number: int, login: str) -> None:
        super().__init__(graph, f"{number}:{login}")
        self.requestedReviewer = graph.account(login)


class _ReviewNode(Node):
    kind = "PullRequestReview"
    authorAssociation = "CONTRIBUTOR"
    includesCreatedEdit = False
    reactionGroups = ()

    def __init__(self, pull: PullNode, review: Review) -> None:
        super().__init__(pull.graph, review.id)
        self.body, self.state, self.submittedAt = review.body, review.state, stamp(review.submitted_at)
        self.author = pull.graph.account(review.author)
        self.url = f"{pull.url}#pullrequestreview-{review.id}"
        commit = pull.graph.call.git.commit(review.commit)
        self.commit = CommitNode(pull.graph, commit) if commit else None


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
    includesCreatedEdit = isMinimized = False
    minimizedReason = None
    reactionGroups = ()

    def __init__(self, graph: Graph, issue: Issue, comment: Comment) -> None:
        super().__init__(graph, comment.id)
        self.databaseId, self.body = comment.id, comment.body
        self.author = graph.account(comment.author)
        self.viewerDidAuthor = comment.author == graph.call.actor.login
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
        self.number, self.title, self.description = milestone.number, milestone.title, milestone.description
        self.state, self.dueOn = milestone.state.upper(), stamp_or_none(milestone.due_on)
        self.url = graph.call.links.page(f"/milestone/{milestone.number}")


def state_of(issue: Issue) -> str:
    """Return the state as the graph spells it: a merged pull request is MERGED, not CLOSED."""
    return "MERGED" if issue.merged else issue.state.upper()


def in_states(issues: Iterable[Issue], asked: dict[str, object]) -> list[Issue]:
    """Keep what is in one of the ``states``, if any were named, in the order that was asked for."""
    states = wanted(asked, "states")
    kept = [issue for issue in issues if not states or state_of(issue).lower() in states]
    return ordered(kept, asked, ISSUE_ORDER, "number")
