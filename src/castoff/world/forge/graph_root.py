"""Where do queries and mutations begin?"""

# ruff: noqa: N803 - the names are GitHub's

from __future__ import annotations

import base64
import binascii

from castoff.world.forge import searching
from castoff.world.forge.access import lacking
from castoff.world.forge.answers import Refused
from castoff.world.forge.api_issues import LONGEST_BODY, checked_title, open_issue
from castoff.world.forge.graph_basis import Account, Graph, Info
from castoff.world.forge.graph_issues import IssueNode, LabelNode, MilestoneNode
from castoff.world.forge.graph_paging import Connection, Trouble, connect
from castoff.world.forge.graph_releases import ReleaseNode
from castoff.world.forge.graph_repository import RepositoryNode, issue_node
from castoff.world.forge.records import stamp


class Root:
    """Where queries and mutations begin."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def repository(
        self,
        _: Info,
        *,
        owner: str,
        name: str,
        followRenames: bool = True,
    ) -> RepositoryNode:
        """Give the repository; old names lead to it unless ``followRenames`` is false."""
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
        newest = sorted(found, key=lambda issue: (issue.created_at, issue.number), reverse=True)
        return connect("search", newest, asked, lambda issue: issue_node(self.graph, issue))

    def rateLimit(self, _: Info) -> dict[str, object]:
        """Show what is left."""
        call = self.graph.call
        view = call.limits.view(call.actor.key, "graphql", call.now)
        reset = type(call.now).fromtimestamp(int(str(view["reset"])), call.now.tzinfo)
        return {**view, "cost": 1, "nodeCount": 0, "resetAt": stamp(reset)}

    def viewer(self, _: Info) -> Account | None:
        """Give who asks."""
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

    def createIssue(self, _: Info, *, input: dict[str, object]) -> dict[str, object]:  # noqa: A002 - GitHub's name
        """Open an issue."""
        call = self.graph.call
        if not call.actor.may("triage"):
            raise Trouble("FORBIDDEN", lacking(call.actor))
        if decoded(str(input["repositoryId"])) != ("Repository", call.links.repository_id):
            raise Trouble(
                "NOT_FOUND", f"Could not resolve to a node with the global id of '{input['repositoryId']}'"
            )
        body = str(input.get("body") or "")
        if len(body) > LONGEST_BODY:
            raise Trouble("UNPROCESSABLE", f"Body is too long (maximum is {LONGEST_BODY} characters)")
        try:
            issue = open_issue(call, checked_title(input["title"]), body)
        except Refused:
            raise Trouble("UNPROCESSABLE", "Title can't be blank") from None
        issue.labels = [item.name for item in call.state.labels if item.id in _numbers(input.get("labelIds"))]
        issue.assignees = [
            user.login for user in call.state.users.values() if user.id in _numbers(input.get("assigneeIds"))
        ]
        if input.get("milestoneId"):
            issue.milestone = decoded(str(input["milestoneId"]))[1]
        return {"clientMutationId": input.get("clientMutationId"), "issue": IssueNode(self.graph, issue)}


def decoded(identity: str) -> tuple[str, int]:
    """Take a global id apart; what is none is of no kind."""
    try:
        kind, _, number = base64.b64decode(identity, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", 0
    return (kind, int(number)) if number.isdecimal() else ("", 0)


def _numbers(identities: object) -> set[int]:
    return {decoded(str(item))[1] for item in identities} if isinstance(identities, list) else set()
