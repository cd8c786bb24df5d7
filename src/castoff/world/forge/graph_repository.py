"""The repository in the graph."""

# ruff: noqa: N803 - the names are GitHub's
# ruff: noqa: N803, N815 - the names are GitHub's

from __future__ import annotations

from datetime import datetime

from castoff.world.forge import searching
from castoff.world.forge.answers import Refused
from castoff.world.forge.graph_basis import (
    Account,
    Connection,
    Graph,
    Info,
    Node,
    Trouble,
    Value,
    connect,
    decoded,
    ordered,
    wanted,
)
from castoff.world.forge.graph_changes import (
    PULL_ORDER,
    CommitNode,
    IssueNode,
    LabelNode,
    MilestoneNode,
    PullNode,
    RefNode,
    in_states,
)
from castoff.world.forge.graph_mutations import Mutations
from castoff.world.forge.records import Issue, Release, stamp, stamp_or_none
from castoff.world.forge.state import latest_release


class ReleaseNode(Node):
    """A release, as ``gh release list`` asks for it; its files are read by REST."""

    kind = "Release"

    def __init__(self, graph: Graph, release: Release) -> None:
        super().__init__(graph, release.id)
        self.databaseId, self.name, self.tagName = release.id, release.name, release.tag
        self.description, self.isDraft, self.isPrerelease = release.body, release.draft, release.prerelease
        self.isLatest = latest_release(graph.call.state) is release
        suffix = f"untagged-{release.untagged}" if release.draft else release.tag
        self.url = graph.call.links.page(f"/releases/tag/{suffix}")
        self.createdAt, self.updatedAt = stamp(release.created_at), stamp(release.updated_at)
        self.publishedAt = stamp_or_none(release.published_at)


class Root(Mutations):
    """Where queries and mutations begin."""

    def repository(
        self,
        _: Info,
        *,
        owner: str,
        name: str,
        followRenames: bool = True,
    ) -> RepositoryNode:
        """Return the repository; old names lead to it unless ``followRenames`` is false."""
        state = self.graph.call.state
        known = {state.slug.lower(), *(old.lower() for old in state.renamed_from if followRenames)}
        hidden = state.private and not self.graph.call.actor.may("read")
        if f"{owner}/{name}".lower() not in known or hidden:
            raise Trouble("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return RepositoryNode(self.graph)

    def search(self, _: Info, *, query: str, **asked: object) -> Connection:
        """Search issues and pull requests, newest first."""
        try:
            found = searching.search(self.graph.call.state, query)
        except Refused as refused:
            raise Trouble("UNPROCESSABLE", refused.message) from None
        newest = sorted(
            self.graph.call.state.listed(found),
            key=lambda issue: (issue.created_at, issue.number),
            reverse=True,
        )
        return connect("search", newest, asked, lambda issue: issue_node(self.graph, issue))

    def rateLimit(self, _: Info) -> dict[str, object]:
        """Show what is left."""
        call = self.graph.call
        view = call.limits.view(call.actor.key, "graphql", call.now)
        reset = type(call.now).fromtimestamp(int(str(view["reset"])), call.now.tzinfo)
        weight = self.graph.weight
        return {**view, "cost": weight.cost, "nodeCount": weight.nodes, "resetAt": stamp(reset)}

    def viewer(self, _: Info) -> Account | None:
        """Return who asks."""
        return self.graph.account(self.graph.call.actor.login)

    def node(self, _: Info, *, id: str) -> object:  # noqa: A002 - GitHub's name
        """Find an issue, pull request, milestone, label or release by its global id."""
        kind, number = decoded(id)
        state = self.graph.call.state
        match kind:
            case "Repository":
                return RepositoryNode(self.graph)
            case "Issue" | "PullRequest" if number in state.issues:
                return issue_node(self.graph, state.issues[number])
            case "Milestone" if found := state.milestone(number):
                return MilestoneNode(self.graph, found)
            case "Label" if label := next((item for item in state.labels if item.id == number), None):
                return LabelNode(self.graph, label)
            case "Release" if release := state.release(number):
                return ReleaseNode(self.graph, release)
            case _:
                raise Trouble("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'")


_LEVELS = {
    "none": None,
    "read": "READ",
    "triage": "TRIAGE",
    "write": "WRITE",
    "maintain": "MAINTAIN",
    "admin": "ADMIN",
}


class RepositoryNode(Node):
    """The repository."""

    kind = "Repository"
    isFork = isArchived = isEmpty = hasProjectsEnabled = hasWikiEnabled = deleteBranchOnMerge = False
    hasIssuesEnabled = True
    parent = None

    def __init__(self, graph: Graph) -> None:
        call = graph.call
        super().__init__(graph, call.links.repository_id)
        self.databaseId, self.name, self.nameWithOwner = (
            call.links.repository_id,
            call.links.name,
            call.links.slug,
        )
        self.url, self.description = call.links.page(), call.state.description
        self.sshUrl = f"git@github.com:{call.links.slug}.git"
        self.isPrivate, self.visibility = call.state.private, "PRIVATE" if call.state.private else "PUBLIC"
        self.viewerPermission, self.viewerCanAdminister = _LEVELS[call.actor.level], call.actor.may("admin")
        self.createdAt = self.pushedAt = stamp(call.now)
        methods = call.state.merge_methods
        self.mergeCommitAllowed, self.squashMergeAllowed = "merge" in methods, "squash" in methods
        self.rebaseMergeAllowed = "rebase" in methods
        self.owner = graph.account(call.links.owner)

    def defaultBranchRef(self, _: Info) -> Value:
        """Return the default branch."""
        return self._ref(f"refs/heads/{self.graph.call.state.default_branch}")

    def ref(self, _: Info, *, qualifiedName: str) -> Value:
        """Find a ref by its full or short name."""
        full = (qualifiedName, f"refs/heads/{qualifiedName}", f"refs/tags/{qualifiedName}")
        return next((found for name in full if name.startswith("refs/") and (found := self._ref(name))), None)

    def object(self, _: Info, *, oid: str | None = None, expression: str | None = None) -> Value:
        """Return a commit by its id or by a revision expression; castoff asks for no other objects."""
        git = self.graph.call.git
        # Ids come by the hundred, and git has read all commits at once: no process for each of them.
        commit = git.commit(oid or git.commitish(expression or "") or "")
        return CommitNode(self.graph, commit) if commit else None

    def pullRequest(self, _: Info, *, number: int) -> PullNode:
        """Find a pull request by its number."""
        issue = self.graph.call.state.issues.get(number)
        if issue is None or issue.pull is None:
            raise _unresolved("PullRequest", number)
        return PullNode(self.graph, issue)

    def pullRequests(self, _: Info, **asked: Value) -> Connection:
        """Give pull requests by state, base, head and labels; by number unless ordered."""
        found = [issue for issue in self.graph.call.state.pulls() if _fits(issue, asked)]
        kept = in_states(found, {"states": asked.get("states")})
        return self.connect("pullRequests", ordered(kept, asked, PULL_ORDER, "number"), asked, PullNode)

    def issue(self, _: Info, *, number: int) -> IssueNode:
        """Find an issue by its number."""
        issue = self.graph.call.state.issues.get(number)
        if issue is None or issue.pull is not None:
            raise _unresolved("Issue", number)
        return IssueNode(self.graph, issue)

    def issueOrPullRequest(self, _: Info, *, number: int) -> Value:
        """Find either by its number."""
        issue = self.graph.call.state.issues.get(number)
        if issue is None:
            raise _unresolved("issue or pull request", number)
        return issue_node(self.graph, issue)

    def issues(self, _: Info, **asked: Value) -> Connection:
        """Give issues, without pull requests."""
        found = [issue for issue in self.graph.call.state.issues.values() if issue.pull is None]
        found = [issue for issue in found if self._passes(issue, asked)]
        return self.connect("issues", in_states(found, asked), asked, IssueNode)

    def label(self, _: Info, *, name: str) -> Value:
        """Find a label by its name."""
        found = self.graph.call.state.label(name)
        return LabelNode(self.graph, found) if found else None

    def labels(self, _: Info, **asked: Value) -> Connection:
        """Give labels; ``query`` looks into name and description."""
        query = str(asked.get("query") or "").lower()
        found = [
            item
            for item in self.graph.call.state.labels
            if query in f"{item.name} {item.description}".lower()
        ]
        return self.connect("labels", ordered(found, asked, {"NAME": "name"}, "id"), asked, LabelNode)

    def milestone(self, _: Info, *, number: int) -> Value:
        """Find a milestone by its number."""
        found = self.graph.call.state.milestone(number)
        return MilestoneNode(self.graph, found) if found else None

    def milestones(self, _: Info, **asked: Value) -> Connection:
        """Give milestones by state and title."""
        states, query = wanted(asked, "states"), str(asked.get("query") or "").lower()
        found = [
            item
            for item in self.graph.call.state.milestones
            if (not states or item.state in states) and query in item.title.lower()
        ]
        fields = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "NUMBER": "number"}
        return self.connect("milestones", ordered(found, asked, fields, "number"), asked, MilestoneNode)

    def release(self, _: Info, *, tagName: str) -> Value:
        """Find the release of a tag; a draft too, unlike in REST: GitHub's own client relies on it."""
        call = self.graph.call
        drafts = [
            item for item in call.state.releases if item.tag == tagName and item.draft and call.actor.can_push
        ]
        found = call.state.published(tagName) or (drafts[0] if drafts else None)
        return ReleaseNode(self.graph, found) if found else None

    def releases(self, _: Info, **asked: Value) -> Connection:
        """Give releases; drafts only to those who may push."""
        call = self.graph.call
        seen = [item for item in call.state.releases if not item.draft or call.actor.can_push]
        fields = {"CREATED_AT": "created_at", "NAME": "tag"}
        return self.connect("releases", ordered(seen, asked, fields, "created_at"), asked, ReleaseNode)

    def assignableUsers(self, _: Info, **asked: Value) -> Connection:
        """Return who can be assigned."""
        query = str(asked.get("query") or "").lower()
        people = [user for user in self.graph.call.state.users.values() if user.type == "User"]
        found = sorted((user for user in people if query in user.login.lower()), key=lambda user: user.login)
        return self.connect("assignableUsers", found, asked, Account)

    def _ref(self, name: str) -> RefNode | None:
        found = self.graph.call.git.ref(name)
        return RefNode(self.graph, found) if found else None

    def _passes(self, issue: Issue, asked: dict[str, Value]) -> bool:
        names = {name.lower() for name in issue.labels}
        given = asked.get("filterBy")
        rules = given if isinstance(given, dict) else {}
        creator, assignee = rules.get("createdBy"), rules.get("assignee")
        milestone = rules.get("milestoneNumber") or rules.get("milestone")
        states = wanted(rules, "states")
        return (
            (not wanted(asked, "labels") or not names.isdisjoint(wanted(asked, "labels")))
            and names.issuperset(wanted(rules, "labels"))
            and (not states or issue.state in states)
            and (not creator or (issue.author or "").lower() == str(creator).lower())
            and (not assignee or str(assignee).lower() in {login.lower() for login in issue.assignees})
            and (not milestone or str(issue.milestone) == str(milestone))
            and (not rules.get("since") or issue.updated_at >= datetime.fromisoformat(str(rules["since"])))
        )


def _fits(issue: Issue, asked: dict[str, object]) -> bool:
    pull = issue.pull
    assert pull is not None
    names = {name.lower() for name in issue.labels}
    labels = wanted(asked, "labels")
    return (
        asked.get("baseRefName") in (None, pull.base)
        and asked.get("headRefName") in (None, pull.head.rpartition(":")[2])
        and (not labels or not labels.isdisjoint(names))
    )


def _unresolved(kind: str, number: int) -> Trouble:
    article = "an" if kind[0] in "IiAa" else "a"
    return Trouble("NOT_FOUND", f"Could not resolve to {article} {kind} with the number of {number}.")


def issue_node(graph: Graph, issue: Issue) -> IssueNode:
    """Return the node of an issue, as a pull request where it is one."""
    return PullNode(graph, issue) if issue.pull is not None else IssueNode(graph, issue)
